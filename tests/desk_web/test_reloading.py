"""A page that is loaded again sends no form again, and what it was to show once it shows once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine

from domain.roles import Role, may
from review.accounts import Accounts
from review.audit_log import AuditLog
from review.web.app import PAGES
from review.web.once import ShownOnce
from tests.desk_web.served import Served, served_desk
from tests.desk_web.test_safety import FILLED, path_of
from tests.review.desk import PASSWORDS, desk
from tests.review.desk import Page as NightPage
from tests.storage.samples import NOW

#: Tries that keep nothing: to be led on they would have to keep the text.
TRIES = {"/rules/try", "/rules/{rule}/try"}


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    with served_desk(engine, tmp_path) as served:
        served.items = desk(engine, tmp_path, {"a": NightPage(0.9), "b": NightPage(0.8)})
        yield served


def test_no_form_that_is_taken_is_answered_with_a_page(served: Served) -> None:
    taken: dict[str, bool] = {}
    for role in Role:
        client = served.client(role)
        for page in PAGES:
            if page.method != "POST" or page.public or page.path in TRIES | {"/logout", "/password"}:
                continue
            if page.act is None or may(role, page.act):
                fields = FILLED | {"name": f"name-{role.value}"}
                answer = client.post(path_of(page, served.items["a"]), fields)
                is_page = answer.status_code == 200 and "text/html" in answer.headers["content-type"]
                assert not is_page, (role, page.path)
                taken[page.path] = taken.get(page.path, False) or answer.status_code in (200, 303)
    assert all(taken[path] for path in ("/accounts", "/conflicts", "/audit/verify", "/next"))


def test_a_one_time_password_is_shown_once_to_who_asked_and_stands_in_no_address(served: Served) -> None:
    admin, other = served.client(Role.ADMIN), served.client(Role.ADMIN)
    for path, fields in (("/accounts", {"name": "xinren", "role": "analyst"}), ("/accounts/reset", {"name": "xinren"})):
        location = admin.post(path, fields).headers["location"]
        assert re.fullmatch(r"/accounts\?told=[\w-]{12}", location)
        assert "secret" not in other.get(location).text
        assert "secret" not in admin.get(location.replace("/accounts", "/audit")).text
        shown = admin.get(location)
        secret = re.search(r'class="secret">([a-z0-9-]+)<', shown.text)[1]  # type: ignore[index]
        assert secret not in location and shown.headers["cache-control"] == "no-store"
        assert "secret" not in admin.get(location).text
        assert isinstance(Accounts(served.engine, served.clock, PASSWORDS).authenticate("xinren", secret, "x"), str)
        assert secret not in "".join(AuditLog(served.engine, served.clock).lines())
    location = admin.post("/accounts/reset", {"name": "xinren"}).headers["location"]
    served.clock.forward(minutes=11)
    assert "secret" not in admin.get(location).text


def test_a_browser_that_loads_again_makes_no_second_account(browser: Browser, served: Served) -> None:
    page = browser.new_context().new_page()
    served.enter(page, Role.ADMIN)
    page.goto(f"{served.url}/accounts")
    page.get_by_label("账号名").fill("xinren")
    page.get_by_role("button", name="新建账号").click()
    expect(page.get_by_role("alert").first).to_contain_text("账号 xinren 的一次性口令")
    sent = []
    page.on("request", lambda request: sent.append(request.method))
    page.reload()
    expect(page.locator(".secret")).to_have_count(0)
    expect(page.get_by_text("已存在")).to_have_count(0)
    assert "POST" not in sent
    page.context.close()


def test_an_audit_that_was_verified_is_not_verified_again_by_a_reload(served: Served) -> None:
    auditor = served.client(Role.AUDITOR)
    location = auditor.post("/audit/verify", {}).headers["location"]
    assert "核验通过" in auditor.get(location).text
    again = auditor.get(location)
    assert again.status_code == 200 and "核验通过" not in again.text
    assert len(AuditLog(served.engine, served.clock).entries(act="log-verified")) == 1


def test_what_was_never_asked_for_is_forgotten() -> None:
    once = ShownOnce()
    first = once.keep("s", "/p", 0, NOW)
    for number in range(1024):
        last = once.keep("s", "/p", number, NOW)
    assert once.take("s", "/p", first, NOW) is None
    assert once.take("s", "/p", last, NOW + timedelta(minutes=10)) == 1023
