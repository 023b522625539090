"""Runs one shard of sites to its end inside this process."""

import asyncio
import logging
from typing import Any

import uvloop
from scrapy.crawler import AsyncCrawlerRunner

from crawler.fetching.download import CaptureHandler
from crawler.night.shard_work import ShardWork
from crawler.night.spider import ShardSpider

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


def run_shard(work: ShardWork) -> None:
    """Crawl until the frontier has nothing left for the targets, until `settings.stop_at`, or until `is_ending`.

    Blocks; runs its own event loop, so call it outside of one. May be called again in the same process. Raises what the
    store or the frontier raised, `EvidenceIncomplete` excepted, which ends in an outcome; RuntimeError when too many pages that
    are being read or judged do not come to an end.
    """
    logging.getLogger("scrapy").setLevel(logging.WARNING)

    async def crawl() -> BaseException | None:
        runner = AsyncCrawlerRunner(_SCRAPY)
        crawler = runner.create_crawler(ShardSpider)
        await runner.crawl(crawler, work)
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
