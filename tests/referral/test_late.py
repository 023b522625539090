"""What is over, what soon will be, and who is told."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain.outbox import Measure, Step, StepTaken
from domain.routing import Recipient
from referral.deadlines import load_clocks, load_work_calendar, own_terms_of, terms_of
from referral.late import EscalationBroken, Reminder, Whose, load_escalations, reminders
from storage.leads.outbox import Package
from tests.referral.leads import LEXICONS

CLOCKS = load_clocks(LEXICONS)
CALENDAR = load_work_calendar(LEXICONS)
ESCALATIONS = load_escalations(LEXICONS)
MADE = datetime(2026, 9, 21, 2, 0, tzinfo=UTC)  # a Monday; the holidays of autumn lie ahead


def package(*steps: tuple[Step, datetime], recipient: Recipient = Recipient.AMR, number: str = "甲") -> Package:
    entered = tuple(
        StepTaken(step, "wang", at, at, "说明", measures=(Measure.ORDERED,), id=place)
        for place, (step, at) in enumerate(steps, 1)
    )
    return Package(1, number, recipient, MADE, "zhang", "ab" * 32, (7,), (), entered)


def received(at: datetime = MADE, recipient: Recipient = Recipient.AMR, number: str = "甲") -> Package:
    return package((Step.APPROVED, at), (Step.SENT, at), (Step.RECEIVED, at), recipient=recipient, number=number)


def due(*packages: Package, now: datetime, within: int = 3) -> list[Reminder]:
    return reminders(packages, CLOCKS, CALENDAR, ESCALATIONS, now, within)


def test_days_are_working_days_with_those_made_up_for() -> None:
    """After 21 September 2026: 22-24, 28-30, then 8-10 October (the Saturday made up for), 12-16 and the 19th."""
    (term,) = terms_of(received(), CLOCKS, CALENDAR)
    assert term.deadline is not None and term.deadline.due_at.isoformat() == "2026-10-19T23:59:59+08:00"
    (before,) = due(received(), now=datetime(2026, 9, 30, 2, 0, tzinfo=UTC), within=9)
    assert not before.is_late and before.working_days == 9 and before.escalation is None
    assert due(received(), now=datetime(2026, 9, 30, 2, 0, tzinfo=UTC), within=8) == []


@pytest.mark.parametrize(
    ("days", "tell"),
    [(1, "接收部门承办机构"), (8, "接收部门负责人、本单位分管负责人"), (25, "接收部门的上一级机关、专项整治工作专班")],
)
def test_the_longer_it_is_over_the_higher_it_goes(days: int, tell: str) -> None:
    (term,) = terms_of(received(), CLOCKS, CALENDAR)
    assert term.deadline is not None
    (late,) = due(received(), now=term.deadline.due_at + timedelta(days=days))
    assert late.is_late and late.escalation is not None and late.escalation.tell == tell


def test_a_step_for_one_recipient_is_for_no_other() -> None:
    now = datetime(2026, 9, 30, 2, 0, tzinfo=UTC)  # three working days after the police's three days
    (late,) = due(received(recipient=Recipient.POLICE), now=now)
    assert late.escalation is not None and "检察机关" in late.escalation.act


def test_we_are_reminded_of_what_lies_with_us() -> None:
    draft = package()
    (own,) = own_terms_of(draft, CLOCKS, CALENDAR)
    assert own.clock.name == "approval" and own.begun_at == MADE
    (waiting,) = due(draft, now=MADE)
    assert waiting.whose is Whose.OWN and waiting.working_days == 3
    approved = package((Step.APPROVED, MADE + timedelta(days=1)))
    (sending,) = own_terms_of(approved, CLOCKS, CALENDAR)
    assert sending.clock.name == "sending" and sending.begun_at == MADE + timedelta(days=1)
    sent = package((Step.APPROVED, MADE), (Step.SENT, MADE))
    assert [term.clock.name for term in own_terms_of(sent, CLOCKS, CALENDAR)] == ["acknowledgement"]
    assert own_terms_of(received(), CLOCKS, CALENDAR) == ()
    assert terms_of(sent, CLOCKS, CALENDAR) == ()


def test_supervised_packages_come_first_then_those_over() -> None:
    now = datetime(2026, 11, 2, 2, 0, tzinfo=UTC)
    over = received(number="逾期")
    soon = received(datetime(2026, 10, 13, 2, 0, tzinfo=UTC), number="将到期")
    marked = package(
        *((step, datetime(2026, 10, 13, 2, 0, tzinfo=UTC)) for step in (Step.APPROVED, Step.SENT, Step.RECEIVED)),
        (Step.SUPERVISED, now),
        number="督办",
    )
    assert [each.package.number for each in due(soon, over, marked, now=now)] == ["督办", "逾期", "将到期"]


def test_an_extension_lengthens_the_term_that_runs() -> None:
    once = received()
    more = package(*((taken.step, taken.at) for taken in once.steps), (Step.EXTENDED, MADE + timedelta(days=10)))
    (term,) = terms_of(more, CLOCKS, CALENDAR)
    assert term.deadline is not None and term.deadline.extended
    assert CALENDAR.working_days_between(MADE.date(), term.deadline.due_at.date()) == 30


def test_a_dispute_over_jurisdiction_runs_until_somebody_has_it() -> None:
    steps = ((Step.APPROVED, MADE), (Step.SENT, MADE), (Step.JURISDICTION, MADE))
    disputed = package(*steps)
    assert [term.clock.name for term in terms_of(disputed, CLOCKS, CALENDAR)] == ["jurisdiction-talks"]
    assert terms_of(package(*steps, (Step.TRANSFERRED, MADE)), CLOCKS, CALENDAR) == ()


@pytest.mark.parametrize(
    "text",
    [
        "step = 1",
        "",
        '[[step]]\nwhose = "own"',
        "[[step",
        '[[step]]\nwhose="own"\nlate_working_days=-1\ntell="a"\nact="b"',
    ],
)
def test_broken_steps_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "calendar").mkdir()
    (tmp_path / "calendar" / "escalation.toml").write_text(text, encoding="utf-8")
    with pytest.raises(EscalationBroken, match=r"escalation\.toml"):
        load_escalations(tmp_path)
