"""双随机 from the desk: who may, what is shown, and that it can be drawn again from what is on record."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Engine, select, update

from domain.roles import Role
from review.audit_log import AuditLog
from review.conflicts import Conflicts
from review.draws import choose, draws, population_sha256, shuffled
from review.web.settings import SESSION_COOKIE
from storage.tables import desk_items, targets
from tests.desk_web.served import Served, served_desk
from tests.review.desk import Page as NightPage
from tests.review.desk import desk


@pytest.fixture
def served(engine: Engine, tmp_path: Path) -> Iterator[Served]:
    """Items of both targets: five of one, one of the other."""
    with served_desk(engine, tmp_path) as served:
        served.items = desk(engine, tmp_path, {f"p{n}": NightPage(0.9) for n in range(6)})
        with engine.begin() as connection:
            for number, item in enumerate(served.items.values()):
                where = desk_items.c.id == item
                connection.execute(update(desk_items).where(where).values(target_id=1 + (number == 5)))
        yield served


def test_a_draw_is_shown_recorded_and_can_be_repeated(served: Served, engine: Engine) -> None:
    client = served.client(Role.REVIEWER)
    assert "现有 2 个可抽" in client.get("/draws").text
    answer = client.post("/draws", {"targets": "2", "readers": "1"})
    assert answer.status_code == 303
    (entry,) = AuditLog(engine, served.clock).entries(act="drawn")
    assert answer.headers["location"] == f"/draws/{entry.number}"
    seed = entry.detail["seed"]
    shown = client.get(f"/draws/{entry.number}").text
    reader = shuffled(f"{seed}:readers", [served.people[role].id for role in (Role.ANALYST, Role.REVIEWER)])[0]
    name = next(each.name for each in served.people.values() if each.id == reader)
    assert seed in shown and "6 条" in shown and name in shown and "示例门诊部" in shown
    assert tuple(entry.detail["drawn"]) == choose(seed, [1, 2], 2)
    readers, drawn = draws(engine)[:2]
    assert (drawn.kind, drawn.seed, drawn.population_sha256) == ("targets", seed, population_sha256([1, 2]))
    assert (readers.kind, readers.drawn) == ("readers", (reader,))
    with engine.connect() as connection:
        assert set(connection.scalars(select(desk_items.c.assignee))) == {reader}
    assert "没有可抽取的对象" in client.get("/draws").text
    assert client.post("/draws", {"targets": "1", "readers": "1"}).status_code == 422


@pytest.mark.parametrize("size", ["0", "501", "-1", "x", "", "9" * 30], ids=str)
def test_a_size_that_no_draw_has_draws_nothing(served: Served, engine: Engine, size: str) -> None:
    client = served.client(Role.ADMIN)
    assert client.post("/draws", {"targets": size, "readers": "1"}).status_code in (400, 422)
    assert client.post("/draws", {"targets": "1", "readers": "0"}).status_code == 422
    assert draws(engine) == [draw for draw in draws(engine) if draw.kind in ("audit", "read-twice")]


def test_only_entries_of_draws_are_shown_as_such(served: Served, engine: Engine) -> None:
    client = served.client(Role.ADMIN)
    number, _ = AuditLog(engine, served.clock).head()
    for asked in (number, number + 100, "9" * 19):
        assert client.get(f"/draws/{asked}").status_code in (400, 404)


def test_an_institution_that_a_drawer_stands_close_to_is_not_named_nor_given_to_them(
    served: Served, engine: Engine
) -> None:
    reviewer = served.people[Role.REVIEWER]
    Conflicts(engine, served.clock).declare(reviewer, "示例门诊部")
    client = served.client(Role.REVIEWER)
    shown = client.get(client.post("/draws", {"targets": "2", "readers": "2"}).headers["location"]).text
    with engine.connect() as connection:
        names = connection.scalars(select(targets.c.name).where(targets.c.id.in_([1, 2]))).all()
        assert reviewer.id not in set(connection.scalars(select(desk_items.c.assignee)))
    assert "您已申报回避" in shown and not any(name in shown for name in names)


def test_drawn_by_hand_in_a_browser(served: Served, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    token = served.client(Role.REVIEWER).token
    context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": served.url}])
    page = context.new_page()
    page.goto(f"{served.url}/queue")
    page.click("nav >> text=抽取")
    page.fill("input[name=targets]", "1")
    page.click("#draw")
    page.wait_for_selector("#seed")
    assert len(page.text_content("#seed") or "") == 16
    assert page.locator("tbody tr").count() == 1
    context.close()
