"""What was said against a lead stands on its page at the desk, as text."""

from pathlib import Path

from sqlalchemy import Connection, Engine, select

from domain.outbox import Statement, StatementKind
from domain.roles import Role
from storage.leads.outbox import add_statement
from storage.tables import desk_items
from tests.desk_web.served import Hostile, hostile_night, served_desk
from tests.storage.samples import NOW


def quiet(connection: Connection) -> None:
    """A log that keeps nothing."""


def test_a_dispute_is_shown_with_the_lead(engine: Engine, tmp_path: Path) -> None:
    (item,) = hostile_night(engine, tmp_path, {"a": Hostile("甲示例门诊部")}).values()
    with engine.connect() as connection:
        page = connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item)).scalar_one()
    add_statement(engine, page, Statement(StatementKind.DISPUTE, "wang", NOW, NOW, "<b>称系转载</b>"), quiet)
    with served_desk(engine, tmp_path, (Role.ANALYST,)) as desk:
        shown = desk.client(Role.ANALYST).get(f"/items/{item}").text
    assert "当事人异议" in shown and "&lt;b&gt;称系转载&lt;/b&gt;" in shown
