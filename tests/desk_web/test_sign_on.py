"""Signing in by the office's provider as a browser does it, there and back, and what the pages show of it."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote_from_bytes, unquote, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine

from domain.roles import Role
from review.log_in_tries import LogInLimits
from review.provider import Provider
from review.sign_on import SignOn
from review.sign_on_settings import CALLBACK_PATH, SignOnSettings
from review.web.app import desk_app
from review.web.headers import HEADERS
from review.web.settings import SESSION_COOKIE, TICKET_COOKIE, WebSettings
from tests.desk_web.hostile_values import VALUES
from tests.desk_web.served import Client, Served, running, served_desk
from tests.review.desk import PASSWORD, PASSWORDS, Clock
from tests.review.sign_in_provider import CLIENT, SECRET, SignInProvider, sign_in_provider

LINK = "使用单位统一身份登录"


@contextmanager
def signing_on(
    engine: Engine, folder: Path, limits: LogInLimits | None = None, **other: Any
) -> Iterator[tuple[Served, SignInProvider]]:
    """A desk at 127.0.0.1 and its provider at localhost: another site, as it will be."""
    clock = Clock()
    with sign_in_provider(clock, "localhost") as provider:

        def made(url: str) -> SignOn:
            settings = SignOnSettings(provider.issuer, CLIENT, SECRET, url, **other)
            return SignOn(engine, clock, settings, Provider(settings), limits)

        roles = (Role.ANALYST, Role.ADMIN, Role.AUDITOR)
        with served_desk(engine, folder, roles, clock=clock, sign_on=made) as served:
            yield served, provider


@pytest.fixture
def both(engine: Engine, tmp_path: Path) -> Iterator[tuple[Served, SignInProvider]]:
    with signing_on(engine, tmp_path) as both:
        yield both


def link(served: Served, role: Role, subject: str = "subject-1") -> None:
    fields = {"name": served.people[role].name, "act": "link", "subject": subject}
    assert served.client(Role.ADMIN).post("/accounts/identity", fields).status_code == 303


def sent(client: Client) -> str:
    answer = client.get("/login/oidc")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def led_back(served: Served, back: str) -> str:
    """The part of an address that the desk's client is led back to."""
    assert back.startswith(f"{served.url}{CALLBACK_PATH}?")
    return back.removeprefix(served.url)


def test_without_a_provider_there_is_no_such_way(engine: Engine, tmp_path: Path) -> None:
    with served_desk(engine, tmp_path, (Role.ANALYST, Role.ADMIN)) as served:
        client = served.client()
        assert LINK not in client.get("/login").text
        assert client.get("/login/oidc").status_code == client.get(f"{CALLBACK_PATH}?code=x&state=y").status_code == 404
        admin = served.client(Role.ADMIN)
        assert "统一身份" not in admin.get("/accounts").text
        assert admin.post("/accounts/identity", {"name": "analyst1", "act": "allow"}).status_code == 400


def test_a_linked_person_comes_in_and_the_cookies_are_as_they_should_be(both: tuple[Served, SignInProvider]) -> None:
    served, provider = both
    link(served, Role.ANALYST)
    client = served.client()
    begun = client.get("/login/oidc")
    ticket = begun.headers["set-cookie"]
    assert (
        ticket.startswith(f"{TICKET_COOKIE}=")
        and "HttpOnly" in ticket
        and "SameSite=lax" in ticket
        and "Max-Age=600" in ticket
    )
    entered = client.get(led_back(served, provider.agree(begun.headers["location"])))
    assert entered.status_code == 200 and 'content="0;url=/"' in entered.text
    cookies = entered.headers.get_list("set-cookie")
    assert any(
        one.startswith(f"{SESSION_COOKIE}=") and "SameSite=strict" in one and "HttpOnly" in one for one in cookies
    )
    assert any(one.startswith(f'{TICKET_COOKIE}="";') and "Max-Age=0" in one for one in cookies)
    assert client.get("/queue").status_code == 200
    assert client.get("/login/oidc").headers["location"] == "/"  # is in already
    for answer in (begun, entered):
        assert answer.headers["content-security-policy"] == HEADERS["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
    assert client.post("/logout").headers["location"] == "/login"
    assert client.get("/queue").status_code == 303


def test_who_comes_by_the_provider_is_shown_the_page_that_was_asked_for(both: tuple[Served, SignInProvider]) -> None:
    """It was always the start, and from there the queue."""
    served, provider = both
    link(served, Role.ANALYST)
    for to in ("/queue?family=疗效&after=3", "/rules/cure-rate"):
        client = served.client()
        begin = f"/login/oidc?{urlencode({'to': to})}"
        door = client.get(f"/login?{urlencode({'to': to})}").text
        assert f'href="{escape(begin)}">{LINK}' in door
        refused = client.get(led_back(served, provider.agree(client.get(begin).headers["location"], "nobody")))
        assert (
            refused.status_code == 401 and f'href="{escape(begin)}">{LINK}' in refused.text
        )  # the next try leads there too
        entered = client.get(led_back(served, provider.agree(client.get(begin).headers["location"])))
        assert f'content="0;url={escape(to)}"' in entered.text and f'href="{escape(to)}">进入' in entered.text
        assert unquote(client.get(begin).headers["location"]) == to  # is in already


@pytest.mark.parametrize(
    "to", ["//evil.example", "https://evil.example/", "/\\evil.example", "/\tx", "/" + "x" * 1000, "/" + "医" * 400]
)
def test_nobody_is_led_elsewhere_by_way_of_the_provider(both: tuple[Served, SignInProvider], to: str) -> None:
    served, provider = both
    link(served, Role.ANALYST)
    client = served.client()
    begun = client.get(f"/login/oidc?{urlencode({'to': to})}")
    entered = client.get(led_back(served, provider.agree(begun.headers["location"])))
    assert 'content="0;url=/"' in entered.text and "evil" not in entered.text


def test_a_ticket_whose_page_was_changed_opens_nothing(both: tuple[Served, SignInProvider]) -> None:
    served, provider = both
    link(served, Role.ANALYST)
    client = served.client()
    begun = client.get("/login/oidc?to=%2Fqueue")
    ticket = begun.headers["set-cookie"].partition(";")[0]
    evil = base64.urlsafe_b64encode(b"//evil.example").decode().rstrip("=")
    back = led_back(served, provider.agree(begun.headers["location"]))
    for changed in (f"{ticket.partition('.')[0]}.{evil}", f"{ticket.partition('.')[0]}.%", ticket.partition(".")[0]):
        answer = served.client().get(back, Cookie=changed)
        assert (
            answer.status_code == 401
            and "evil" not in answer.text
            and SESSION_COOKIE not in answer.headers["set-cookie"]
        )
    assert served.client().get(back, Cookie=ticket).status_code == 200


def test_behind_a_proxy_both_cookies_are_of_this_host_and_of_https(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    with sign_in_provider(clock, "localhost") as provider:
        settings = SignOnSettings(provider.issuer, CLIENT, SECRET, "https://desk.example")
        sign_on = SignOn(engine, clock, settings, Provider(settings))
        web = WebSettings(hosts=("desk.example",), https=True, behind_proxy=True)
        with running(desk_app(engine, tmp_path, web, clock, passwords=PASSWORDS, sign_on=sign_on)) as (url,):
            answer = httpx.get(f"{url}/login/oidc", headers={"host": "desk.example"}, trust_env=False)
    assert (
        answer.headers["set-cookie"].startswith(f"__Host-{TICKET_COOKIE}=") and "Secure" in answer.headers["set-cookie"]
    )
    assert "redirect_uri=https%3A%2F%2Fdesk.example%2Flogin%2Foidc%2Fcallback" in answer.headers["location"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_another_site_makes_nobody_sign_in(both: tuple[Served, SignInProvider], site: str) -> None:
    served, provider = both
    answer = served.client().get("/login/oidc", **{"Sec-Fetch-Site": site})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login") and "set-cookie" not in answer.headers
    assert provider.asked == []


def test_who_comes_by_another_name_of_the_desk_is_sent_to_the_one_that_is_set(
    both: tuple[Served, SignInProvider],
) -> None:
    served, provider = both
    answer = served.client().get("/login/oidc", Host="localhost")
    assert answer.headers["location"] == f"{served.url}/login" and provider.asked == []


def test_what_goes_wrong_is_said_on_the_page_for_logging_in(both: tuple[Served, SignInProvider]) -> None:
    served, provider = both
    client = served.client()
    state = parse_qs(urlsplit(sent(client)).query)["state"][0]
    refused = client.get(
        f"{CALLBACK_PATH}?{urlencode({'error': 'access_denied', 'state': state, 'iss': provider.issuer})}"
    )
    assert refused.status_code == 401 and "没有同意此次登录" in refused.text and LINK in refused.text
    assert client.get(f"{CALLBACK_PATH}?code=x&state=y").status_code == 401
    assert client.get(f"{CALLBACK_PATH}?code=x&state=y&state=z").status_code == 400
    assert client.get(f"{CALLBACK_PATH}?code={'x' * 5000}&state=y").status_code == 400
    provider.answers["/token"] = lambda handler: handler.say(500, {})
    broken = client.get(led_back(served, provider.agree(sent(client))))
    assert broken.status_code == 502 and "连接不上" in broken.text
    provider.answers.clear()
    stranger = client.get(led_back(served, provider.agree(sent(client), "<b>who</b>")))
    assert stranger.status_code == 401 and "尚未关联" in stranger.text
    assert "&lt;b&gt;who&lt;/b&gt;" in stranger.text and "<b>who" not in stranger.text
    log = served.client(Role.AUDITOR).get("/audit?act=log-in-refused").text
    assert all(why in log for why in ("denied", "state-mismatch", "provider-unreachable", "unlinked"))


@pytest.mark.parametrize("name", ["code", "iss", "error"])
def test_no_hostile_value_breaks_it_where_the_state_is_right(engine: Engine, tmp_path: Path, name: str) -> None:
    limits = LogInLimits(address_tries=100_000)
    with signing_on(engine, tmp_path, limits) as (served, provider):
        client = served.client()
        for value in VALUES:
            raw = quote_from_bytes(value if isinstance(value, bytes) else value.encode())
            state = parse_qs(urlsplit(sent(client)).query)["state"][0]
            known = {"iss": provider.issuer, "code": "never-given"} if name != "code" else {"iss": provider.issuer}
            known.pop(name, "")
            if len(raw) < 60_000:  # longer lines the server does not take
                answer = client.get(f"{CALLBACK_PATH}?{urlencode({**known, 'state': state})}&{name}={raw}")
                assert answer.status_code in (400, 401, 502), value
                assert answer.status_code != 502 or "统一身份认证" in answer.text


def test_an_answer_that_came_once_opens_nothing_again(both: tuple[Served, SignInProvider]) -> None:
    served, provider = both
    link(served, Role.ANALYST)
    client = served.client()
    ticket = client.get("/login/oidc")
    back = led_back(served, provider.agree(ticket.headers["location"]))
    assert client.get(back).status_code == 200
    stolen = ticket.headers["set-cookie"].partition(";")[0]
    other = served.client().get(back, Cookie=stolen)
    assert other.status_code == 401 and "已经用过" in other.text
    assert served.client().get(back).status_code == 401


def test_an_administrator_links_allows_and_dissolves(both: tuple[Served, SignInProvider]) -> None:
    served, provider = both
    admin, name = served.client(Role.ADMIN), served.people[Role.ANALYST].name

    def post(act: str, **fields: str) -> httpx.Response:
        return admin.post("/accounts/identity", {"name": name, "act": act, **fields})

    assert post("unlink").status_code == 422 and post("link", subject="").status_code == 422
    assert post("something").status_code == 400
    assert post("allow").status_code == 303 and "待首次登录关联" in admin.get("/accounts").text
    client = served.client()
    assert client.get(led_back(served, provider.agree(sent(client), "s-77", name))).status_code == 200
    assert "<code>s-77</code>" in admin.get("/accounts").text
    assert post("link", subject="s-78").status_code == 422
    assert post("unlink").status_code == 303 and client.get("/queue").status_code == 303
    acts = re.findall(
        r">(允许首次登录关联|关联统一身份|解除统一身份)</td>",
        served.client(Role.AUDITOR).get(f"/audit?subject=account:{name}").text,
    )
    assert {"允许首次登录关联", "关联统一身份", "解除统一身份"} <= set(acts)


def test_with_the_provider_alone_the_password_is_the_administrators(engine: Engine, tmp_path: Path) -> None:
    with signing_on(engine, tmp_path, only=True) as (served, _):
        client = served.client()
        assert "管理员用口令登录" in client.get("/login").text
        answer = client.post("/login", {"name": served.people[Role.ANALYST].name, "password": PASSWORD})
        assert answer.status_code == 401 and "请用单位统一身份登录" in answer.text
        assert served.client(Role.ADMIN).get("/accounts").status_code == 200


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN")
    yield context.new_page()
    context.close()


def test_a_browser_goes_there_and_comes_back_in(both: tuple[Served, SignInProvider], page: Page) -> None:
    """From 127.0.0.1 to localhost and back: cookies that are kept from other sites are kept from this journey too."""
    served, provider = both
    link(served, Role.ANALYST, "gonghao-1")
    faults: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{served.url}/figures")
    page.get_by_role("link", name=LINK).click()
    expect(page.get_by_role("heading", name="单位统一身份认证")).to_be_visible()
    page.get_by_role("button", name="取消").click()
    expect(page.get_by_role("alert").filter(has_text="没有同意此次登录")).to_be_visible()
    page.get_by_role("link", name=LINK).click()
    page.get_by_label("工号").fill("gonghao-1")
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"{served.url}/figures")  # as was asked for, a refusal between
    assert hosts == {urlsplit(served.url).netloc, urlsplit(provider.issuer).netloc}
    names = {cookie["name"] for cookie in page.context.cookies()}
    assert names == {SESSION_COOKIE}
    page.go_back()  # to the provider's page or the login page; never to an address with a code
    assert "code=" not in page.url
    page.goto(f"{served.url}/queue")
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="退出登录").click()
    page.wait_for_url(f"{served.url}/login")
    page.goto(f"{served.url}/queue")
    page.wait_for_url(re.compile("/login"))
    assert all("401" in fault for fault in faults), faults  # the refusal; nothing that a policy kept from happening


def test_a_stranger_sees_what_to_tell_the_administrator(both: tuple[Served, SignInProvider], page: Page) -> None:
    served, _ = both
    page.goto(f"{served.url}/login")
    page.get_by_role("link", name=LINK).click()
    page.get_by_label("工号").fill("gonghao-9")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("gonghao-9")).to_be_visible()
    page.get_by_label("账号").fill(served.people[Role.ADMIN].name)
    page.get_by_label("口令").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    page.goto(f"{served.url}/accounts")
    row = page.get_by_role("row").filter(has_text=served.people[Role.ANALYST].name).first
    row.get_by_placeholder("标识").fill("gonghao-9")
    row.get_by_role("button", name="关联", exact=True).click()
    expect(row.get_by_text("gonghao-9")).to_be_visible()
    row.get_by_role("button", name="解除").click()
    expect(row.get_by_placeholder("标识")).to_be_visible()
