"""Terms that are over or soon will be, and who is told of each: the list that officers work off."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from domain.beijing import BEIJING
from domain.clocks import Clock
from domain.working_days import CalendarUnknown, WorkCalendar
from referral.deadlines import RunningTerm, own_terms_of, terms_of
from storage.leads.outbox import Package

_ESCALATION = "escalation.toml"


class EscalationBroken(Exception):
    """`escalation.toml` does not hold what it should; the message is Chinese for whoever keeps it."""


class Whose(StrEnum):
    RECIPIENT = "recipient"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom to tell of a term that is over by at least so many working days, and what to do. `recipients` is empty for all."""

    whose: Whose
    late_working_days: int
    tell: str
    act: str
    recipients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reminder:
    """A term of a package that is over, or ends soon. `working_days` are left, or over where `is_late`; None where the holidays up to
    then are not published. `escalation` is None before a term is over."""

    package: Package
    term: RunningTerm
    whose: Whose
    is_late: bool
    working_days: int | None
    escalation: Escalation | None


def load_escalations(lexicons: Path) -> tuple[Escalation, ...]:
    """Raises EscalationBroken."""
    path = lexicons / "calendar" / _ESCALATION
    try:
        steps = tomllib.loads(path.read_text(encoding="utf-8"))["step"]
        return tuple(_escalation(step) for step in steps)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as fault:
        raise EscalationBroken(f"{path.name} 无法读取：{fault}") from fault


def reminders(
    packages: Sequence[Package],
    clocks: Sequence[Clock],
    calendar: WorkCalendar,
    escalations: Sequence[Escalation],
    now: datetime,
    within: int,
) -> list[Reminder]:
    """What is over or ends within so many working days: under 挂牌督办 first, then what is over, the longest first."""
    found = [
        reminder
        for package in packages
        for whose, term in _terms(package, clocks, calendar)
        if (reminder := _reminder(package, term, whose, calendar, escalations, now, within)) is not None
    ]
    return sorted(found, key=lambda each: (not each.package.supervised, not each.is_late, _due(each.term)))


def _terms(package: Package, clocks: Sequence[Clock], calendar: WorkCalendar) -> Iterator[tuple[Whose, RunningTerm]]:
    yield from ((Whose.RECIPIENT, term) for term in terms_of(package, clocks, calendar))
    yield from ((Whose.OWN, term) for term in own_terms_of(package, clocks, calendar))


def _reminder(
    package: Package,
    term: RunningTerm,
    whose: Whose,
    calendar: WorkCalendar,
    escalations: Sequence[Escalation],
    now: datetime,
    within: int,
) -> Reminder | None:
    if term.deadline is None:
        return None
    late = term.is_late(now)
    today, due = now.astimezone(BEIJING).date(), term.deadline.due_at.date()
    try:
        days = calendar.working_days_between(*((due, today) if late else (today, due)))
    except CalendarUnknown:
        days = None
    if not late and (days is None or days > within):
        return None
    return Reminder(package, term, whose, late, days, _step(escalations, package, whose, days) if late else None)


def _step(escalations: Sequence[Escalation], package: Package, whose: Whose, days: int | None) -> Escalation | None:
    """The furthest step that applies, by what is known of how long it is over."""
    reached = [
        each
        for each in escalations
        if each.whose is whose
        and each.late_working_days <= (days or 0)
        and (not each.recipients or package.recipient.value in each.recipients)
    ]
    return max(reached, key=lambda each: each.late_working_days, default=None)


def _due(term: RunningTerm) -> float:
    return 0.0 if term.deadline is None else term.deadline.due_at.timestamp()


def _escalation(step: Mapping[str, Any]) -> Escalation:
    days = step["late_working_days"]
    if not isinstance(days, int) or days < 0:
        raise ValueError(f"late_working_days 应为不小于 0 的整数，不是 {days}")
    recipients = tuple(map(str, step.get("recipients", ())))
    return Escalation(Whose(step["whose"]), days, str(step["tell"]), str(step["act"]), recipients)
