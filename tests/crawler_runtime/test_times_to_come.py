"""A page cannot have been published after it was seen."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.night.page_reader import without_time_to_come
from crawler.pages.reading import read_response
from domain.outcome import Outcome
from domain.page import Reading
from tests.crawler_runtime.fakes import WORDINGS

SEEN_AT = datetime(2026, 3, 5, 18, 0, tzinfo=UTC)


def read(day: str) -> Reading:
    body = f'<html><head><meta name="pubdate" content="{day}"><title>院庆公告</title></head><body><p>本院公告。</p>'
    return read_response("http://a.example/", 200, (("content-type", "text/html"),), body.encode(), WORDINGS)


@pytest.mark.parametrize("day", ["2099-12-31", "2026-03-08"])
def test_a_time_to_come_is_none(day: str) -> None:
    reading = read(day)
    assert reading.page is not None and reading.page.published_at is not None
    page = without_time_to_come(reading, SEEN_AT).page
    assert page is not None and page.published_at is None and page.text == reading.page.text


@pytest.mark.parametrize("day", ["2026-03-06", "2019-12-03"])
def test_a_time_that_has_come_is_kept(day: str) -> None:
    assert without_time_to_come(read(day), SEEN_AT) == read(day)


def test_without_a_time_nothing_is_changed() -> None:
    gone = Reading(Outcome.HTTP_GONE)
    assert without_time_to_come(gone, SEEN_AT + timedelta(days=1)) is gone
