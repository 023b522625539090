"""Terms and when they end."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.beijing import BEIJING
from domain.clocks import ClocksBroken, Event, clocks_of, deadline, running
from domain.outbox_rules import BEGINS, OWN_EVENTS
from domain.working_days import CalendarUnknown, WorkCalendar, calendar_of

_FOLDER = Path(__file__).parent.parent / "lexicons" / "calendar"
CLOCKS = clocks_of(tomllib.loads((_FOLDER / "clocks.toml").read_text("utf-8")))
BY_NAME = {clock.name: clock for clock in CLOCKS}


@pytest.fixture(scope="module")
def calendar() -> WorkCalendar:
    return calendar_of(tomllib.loads(path.read_text("utf-8")) for path in sorted(_FOLDER.glob("prc-*.toml")))


@pytest.mark.parametrize(
    ("name", "begun", "due"),
    [
        ("first-response", "2026-02-14T09:30:00+08:00", "2026-02-16T09:30:00+08:00"),  # holidays do not stop it
        ("case-filing", "2026-02-13T09:30:00+08:00", "2026-03-12T23:59:59+08:00"),
        ("complaint-answer", "2026-09-24T20:00:00+08:00", "2026-10-12T23:59:59+08:00"),
        ("case-closing", "2026-07-05T00:00:00+08:00", "2026-10-08T23:59:59+08:00"),  # its last day is a holiday
        ("penalty-limit", "2024-02-29T12:00:00+08:00", "2026-02-28T23:59:59+08:00"),
    ],
)
def test_a_term_ends(calendar: WorkCalendar, name: str, begun: str, due: str) -> None:
    assert deadline(BY_NAME[name], datetime.fromisoformat(begun), calendar).due_at == datetime.fromisoformat(due)


def test_the_day_is_the_day_in_beijing(calendar: WorkCalendar) -> None:
    late = datetime(2026, 3, 2, 17, 0, tzinfo=UTC)  # the third of March there
    assert deadline(BY_NAME["complaint-answer"], late, calendar).due_at.date().isoformat() == "2026-03-12"


def test_an_extension_counts_on_from_the_same_day(calendar: WorkCalendar) -> None:
    begun = datetime(2026, 3, 2, 9, tzinfo=BEIJING)
    assert deadline(BY_NAME["case-filing"], begun, calendar, extended=True).due_at.date().isoformat() == "2026-04-14"
    with pytest.raises(ValueError, match="cannot be extended"):
        deadline(BY_NAME["complaint-answer"], begun, calendar, extended=True)


def test_the_version_of_the_holidays_goes_with_the_deadline(calendar: WorkCalendar) -> None:
    begun = datetime(2026, 3, 2, 9, tzinfo=BEIJING)
    assert deadline(BY_NAME["case-filing"], begun, calendar).calendar == calendar.version
    assert deadline(BY_NAME["first-response"], begun, calendar).calendar == ""


def test_holidays_that_nobody_has_published_are_not_guessed(calendar: WorkCalendar) -> None:
    with pytest.raises(CalendarUnknown, match="2027"):
        deadline(BY_NAME["case-filing"], datetime(2026, 12, 28, 9, tzinfo=BEIJING), calendar)


def test_which_terms_an_event_sets_running() -> None:
    assert [clock.name for clock in running(CLOCKS, Event.RECEIVED, "amr")] == ["case-filing"]
    assert [clock.name for clock in running(CLOCKS, Event.RECEIVED, "police")] == ["police-filing"]
    assert running(CLOCKS, Event.RECEIVED, "nhsa") == ()
    assert [clock.name for clock in running(CLOCKS, Event.TIP_RECEIVED)] == ["first-response", "complaint-answer"]


def test_every_event_happens_and_has_a_term() -> None:
    happens = {*BEGINS.values(), *OWN_EVENTS.values(), Event.TIP_RECEIVED, Event.LAST_SEEN}
    assert happens == set(Event) == {clock.begins for clock in CLOCKS}


@pytest.mark.parametrize(
    "wrong",
    [{"unit": "weeks"}, {"begins": "never"}, {"length": 0}, {"length": "15"}, {"extension": -1}, {"title": None}],
)
def test_a_term_written_wrongly_is_named(wrong: dict[str, object]) -> None:
    entry: dict[str, object] = {"title": "核查", "begins": "received", "length": 15, "unit": "days", "basis": "某办法1"}
    entry |= wrong
    if wrong.get("title", "") is None:
        del entry["title"]
    with pytest.raises(ClocksBroken, match="期限 demo"):
        clocks_of({"demo": entry})
