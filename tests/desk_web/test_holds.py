"""Days at the desk are days of the people there, also while it is the day before by UTC."""

import re
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, update

from domain.roles import Role
from storage.tables import pages
from tests.desk_web.served import served_desk
from tests.review.desk import Page, desk


def test_the_day_that_is_offered_is_one_that_is_taken(engine: Engine, tmp_path: Path) -> None:
    """It is two in the morning of the 26th."""
    with served_desk(engine, tmp_path) as served:
        item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
        client = served.client(Role.ANALYST)
        offered = re.search(r'name="until" min="([^"]*)" value="([^"]*)"', client.get(f"/items/{item}").text)
        assert offered is not None and offered.groups() == ("2026-11-27", "2026-11-27")
        held = client.post(f"/items/{item}/hold", {"until": offered[1], "note": "等通知", "version": "1"})
        assert held.status_code == 303, held.text


def test_no_hour_is_told_of_a_page_that_says_the_day_alone(engine: Engine, tmp_path: Path) -> None:
    with served_desk(engine, tmp_path) as served:
        item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
        with engine.begin() as connection:
            midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
            connection.execute(update(pages).values(published_at=midnight))
        shown = served.client(Role.ANALYST).get(f"/items/{item}").text
        assert "<span>2026-11-24 发布</span>" in shown
