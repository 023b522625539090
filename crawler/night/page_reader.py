"""Reads and judges what was received, away from the event loop and within a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crawler.failure import FetchFailed
from crawler.fetching.content_coding import decode_body
from crawler.fetching.fetch import Fetched
from crawler.night.computing import Computing, ComputingStuck
from crawler.pages.page_head import PUBLISHED_AGO
from crawler.pages.page_time import time_ago
from crawler.pages.reading import read_response
from crawler.settings import CrawlSettings
from domain.findings import Judgement
from domain.outcome import Outcome
from domain.page import Exchange, ExtractedPage, Reading
from domain.visits import Judge, Rendering

_DOM_HEADERS = (("content-type", "text/html; charset=utf-8"),)
#: A server's clock, or a zone that a page does not name, makes no more of a difference.
_WRONG_CLOCK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PageReader:
    """Every call raises `ComputingStuck` when it takes too long."""

    settings: CrawlSettings
    judge: Judge
    computing: Computing

    async def received(self, url: str, exchange: Exchange) -> tuple[Reading, bytes]:
        """What a response is, as the page at `url`, and its body with the content coding removed. Raises `FetchFailed`
        when it cannot be removed."""
        return await self.computing.run(_read_exchange, url, exchange, self.settings)

    async def shown(self, rendering: Rendering) -> Reading:
        """What a page is as a browser shows it."""
        body = rendering.dom_html.encode("utf-8", "replace")
        given = (rendering.final_url, 200, _DOM_HEADERS, body, self.settings.wordings)
        reading = await self.computing.run(read_response, *given)
        return with_known_time(reading, rendering.ended_at)

    async def judged(self, page: ExtractedPage) -> Judgement:
        return await self.computing.run(self.judge, page)

    async def outcome(self, fetched: Fetched) -> Outcome:
        """The outcome of a page fetched for control, as far as it shows without a browser. Raises nothing."""
        try:
            reading, _ = await self.received(fetched.final_url, fetched.exchanges[-1])
        except FetchFailed as failure:
            return failure.outcome
        except ComputingStuck:
            return Outcome.OUR_FAULT
        return reading.outcome


def _read_exchange(url: str, exchange: Exchange, settings: CrawlSettings) -> tuple[Reading, bytes]:
    headers = exchange.response_headers
    body = decode_body(headers, exchange.body, settings.max_decoded_bytes)
    reading = read_response(url, exchange.status, headers, body, settings.wordings)
    return with_known_time(reading, exchange.fetched_at), body


def with_known_time(reading: Reading, seen_at: datetime) -> Reading:
    """What was read, with the time of publication that a page tells by how long before it was seen that was (3天前), as exactly as
    it says so (`time_ago`), and as `without_time_to_come` has it."""
    page = reading.page
    if page is not None and page.published_at is None and (words := page.extra.get(PUBLISHED_AGO, "")):
        reading = replace(reading, page=replace(page, published_at=time_ago(words, seen_at)))
    return without_time_to_come(reading, seen_at)


def without_time_to_come(reading: Reading, seen_at: datetime) -> Reading:
    """What was read, without a time of publication that had not come when it was seen: an editor's slip, or a page that
    is to stay the first of its list (2099-12-31)."""
    page = reading.page
    if page is None or page.published_at is None or page.published_at <= seen_at + _WRONG_CLOCK:
        return reading
    return replace(reading, page=replace(page, published_at=None))
