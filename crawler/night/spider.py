"""The spider: takes URLs off the frontier, visits them, and makes each visit durable before it counts as done.

Scrapy downloads and runs the life cycle; the frontier port takes the place of its scheduler and duplicate filter, so
that no state of a crawl is anywhere but in the store.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, TypeVar

from scrapy import Spider
from structlog.contextvars import bind_contextvars

from crawler.addresses.scope import Scope
from crawler.fetching.downloads import Downloads
from crawler.fetching.fetch import PageFetcher
from crawler.fetching.politeness import SiteGates
from crawler.fetching.site_rests import SiteRests
from crawler.night.computing import Computing
from crawler.night.endings import Endings
from crawler.night.examining import Examiner
from crawler.night.in_hand import SET_ASIDE_AFTER, Company
from crawler.night.page_reader import PageReader
from crawler.night.read_elsewhere import ReadElsewhere
from crawler.night.recording import Recorder
from crawler.night.rota import Rota
from crawler.night.shard_work import ShardWork
from crawler.night.stuck import end_when_stuck
from crawler.night.visit_fault import VisitBroken
from crawler.night.visiting import Visitor
from crawler.pictures.images import PageImages
from crawler.pictures.ocr import OcrLimits, PictureOcr
from crawler.pictures.picture_budget import PictureBudget
from crawler.pictures.picture_fetch import PictureFetch
from crawler.pictures.site_logo import SiteLogos
from crawler.rendering.ladder import Ladder
from crawler.rendering.render import Renderer
from crawler.rendering.showing import PageShow
from crawler.settings import CrawlSettings
from domain.evidence import EvidenceIncomplete
from domain.outcome import Outcome
from domain.visits import Earlier, FrontierUrl, Visit

logger = logging.getLogger(__name__)
_Result = TypeVar("_Result")

#: URLs that one target's lane takes at once: saves claims, and leaves little behind when the process is killed.
_ROWS_AT_ONCE = 4
#: Targets that URLs are claimed for before there is a lane for them: one claim then serves many pages.
_TARGETS_AHEAD = 12
#: The least time before a target that had nothing to claim is asked again, seconds.
_ASK_AGAIN_SECONDS = 0.05
#: Pages given up that may go on computing beside the others: of more nothing gets on, and a new process has none.
_MOST_STUCK = 4
#: Targets that are asked again before their time when nothing else is left to do.
_WOKEN_AT_ONCE = 200


class ShardSpider(Spider):
    """Visits everything that the frontier has for some targets. `failure` is set when the store or frontier failed,
    `finished` when the crawl came to its end: nothing was left, or no further page may be begun and those in hand are done."""

    name = "shard"

    def __init__(self, work: ShardWork) -> None:
        super().__init__()
        self.work = work
        self.crawl_settings, self.clock = work.settings, work.clock  # where the download handler looks for them
        self.failure: BaseException | None = None
        self.finished = False
        self._scopes = {item.id: Scope(item.target) for item in work.targets}
        self._held: set[int] = set()
        self._lanes: dict[int, asyncio.Task[None]] = {}
        self._rota = Rota()
        self._claimed: dict[int, list[FrontierUrl]] = {}  # for lanes to come
        self._earlier: dict[int, Earlier] = {}  # of what was claimed, by row
        self._company = Company()
        # One thread: the store sees one call at a time, as SQLite wants it
        self._store_thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._recorder = Recorder(work.store, self._stored, lambda: len(self._lanes))
        self._computing = Computing(work.settings.compute_timeout_seconds)

    async def start(self) -> AsyncIterator[Any]:
        """Does the whole crawl; gives Scrapy's own scheduler nothing to do."""
        renderer = Renderer(self.crawl_settings, self.clock)
        ocr = self._reader_of_pictures()
        watches = [asyncio.create_task(self._heartbeat())]
        if self.crawl_settings.stuck_seconds:
            watches.append(asyncio.create_task(end_when_stuck(self.crawl_settings.stuck_seconds)))
        try:
            visitor = self._visitor(renderer, ocr)
            await visitor.rests.load()
            await visitor.examiner.ladder.load()
            await self._crawl(visitor)
            self.finished = True
        except Exception as error:
            logger.exception("the shard stops: %s", error)
            self.failure = error
        finally:
            tasks = [*watches, *self._lanes.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._recorder.close()
            await renderer.close()
            await ocr.close()
            self._computing.close()
            self._store_thread.shutdown()
        return
        yield  # an async generator, as Scrapy expects

    def _reader_of_pictures(self) -> PictureOcr:
        limits, spent = _ocr_limits(self.crawl_settings), self.crawl_settings.ocr_spent_seconds
        return (
            PictureOcr(limits, spent)
            if self.crawl_settings.reads_here
            else ReadElsewhere(limits, spent, self.work.questions)
        )

    def _visitor(self, renderer: Renderer, ocr: PictureOcr) -> Visitor:
        settings = self.crawl_settings
        engine = self.crawler.engine
        assert engine is not None
        downloads = Downloads(engine.download_async, settings, lambda: engine.spider is None)
        gates = SiteGates(settings.concurrent_per_address, pause_first=settings.pause_first)
        fetcher = PageFetcher(downloads.page, gates, settings)
        rests = SiteRests(self.work.memory, self._stored, settings, self.clock)
        ladder = Ladder(self.work.memory, self._stored, settings.wordings.unfolding, self.clock)
        show = PageShow(settings, downloads, fetcher, gates, renderer)
        budget = PictureBudget(ocr, settings.pages_expected)
        fetch = PictureFetch(downloads, fetcher, gates, settings.max_redirects)
        images = PageImages(settings, fetch, ocr, self.work.pictures, self._stored, budget)
        logos = SiteLogos(settings, fetch, ocr)
        reader = PageReader(settings, self.work.judge, self._computing)
        endings = Endings(settings, self.clock, self.work.in_hand)
        examiner = Examiner(reader, ladder, show, logos, images, endings, settings.showing)
        return Visitor(
            settings, self.clock, fetcher, gates, rests, reader, examiner, endings, self.work.memory, self._stored
        )

    async def _crawl(self, visitor: Visitor) -> None:
        await self._let_sleep_or_go([*self._scopes])
        while True:
            if self._computing.stuck >= _MOST_STUCK:
                raise RuntimeError(f"{_MOST_STUCK} pages are still being read or judged long after they were given up")
            await self._fill_lanes(visitor)
            idle = self.crawl_settings.idle_seconds
            if not self._lanes:
                due = self._rota.earliest()
                if self._is_over() or due is None:
                    return await self._give_back_claimed()
                await asyncio.sleep(min(max(_ASK_AGAIN_SECONDS, (due - self.clock()).total_seconds()), idle))
                await self._let_sleep_or_go(self._rota.wake(_WOKEN_AT_ONCE))
                continue
            done, _ = await asyncio.wait(self._lanes.values(), timeout=idle, return_when=asyncio.FIRST_COMPLETED)
            self._rota.add(target for target, lane in self._lanes.items() if lane in done)
            self._lanes = {target: lane for target, lane in self._lanes.items() if lane not in done}
            for lane in done:
                lane.result()  # a lane fails only when nothing can be recorded any more

    def _is_over(self) -> bool:
        """Whether no further page may be begun; those in hand are finished, what else was taken is given back."""
        stop_at = self.crawl_settings.stop_at
        return self.work.is_ending() or (stop_at is not None and self.clock() >= stop_at)

    async def _fill_lanes(self, visitor: Visitor) -> None:
        """Give targets whose turn it is a lane each, while there are free lanes and URLs for them."""
        while not self._is_over() and (free := self.crawl_settings.concurrent_sites - len(self._lanes)) > 0:
            if not self._claimed and not await self._claim(free + _TARGETS_AHEAD):
                return
            target = next(iter(self._claimed), None)
            if target is not None:
                self._lanes[target] = asyncio.create_task(self._lane(visitor, self._claimed.pop(target)))

    async def _claim(self, count: int) -> bool:
        """Claim URLs of the next targets, at most `count`; False when it is no target's turn."""
        turn = self._rota.take(count, self.clock())
        if not turn:
            return False
        limit, lease_seconds = len(turn) * _ROWS_AT_ONCE, self.crawl_settings.lease_seconds
        asked = (self.work.night_id, turn, self.work.worker, limit, self.clock(), lease_seconds, _ROWS_AT_ONCE)
        rows = await self._stored(self.work.frontier.claim, *asked)
        self._held.update(row.id for row in rows)
        if rows:
            earlier = await self._stored(self.work.memory.earlier, [row.url for row in rows], self.clock())
            self._earlier |= {row.id: earlier[row.url] for row in rows if row.url in earlier}
        for row in rows:
            self._claimed.setdefault(row.target_id, []).append(row)
        await self._let_sleep_or_go([target for target in turn if target not in self._claimed], _ASK_AGAIN_SECONDS)
        return True

    async def _give_back_claimed(self) -> None:
        """What no lane has begun is as if it had not been claimed."""
        rows = [row.id for mine in self._claimed.values() for row in mine]
        if rows:
            await self._stored(self.work.frontier.give_back, rows, self.work.worker, self.clock())
            self._held.difference_update(rows)
            self._claimed.clear()
            self._earlier.clear()

    async def _let_sleep_or_go(self, targets: Sequence[int], least_seconds: float = 0.0) -> None:
        """Ask again for targets when they have a URL to claim, and let go of those that have nothing left to visit: what a scope
        remembers grows with its site."""
        if not targets:
            return
        now = self.clock()
        dues = await self._stored(self.work.frontier.next_dues, self.work.night_id, targets, now)
        for target in targets:
            if (due := dues.get(target)) is None:
                del self._scopes[target]
            else:
                self._rota.sleep(target, max(due, now + timedelta(seconds=least_seconds)))

    async def _lane(self, visitor: Visitor, rows: Sequence[FrontierUrl]) -> None:
        """Visit URLs of one target one after another. The site's pause runs while a page is read and recorded, so only what takes longer than
        the pause holds the next page up; pictures do, for no longer in all than the night's time for them."""
        for row in rows:
            earlier = self._earlier.pop(row.id, None)
            rest = visitor.rests.of(row.url)
            longest = timedelta(seconds=self.crawl_settings.max_retry_seconds)
            if self._is_over():
                await self._stored(self.work.frontier.give_back, [row.id], self.work.worker, self.clock())
            elif rest is None:
                await self._visit_and_record(visitor, row, earlier)
            elif rest.until - self.clock() > longest:
                await self._record(visitor, visitor.endings.resting(row, rest))
            else:
                await self._stored(self.work.frontier.give_back, [row.id], self.work.worker, rest.until)
            self._held.discard(row.id)

    async def _visit_and_record(self, visitor: Visitor, row: FrontierUrl, earlier: Earlier | None) -> None:
        bind_contextvars(
            site=row.target_id, page=row.id, attempt=row.attempts
        )  # of this task: whatever it logs is of the page
        broken_off = self.work.in_hand.broken_off(row.id)
        if broken_off >= SET_ASIDE_AFTER:
            await self._record(visitor, visitor.endings.set_aside(row, broken_off))
            return
        async with self._company.visit(alone=broken_off > 0):
            self.work.in_hand.begin(row.id)
            visit = await self._visit(visitor, row, earlier)
            if visit.to_show:
                await self._stored(self.work.frontier.hand_on, row.id, self.work.worker)
                logger.info("handed on %s %s", row.url, visit.outcome_detail)
            else:
                await self._record(visitor, visit)
            self.work.in_hand.end(row.id)

    async def _visit(self, visitor: Visitor, row: FrontierUrl, earlier: Earlier | None) -> Visit:
        started_at, scope = self.clock(), self._scopes[row.target_id]
        scope.begin_visit()
        try:
            return await visitor.visit(row, scope, earlier)
        except Exception as error:
            # The one place where a fault of ours in reading or judging a page is turned into its outcome
            logger.exception("visit failed: %s", row.url)
            scope.forget()
            visit, fault = Visit(row, Outcome.OUR_FAULT, "", started_at, started_at, row.url, None), error
            if isinstance(error, VisitBroken):
                visit, fault = error.visit, error.fault
            return visitor.endings.our_fault(visit, f"处理页面时出错：{type(fault).__name__}: {str(fault)[:200]}")

    async def _record(self, visitor: Visitor, visit: Visit) -> None:
        try:
            await self._recorder.record(visit)
        except EvidenceIncomplete as error:
            logger.warning("evidence incomplete: %s: %s", visit.frontier.url, error)
            self._scopes[visit.frontier.target_id].forget()  # the next try finds its links again
            await self._recorder.record(visitor.endings.our_fault(visit, f"证据不完整：{str(error)[:300]}"))
        if addresses := visitor.gates.new_addresses():
            await self._stored(self.work.memory.keep_addresses, addresses, self.clock())
        logger.info("%s %s %s", visit.outcome.value, visit.final_url, visit.outcome_detail)

    async def _heartbeat(self) -> None:
        """Keep the leases of everything taken and not yet recorded."""
        lease_seconds = self.crawl_settings.lease_seconds
        while True:
            await asyncio.sleep(lease_seconds / 3)
            if not self._held:
                continue
            held = sorted(self._held)
            try:
                await self._stored(self.work.frontier.heartbeat, held, self.work.worker, self.clock(), lease_seconds)
            except Exception:
                # Nobody waits for this task. One beat may be missed; a store that stays away fails whatever else asks it
                logger.exception("leases were not extended")

    async def _stored(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        return await asyncio.get_running_loop().run_in_executor(self._store_thread, call, *arguments)


def _ocr_limits(settings: CrawlSettings) -> OcrLimits:
    return OcrLimits(settings.ocr_budget_seconds, settings.ocr_picture_seconds, settings.ocr_memory_bytes)
