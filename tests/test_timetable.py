"""Times of the timetable: by the clock of a place, made up for once, missed, left out."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.timetable import CATCH_UP, Closure, RunState, due_times, next_time

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
AT = time(1, 30)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_the_next_time_is_by_the_local_clock() -> None:
    assert next_time(moment("2026-11-26T01:29:59+08:00"), AT, SHANGHAI) == moment("2026-11-26T01:30+08:00")
    assert next_time(moment("2026-11-26T01:30+08:00"), AT, SHANGHAI) == moment("2026-11-27T01:30+08:00")


@pytest.mark.parametrize("day", ["2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"])
def test_a_day_on_which_clocks_are_set_has_its_night_once(day: str) -> None:
    start = moment(f"{day}T00:00+01:00") - timedelta(hours=2)
    times = []
    while (start := next_time(start, time(2, 30), BERLIN)) < moment(f"{day}T00:00+01:00") + timedelta(days=2):
        times.append(start)
    assert len({each.astimezone(BERLIN).date() for each in times}) == len(times)


def test_only_the_newest_of_several_is_made_up_for() -> None:
    found = due_times(moment("2026-11-22T01:30+08:00"), moment("2026-11-25T09:00+08:00"), AT, SHANGHAI, ())
    assert [(due.at.astimezone(SHANGHAI).day, due.state) for due in found] == [
        (23, RunState.MISSED),
        (24, RunState.MISSED),
        (25, RunState.BEGUN),
    ]


def test_what_was_due_too_long_ago_is_missed() -> None:
    (due,) = due_times(moment("2026-11-24T01:30+08:00"), moment("2026-11-25T14:00+08:00"), AT, SHANGHAI, ())
    assert due.state is RunState.MISSED and due.why


def test_a_closure_leaves_nights_out_and_says_why() -> None:
    shut = Closure(moment("2026-11-24T00:00+08:00"), moment("2026-11-25T00:00+08:00"), "升级")
    pause = Closure(moment("2026-11-25T08:00+08:00"), None, "检修")
    found = due_times(moment("2026-11-23T01:30+08:00"), moment("2026-11-25T09:00+08:00"), AT, SHANGHAI, (shut, pause))
    assert [(due.state, due.why) for due in found] == [(RunState.LEFT_OUT, "升级"), (RunState.LEFT_OUT, "检修")]


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)), st.integers(0, 200), st.integers(0, 23))
def test_every_time_is_dealt_with_once_however_often_one_looks(start: datetime, hours: int, step: int) -> None:
    since = start.replace(tzinfo=UTC)
    end = since + timedelta(hours=hours)
    at_once = [due.at for due in due_times(since, end, AT, SHANGHAI, ())]
    seen: list[datetime] = []
    now, handled = since, since
    while now < end:
        now = min(end, now + timedelta(hours=step + 1))
        for due in due_times(handled, now, AT, SHANGHAI, ()):
            seen.append(due.at)
            handled = due.at
            if now - due.at <= CATCH_UP:
                assert due.state is RunState.BEGUN
    assert seen == at_once
