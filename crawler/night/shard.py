"""Runs one shard of sites to its end inside this process."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import uvloop
from scrapy.crawler import AsyncCrawlerRunner

from crawler.fetching.download import CaptureHandler
from crawler.fetching.site_rests import NoMemory
from crawler.night.in_hand import OnlyInMemory
from crawler.night.spider import ShardSpider
from crawler.settings import CrawlSettings
from domain.pictures import PictureMemory, PictureQuestions
from domain.visits import CrawlMemory, Frontier, InHand, Judge, TargetInNight, VisitStore

#: Scrapy runs on a plain asyncio loop without Twisted's reactor, which could be started only once in a process.
#: What it does by itself is off: redirects, robots, cookies, retries and decompression are ours, because each exchange
#: is kept as received; its consoles and statistics would tell nobody anything.
_SCRAPY: dict[str, Any] = {
    "TWISTED_REACTOR_ENABLED": False,
    "DOWNLOAD_HANDLERS": {
        "http": CaptureHandler,
        "https": CaptureHandler,
        **dict.fromkeys(("ftp", "s3", "file", "data")),
    },
    "DOWNLOADER_MIDDLEWARES_BASE": {},
    "SPIDER_MIDDLEWARES_BASE": {},
    "EXTENSIONS_BASE": {},
    "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
    "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    # The gates of the spider bound requests per site and server; these would only bound them again
    "CONCURRENT_REQUESTS": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 1000,
    "DOWNLOAD_DELAY": 0,
}


def run_shard(
    night_id: str,
    worker: str,
    targets: Sequence[TargetInNight],
    frontier: Frontier,
    store: VisitStore,
    judge: Judge,
    settings: CrawlSettings,
    clock: Callable[[], datetime],
    memory: CrawlMemory | None = None,
    pictures: PictureMemory | None = None,
    in_hand: InHand | None = None,
    is_ending: Callable[[], bool] = lambda: False,
    questions: PictureQuestions | None = None,
) -> None:
    """Crawl until the frontier has nothing left for `targets`, until `settings.stop_at`, or until `is_ending`, which is asked before
    every page: those in hand are then finished, what else was taken is given back. Without `memory` every page
    is fetched as if for the first time; without `pictures` each picture is read once in this crawl;
    without `in_hand` nothing is known of earlier processes that broke off; without `questions` nobody else reads pictures.

    Blocks; runs its own event loop, so call it outside of one. May be called again in the same process. Raises what the
    store or the frontier raised, `EvidenceIncomplete` excepted, which ends in an outcome.
    """
    logging.getLogger("scrapy").setLevel(logging.WARNING)

    async def crawl() -> BaseException | None:
        runner = AsyncCrawlerRunner(_SCRAPY)
        crawler = runner.create_crawler(ShardSpider)
        await runner.crawl(
            crawler,
            night_id,
            worker,
            targets,
            frontier,
            store,
            judge,
            settings,
            clock,
            memory or NoMemory(),
            pictures,
            in_hand or OnlyInMemory(),
            is_ending,
            questions,
        )
        spider = crawler.spider
        if not isinstance(spider, ShardSpider):
            return RuntimeError("Scrapy did not open the spider")
        if not spider.finished and spider.failure is None:
            # Scrapy swallows the cancellation that an interrupt from the keyboard is; an unfinished shard must not
            await crawler.stop_async()
            raise asyncio.CancelledError
        return spider.failure

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
        failure = loop.run(crawl())
    if failure is not None:
        raise failure
