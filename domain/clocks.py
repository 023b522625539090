"""Terms that run in a case and when each ends, in Beijing time."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from domain.beijing import BEIJING
from domain.working_days import WorkCalendar

_END_OF_DAY = time(23, 59, 59)


class Unit(StrEnum):
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working-days"
    MONTHS = "months"


class Event(StrEnum):
    """What sets a term running."""

    PACKAGE_MADE = "package-made"
    PACKAGE_APPROVED = "package-approved"
    PACKAGE_SENT = "package-sent"
    TIP_RECEIVED = "tip-received"
    RECEIVED = "received"  # the recipient has confirmed a package
    CASE_FILED = "case-filed"
    FILING_REFUSED = "filing-refused"
    JURISDICTION_DISPUTED = "jurisdiction-disputed"
    LAST_SEEN = "last-seen"  # of the page, still with its claims


@dataclass(frozen=True, slots=True)
class Clock:
    """One term of `lexicons/calendar/clocks.toml`. `length` and `extension` (0: none) are in `unit`, at least 1 the first.

    `recipients` are keys of `lexicons/recipients.yml`; empty when it runs whoever the recipient is.
    """

    name: str
    title: str
    begins: Event
    length: int
    unit: Unit
    basis: str
    extension: int = 0
    recipients: tuple[str, ...] = ()


class ClocksBroken(Exception):
    """The data cannot be read; the message is Chinese for whoever keeps them."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """`due_at` is aware, in Beijing time: to the second for hours, else the end of a day. `calendar` is the version of the
    holidays that it was computed with, empty where none were needed."""

    clock: Clock
    due_at: datetime
    extended: bool
    calendar: str


def clocks_of(table: Mapping[str, Any]) -> tuple[Clock, ...]:
    """The terms of a table. Raises ClocksBroken naming the first that is wrong."""
    clocks = []
    for name, entry in table.items():
        try:
            clock = Clock(
                name,
                entry["title"],
                Event(entry["begins"]),
                entry["length"],
                Unit(entry["unit"]),
                entry["basis"],
                entry.get("extension", 0),
                tuple(entry.get("recipients", ())),
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise ClocksBroken(f"期限 {name} 写得不对：{fault}") from fault
        if (
            not (isinstance(clock.length, int) and isinstance(clock.extension, int))
            or clock.length < 1
            or clock.extension < 0
        ):
            raise ClocksBroken(f"期限 {name} 的长度不对：{clock.length}（可延长 {clock.extension}）")
        clocks.append(clock)
    return tuple(clocks)


def running(clocks: tuple[Clock, ...], event: Event, recipient: str = "") -> tuple[Clock, ...]:
    """The terms that an event sets running with a recipient; an empty one leaves those that run for anybody."""
    return tuple(
        clock for clock in clocks if clock.begins is event and (not clock.recipients or recipient in clock.recipients)
    )


def deadline(clock: Clock, begun_at: datetime, calendar: WorkCalendar, extended: bool = False) -> Deadline:
    """When a term that began at `begun_at` (aware) ends. The day it begins on does not count, hours count at once (民法典 201).

    Raises CalendarUnknown where holidays of an unpublished year matter, and ValueError for an extension that there is not.
    """
    if extended and not clock.extension:
        raise ValueError(f"{clock.name} cannot be extended")
    begun = begun_at.astimezone(BEIJING)
    length = clock.length + (clock.extension if extended else 0)
    if clock.unit is Unit.HOURS:
        return Deadline(clock, begun + timedelta(hours=length), extended, "")
    if clock.unit is Unit.WORKING_DAYS:
        last = calendar.last_day(begun.date(), length)
    elif clock.unit is Unit.DAYS:
        last = calendar.first_working_day(begun.date() + timedelta(days=length))
    else:
        # Two years and more lie beyond any published calendar; whether the day is a holiday is left open
        return Deadline(clock, _end_of(_months_later(begun.date(), length)), extended, "")
    return Deadline(clock, _end_of(last), extended, calendar.version)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, _END_OF_DAY, BEIJING)


def _months_later(day: date, months: int) -> date:
    """The same day of the month, or its last where it is shorter (民法典 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
