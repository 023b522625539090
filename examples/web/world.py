"""What the sample web answers at the moment: its sites, what has been changed since, and who asked for what."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from examples.web.sites import CONTENT_TYPES, TEXT_SUFFIXES, Site, load_sites, render_file


class Change(StrEnum):
    """What can happen to one page. `soften` serves `<page>.softened.html`; `restore` undoes the others."""

    TAKE_DOWN = "take-down"
    DELETE = "delete"
    SOFTEN = "soften"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as received. `path` has its query. `at` is aware UTC."""

    host: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: datetime

    @property
    def user_agent(self) -> str:
        return self.headers.get("user-agent", "")


@dataclass(frozen=True, slots=True)
class Reply:
    """A well-behaved answer. `headers` come after the usual ones."""

    status: int
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    gzip: bool = False
    chunked: bool = False


class UnknownUrl(LookupError):
    """The URL is not a page of the sample web, or has no softened version."""


class World:
    """The state behind one running server. Safe to use from the test's thread and the server's at once."""

    def __init__(self, sites: Mapping[str, Site] | None = None) -> None:
        self.sites = MappingProxyType(dict(load_sites() if sites is None else sites))
        self.visits: Counter[tuple[str, str]] = Counter()
        self._changes: dict[tuple[str, str], Change] = {}
        self._requests: list[Request] = []
        self._lock = threading.Lock()

    @property
    def requests(self) -> tuple[Request, ...]:
        with self._lock:
            return tuple(self._requests)

    def note(self, request: Request) -> int:
        """Remember a request; returns how often its URL has been asked for, this time included."""
        with self._lock:
            self._requests.append(request)
            self.visits[request.host, request.path] += 1
            return self.visits[request.host, request.path]

    def change(self, kind: str, url: str) -> None:
        """Let something happen to one page; raises UnknownUrl when it is not there to be changed."""
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path + (f"?{parts.query}" if parts.query else "")
        change = Change(kind)
        site = self.sites.get(host)
        file = site.file_of(path or "/") if site else None
        if file is None or (change is Change.SOFTEN and not file.with_suffix(".softened.html").is_file()):
            raise UnknownUrl(f"{kind}: {url}")
        with self._lock:
            if change is Change.RESTORE:
                self._changes.pop((host, path or "/"), None)
            else:
                self._changes[host, path or "/"] = change

    def answer(self, site: Site, path: str, port: int) -> Reply:
        """What the site answers to a path now, misbehaviour apart."""
        if path in site.redirects:
            status, target = site.redirects[path]
            location = target.replace("{{port}}", str(port))
            return Reply(status, b"", headers=(("Location", location),))
        with self._lock:
            change = self._changes.get((site.host, path))
        file = site.file_of(path)
        status = site.statuses.get(path, 200)
        match change:
            case Change.TAKE_DOWN | Change.DELETE:
                file = site.file_of(f"/gone-{change}")
                status = 200 if file else 410 if change is Change.DELETE else 404
            case Change.SOFTEN if file is not None:
                file = file.with_suffix(".softened.html")
            case _:
                pass
        if file is None:
            status = max(status, 404)
            file = site.file_of("/404")
        if file is None:
            return Reply(status, b"<html><head><title>404 Not Found</title></head><body>404 Not Found</body></html>")
        content_type = CONTENT_TYPES[file.suffix]
        if file.suffix in TEXT_SUFFIXES and site.charset:
            content_type += f"; charset={site.charset}"
        body = render_file(site, file, port, now().date())
        return Reply(status, body, content_type, gzip=site.gzip, chunked=site.chunked)


def now() -> datetime:
    return datetime.now(UTC)
