"""Working days against the published years, written down here a second time, month by month."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.working_days import CalendarBroken, CalendarUnknown, WorkCalendar, calendar_of

_FOLDER = Path(__file__).parent.parent / "lexicons" / "calendar"

#: Days without work of each month, counted out on a wall calendar with the notices beside it
_FREE = {
    2024: {
        1: "1 6 7 13 14 20 21 27 28",
        2: "3 10 11 12 13 14 15 16 17 24 25",
        3: "2 3 9 10 16 17 23 24 30 31",
        4: "4 5 6 13 14 20 21 27",
        5: "1 2 3 4 5 12 18 19 25 26",
        6: "1 2 8 9 10 15 16 22 23 29 30",
        7: "6 7 13 14 20 21 27 28",
        8: "3 4 10 11 17 18 24 25 31",
        9: "1 7 8 15 16 17 21 22 28",
        10: "1 2 3 4 5 6 7 13 19 20 26 27",
        11: "2 3 9 10 16 17 23 24 30",
        12: "1 7 8 14 15 21 22 28 29",
    },
    2025: {
        1: "1 4 5 11 12 18 19 25 28 29 30 31",
        2: "1 2 3 4 9 15 16 22 23",
        3: "1 2 8 9 15 16 22 23 29 30",
        4: "4 5 6 12 13 19 20 26",
        5: "1 2 3 4 5 10 11 17 18 24 25 31",
        6: "1 2 7 8 14 15 21 22 28 29",
        7: "5 6 12 13 19 20 26 27",
        8: "2 3 9 10 16 17 23 24 30 31",
        9: "6 7 13 14 20 21 27",
        10: "1 2 3 4 5 6 7 8 12 18 19 25 26",
        11: "1 2 8 9 15 16 22 23 29 30",
        12: "6 7 13 14 20 21 27 28",
    },
    2026: {
        1: "1 2 3 10 11 17 18 24 25 31",
        2: "1 7 8 15 16 17 18 19 20 21 22 23",
        3: "1 7 8 14 15 21 22 28 29",
        4: "4 5 6 11 12 18 19 25 26",
        5: "1 2 3 4 5 10 16 17 23 24 30 31",
        6: "6 7 13 14 19 20 21 27 28",
        7: "4 5 11 12 18 19 25 26",
        8: "1 2 8 9 15 16 22 23 29 30",
        9: "5 6 12 13 19 25 26 27",
        10: "1 2 3 4 5 6 7 11 17 18 24 25 31",
        11: "1 7 8 14 15 21 22 28 29",
        12: "5 6 12 13 19 20 26 27",
    },
}


def published() -> WorkCalendar:
    return calendar_of(tomllib.loads(path.read_text("utf-8")) for path in sorted(_FOLDER.glob("prc-*.toml")))


@pytest.mark.parametrize("year", _FREE)
def test_every_day_of_the_published_years(year: int) -> None:
    calendar = published()
    free = {date(year, month, int(day)) for month, days in _FREE[year].items() for day in days.split()}
    days = [date(year, 1, 1) + timedelta(number) for number in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    assert {day for day in days if not calendar.is_working_day(day)} == free


def test_the_version_names_every_notice() -> None:
    assert published().version.startswith("国办发明电〔2023〕7号；国办发明电〔2024〕12号；")


@pytest.mark.parametrize(
    ("start", "working_days", "last"),
    [
        (date(2026, 9, 18), 1, date(2026, 9, 20)),  # a Friday before a Sunday with work
        (date(2026, 9, 24), 6, date(2026, 10, 10)),  # two holidays and a working Saturday
        (date(2025, 12, 31), 1, date(2026, 1, 4)),
        (date(2024, 2, 9), 15, date(2024, 3, 7)),
    ],
)
def test_a_term_ends_on(start: date, working_days: int, last: date) -> None:
    assert published().last_day(start, working_days) == last


@given(st.dates(date(2024, 1, 1), date(2026, 9, 30)), st.integers(1, 40))
def test_a_term_holds_as_many_working_days_as_it_says(start: date, working_days: int) -> None:
    calendar = published()
    last = calendar.last_day(start, working_days)
    assert calendar.is_working_day(last)
    assert calendar.working_days_between(start, last) == working_days


def test_a_term_of_calendar_days_ends_on_a_working_day() -> None:
    assert published().first_working_day(date(2026, 2, 15)) == date(2026, 2, 24)


def test_a_year_without_a_notice_is_not_guessed() -> None:
    with pytest.raises(CalendarUnknown, match="2027"):
        published().last_day(date(2026, 12, 30), 15)


@pytest.mark.parametrize("days", [0, -3])
def test_a_term_has_a_length(days: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        published().last_day(date(2026, 1, 5), days)


def _notice(**changed: object) -> dict[str, object]:
    off = [{"name": "春节", "first": date(2030, 2, 3), "last": date(2030, 2, 9)}]
    return {"year": 2030, "notice": "某号", "off": off, "on": [date(2030, 2, 2)]} | changed


@pytest.mark.parametrize(
    ("notices", "says"),
    [
        ([_notice(), _notice()], "两次"),
        ([_notice(on=[date(2030, 2, 9)])], "既放假又上班"),
        ([_notice(on=[date(2030, 2, 11)])], "不是周末"),
        ([_notice(on=[date(2031, 2, 2)])], "不在 2030 年"),
        ([_notice(off=[{"first": date(2030, 2, 9), "last": date(2030, 2, 3)}])], "早于第一天"),
    ],
)
def test_data_that_contradict_themselves_are_refused(notices: list[dict[str, object]], says: str) -> None:
    with pytest.raises(CalendarBroken, match=says):
        calendar_of(notices)
