"""Serves the sample web: many host names, one loopback port, raw HTTP/1.1.

`python -m examples.web.server --port 8950 --targets-out targets.csv --hosts-out hosts` serves until interrupted; tests
use `SampleWeb`. The host is told by the Host header; names are mapped to 127.0.0.1 by the client (`hosts`). Other
processes change the world through `POST /__world__/change` with `{"kind": "take-down", "url": "..."}` and read the
request log at `GET /__world__/requests`, both addressed to `127.0.0.1` or `localhost`.
"""

import argparse
import asyncio
import gzip
import json
import sys
import threading
from collections.abc import Mapping
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Self

from examples.web.misbehaviour import BEHAVIOURS, Wire
from examples.web.targets import target_rows, write_targets
from examples.web.world import Reply, Request, World, now

ADDRESS = "127.0.0.1"
MAX_HEAD_BYTES = 64 * 1024
CONTROL_HOSTS = frozenset({"127.0.0.1", "localhost"})


class SampleWeb:
    """A running sample web in a thread of its own: `with SampleWeb() as web: web.base_url("www.ankang-nanke.example")`.

    Port 0 takes a free one; another world than the sample sites may be given. `change` and `requests` may be used while it runs.
    """

    def __init__(self, port: int = 0, world: World | None = None) -> None:
        self.world = world or World()
        self.port = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sample-web", daemon=True)
        self._server: asyncio.Server | None = None

    @property
    def hosts(self) -> Mapping[str, str]:
        """Host name to address, for the client's resolver."""
        return dict.fromkeys(self.world.sites, ADDRESS)

    @property
    def requests(self) -> tuple[Request, ...]:
        return self.world.requests

    def base_url(self, host: str) -> str:
        """`http://host:port` without a slash; raises KeyError for a host that is not served."""
        return f"http://{self.world.sites[host].host}:{self.port}"

    def change(self, kind: str, url: str) -> None:
        """`take-down`, `delete`, `soften` or `restore` one page; raises UnknownUrl or ValueError."""
        self.world.change(kind, url)

    def target_rows(self) -> list[dict[str, str]]:
        return target_rows(self.world.sites.values(), self.port)

    def write_targets(self, path: Path) -> None:
        write_targets(path, self.target_rows())

    def write_hosts(self, path: Path) -> None:
        """A hosts file: one `127.0.0.1 name` a line."""
        path.write_text("".join(f"{address} {name}\n" for name, address in self.hosts.items()), encoding="utf-8")

    def __enter__(self) -> Self:
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(serve(self.world, self.port), self._loop)
        self._server = starting.result(timeout=10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


class BadRequest(Exception):
    """What came over the socket is no HTTP request."""


async def serve(world: World, port: int) -> asyncio.Server:
    """Listen on the loopback address; the caller keeps the server."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        own_port: int = writer.get_extra_info("sockname")[1]
        try:
            while await _exchange(world, reader, writer, own_port):
                pass
        except BadRequest as error:
            writer.write(f"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n{error}\n".encode())
        except ConnectionError:
            pass  # the client left: nobody is there to be told
        except asyncio.CancelledError:
            pass  # the server ends; Python 3.11 would print every cancelled connection as an error
        finally:
            writer.close()

    return await asyncio.start_server(connected, ADDRESS, port, limit=MAX_HEAD_BYTES)


async def _exchange(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> bool:
    """One request and its answer; true when the connection stays open for another."""
    request = await _read_request(reader)
    if request is None:
        return False
    if request.path.startswith("/__world__/") and request.host in CONTROL_HOSTS:
        await _write(writer, request, _control(world, request))
        return False
    visit = world.note(request)
    site = world.sites.get(request.host)
    if site is None:
        await _write(writer, request, Reply(421, b"unknown host", "text/plain"))
        return False
    behaviour = site.behaviour_of(request.path)
    if behaviour is not None:
        await BEHAVIOURS[behaviour](Wire(request, writer, visit, port))
        return False
    await _write(writer, request, world.answer(site, request.path, port))
    return request.headers.get("connection", "").lower() != "close"


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    """None when the connection was closed between requests; raises BadRequest."""
    first = await reader.read(1)
    if not first:
        return None
    try:
        head = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.rstrip("\r\n").split("\r\n")
        method, path, _ = line.split(" ", 2)
        headers = {name.strip().lower(): value.strip() for name, _, value in (field.partition(":") for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
        raise BadRequest(type(error).__name__) from error
    host = headers.get("host", "").rpartition(":")[0] or headers.get("host", "")
    return Request(host.lower(), method, path, headers, body, now())


def _control(world: World, request: Request) -> Reply:
    match request.method, request.path:
        case "POST", "/__world__/change":
            try:
                asked = json.loads(request.body)
                world.change(asked["kind"], asked["url"])
            except (LookupError, TypeError, ValueError) as error:
                return Reply(422, str(error).encode(), "text/plain; charset=utf-8")
            return Reply(204, b"")
        case "GET", "/__world__/requests":
            rows = [
                {"host": r.host, "path": r.path, "at": r.at.isoformat(), "agent": r.user_agent} for r in world.requests
            ]
            return Reply(200, json.dumps(rows).encode(), "application/json")
        case _:
            return Reply(404, b"", "text/plain")


async def _write(writer: asyncio.StreamWriter, request: Request, reply: Reply) -> None:
    body, fields = reply.body, [("Server", "nginx"), ("Date", format_datetime(now(), usegmt=True))]
    fields += [("Content-Type", reply.content_type), *reply.headers]
    if reply.gzip and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, mtime=0)
        fields.append(("Content-Encoding", "gzip"))
    fields.append(("Transfer-Encoding", "chunked") if reply.chunked else ("Content-Length", str(len(body))))
    phrase = HTTPStatus(reply.status).phrase
    lines = [f"HTTP/1.1 {reply.status} {phrase}", *(f"{name}: {value}" for name, value in fields), "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    if request.method != "HEAD":
        for start in range(0, len(body), 4096) if reply.chunked else ():
            piece = body[start : start + 4096]
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        writer.write(b"0\r\n\r\n" if reply.chunked else body)
    await writer.drain()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.web.server", description="Serve the sample web.")
    parser.add_argument("--port", type=int, default=8950, help="0 takes a free port")
    parser.add_argument("--targets-out", type=Path, help="write the targets CSV for this port here")
    parser.add_argument("--hosts-out", type=Path, help="write the host map here, one `127.0.0.1 name` a line")
    options = parser.parse_args(arguments)
    with SampleWeb(options.port) as web:
        if options.hosts_out:
            web.write_hosts(options.hosts_out)
        if options.targets_out:
            web.write_targets(options.targets_out)
        print(f"sample web: {len(web.hosts)} hosts on {ADDRESS}:{web.port}", file=sys.stderr, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
