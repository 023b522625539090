"""A lead that we took back is counted nowhere at the desk, and says so wherever it is shown."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, select

from domain.outbox import Statement, StatementKind
from domain.reviews import ItemState, Verdict
from domain.roles import Role
from review.accounts import Account
from review.decisions import Decisions
from review.figures import audit_estimate
from review.item import load_item
from review.settings import DeskSettings
from review.training import rule_ledger, training_rows
from storage.leads.outbox import add_statement
from storage.tables import desk_items
from tests.review.desk import Clock, Page, desk, people
from tests.storage.samples import NOW


def quiet(connection: Connection) -> None:
    """A log that keeps nothing."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def items(engine: Engine, tmp_path: Path) -> dict[str, int]:
    """Two leads, and one of two pages below the threshold drawn for the check."""
    pages = {"one": Page(0.9), "two": Page(0.9), "low": Page(0.1, flagged=False), "lower": Page(0.1, flagged=False)}
    return desk(engine, tmp_path, pages, DeskSettings(audit_pages=2, read_twice_share=0.0))


@pytest.fixture
def readers(engine: Engine, clock: Clock, items: dict[str, int]) -> list[Account]:
    """An analyst and a reviewer who have confirmed every item but one."""
    readers = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    decisions = Decisions(engine, clock)
    for path, item in items.items():
        verdicts = [Verdict.NOT_AD] if path == "lower" else [Verdict.CONFIRM, Verdict.CONFIRM]
        for version, (reader, verdict) in enumerate(zip(readers, verdicts, strict=False), 1):
            decisions.decide(reader, item, verdict, expected_version=version)
    return readers


def say(engine: Engine, item: int, kind: StatementKind) -> None:
    with engine.connect() as connection:
        page = connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item)).scalar_one()
    add_statement(engine, page, Statement(kind, "li", NOW, NOW, "系转载"), quiet)


@pytest.mark.usefixtures("readers")
def test_it_is_in_no_estimate(engine: Engine, items: dict[str, int]) -> None:
    before = audit_estimate(engine, ["2026-11-26"])
    assert (before.read, before.found, before.flagged_found) == (2, 1, 2.0)
    say(engine, items["low"], StatementKind.WITHDRAWN)
    say(engine, items["one"], StatementKind.WITHDRAWN)
    after = audit_estimate(engine, ["2026-11-26"])
    assert (after.read, after.found, after.flagged_found) == (2, 0, 1.0)
    say(engine, items["low"], StatementKind.REINSTATED)
    say(engine, items["one"], StatementKind.REINSTATED)
    assert audit_estimate(engine, ["2026-11-26"]) == before


@pytest.mark.usefixtures("readers")
def test_it_teaches_nothing_and_is_in_no_rules_account(engine: Engine, items: dict[str, int]) -> None:
    assert rule_ledger(engine)["cure-rate"].confirmed == 2
    say(engine, items["one"], StatementKind.DISPUTE)
    assert rule_ledger(engine)["cure-rate"].confirmed == 2
    say(engine, items["one"], StatementKind.WITHDRAWN)
    entry = rule_ledger(engine)["cure-rate"]
    assert (entry.confirmed, entry.dismissed) == (1, 0)
    assert f"item:{items['one']}" not in {row["id"] for row in training_rows(engine)}


def test_it_says_so_where_it_is_shown(
    engine: Engine, items: dict[str, int], readers: list[Account], tmp_path: Path, clock: Clock
) -> None:
    say(engine, items["one"], StatementKind.WITHDRAWN)
    own = load_item(engine, tmp_path, items["one"], readers[0], clock())
    assert [said.kind for said in own.statements] == [StatementKind.WITHDRAWN]
    assert own.item.state is ItemState.CONFIRMED  # the decision stays as it was made
    other = load_item(engine, tmp_path, items["two"], readers[0], clock())
    assert other.statements == ()
    assert {one.item_id: one.taken_back for one in other.earlier}[items["one"]]
    assert not {one.item_id: one.taken_back for one in own.earlier}[items["two"]]
