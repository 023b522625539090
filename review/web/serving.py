"""Several applications in one process, each at a port of its own, until the process is asked to end. The only module that
imports uvicorn."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

_BACKLOG = 256


@dataclass(frozen=True, slots=True)
class Listener:
    """An application and where it listens; with port 0 the system chooses one."""

    app: ASGIApp
    host: str
    port: int


def serve_all(listeners: Sequence[Listener], tell: Callable[[], None] = lambda: None) -> None:
    """Returns when asked to end (SIGINT, SIGTERM). `tell` is called once it listens. Raises OSError, whose file name is the address,
    when one cannot be listened at: then none is."""
    sockets = bind_all(listeners)
    try:
        tell()
        asyncio.run(_serve(listeners, sockets))
    finally:
        for each in sockets:
            each.close()


def bind_all(listeners: Sequence[Listener]) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for listener in listeners:
            family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
            sockets.append(socket.create_server((listener.host, listener.port), family=family, backlog=_BACKLOG))
    except OSError as fault:
        for each in sockets:
            each.close()
        fault.filename = f"{listener.host}:{listener.port}"
        raise
    return sockets


class _Server(uvicorn.Server):
    """Leaves signals alone: several run in one process, and end together."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server_of(listener: Listener) -> uvicorn.Server:
    """Without the software's name in answers, and without trust in what a client says of itself."""
    return _Server(
        uvicorn.Config(
            listener.app,
            log_config=None,  # as the process logs, with secrets left out
            log_level="error",  # its warnings are of what clients send that is no HTTP; anybody could fill the terminal with them
            access_log=False,
            server_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=32_768,
            timeout_graceful_shutdown=5,
            lifespan="off",
        )
    )


async def _serve(listeners: Sequence[Listener], sockets: Sequence[socket.socket]) -> None:
    servers = [server_of(listener) for listener in listeners]

    def end() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end)
    await asyncio.gather(*(server.serve(sockets=[each]) for server, each in zip(servers, sockets, strict=True)))
