"""A loopback server that misbehaves at the level of bytes. Which way is told by the host name's first label."""

import asyncio
import ssl
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PAGE = (
    "<html><head><title>门诊安排</title></head><body><p>" + "本周门诊时间安排如下。" * 40 + "</p></body></html>"
).encode()
ROBOTS_BEHAVIOURS = frozenset(
    {
        "robots-500", "robots-busy", "robots-hang", "robots-forbids", "robots-html", "robots-delay", "robots-of-no-number",
        "names-sitemaps", "busy-sitemaps", "sitemaps-of-others",
    }
)  # fmt: skip
SITEMAP_BEHAVIOURS = frozenset(
    {
        "busy-sitemaps", "names-sitemaps", "has-sitemap", "hostile-sitemap", "sitemaps-without-end", "bomb-sitemap",
        "sitemaps-of-others",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as received; `at` is monotonic seconds, `until` when its answer was done."""

    host: str
    path: str
    head: bytes
    at: float


@dataclass
class RoughServer:
    """`with RoughServer() as server: server.url("drip")`. Behaviours are the functions `_<label>` below."""

    tls: ssl.SSLContext | None = None
    port: int = 0
    asked: list[Asked] = field(default_factory=list)
    open_now: dict[str, int] = field(default_factory=dict)
    most_open: dict[str, int] = field(default_factory=dict)
    pages_open: int = 0
    most_pages_open: int = 0

    def url(self, label: str, path: str = "/") -> str:
        return f"http{'s' if self.tls else ''}://{label}.example:{self.port}{path}"

    def hosts(self, *labels: str) -> dict[str, str]:
        return {f"{label}.example": "127.0.0.1" for label in labels}

    def paths(self, label: str) -> list[str]:
        return [item.path for item in self.asked if item.host.split(".")[0] == label]

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.tls), self._loop
        )
        self._server = starting.result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        async def stop() -> None:
            self._server.close()
            tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = ""
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            host, path = _host(head), head.split(b" ")[1].decode()
            self.asked.append(Asked(host, path, head, time.monotonic()))
            cookie = next((line for line in head.split(b"\r\n") if line.lower().startswith(b"cookie:")), b"")
            self.open_now[host] = self.open_now.get(host, 0) + 1
            self.most_open[host] = max(self.most_open.get(host, 0), self.open_now[host])
            await self._answer(
                host.split(".")[0], Turn(writer, path, 0, cookie.decode("latin-1"), head.decode("latin-1"))
            )
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            return  # the other side left, or the server stops: either is expected of a rough server
        finally:
            self.open_now[host] = self.open_now.get(host, 1) - 1
            writer.close()

    async def _answer(self, label: str, turn: "Turn") -> None:
        if (turn.path == "/robots.txt" and label not in ROBOTS_BEHAVIOURS) or (
            turn.path == "/sitemap.xml" and label not in SITEMAP_BEHAVIOURS
        ):
            turn.writer.write(answer(b"", status="404 Not Found"))
            return
        self.pages_open += 1
        self.most_pages_open = max(self.most_pages_open, self.pages_open)
        visits = sum(1 for item in self.asked if item.host.split(".")[0] == label and item.path == turn.path)
        try:
            await BEHAVIOURS[label](replace(turn, visits=visits))
        finally:
            self.pages_open -= 1


@dataclass(frozen=True, slots=True)
class Turn:
    """One request to answer; `visits` counts it and the same ones before it."""

    writer: asyncio.StreamWriter
    path: str
    visits: int
    cookie: str
    head: str


Behaviour = Callable[[Turn], Awaitable[None]]
BEHAVIOURS: dict[str, Behaviour] = {}


def behaviour(label: str) -> Callable[[Behaviour], Behaviour]:
    def register(function: Behaviour) -> Behaviour:
        BEHAVIOURS[label] = function
        return function

    return register


def answer(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body) if length is None else length}"]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body


def html(*parts: str, title: str = "页面") -> bytes:
    inside = "".join(parts)
    return f"<html><head><title>{title}</title></head><body>{inside}<p>{'这里是医院概况。' * 40}</p></body></html>".encode()


def self_signed(folder: Path, name: str) -> ssl.SSLContext:
    """A server context with a certificate for `name` that no authority has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, start, start + timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def _host(head: bytes) -> str:
    line = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"host:"))
    return line.split(b":", 1)[1].strip().decode().rsplit(":", 1)[0]


def says(label: str, raw: bytes) -> None:
    """A behaviour that answers the same bytes to everything."""

    @behaviour(label)
    async def _say(turn: Turn) -> None:
        turn.writer.write(raw)


HTML = "Content-Type: text/html; charset=utf-8"
