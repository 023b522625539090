"""A page cannot have been published after it was seen; what it says of that may count from when it was seen."""

from datetime import UTC, datetime, timedelta

import pytest

from crawler.night.page_reader import with_known_time, without_time_to_come
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


def test_how_long_ago_counts_from_when_the_page_was_seen() -> None:
    prose = "<p>本院开展儿童牙病防治宣教活动，欢迎家长带孩子到门诊咨询，具体安排见门诊公告。</p>" * 4
    body = f"<title>儿童牙病防治周公告</title><h1>儿童牙病防治周公告</h1><div>宣教科 昨天 14:20</div><div>{prose}</div>"
    reading = read_response("http://a.example/", 200, (("content-type", "text/html"),), body.encode(), WORDINGS)
    assert reading.page is not None and reading.page.published_at is None
    page = with_known_time(reading, SEEN_AT).page  # two o'clock on the 6th in China
    assert page is not None and page.published_at == datetime(2026, 3, 5, 6, 20, tzinfo=UTC)
