"""Working days of mainland China: weekdays but for public holidays, and weekends on which people work instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

_DAY = timedelta(days=1)


class CalendarUnknown(Exception):
    """A day beyond the years whose holidays were published; the message is Chinese for the officer."""


class CalendarBroken(Exception):
    """The data contradict themselves; the message is Chinese for whoever keeps them."""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """`off` are weekdays without work, `on` weekends with it, both of the years `years` only.

    `version` names the notices it was made of, oldest first, and goes with every deadline computed from it.
    """

    years: frozenset[int]
    off: frozenset[date]
    on: frozenset[date]
    version: str

    def is_working_day(self, day: date) -> bool:
        """Raises CalendarUnknown for a day of a year that is not in `years`."""
        if day.year not in self.years:
            raise CalendarUnknown(
                f"没有 {day.year} 年的节假日安排，无法计算工作日：请在 lexicons/calendar/ 补充该年的通知"
            )
        return day in self.on or (day.weekday() < 5 and day not in self.off)

    def last_day(self, start: date, working_days: int) -> date:
        """The day on which a term of so many working days ends. The day it begins on does not count (民法典 201).

        Raises CalendarUnknown, and ValueError for fewer than one.
        """
        if working_days < 1:
            raise ValueError(f"a term has at least one day, not {working_days}")
        day = start
        while working_days:
            day += _DAY
            working_days -= self.is_working_day(day)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """How many there are after `start` and up to `end`; 0 when `end` is not later. Raises CalendarUnknown."""
        days = (start + _DAY * number for number in range(1, (end - start).days + 1))
        return sum(map(self.is_working_day, days))

    def first_working_day(self, day: date) -> date:
        """`day` itself or the next working day: where a term counted in calendar days ends on a holiday (民法典 203).

        Raises CalendarUnknown.
        """
        while not self.is_working_day(day):
            day += _DAY
        return day


def calendar_of(notices: Iterable[Mapping[str, Any]]) -> WorkCalendar:
    """The calendar of several years' notices, each as a table of `lexicons/calendar/`: `year`, `notice`, `off` (first and last
    day of each holiday) and `on`. Raises CalendarBroken."""
    years: dict[int, str] = {}
    off: set[date] = set()
    on: set[date] = set()
    for notice in notices:
        year = notice["year"]
        if year in years:
            raise CalendarBroken(f"{year} 年的节假日安排出现了两次")
        years[year] = notice["notice"]
        holidays = {day for span in notice["off"] for day in _days(span["first"], span["last"])}
        instead = set(notice["on"])
        _check(year, holidays, instead)
        off |= {day for day in holidays if day.weekday() < 5}
        on |= instead
    return WorkCalendar(
        frozenset(years), frozenset(off), frozenset(on), "；".join(years[year] for year in sorted(years))
    )


def _days(first: date, last: date) -> list[date]:
    if last < first:
        raise CalendarBroken(f"假期的最后一天 {last} 早于第一天 {first}")
    return [first + _DAY * number for number in range((last - first).days + 1)]


def _check(year: int, holidays: set[date], instead: set[date]) -> None:
    elsewhere = [day for day in holidays | instead if day.year != year]
    if elsewhere:
        raise CalendarBroken(f"{min(elsewhere)} 不在 {year} 年")
    if both := holidays & instead:
        raise CalendarBroken(f"{min(both)} 既放假又上班")
    if weekdays := [day for day in instead if day.weekday() < 5]:
        raise CalendarBroken(f"调休上班的 {min(weekdays)} 不是周末")
