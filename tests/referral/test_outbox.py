"""Steps of packages and statements about leads in the database, and the terms that run."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Connection, Engine, delete, select, update
from sqlalchemy.exc import DBAPIError

from domain.outbox import Measure, Stage, Statement, StatementKind, Step, StepRefused, StepTaken
from domain.routing import Recipient
from referral.deadlines import load_clocks, load_work_calendar, terms_of
from referral.lead import NotReferable, gather
from referral.register import record_package, reserve_number
from review.repeats import reopen_as_repeat
from storage.database import writing
from storage.leads.outbox import (
    add_statement,
    find_package,
    list_packages,
    packages_with,
    rescinded_pages,
    statements_of,
    take_step,
)
from storage.operators.operator_history import cases_of_names
from storage.tables import desk_items, referral_steps
from storage.takedowns.takedown import referred_cases
from tests.referral.leads import LEXICONS, REFERENCE, confirm, masker
from tests.review.desk import Page, desk

DIGEST = "ab" * 32
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


def quiet(connection: Connection) -> None:
    """A log that keeps nothing."""


@pytest.fixture
def case(engine: Engine, tmp_path: Path) -> int:
    item = desk(engine, tmp_path, {"a": Page(0.9)})["a"]
    confirm(engine, item)
    with engine.connect() as connection:
        return int(connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item)).scalar_one())


@pytest.fixture
def number(engine: Engine, case: int) -> str:
    number = reserve_number(engine, Recipient.AMR, [case], "wang", {}, NOW - timedelta(days=2))
    record_package(engine, number, DIGEST)
    return number


def step(engine: Engine, number: str, what: Step, by: str = "wang", **more: object) -> Stage:
    values: Mapping[str, object] = {"manifest_sha256": DIGEST, "channel": "机要", "text": "说明"} | more
    at = more.get("at", NOW)
    rest = {key: value for key, value in values.items() if key != "at"}
    return take_step(engine, number, StepTaken(what, by, at, NOW, **rest), quiet).stage  # type: ignore[arg-type]


def test_a_package_goes_its_way_and_every_step_is_kept(engine: Engine, number: str, case: int) -> None:
    assert step(engine, number, Step.APPROVED, "li") is Stage.APPROVED
    assert step(engine, number, Step.SENT) is Stage.SENT
    assert step(engine, number, Step.RECEIVED, reference="收文118") is Stage.RECEIVED
    closed = step(engine, number, Step.CLOSED, measures=(Measure.FINED,), fine_fen=2_000_050)
    assert closed is Stage.CLOSED
    (package,) = list_packages(engine)
    assert [taken.step for taken in package.steps] == [Step.APPROVED, Step.SENT, Step.RECEIVED, Step.CLOSED]
    assert (package.cases, package.steps[-1].fine_fen) == ((case,), 2_000_050)
    with pytest.raises(KeyError):
        find_package(engine, "没有这份")
    with pytest.raises(StepRefused):
        step(engine, number, Step.SENT)


def test_an_unfinished_package_is_in_no_list(engine: Engine, case: int) -> None:
    reserve_number(engine, Recipient.CAC, [case], "wang", {}, NOW)
    assert list_packages(engine) == []


@pytest.mark.parametrize("statement", [update(referral_steps).values(text="x"), delete(referral_steps)])
def test_the_database_refuses_to_change_a_step(engine: Engine, number: str, statement: object) -> None:
    step(engine, number, Step.APPROVED, "li")
    with pytest.raises(DBAPIError, match="never changed"), writing(engine) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_terms_run_in_working_days_and_end_when_answered(engine: Engine, number: str) -> None:
    clocks, calendar = load_clocks(LEXICONS), load_work_calendar(LEXICONS)
    step(engine, number, Step.APPROVED, "li")
    step(engine, number, Step.SENT)
    assert terms_of(find_package(engine, number), clocks, calendar) == ()
    step(engine, number, Step.RECEIVED)
    (filing,) = terms_of(find_package(engine, number), clocks, calendar)
    assert filing.clock.name == "case-filing" and filing.deadline is not None
    assert filing.deadline.due_at.isoformat() == "2026-12-17T23:59:59+08:00"
    assert filing.deadline is not None and NOW <= filing.deadline.due_at <= NOW + timedelta(days=30)
    assert not filing.is_late(NOW) and filing.is_late(NOW + timedelta(days=30))
    step(engine, number, Step.FILED)
    (closing,) = terms_of(find_package(engine, number), clocks, calendar)
    assert closing.clock.name == "case-closing"
    assert closing.deadline is None and "2027" in closing.why_open  # its holidays are not published yet
    step(engine, number, Step.CLOSED, measures=(Measure.ORDERED,))
    assert terms_of(find_package(engine, number), clocks, calendar) == ()


def test_the_ladder_begins_when_the_package_is_sent(engine: Engine, number: str) -> None:
    (made,) = referred_cases(engine)
    assert made.referred_at == NOW - timedelta(days=2)
    step(engine, number, Step.APPROVED, "li")
    step(engine, number, Step.SENT)
    (sent,) = referred_cases(engine)
    assert sent.referred_at == NOW and sent.due_at == NOW + timedelta(days=1)


def test_a_returned_package_was_never_referred(engine: Engine, number: str) -> None:
    step(engine, number, Step.RETURNED, "li")
    assert referred_cases(engine) == []


def test_pages_of_a_withdrawn_package_are_not_visited_again(engine: Engine, number: str) -> None:
    step(engine, number, Step.APPROVED, "li")
    step(engine, number, Step.SENT)
    step(engine, number, Step.WITHDRAWN, text="依据有误")
    assert referred_cases(engine) == []
    step(engine, number, Step.STRUCK, corrects=find_package(engine, number).entered[-1].id)
    assert len(referred_cases(engine)) == 1


@pytest.mark.usefixtures("number")
def test_a_lead_taken_back_is_counted_nowhere(engine: Engine, case: int) -> None:
    assert len(cases_of_names(engine, ["示例门诊部"])) == 1

    def say(kind: StatementKind) -> None:
        add_statement(engine, case, Statement(kind, "li", NOW, NOW, "说明"), quiet)

    add_statement(engine, case, Statement(StatementKind.DISPUTE, "li", NOW, NOW, "患者王小明称系自愿"), quiet)
    (said,) = gather(engine, case, REFERENCE, masker()).statements
    assert said.kind is StatementKind.DISPUTE and "王小明" not in said.text and "系自愿" in said.text
    say(StatementKind.WITHDRAWN)
    assert referred_cases(engine) == []
    assert cases_of_names(engine, ["示例门诊部"]) == ()
    with pytest.raises(NotReferable, match="已由本单位撤回"):
        gather(engine, case, REFERENCE, masker())
    say(StatementKind.REINSTATED)
    assert len(referred_cases(engine)) == 1
    with engine.connect() as connection:
        assert connection.scalars(rescinded_pages()).all() == []
    assert len(statements_of(engine, [case])[case]) == 3
    with pytest.raises(KeyError):
        add_statement(engine, 999, Statement(StatementKind.DISPUTE, "li", NOW, NOW, "说明"), quiet)


def test_a_step_struck_counts_for_nothing_and_stays(engine: Engine, number: str) -> None:
    step(engine, number, Step.APPROVED, "li")
    step(engine, number, Step.SENT)
    sent = find_package(engine, number).entered[-1]
    assert step(engine, number, Step.STRUCK, corrects=sent.id) is Stage.APPROVED
    package = find_package(engine, number)
    assert [taken.step for taken in package.steps] == [Step.APPROVED]
    assert [taken.step for taken in package.entered] == [Step.APPROVED, Step.SENT, Step.STRUCK]
    (made,) = referred_cases(engine)
    assert made.referred_at == NOW - timedelta(days=2)  # as for a package that was not sent yet
    step(engine, number, Step.RETURNED, "li")
    returned = find_package(engine, number).entered[-1]
    assert referred_cases(engine) == []
    step(engine, number, Step.STRUCK, "li", corrects=returned.id)
    assert len(referred_cases(engine)) == 1


def test_a_paper_of_the_other_side_is_kept_by_its_digest(engine: Engine, number: str, case: int) -> None:
    step(engine, number, Step.APPROVED, "li")
    step(engine, number, Step.SENT)
    step(engine, number, Step.REPLIED, file_name="复函.pdf", file_sha256="cd" * 32)
    assert find_package(engine, number).steps[-1].file_name == "复函.pdf"
    said = Statement(StatementKind.DISPUTE, "wang", NOW, NOW, "称系转载", "来函.pdf", "ef" * 32)
    add_statement(engine, case, said, quiet)
    assert statements_of(engine, [case])[case] == (said,)


def test_what_is_no_confirmed_lead_any_more_does_not_go_out(engine: Engine, number: str, case: int) -> None:
    say(engine, case, StatementKind.WITHDRAWN)
    with pytest.raises(StepRefused, match=f"线索 {case} 已由本单位撤回"):
        step(engine, number, Step.APPROVED, "li")
    (package,) = packages_with(engine, case)
    assert package.rescinded == (case,) and not package.counts
    say(engine, case, StatementKind.REINSTATED)
    assert find_package(engine, number).counts
    step(engine, number, Step.APPROVED, "li")
    assert reopen_as_repeat(engine, case, "再次出现", NOW)
    with pytest.raises(StepRefused, match="不再是两人确认的状态"):
        step(engine, number, Step.SENT)


def test_what_was_not_taken_back_cannot_be_reinstated(engine: Engine, case: int) -> None:
    with pytest.raises(StepRefused, match="没有撤回过"):
        say(engine, case, StatementKind.REINSTATED)
    say(engine, case, StatementKind.WITHDRAWN)
    with pytest.raises(StepRefused, match="已经撤回"):
        say(engine, case, StatementKind.WITHDRAWN)


def test_two_who_take_the_same_step_at_once_do_not_both_succeed(engine: Engine, number: str) -> None:
    at_once = Barrier(4)

    def approve(by: str) -> bool:
        at_once.wait()
        try:
            step(engine, number, Step.APPROVED, by)
        except StepRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(approve, ["li", "liu", "lin", "luo"])) == [False, False, False, True]
    assert len(find_package(engine, number).entered) == 1


def say(engine: Engine, case: int, kind: StatementKind) -> None:
    add_statement(engine, case, Statement(kind, "li", NOW, NOW, "说明"), quiet)
