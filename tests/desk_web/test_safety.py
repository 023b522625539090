"""Who may reach what, whose forms are taken, and what every answer says."""

import json
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from sqlalchemy import Engine
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from domain.roles import Role, may
from review.accounts import csrf_token
from review.audit_log import AuditLog, export_faults
from review.web.app import PAGES, OneReport, desk_app
from review.web.guard import Page
from review.web.headers import HEADERS
from review.web.settings import WebSettings
from tests.desk_web.served import UNHURRIED, Served, running, served_desk
from tests.review.desk import PASSWORD, PASSWORDS, Clock, desk
from tests.review.desk import Page as NightPage

FILLED = {
    "item": "1", "rule": "cure-rate", "name": "somebody", "version": "0", "verdict": "confirm", "note": "n", "text": "x",
    "until": "2026-12-01", "count": "0", "choice": "dismiss:permitted", "act": "enable", "role": "analyst", "to": "",
    "targets": "1", "readers": "1",
}  # fmt: skip

#: Where nobody is logged in yet.
PUBLIC = {"/login", "/login/oidc", "/login/oidc/callback"}


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with served_desk(engine, tmp_path) as served:
        served.items = desk(engine, tmp_path, {"a": NightPage(0.9), "b": NightPage(0.8)})
        yield served


def path_of(page: Page, item: int = 1) -> str:
    return page.path.replace("{item}", str(item)).replace("{rule}", "cure-rate").replace("{number}", "1")


def test_every_page_says_who_may_use_it() -> None:
    for page in PAGES:
        assert page.public == (page.path in PUBLIC), page
        assert page.public or page.act or page.path in {"/", "/logout", "/password", "/api/openapi.json"}, page


def test_every_page_is_open_to_the_roles_that_may_and_to_no_other(served: Served) -> None:
    item = served.items["a"]
    tried = 0
    for role in Role:
        client = served.client(role)
        for page in PAGES:
            if page.path in {"/logout", "/password", *PUBLIC} or page.path.startswith("/accounts/"):
                continue  # these change who is asking
            answer = (
                client.get(path_of(page, item)) if page.method == "GET" else client.post(path_of(page, item), FILLED)
            )
            allowed = page.act is None or may(role, page.act)
            assert (answer.status_code != 403) == allowed, (role, page.method, page.path, answer.status_code)
            assert answer.status_code < 500 or (page.path.startswith("/rules/") and answer.status_code == 501)
            tried += 1
    assert tried > 200


def test_account_pages_are_the_administrators_alone(served: Served) -> None:
    fields = {"name": served.people[Role.ANALYST].name, "act": "disable"}
    for role in Role:
        if role is not Role.ADMIN:
            client = served.client(role)
            for path in ("/accounts/change", "/accounts/reset", "/accounts/identity", "/accounts"):
                assert client.post(path, fields).status_code == 403
    admin = served.client(Role.ADMIN)
    assert admin.post("/accounts/change", fields).status_code == 303
    assert served.client().post("/login", {"name": fields["name"], "password": PASSWORD}).status_code == 401


def test_nobody_is_told_anything_without_a_log_in(served: Served) -> None:
    client = served.client()
    for page in PAGES:
        if page.public:
            continue
        answer = client.get(path_of(page)) if page.method == "GET" else client.post(path_of(page), FILLED)
        assert answer.status_code in (303, 401), page
        assert answer.headers.get("location", "/login").startswith("/login")


def test_a_form_without_the_sessions_token_changes_nothing(served: Served) -> None:
    client = served.client(Role.ANALYST)
    other = served.client(Role.REVIEWER)
    path = f"/items/{served.items['a']}/decide"
    for given in ("", "x", csrf_token(other.token)):
        assert client.post(path, {"csrf": given, "verdict": "confirm", "version": "0"}).status_code == 403
    assert client.get(f"/api/items/{served.items['a']}").json()["version"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_form_of_another_site_is_refused(served: Served, headers: dict[str, str]) -> None:
    client = served.client(Role.ANALYST)
    assert client.post("/next", {}, **headers).status_code == 403
    name = served.people[Role.ANALYST].name
    assert served.client().post("/login", {"name": name, "password": PASSWORD}, **headers).status_code == 403


def test_only_forms_are_taken_and_not_without_bounds(served: Served) -> None:
    client = served.client(Role.ANALYST)
    upload = client.raw("POST", "/next", files={"file": ("../../etc/passwd", b"<script>")})
    assert upload.status_code == 415
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert client.raw("POST", "/next", content=b"a=" + b"x" * (1 << 20), headers=form).status_code == 413
    for body in (b"\xff\xfe", b"a=%ff", "a=医".encode(), b"&".join([b"a=1"] * 6000)):
        assert client.raw("POST", "/next", content=body, headers=form).status_code == 400


def test_answers_carry_headers_that_let_a_browser_do_little(served: Served) -> None:
    client = served.client(Role.ANALYST)
    for path in ("/queue", "/login", "/no-such-page", f"/items/{served.items['a']}/shot.jpg", "/static/desk.css"):
        headers = client.get(path).headers
        for name, value in HEADERS.items():
            assert headers[name] == value, (path, name)
        assert "server" not in headers
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy and "http" not in policy and "default-src 'none'" in policy
    assert client.get("/queue").headers["cache-control"] == "no-store"


def test_pages_have_no_script_or_style_of_their_own_and_ask_for_nothing_elsewhere(served: Served) -> None:
    pages = {Role.REVIEWER: ["/queue", "/figures", "/rules", "/rules/cure-rate", f"/items/{served.items['a']}"],
             Role.ADMIN: ["/accounts", "/audit"], Role.ANALYST: ["/conflicts", "/password"]}  # fmt: skip
    for role, paths in pages.items():
        client = served.client(role)
        for path in paths:
            markup = client.get(path).text
            assert not re.search(r"<style|\sstyle=|\son[a-z]+\s*=|javascript:", markup), path
            assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", markup)), path
            outside = re.findall(r'(?:href|src|action)="(https?://[^"]+)"', markup)
            assert all(url.startswith(served.viewer) for url in outside), path


def test_the_cookie_is_kept_from_scripts_and_other_sites(served: Served, engine: Engine, tmp_path: Path) -> None:
    fields = {"name": served.people[Role.ANALYST].name, "password": PASSWORD}
    cookie = served.client().post("/login", fields).headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Path=/" in cookie
    secure = WebSettings(https=True, behind_proxy=True, burst=1000, per_second=1000.0)
    with running(desk_app(engine, tmp_path, secure, Clock(), passwords=PASSWORDS)) as (url,):
        answer = httpx.post(f"{url}/login", data=fields, trust_env=False)
        assert answer.headers["set-cookie"].startswith("__Host-yiguang-session=")
        assert "Secure" in answer.headers["set-cookie"] and "strict-transport-security" in answer.headers


def test_a_name_that_resolves_to_here_does_not_reach_the_desk(engine: Engine, tmp_path: Path) -> None:
    settings = WebSettings(hosts=("127.0.0.1",), burst=1000, per_second=1000.0)
    with served_desk(engine, tmp_path, (Role.ANALYST,), settings) as served:
        client = served.client()
        assert client.get("/login").status_code == 200
        assert client.get("/login", Host="evil.example").status_code == 400


def test_one_who_asks_too_often_is_told_to_wait(engine: Engine, tmp_path: Path) -> None:
    with served_desk(engine, tmp_path, (Role.ANALYST,), WebSettings(burst=12, per_second=0.001)) as served:
        client = served.client()
        assert [client.get("/login").status_code for _ in range(14)][-2:] == [429, 429]


def test_guessing_passwords_locks_the_name_and_is_logged(served: Served) -> None:
    client, name = served.client(), served.people[Role.ANALYST].name
    answers = [client.post("/login", {"name": name, "password": f"wrong guess {number}"}) for number in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 6
    assert "已暂时锁定" in answers[-1].text
    assert client.post("/login", {"name": name, "password": PASSWORD}).status_code == 401
    log = served.client(Role.AUDITOR).get(f"/audit?act=log-in-refused&subject=account:{name}")
    assert log.text.count(">登录被拒</td>") == 5
    assert '<option value="log-in-refused" selected>登录被拒</option>' in log.text  # nobody knows the codes by heart


def test_what_the_command_line_does_is_named_in_the_log(served: Served) -> None:
    """It stood there, and had to be asked for, by its code."""
    done = (
        "original-exported",
        "decisions-exported",
        "package-made",
        "package-step",
        "report-form-made",
        "lead-statement",
    )
    for act in (*done, "tip-taken", "tip-answered", "reporter-opened", "token-made", "token-revoked"):
        AuditLog(served.engine, served.clock).record_alone("命令行 示例中心", act, "item:1")
    log = served.client(Role.AUDITOR).get("/audit").text
    assert not re.search(r'<td class="when">[a-z-]+</td>', log)
    assert '<option value="package-step">记录移送进展</option>' in log


def test_a_session_ends_and_says_so(served: Served) -> None:
    client = served.client(Role.ANALYST)
    served.clock.forward(minutes=61)
    answer = client.get("/queue")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?ended=1&to=%2Fqueue")
    assert "登录已失效" in client.get("/login?ended=1").text
    told = client.post("/following", {}, accept="application/json")
    assert told.status_code == 401 and told.json()["go"] == "/login?ended=1"


@pytest.mark.parametrize(
    ("to", "led_to"),
    [
        ("/items/1?sort=score", "/items/1?sort=score"),
        ("/queue?q=根治 百分百", "/queue?q=%E6%A0%B9%E6%B2%BB%20%E7%99%BE%E5%88%86%E7%99%BE"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/" + "a" * 2000, "/"),
    ],
)
def test_a_log_in_leads_to_the_page_that_was_asked_for_and_never_elsewhere(
    served: Served, to: str, led_to: str
) -> None:
    fields = {"name": served.people[Role.ANALYST].name, "password": PASSWORD, "to": to}
    assert served.client().post("/login", fields).headers["location"] == led_to
    shown = served.client().get(f"/login?{urlencode({'to': to})}").text
    assert f'name="to" value="{escape(to if led_to != "/" else "/")}"' in shown
    assert served.client(Role.ANALYST).get(f"/login?{urlencode({'to': to})}").headers["location"] == led_to


def test_a_one_time_password_must_be_changed_first(served: Served) -> None:
    admin = served.client(Role.ADMIN)
    made = admin.post("/accounts", {"name": "xinren", "role": "analyst", "display": "新人"})
    secret = re.search(r'class="secret">([a-z0-9-]+)<', admin.get(made.headers["location"]).text)[1]  # type: ignore[index]
    client = served.client()
    assert client.post("/login", {"name": "xinren", "password": secret}).status_code == 303
    for path in ("/queue", "/", "/figures", "/api/items"):
        answer = client.get(path)
        assert answer.status_code in (303, 401)
        assert answer.headers.get("location", "/password") == "/password"
    new = "另一句很长的口令呀一二三四"
    changed = client.post("/password", {"old": secret, "new": new, "again": new})
    assert changed.status_code == 303 and client.get("/queue").status_code == 200


def test_a_conflict_of_interest_hides_items_everywhere(served: Served) -> None:
    client = served.client(Role.ANALYST)
    item = served.items["a"]
    assert client.get(f"/items/{item}").status_code == 200
    declared = client.post("/conflicts", {"name": "示例门诊部"})
    assert "2 条不再向您显示" in client.get(declared.headers["location"]).text
    for path in (f"/items/{item}", f"/items/{item}/shot.jpg", f"/api/items/{item}"):
        assert client.get(path).status_code == 404
    assert client.get("/api/items").json() == {"items": []}
    assert client.post(f"/api/items/{item}/decide", {"verdict": "confirm", "version": "0"}).status_code == 404


def test_a_fault_of_ours_tells_nothing_of_how(engine: Engine, tmp_path: Path) -> None:
    with served_desk(engine, tmp_path, (Role.ANALYST,)) as served:
        client = served.client(Role.ANALYST)
        with engine.begin() as connection:
            connection.exec_driver_sql("ALTER TABLE desk_views RENAME TO gone")
        answer = client.get("/queue")
        assert answer.status_code == 500 and "已记入日志" in answer.text
        assert "desk_views" not in answer.text and "Traceback" not in answer.text
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]


def test_a_fault_after_an_answer_has_begun_breaks_it_off_and_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody may take what came for all of it."""

    async def begins(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # as servers call it
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        raise LookupError("in the midst")

    app = OneReport(begins, broken=lambda _: Response("never", 500))
    with running(app) as (url,), pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{url}/lines", trust_env=False)
    (told,) = [record for record in caplog.records if record.exc_info]
    (note,) = told.exc_info[1].__notes__  # type: ignore[index,union-attr]
    assert note == "GET /lines failed after its answer had begun"


def test_the_log_leaves_as_lines_that_verify(served: Served) -> None:
    auditor = served.client(Role.AUDITOR)
    answer = auditor.post("/audit/export", {})
    assert answer.headers["content-disposition"] == 'attachment; filename="audit-log-20261126.jsonl"'
    lines = answer.text.splitlines(keepends=True)
    assert export_faults(iter(lines)) == () and json.loads(lines[-1])["act"] == "log-exported"
    assert "核验通过" in auditor.get(auditor.post("/audit/verify", {}).headers["location"]).text


def test_settings_of_these_tests_do_not_hide_the_limits() -> None:
    assert UNHURRIED.burst > WebSettings().burst > 0 and WebSettings().max_body_bytes == 1 << 20
