"""What the desk asks its database for a person's own items is answered by an index, however many items there are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, update

from benchmarks.desk_rows import build
from domain.reviews import Stage
from domain.roles import Role
from review.accounts import Account
from review.items import Filters
from review.queue import ReviewQueue
from storage.database import writing
from storage.tables import desk_items
from tests.review.desk import Clock, people

_ITEMS = 3000
_MINE = Filters(assignee="me")
_OWN_FIRST = Filters(assignee="me", stage=Stage.FIRST)

_ASKED: dict[str, Callable[[ReviewQueue, Account], object]] = {
    "list": lambda queue, account: queue.items(account, _MINE),
    "list of a stage": lambda queue, account: queue.items(account, _OWN_FIRST),
    "counts": lambda queue, account: queue.counts(account, _MINE),
    "counts by family": lambda queue, account: queue.family_counts(account, _MINE),
    "next": lambda queue, account: queue.next_item(account, _MINE),
}


@contextmanager
def _statements(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """What is asked of `desk_items` and names whom they are assigned to."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT") and "desk_items.assignee = " in statement.partition("WHERE")[2]:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def _plan(engine: Engine, statement: str, parameters: Any) -> str:
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    with engine.connect() as connection:
        return "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, parameters))


@pytest.mark.parametrize("name", _ASKED)
def test_own_items_are_found_by_an_index(engine: Engine, name: str) -> None:
    build(engine, _ITEMS, _ITEMS)
    clock = Clock()
    account, *_ = people(engine, clock, Role.ANALYST)
    with writing(engine) as connection:
        mine = desk_items.c.id % 1000 == 7, desk_items.c.stage == Stage.FIRST.value
        connection.execute(update(desk_items).where(*mine).values(assignee=account.id))
    with _statements(engine) as asked:
        assert _ASKED[name](ReviewQueue(engine, clock), account)
    assert asked
    for statement, parameters in asked:
        assert "ix_desk_items_assigned" in _plan(engine, statement, parameters), statement
