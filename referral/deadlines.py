"""Which terms run in a package, when each ends, and what is late."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.clocks import Clock, ClocksBroken, Deadline, Event, clocks_of, deadline, running
from domain.outbox import MOVES, Step, StepTaken
from domain.outbox_rules import BEGINS, ENDS, OWN_EVENTS
from domain.working_days import CalendarBroken, CalendarUnknown, WorkCalendar, calendar_of
from storage.leads.outbox import Package

_CLOCKS = "clocks.toml"


@dataclass(frozen=True, slots=True)
class RunningTerm:
    """A term that has not ended. `deadline` is None when holidays of that year are not published yet; `why_open` says so."""

    clock: Clock
    begun_at: datetime
    deadline: Deadline | None
    why_open: str = ""

    def is_late(self, now: datetime) -> bool:
        return self.deadline is not None and self.deadline.due_at < now


def load_clocks(lexicons: Path) -> tuple[Clock, ...]:
    """Raises `domain.clocks.ClocksBroken` for a file that does not hold what it should."""
    path = lexicons / "calendar" / _CLOCKS
    try:
        return clocks_of(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ClocksBroken(f"{path.name} 无法读取：{fault}") from fault


def load_work_calendar(lexicons: Path) -> WorkCalendar:
    """Raises `domain.working_days.CalendarBroken` for files that do not hold what they should."""
    notices = []
    for path in sorted((lexicons / "calendar").glob("prc-*.toml")):
        try:
            notices.append(tomllib.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
            raise CalendarBroken(f"{path.name} 无法读取：{fault}") from fault
    try:
        return calendar_of(notices)
    except (KeyError, TypeError) as fault:
        raise CalendarBroken(f"节假日安排缺少或写错：{fault}") from fault


@dataclass(frozen=True, slots=True)
class TipTerms:
    """The clocks that a tip starts, by the calendar of working days; read once for all tips."""

    clocks: tuple[Clock, ...]
    calendar: WorkCalendar

    @classmethod
    def load(cls, lexicons: Path) -> "TipTerms":
        """Raises `domain.clocks.ClocksBroken` or `domain.working_days.CalendarBroken` for files that do not hold what they should."""
        return cls(tuple(running(load_clocks(lexicons), Event.TIP_RECEIVED)), load_work_calendar(lexicons))

    def of(self, received_at: datetime) -> list[Deadline]:
        """The next one first; without those whose day cannot be named, as the holidays of that year are not published."""
        found = []
        for clock in self.clocks:
            try:
                found.append(deadline(clock, received_at, self.calendar))
            except CalendarUnknown:
                continue
        return sorted(found, key=lambda each: each.due_at)


def terms_of(package: Package, clocks: Sequence[Clock], calendar: WorkCalendar) -> tuple[RunningTerm, ...]:
    """The terms that run with the recipient, the earliest end first."""
    terms = [
        _term(clock, begun.at, calendar, begun.extended and clock.extension > 0)
        for event, begun in _begun(package.steps).items()
        for clock in running(tuple(clocks), event, package.recipient.value)
    ]
    return tuple(sorted(terms, key=_end))


def own_terms_of(package: Package, clocks: Sequence[Clock], calendar: WorkCalendar) -> tuple[RunningTerm, ...]:
    """The terms in which we ourselves approve, send or ask after a package, the earliest end first."""
    event = OWN_EVENTS.get(package.stage)
    if event is None:
        return ()
    moved = [taken.at for taken in package.steps if taken.step in MOVES]
    begun_at = moved[-1] if moved else package.made_at
    return tuple(
        sorted(
            (
                _term(clock, begun_at, calendar, False)
                for clock in running(tuple(clocks), event, package.recipient.value)
            ),
            key=_end,
        )
    )


def limits_of(last_seen: datetime, clocks: Sequence[Clock], calendar: WorkCalendar) -> tuple[RunningTerm, ...]:
    """Until when what a page says may be punished, reckoned from when it was last seen."""
    return tuple(_term(clock, last_seen, calendar, False) for clock in running(tuple(clocks), Event.LAST_SEEN))


@dataclass(frozen=True, slots=True)
class _Begun:
    at: datetime
    extended: bool = False


def _begun(steps: Sequence[StepTaken]) -> dict[Event, _Begun]:
    """When each event that sets terms running happened last, but for those whose terms have ended since."""
    begun: dict[Event, _Begun] = {}
    for taken in steps:
        for event in [event for event in begun if taken.step in ENDS[event]]:
            del begun[event]
        if (begins := BEGINS.get(taken.step)) is not None:
            begun[begins] = _Begun(taken.at)
        if taken.step is Step.EXTENDED:
            begun = {event: _Begun(each.at, extended=True) for event, each in begun.items()}
    return begun


def _term(clock: Clock, begun_at: datetime, calendar: WorkCalendar, extended: bool) -> RunningTerm:
    try:
        return RunningTerm(clock, begun_at, deadline(clock, begun_at, calendar, extended))
    except CalendarUnknown as unknown:
        return RunningTerm(clock, begun_at, None, str(unknown))


def _end(term: RunningTerm) -> tuple[bool, float]:
    return term.deadline is None, 0.0 if term.deadline is None else term.deadline.due_at.timestamp()
