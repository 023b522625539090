"""The statistics table: periods, what is counted, and that every number has its facts."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Connection, Engine, event, select, update

from domain.findings import FAMILIES
from domain.outbox import Measure, Statement, StatementKind, Step, StepTaken
from domain.roles import Role
from domain.routing import Recipient
from referral.deadlines import load_clocks, load_work_calendar
from referral.institution_ledger import LedgerLine, institution_ledger
from referral.register import record_package, reserve_number
from referral.statistics import (
    Fact,
    StatisticsBroken,
    counted,
    gather_facts,
    load_columns,
    load_fields,
    periods_of,
)
from referral.statistics_book import Report, page_values, workbook
from storage.leads.outbox import add_statement, list_packages, take_step
from storage.tables import desk_items
from tests.referral.leads import LEXICONS, confirm
from tests.review.desk import Clock, Page, desk, people
from tests.storage.look_nights import climb

DIGEST = "ab" * 32


def quiet(connection: Connection) -> None:
    """A log that keeps nothing."""


def titles(first: str, last: str) -> list[str]:
    return [period.title for period in periods_of(date.fromisoformat(first), date.fromisoformat(last))]


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("2026-11-03", "2026-11-09", ["2026年11月"]),
        ("2026-10-01", "2026-11-30", ["2026年10月", "2026年11月", "2026年第4季度", "2026年"]),
        ("2026-12-31", "2027-01-01", ["2026年12月", "2027年1月", "合计"]),
    ],
)
def test_periods(first: str, last: str, expected: list[str]) -> None:
    assert titles(first, last) == expected


def test_every_family_and_field_has_its_row() -> None:
    keys = [column.key for column in load_columns(LEXICONS)]
    assert len(keys) == len(set(keys))
    assert {f"family:{name}" for name in FAMILIES} <= set(keys)
    assert {f"field:{name}" for name in load_fields(LEXICONS)} <= set(keys)
    assert {f"to:{recipient.value}" for recipient in Recipient} <= set(keys)


@pytest.mark.parametrize(
    "entry", ['key = "nothing"\ntitle = "x"', 'key = "sites"', 'key = "sites"\ntitle = "x"\nunit = "m"']
)
def test_a_row_that_cannot_be_counted_is_refused(tmp_path: Path, entry: str) -> None:
    (tmp_path / "statistics").mkdir()
    (tmp_path / "statistics" / "columns.toml").write_text(f"[[columns]]\n{entry}\n", "utf-8")
    (tmp_path / "statistics" / "fields.toml").write_text('"眼科" = ["近视"]\n', "utf-8")
    with pytest.raises(StatisticsBroken):
        load_columns(tmp_path)


def test_sites_count_once_a_period_and_shares_have_no_value_without_a_whole() -> None:
    periods = periods_of(date(2026, 10, 30), date(2026, 11, 2))
    facts = [Fact("sites", date(2026, 10, day), "甲站") for day in (30, 31)] + [
        Fact("sites", date(2026, 11, 1), "甲站")
    ]
    facts += [Fact("confirmed", date(2026, 11, 1), "线索 1"), Fact("dismissed", date(2026, 11, 1), "线索 2")]
    values = counted(facts, periods)
    assert values["sites", "2026年10月"] == 1.0 and values["sites", "2026年"] == 1.0
    assert values["false-share", "2026年10月"] is None
    assert values["false-share", "2026年11月"] == 0.5


def test_every_outcome_that_is_counted_names_its_evidence(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    last = case.looks[-1].look.at
    first, until = last.date() - timedelta(days=60), last.date() + timedelta(days=1)
    facts = gather_facts(engine, first, until, {}, (), load_work_calendar(LEXICONS), last)
    for grade in ("gone", "softened", "unreachable"):
        (what,) = [fact.what for fact in facts if fact.key == f"grade:{grade}"]
        (look,) = [each for each in case.looks if each.grade.value == grade]
        assert what == f"线索 {case.case_id}，复测证据 {look.bundle_sha256}"


def test_outcomes_of_a_withdrawn_package_are_not_counted(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    last = case.looks[-1].look.at
    first, until = last.date() - timedelta(days=60), last.date() + timedelta(days=1)
    (package,) = list_packages(engine)
    for step, by in ((Step.APPROVED, "li"), (Step.SENT, "wang"), (Step.WITHDRAWN, "wang")):
        digest = package.manifest_sha256
        taken = StepTaken(step, by, last, last, text="送错了部门", channel="机要", manifest_sha256=digest)
        take_step(engine, package.number, taken, quiet)
    facts = gather_facts(engine, first, until, {}, (), load_work_calendar(LEXICONS), last)
    assert [fact.key for fact in facts if fact.key.startswith(("grade:", "to:")) or fact.key == "reappeared"] == []


def test_quotes_of_many_leads_are_read_at_once(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two leads at a time here: five leads take three questions, and the field of each is found all the same."""
    ids = desk(engine, tmp_path, {name: Page(0.9) for name in "abcde"})
    readers = people(engine, Clock(), Role.ANALYST, Role.REVIEWER)
    for item in ids.values():
        confirm(engine, item, readers)
    with engine.connect() as connection:
        decided: datetime = connection.execute(select(desk_items.c.decided_at)).scalars().first()  # type: ignore[assignment]
    monkeypatch.setattr("referral.statistics._IDS_AT_ONCE", 2)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    day = decided.date()
    facts = gather_facts(
        engine,
        day - timedelta(days=2),
        day + timedelta(days=2),
        {"疗效": ("治愈率",)},
        (),
        load_work_calendar(LEXICONS),
        decided,
    )
    event.remove(engine, "before_cursor_execute", note)
    assert sum("findings.quote" in statement for statement in asked) == 3
    assert sum(fact.key == "field:疗效" for fact in facts) == 5


def test_a_month_from_night_to_fine(engine: Engine, tmp_path: Path) -> None:
    ids = desk(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8)})
    readers = people(engine, Clock(), Role.ANALYST, Role.REVIEWER)
    for item in ids.values():
        confirm(engine, item, readers)
    with engine.connect() as connection:
        pages = {row.id: row.page_id for row in connection.execute(select(desk_items.c.id, desk_items.c.page_id))}
        decided: datetime = connection.execute(select(desk_items.c.decided_at)).scalars().first()  # type: ignore[assignment]
    a, b = pages[ids["a"]], pages[ids["b"]]
    number = reserve_number(engine, Recipient.AMR, [a], "wang", {}, decided)
    record_package(engine, number, DIGEST)
    now = decided + timedelta(days=1)
    steps = [(Step.APPROVED, "li", {}), (Step.SENT, "wang", {"channel": "机要"}), (Step.RECEIVED, "wang", {})]
    for step, by, more in steps:
        taken = StepTaken(step, by, decided, now, manifest_sha256=DIGEST, **more)  # type: ignore[arg-type]
        take_step(engine, number, taken, quiet)
    closed = StepTaken(Step.CLOSED, "wang", now, now, measures=(Measure.FINED, Measure.ORDERED), fine_fen=150_000)
    take_step(engine, number, closed, quiet)
    add_statement(engine, b, Statement(StatementKind.WITHDRAWN, "li", now, now, "转载"), quiet)

    first, last = decided.date() - timedelta(days=2), now.date() + timedelta(days=1)
    fields, columns = load_fields(LEXICONS), load_columns(LEXICONS)
    calendar = load_work_calendar(LEXICONS)
    facts = gather_facts(engine, first, last, fields, load_clocks(LEXICONS), calendar, now)
    periods = periods_of(first, last)
    values = counted(facts, periods)
    title = periods[0].title
    expected = {
        "confirmed": 1,
        "to:amr": 1,
        "answered": 1,
        "answer-share": 1,
        "closed": 1,
        "fines": 1500,
        "measure:ordered": 1,
    }
    assert {key: values[key, title] for key in expected} == expected
    assert values["family:efficacy-rate", title] == 1.0 and values["flagged", title] == 2.0
    (line,) = institution_ledger(engine, first, last)
    assert line.cells[:3] == ("示例门诊部", "1", str(a)) and line.cells[4:6] == (number, "罚没款、责令整改")

    with engine.begin() as connection:
        connection.execute(update(desk_items).values(institution="clinic.example"))
    assert [each.cells[0] for each in institution_ledger(engine, first, last)] == ["网站 clinic.example"]

    ledger = [line, LedgerLine(('=HYPERLINK("http://x.example")', *("@\x00\x1b",) * 8))]
    report = Report("统计表", columns, periods, 1, values, facts, ledger, ("说明",))
    book = openpyxl.load_workbook(BytesIO(workbook(report)))
    assert book.sheetnames == ["统计表", "图表", "明细", "机构台账", "说明"]
    sums: defaultdict[str, float] = defaultdict(float)
    for name, _, _, amount in book["明细"].iter_rows(min_row=2, values_only=True):
        sums[str(name)] += float(str(amount).removesuffix(" 元"))
    table = {str(row[0]): row[1] for row in book["统计表"].iter_rows(min_row=2, values_only=True)}
    for column in columns:
        if column.unit != "share" and not column.outside and column.key not in ("sites", "accounts"):
            assert table[column.title] == sums[column.title], column.title
    cells = [cell for row in book["机构台账"].iter_rows() for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    assert len(page_values(report)["rows"]) == len(columns)


def test_nothing_is_counted_outside_of_the_days(engine: Engine, tmp_path: Path) -> None:
    confirm(engine, desk(engine, tmp_path, {"a": Page(0.9)})["a"])
    day = date(2020, 1, 1)
    calendar = load_work_calendar(LEXICONS)
    assert gather_facts(engine, day, day, {}, load_clocks(LEXICONS), calendar, datetime(2026, 12, 1, tzinfo=UTC)) == []
