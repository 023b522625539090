"""The hours of the night, over midnight and in other time zones."""

from datetime import UTC, datetime

import pytest

from yiguang.errors import UsageError
from yiguang.night_window import read_window
from yiguang.settings import read_settings
from yiguang.wiring import crawl_settings


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("window", "zone", "now", "closes"),
    [
        ("22:00-06:00", "Asia/Shanghai", "2026-11-25T14:00", "2026-11-25T22:00"),  # 22:00 in Beijing
        ("22:00-06:00", "Asia/Shanghai", "2026-11-25T21:59", "2026-11-25T22:00"),
        ("22:00-06:00", "Asia/Shanghai", "2026-11-25T22:00", None),
        ("22:00-06:00", "Asia/Shanghai", "2026-11-25T13:59", None),
        ("01:00-05:30", "Asia/Shanghai", "2026-11-25T18:00", "2026-11-25T21:30"),
        ("1:00-5:30", "Asia/Shanghai", "2026-11-25T12:00", None),
        ("22:00-06:00", "Asia/Urumqi", "2026-11-25T16:00", "2026-11-26T00:00"),
    ],
)
def test_when_the_window_closes(window: str, zone: str, now: str, closes: str | None) -> None:
    read = read_window(window, zone)
    assert read is not None
    assert read.closes_at(utc(now)) == (None if closes is None else utc(closes))


@pytest.mark.parametrize("text", ["22-6", "25:00-06:00", "22:00", "22:00-22:00", "22:61-06:00"])
def test_bad_windows_are_named(text: str) -> None:
    with pytest.raises(UsageError, match="YIGUANG_NIGHT_WINDOW"):
        read_window(text, "Asia/Shanghai")


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(UsageError, match="YIGUANG_TIME_ZONE"):
        read_settings({"YIGUANG_TIME_ZONE": "Asia/Nowhere"})


def test_a_crawl_stops_when_the_window_closes_and_at_once_after_it() -> None:
    settings = read_settings({"YIGUANG_NIGHT_WINDOW": "22:00-06:00"})
    assert crawl_settings(settings, utc("2026-11-25T15:00")).stop_at == utc("2026-11-25T22:00")
    late = utc("2026-11-25T23:00")
    assert crawl_settings(settings, late).stop_at == late
    assert crawl_settings(read_settings({}), late).stop_at is None
