"""When another try is made."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.night.retries import next_try, wait_asked
from tests.crawler_runtime.fakes import settings

NOW = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
SETTINGS = settings(max_attempts=3, retry_seconds=30.0, max_retry_seconds=3600.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("Wed, 25 Nov 2026 02:10:00 GMT", 600.0),
        ("Wed, 25 Nov 2026 01:00:00 GMT", 0.0),
        ("Wed, 25 Nov 2026 02:10:00 -0000", 600.0),
        ("soon", None),
        ("", None),
        ("-3", None),
        ("１２", None),
        ("Wed, 99 Nov 2026 02:10:00 GMT", None),
    ],
)
def test_retry_after_as_seconds_or_date(value: str, seconds: float | None) -> None:
    assert wait_asked(value, NOW) == seconds


@pytest.mark.parametrize(
    ("attempts", "asked", "wait"),
    [(1, None, 30), (2, None, 60), (1, 100.0, 100), (1, 1.0, 30), (1, 1e9, 3600), (3, None, None), (4, 10.0, None)],
)
def test_waits_double_obey_and_end(attempts: int, asked: float | None, wait: int | None) -> None:
    expected = None if wait is None else NOW + timedelta(seconds=wait)
    assert next_try(attempts, asked, NOW, SETTINGS) == expected
