"""A way to PostgreSQL that may fall silent: neither refused nor broken off, just nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import make_url


class Relay:
    """Listens on loopback and passes on to a socket of PostgreSQL; while it is `silent` it takes everything and passes on nothing,
    so that nobody's TCP has anything to complain of."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._flowing = threading.Event()
        self._flowing.set()
        self._last_words = b""
        self._sockets: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def is_silent(self) -> bool:
        return not self._flowing.is_set()

    def silence(self) -> None:
        self._flowing.clear()

    def silence_after(self, words: bytes) -> None:
        """The client's next message with `words` still arrives, and nothing after it, not even what belongs to it."""
        self._last_words = words

    def resume(self) -> None:
        self._flowing.set()

    def lead(self, url: str) -> str:
        """The address of the database at `url` by way of this relay."""
        changed = make_url(url).difference_update_query(["host"]).set(host="127.0.0.1", port=self.port)
        return changed.render_as_string(hide_password=False)

    def close(self) -> None:
        for each in (self._listening, *self._sockets):
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self._sockets += [client, server]
                for source, sink in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                self._flowing.wait()
                if self._last_words and self._last_words in data:
                    self._last_words = b""
                    self.silence()
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def relay(postgresql_url: str) -> Iterator[Relay]:
    folder = make_url(postgresql_url).query["host"]
    relay = Relay(f"{folder}/.s.PGSQL.5432")
    yield relay
    relay.close()
