"""The page of an operator: what is known, with proofs; hostile names; conflicts of interest; who may see it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine

from domain.roles import Act, Role, may
from storage.operators.operator_profiles import OperatorProfiles
from tests.desk_web.served import LEXICONS, Hostile, Served, hostile_night, plain_lexicon, served_desk
from tests.review.desk import PASSWORD
from yiguang.lexicon_books import load_identity_policy, load_practitioner_book, load_risk_weights

HOSTILE = '"><img src=x onerror=alert(1)>\u202e甲示例门诊部</script><script>alert(2)</script>'
ROLES = (Role.ANALYST, Role.REVIEWER, Role.ADMIN)


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    items = hostile_night(engine, tmp_path, {"a": Hostile(HOSTILE), "b": Hostile("乙示例口腔门诊部")})
    profiles = OperatorProfiles(
        engine, load_identity_policy(LEXICONS), load_risk_weights(LEXICONS), load_practitioner_book(LEXICONS)
    )
    with served_desk(engine, tmp_path, ROLES, lexicon=replace(plain_lexicon(), operators=profiles.of)) as desk:
        desk.items = items
        yield desk


def asked(what: str) -> str:
    return f"/operators?of={quote(what, safe='')}"


def test_an_operator_is_shown_with_what_proved_it(served: Served) -> None:
    client = served.client(Role.ANALYST)
    shown = client.get(asked("clinic.example")).text
    assert "风险：" in shown and "clinic.example" in shown and "另见（不据以归并）" in shown
    drawn = client.get("/operators/picture.svg?of=clinic.example&cluster=0")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert "<svg" in drawn.text and "<script" not in drawn.text and "<img" not in drawn.text
    assert client.get("/operators/picture.svg?of=clinic.example&cluster=9").status_code == 404
    assert "没有与" in client.get(asked("查无此人诊所")).text
    assert "查询" in client.get("/operators").text


def test_hostile_names_are_text(served: Served, browser: Browser) -> None:
    context = browser.new_context()
    page = context.new_page()
    alarms: list[str] = []
    page.on("dialog", lambda dialog: alarms.append(dialog.message))
    page.goto(f"{served.url}/login")
    page.fill("input[name=name]", served.people[Role.ANALYST].name)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    for what in ("clinic.example", HOSTILE):
        page.goto(served.url + asked(what))
        assert page.locator("img[src='x']").count() == 0
        assert page.locator("main script").count() == 0
    assert alarms == []
    context.close()


def test_an_institution_that_is_a_conflict_is_as_if_unknown(served: Served) -> None:
    client = served.client(Role.ANALYST)
    assert client.post("/conflicts", {"name": "乙示例口腔门诊部"}).status_code in (200, 303)
    for what in ("乙示例口腔门诊部", "clinic.example"):
        assert client.get(asked(what)).status_code == 404
        assert client.get(f"/operators/picture.svg?of={quote(what)}&cluster=0").status_code == 404
    assert served.client(Role.REVIEWER).get(asked("clinic.example")).status_code == 200


def test_only_readers_of_items_see_operators(served: Served) -> None:
    for role in ROLES:
        expected = 200 if may(role, Act.READ_ITEM) else 403
        assert served.client(role).get(asked("clinic.example")).status_code == expected
    assert served.client().get(asked("clinic.example")).status_code in (303, 401)


def test_a_desk_without_identity_rules_says_so(engine: Engine, tmp_path: Path) -> None:
    with served_desk(engine, tmp_path, (Role.ANALYST,)) as desk:
        answer = desk.client(Role.ANALYST).get(asked("clinic.example"))
    assert answer.status_code == 404 and "未载入" in answer.text


def test_nothing_runs_out_of_a_telephones_window(served: Served, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{served.url}/login")
    page.fill("input[name=name]", served.people[Role.ANALYST].name)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.goto(served.url + asked("clinic.example"))
    assert page.locator(".card").count() > 1
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    context.close()
