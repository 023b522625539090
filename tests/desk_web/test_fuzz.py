"""Whatever is asked of any address, the desk answers and does not break; programs get what the descriptions say.

The applications run in this process: a fault of ours is raised here with its trace, before any page could be made of it. The cases
come from the descriptions themselves and from a list of values that broke something somewhere.
"""

import asyncio
import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from starlette.types import ASGIApp

from domain.findings import Judgement
from domain.roles import Role, may
from domain.routing import Recipient
from referral.register import record_package, reserve_number
from review.accounts import Accounts, csrf_token
from review.log_in_tries import LogInLimits
from review.provider import Provider
from review.sign_on import SignOn
from review.sign_on_settings import SignOnSettings
from review.tokens import Scope, Tokens
from review.web.app import PAGES, desk_app
from review.web.exchange_openapi import DESCRIPTION as EXCHANGE
from review.web.guard import Page
from review.web.openapi import DESCRIPTION as DESK
from review.web.proposals import TrialResult
from review.web.settings import SESSION_COOKIE, WebSettings
from review.web.viewer import viewer_app
from storage.database import migrate, open_engine
from storage.operators.operator_profiles import OperatorProfiles
from tests.desk_web.hostile_values import POSSIBLE, VALUES, hostile, questions, values_of
from tests.desk_web.served import LEXICONS, UNHURRIED, VIEWER_KEY, plain_lexicon, running
from tests.referral.leads import confirm
from tests.review.desk import PASSWORD, PASSWORDS, PLAIN, Clock, desk, people
from tests.review.desk import Page as NightPage
from tests.review.sign_in_provider import CLIENT, SECRET, sign_in_provider
from yiguang.lexicon_books import load_identity_policy, load_practitioner_book, load_risk_weights

#: Reached only without the form's token: it would end the session that asks.
ENDS_THE_SESSION = "/logout"
#: Longer addresses are not sent by the client of the test.
LONGEST_IN_ADDRESS = 700
FORM = {"content-type": "application/x-www-form-urlencoded"}
some = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
Pairs = list[tuple[str, str | bytes]]
short = hostile.filter(lambda value: len(value) < LONGEST_IN_ADDRESS)


class InProcess:
    """An application asked without a network; what it raises is raised here."""

    def __init__(self, app: ASGIApp, runner: asyncio.Runner) -> None:
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
        self._runner = runner

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self._runner.run(self._http.request(method, url, **options))

    def get(self, url: str, **options: Any) -> httpx.Response:
        return self.request("GET", url, **options)


@dataclass
class Asked:
    """The desk and the viewer, somebody of each role, and a token of the exchange."""

    desk: InProcess
    viewer: InProcess
    sessions: dict[Role, str]
    token: str

    def ask(self, page: Page, path: str, query: Pairs = (), form: Pairs = ()) -> httpx.Response:  # type: ignore[assignment]
        session = self.sessions[next(role for role in reversed(Role) if page.act is None or may(role, page.act))]
        headers = {"cookie": f"{SESSION_COOKIE}={session}", "x-csrf-token": csrf_token(session)}
        if page.path == ENDS_THE_SESSION:
            headers["x-csrf-token"] = "nobody's"
        url = f"{path}?{encoded(query)}" if query else path
        body = encoded(form).encode() if page.method != "GET" else None
        return self.desk.request(page.method, url, headers=headers | FORM, content=body)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    folder: Path = tmp_path_factory.mktemp("fuzz")
    engine: Engine = open_engine(f"sqlite:///{folder}/desk.db")
    migrate(engine)
    clock = Clock()
    items = desk(engine, folder, {"a": NightPage(0.9), "b": NightPage(0.8), "c": NightPage(0.7)})
    made = dict(zip(Role, people(engine, clock, *Role), strict=True))
    confirm(engine, max(items.values()), [made[Role.ANALYST], made[Role.REVIEWER]])
    number = reserve_number(engine, Recipient.AMR, [1], "wang", {}, clock())
    record_package(engine, number, "ab" * 32)
    accounts = Accounts(engine, clock, PASSWORDS)
    sessions = {role: str(accounts.authenticate(account.name, PASSWORD, "")) for role, account in made.items()}
    token = Tokens(engine, clock).make("平台", list(Scope), 30, "admin")
    profiles = OperatorProfiles(
        engine, load_identity_policy(LEXICONS), load_risk_weights(LEXICONS), load_practitioner_book(LEXICONS)
    )
    lexicon = replace(
        plain_lexicon(), operators=profiles.of, outbox=list, judge=lambda _: Judgement(0.5, False, "promotion", True),
        trial=lambda *_: TrialResult(("不能采用",)),
    )  # fmt: skip
    web = replace(UNHURRIED, viewer="http://viewer.example", viewer_key=VIEWER_KEY)
    viewer = viewer_app(folder, WebSettings(viewer_key=VIEWER_KEY), clock)
    with asyncio.Runner() as runner, sign_in_provider(clock) as provider:
        single = SignOnSettings(provider.issuer, CLIENT, SECRET, "http://127.0.0.1")
        sign_on = SignOn(engine, clock, single, Provider(single), LogInLimits(address_tries=100_000))
        app = desk_app(engine, folder, web, clock, lexicon, PLAIN, PASSWORDS, sign_on)
        yield Asked(InProcess(app, runner), InProcess(viewer, runner), sessions, token)
    engine.dispose()


def encoded(pairs: Pairs) -> str:
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(value: str | bytes) -> str:
    return quote_from_bytes(value if isinstance(value, bytes) else value.encode("utf-8", "replace"))


def _part(value: str | bytes) -> str:
    """As one part of a path, which the client shall not shorten; an empty part is no address of ours."""
    return _quoted(value).replace("/", "%2F").replace(".", "%2E") or "0"


def filled(page: Page, value: str | bytes) -> str:
    """The page's address with that value in it."""
    path = page.path
    for name in ("item", "rule", "number"):
        path = path.replace("{" + name + "}", _part(value))
    return path


def possible(page: Page) -> str:
    return page.path.replace("{item}", "1").replace("{rule}", "cure-rate").replace("{number}", "1")


def test_the_exchange_answers_with_what_is_described(asked: Asked) -> None:
    """First: what follows takes confirmations back."""
    headers = {"authorization": f"Bearer {asked.token}"}
    description = asked.desk.get("/exchange/v1/openapi.json").json()
    for path in ("/leads", "/packages"):
        answer = asked.desk.get(f"/exchange/v1{path}", headers=headers)
        assert answer.json()[path[1:]], path
        assert_described(answer, description["paths"][path]["get"])
    number = asked.desk.get("/exchange/v1/packages", headers=headers).json()["packages"][0]["number"]
    one = asked.desk.get(f"/exchange/v1/packages/{number}", headers=headers)
    assert one.status_code == 200
    assert_described(one, description["paths"]["/packages/{number}"]["get"])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.method} {page.path}")
def test_no_page_breaks_on_a_hostile_value(asked: Asked, page: Page) -> None:
    for number, value in enumerate(VALUES):
        if "{" in page.path and len(value) < LONGEST_IN_ADDRESS:
            assert asked.ask(page, filled(page, value)).status_code < 500, value
        everywhere: Pairs = [(name, value) for name in POSSIBLE if name != "csrf"]
        if number % 2:  # after a possible one of the same name
            everywhere = [*POSSIBLE.items(), *everywhere]
        answer = asked.ask(page, possible(page), everywhere if len(value) < 100 else [], everywhere)
        assert answer.status_code < 500, value


@settings(some, max_examples=150)
@given(page=st.sampled_from(PAGES), query=questions(), form=questions(), value=short)
def test_no_page_breaks_on_a_mixture(asked: Asked, page: Page, query: Pairs, form: Pairs, value: str | bytes) -> None:
    asked_for = [(name, each) for name, each in query if len(each) < LONGEST_IN_ADDRESS]
    for path in {possible(page), filled(page, value)}:
        assert asked.ask(page, path, asked_for, form).status_code < 500


@some
@given(data=st.data())
@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path in DESK["paths"] for method in DESK["paths"][path]]
)
def test_the_desks_interface_answers_as_it_is_described(
    asked: Asked, path: str, method: str, data: st.DataObject
) -> None:
    operation = DESK["paths"][path][method]
    page = next(page for page in PAGES if (page.path, page.method.lower()) == (path, method))
    drawn = _drawn(data, operation)
    form: Pairs = []
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]
        form = _pairs(data, schema["properties"])
    answer = asked.ask(page, path.replace("{item}", drawn.path), drawn.query, form)
    assert_described(answer, operation)


@some
@given(data=st.data())
@pytest.mark.parametrize("path", EXCHANGE["paths"])
def test_the_exchange_answers_as_it_is_described(asked: Asked, path: str, data: st.DataObject) -> None:
    operation = EXCHANGE["paths"][path]["get"]
    drawn = _drawn(data, operation)
    url = f"/exchange/v1{path.replace('{number}', drawn.path)}?{encoded(drawn.query)}"
    answer = asked.desk.get(url, headers={"authorization": f"Bearer {asked.token}"})
    assert_described(answer, operation)


@pytest.mark.parametrize("value", [value for value in VALUES if len(value) < LONGEST_IN_ADDRESS], ids=repr)
def test_no_question_breaks_the_viewer(asked: Asked, value: str | bytes) -> None:
    for path in ("/", "/page", "/shot.jpg", f"/part/{_part(value)}"):
        possible = {name: POSSIBLE[name] for name in ("bundle", "until", "sign")} | {"until": "1900000000"}
        for name in possible:
            answer = asked.viewer.get(f"{path}?{encoded(list((possible | {name: value}).items()))}")
            assert answer.status_code < 500


HEADERS = ("host", "origin", "cookie", "x-csrf-token", "accept", "content-type", "x-forwarded-for", "sec-fetch-site", "authorization",
    "content-length", "x-desk-part", "hx-request")  # fmt: skip


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Headers are tried at a real server: clients of the test would not let the worst out."""
    folder = tmp_path_factory.mktemp("headers")
    engine = open_engine(f"sqlite:///{folder}/desk.db")
    migrate(engine)
    web = replace(UNHURRIED, behind_proxy=True, hosts=("127.0.0.1",))
    clock = Clock()
    single = SignOnSettings(
        "http://127.0.0.1:1", CLIENT, SECRET, "http://127.0.0.1"
    )  # nobody is there, and nothing gets so far
    sign_on = SignOn(engine, clock, single, Provider(single))
    with running(desk_app(engine, folder, web, clock, plain_lexicon(), PLAIN, PASSWORDS, sign_on)) as (url,):
        yield int(url.rpartition(":")[2])
    engine.dispose()


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_breaks_it(port: int, name: str) -> None:
    values = (
        b"", b"[", b"http://[", b"[::1", b"a:b:c", b"127.0.0.1:x", b"127.0.0.1:99999999", b"\xff\xfe", b"x" * 8000, b"yiguang-session=\xed\xa0\x80",
        b"Bearer \xff", b"-1", b"text/html;q=x", b";" * 500, b"=", b'yiguang-session="\\', b"http://127.0.0.1:99999", b"a/../b", b"127.0.0.1#",
        b"yiguang-sign-on=\xed\xa0\x80", b'yiguang-sign-on="\\355\\240\\200"',
    )  # fmt: skip
    for value in values:
        for request in (
            b"GET /login",
            b"POST /login",
            b"GET /queue",
            b"GET /login/oidc/callback?state=x",
            b"POST /next",
            b"GET /exchange/v1/leads",
            b"GET /nothing",
        ):
            status = _sent(port, request, name.encode(), value)
            assert status is None or status < 500, (request, value, status)


def _sent(port: int, request: bytes, name: bytes, value: bytes) -> int | None:
    """The status of the answer; None when the server hangs up on what is no HTTP."""
    lines = [request + b" HTTP/1.1", b"Connection: close", name + b": " + value]
    if name != b"host":
        lines.append(b"Host: 127.0.0.1")
    if name != b"content-length" and request.startswith(b"POST"):
        lines.append(b"Content-Length: 0")
    if name != b"content-type":
        lines.append(b"Content-Type: application/x-www-form-urlencoded")
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(4096)
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else None


@dataclass
class Drawn:
    path: str
    query: Pairs


def _drawn(data: st.DataObject, operation: dict[str, Any]) -> Drawn:
    path = "0"
    schemas = {}
    for each in operation["parameters"]:
        if each["in"] == "path":
            value = data.draw(st.one_of(values_of(each["schema"]), st.just("1"), hostile))
            path = _part(value if len(value) < LONGEST_IN_ADDRESS else "0")
        else:
            schemas[each["name"]] = each["schema"]
    return Drawn(path, _pairs(data, schemas))


def _pairs(data: st.DataObject, schemas: dict[str, Any]) -> Pairs:
    """For each name nothing, what its schema allows, or what it does not."""
    pairs: Pairs = []
    for name, schema in schemas.items():
        if data.draw(st.booleans()):
            value = data.draw(st.one_of(values_of(schema), values_of(schema), hostile))
            if isinstance(value, bytes) or len(value) < LONGEST_IN_ADDRESS:
                pairs += [(name, each) for each in (value if isinstance(value, list) else [value])]
    return pairs


def assert_described(answer: httpx.Response, operation: dict[str, Any]) -> None:
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/json"
    jsonschema.validate(json.loads(answer.text), described["content"]["application/json"]["schema"])
