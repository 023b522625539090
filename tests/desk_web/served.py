"""The desk as browsers reach it: a real server on loopback, over a night that never was."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Page
from sqlalchemy import Engine
from starlette.types import ASGIApp

from classifier.reference import load_reference
from domain.page import Contact, ContactKind, Identifier
from domain.roles import Role
from domain.visits import TargetInNight
from review.accounts import Account, csrf_token
from review.intake import take_in
from review.reasons import load_reasons
from review.settings import DeskSettings
from review.sign_on import SignOn
from review.web.app import desk_app
from review.web.desk import Lexicon
from review.web.serving import Listener, bind_all, server_of
from review.web.settings import SESSION_COOKIE, WebSettings
from review.web.viewer import viewer_app
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from tests.review.desk import PASSWORD, PASSWORDS, PLAIN, SEED, Clock, item_ids, people
from tests.storage.samples import KEY, NOW, PROVENANCE, TARGETS, judgement, page, rendering, visit

LEXICONS = Path(__file__).parents[2] / "lexicons"
VIEWER_KEY = b"a key that only this test knows!"
UNHURRIED = WebSettings(burst=100_000, per_second=100_000.0)


@dataclass
class Served:
    """A desk that runs, with the accounts made for it by role."""

    engine: Engine
    folder: Path
    clock: Clock
    url: str
    viewer: str
    people: dict[Role, Account] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)

    def enter(self, tab: Page, role: Role) -> None:
        """By the log-in's form, as a person does."""
        tab.goto(f"{self.url}/login")
        tab.get_by_label("账号").fill(self.people[role].name)
        tab.get_by_label("口令").fill(PASSWORD)
        tab.keyboard.press("Enter")
        tab.wait_for_selector("header.top")

    def client(self, role: Role | None = None) -> "Client":
        client = Client(self)
        if role is not None:
            answer = client.post("/login", {"name": self.people[role].name, "password": PASSWORD})
            assert answer.status_code == 303, answer.text
        return client


class Client:
    """One browser's worth of cookies, without a browser."""

    def __init__(self, served: Served) -> None:
        self._http = httpx.Client(base_url=served.url, timeout=60.0, trust_env=False)

    @property
    def token(self) -> str:
        return self._http.cookies.get(SESSION_COOKIE) or ""

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._http.get(path, headers=headers)

    def post(self, path: str, fields: Mapping[str, Any] | None = None, **headers: str) -> httpx.Response:
        form = dict(fields or {})
        if self.token:
            form.setdefault("csrf", csrf_token(self.token))
        return self._http.post(path, data=form, headers=headers)

    def raw(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._http.request(method, path, **options)


@cache
def plain_lexicon() -> Lexicon:
    """Read once: a hundred files of rules and laws take a second."""
    return Lexicon(load_reasons(LEXICONS), load_reference(LEXICONS), LEXICONS)


@contextmanager
def running(*apps: ASGIApp) -> Iterator[list[str]]:
    """The applications on ports of their own; their addresses."""
    with running_at(bind_all([Listener(app, "127.0.0.1", 0) for app in apps]), *apps) as urls:
        yield urls


@contextmanager
def running_at(sockets: list[socket.socket], *apps: ASGIApp) -> Iterator[list[str]]:
    """The same at sockets that are bound already, for an application that has to know where it will be."""
    servers = [server_of(Listener(app, "127.0.0.1", 0)) for app in apps]

    async def serve() -> None:
        await asyncio.gather(*(server.serve(sockets=[each]) for server, each in zip(servers, sockets, strict=True)))

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        yield [address_of(each) for each in sockets]
    finally:
        for server in servers:
            server.should_exit = True
        thread.join(30)
        for each in sockets:
            each.close()


def address_of(bound: socket.socket) -> str:
    return f"http://127.0.0.1:{bound.getsockname()[1]}"


@contextmanager
def served_desk(
    engine: Engine,
    folder: Path,
    roles: tuple[Role, ...] = tuple(Role),
    settings: WebSettings = UNHURRIED,
    rules: DeskSettings = PLAIN,
    lexicon: Lexicon | None = None,
    clock: Clock | None = None,
    sign_on: Callable[[str], SignOn] | None = None,
) -> Iterator[Served]:
    """`sign_on` is made for the desk's own address."""
    clock = clock or Clock()
    lexicon = lexicon or plain_lexicon()
    viewing = WebSettings(viewer_key=VIEWER_KEY)
    with running(viewer_app(folder, viewing, clock)) as (viewer,):
        web = WebSettings(
            hosts=settings.hosts, viewer=viewer, viewer_key=VIEWER_KEY, burst=settings.burst,
            per_second=settings.per_second, max_body_bytes=settings.max_body_bytes,
        )  # fmt: skip
        bound = socket.create_server(("127.0.0.1", 0), backlog=256)
        single = sign_on(address_of(bound)) if sign_on else None
        app = desk_app(engine, folder, web, clock, lexicon, rules, PASSWORDS, single)
        with running_at([bound], app) as (url,):
            made = people(engine, clock, *roles)
            yield Served(engine, folder, clock, url, viewer, dict(zip(roles, made, strict=True)))


@dataclass(frozen=True)
class Hostile:
    """A page as its owner wrote it: what is put wherever a page may say something."""

    payload: str
    dom: str = ""


def hostile_night(engine: Engine, folder: Path, pages: Mapping[str, Hostile], now: datetime = NOW) -> dict[str, int]:
    """A night of leads whose every word is the payload, taken in; the ids of items by path."""
    save_targets(engine, [replace(target, max_pages=500) for target in TARGETS])
    targets = list_targets(engine)
    clinic = next(each for each in targets if each.target.url == "http://clinic.example/")
    night_id = open_night(engine, now, targets)
    queue = SqlFrontier(engine)
    queue.seed(night_id, [(clinic.id, f"http://clinic.example/{path}") for path in pages], now)
    rows = queue.claim(night_id, _ids(targets), "w1", len(pages), now, 60.0)
    store = SqlVisitStore(engine, folder, PROVENANCE, lambda: now, KEY)
    ids: dict[str, int] = {}
    for row in rows:
        path = row.url.removeprefix("http://clinic.example/")
        ids[path] = row.id
        said = pages[path].payload
        text = f"{said}\n本院治愈率达98%，无效退款。{said}\n{path}"
        read = replace(
            page(row.url, text), title=said, site_name=said, account=said, author=said, institutions=(said,),
            contacts=(Contact(ContactKind.WECHAT, said, 0, 1),), identifiers=(Identifier("icp", said, 0, 1, None),),
        )  # fmt: skip
        plain = judgement(True, text)
        live = replace(plain.findings[0], quote=said, start=0, end=len(said)) if said else plain.findings[0]
        judged = replace(
            plain, findings=(live, *plain.findings), reasons=(said,), parts={said or "x": 0.7, "规则": 0.1}
        )
        shown = replace(rendering(row.url), dom_html=pages[path].dom or f"<html><body>{said}</body></html>", title=said)
        store.record(visit(row, True, page=read, judgement=judged, rendering=shown, started_at=now, ended_at=now))
    store.close()
    finish_night(engine, night_id, now)
    take_in(engine, night_id, now, PLAIN, SEED)
    return item_ids(engine, ids)


def _ids(targets: list[TargetInNight]) -> list[int]:
    return [each.id for each in targets]
