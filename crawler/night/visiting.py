"""One visit to one URL: fetch, read, have it examined, and say where its links lead."""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from crawler.addresses.scope import Scope
from crawler.addresses.start_pages import led_to_start
from crawler.addresses.urls import host_of
from crawler.failure import FetchFailed
from crawler.fetching.content_coding import header
from crawler.fetching.control import CONTROL_ZH, NAMES_RESOLVE, Control, SiteControl, names_resolve
from crawler.fetching.fetch import FetchBroken, Fetched, PageFetcher
from crawler.fetching.politeness import SiteGates
from crawler.fetching.robots import RobotsRefused
from crawler.fetching.site_rests import OVERLOAD_STATUSES, SiteRests
from crawler.night.computing import ComputingStuck
from crawler.night.discovery import sitemap_links
from crawler.night.endings import Endings
from crawler.night.examining import Examiner
from crawler.night.onward import sent_on_to, shown_url
from crawler.night.page_reader import PageReader
from crawler.night.retries import PASSING_STATUSES, wait_asked
from crawler.night.visit_fault import VisitBroken, kept_if_broken
from crawler.settings import CrawlSettings
from domain.outcome import Outcome
from domain.page import Exchange, Headers, Link, Reading
from domain.targets import TargetKind
from domain.visits import ControlAsked, CrawlMemory, Earlier, FrontierUrl, Visit

#: The longest that a site which asked us to wait is left alone as a whole; its URL itself waits as long as asked.
_MAX_SITE_REST_SECONDS = 60.0


@dataclass(slots=True)
class Visitor:
    """Makes visits. Everything that blocks or computes for long runs in a thread; `stored` runs a call of the memory."""

    settings: CrawlSettings
    clock: Callable[[], datetime]
    fetcher: PageFetcher
    gates: SiteGates
    rests: SiteRests
    reader: PageReader
    examiner: Examiner
    endings: Endings
    memory: CrawlMemory
    stored: Callable[..., Awaitable[Any]]
    control: SiteControl = field(init=False)

    def __post_init__(self) -> None:
        async def known_page(host: str, other_than: Collection[str]) -> str | None:
            found: str | None = await self.stored(self.memory.known_page, host, other_than)
            return found

        self.control = SiteControl(self.fetcher, known_page, self.reader.outcome)

    async def visit(self, row: FrontierUrl, scope: Scope, earlier: Earlier | None = None) -> Visit:
        """The whole visit to a URL, with `retry_at` set when it is to be tried again. With `earlier`, the server is asked
        for the page only if it has changed since. Raises `VisitBroken` for a fault of ours."""
        try:
            visit = await self._visit(row, scope, earlier)
            if visit.to_show:
                return visit
            with kept_if_broken(visit):
                return self._with_robots(await self._looked_round(visit, scope))
        except VisitBroken as broken:
            raise VisitBroken(self._with_robots(broken.visit), broken.fault) from broken.fault

    def _with_robots(self, visit: Visit) -> Visit:
        return replace(visit, asides=(*self.fetcher.take_robots_exchanges(), *visit.asides))

    async def _looked_round(self, visit: Visit, scope: Scope) -> Visit:
        """The visit with what its site says beside the page."""
        row = visit.frontier
        if visit.outcome is Outcome.CONTENT:
            self.control.note_content(visit.final_url)
        elif visit.outcome is Outcome.HTTP_GONE and visit.control is None:
            visit = await self._controlled(visit, scope)
        elif visit.outcome is Outcome.DNS_GONE:
            visit = await self._with_names_asked(visit)
        follows = row.depth == 0 and scope.target.depth > 0
        if follows and scope.target.kind is TargetKind.SITE and visit.outcome is Outcome.CONTENT:
            visit = await self._with_sitemaps(visit, scope)
        return visit

    async def _controlled(self, visit: Visit, scope: Scope) -> Visit:
        """A page is gone only if its site answers otherwise; a site in trouble may say 404 to everything."""
        answer = await self.control.ask(visit.final_url, scope)
        detail = f"{visit.outcome_detail}；{CONTROL_ZH[answer.control]}"
        if answer.control is Control.NOT_HAD:
            visit = self.endings.failed(visit, FetchFailed(Outcome.HTTP_ERROR, detail, again=True))
        asked = ControlAsked(answer.control.value, answer.exchanges)
        asides = (*visit.asides, *answer.exchanges)
        return replace(visit, outcome_detail=detail, asides=asides, control=asked, ended_at=self.clock())

    async def _with_names_asked(self, visit: Visit) -> Visit:
        """A name is gone only if the name service knows others."""
        if not await names_resolve(self.settings.dns_control):
            return self.endings.our_fault(visit, "域名解析服务异常：确知存在的域名也解析不出")
        answer = NAMES_RESOLVE if self.settings.dns_control else Control.NOTHING_TO_ASK.value
        return replace(visit, control=ControlAsked(answer))

    async def _with_sitemaps(self, visit: Visit, scope: Scope) -> Visit:
        """What the site's sitemaps name counts as found on its start page, after the links that stand there."""
        maps = await sitemap_links(visit.final_url, scope, self.fetcher, self.settings)
        if maps.exchanges and maps.exchanges[-1].status in OVERLOAD_STATUSES:
            await self._note(maps.exchanges[-1])
        found, skipped = scope.follow(maps.links, 0)
        return replace(
            visit,
            discovered=(*visit.discovered, *found),
            skipped=(*visit.skipped, *scope.worth_keeping(skipped)),
            skip_counts=Counter(visit.skip_counts) + Counter(link.rule for link in skipped),
            asides=(*visit.asides, *maps.exchanges),
            ended_at=self.clock(),
        )

    async def _visit(self, row: FrontierUrl, scope: Scope, earlier: Earlier | None) -> Visit:
        started_at = self.clock()
        bare = Visit(row, Outcome.UNKNOWN, "", started_at, started_at, row.url, None)
        fetched = await self._fetched(bare, self.fetcher.fetch(row.url, scope, _conditions(earlier)))
        blank = _with_chain(bare, fetched)
        with kept_if_broken(blank):
            if fetched.failure is not None:
                return self.endings.failed(blank, fetched.failure, await self._wait_for_robots(fetched.failure))
            await self._note(fetched.exchanges[-1])
            if earlier is not None and blank.status == 304 and len(fetched.exchanges) == 1:
                return self._unchanged(blank, earlier, scope)
            return await self._read(blank, fetched, scope)

    async def _fetched(self, visit: Visit, fetch: Awaitable[Fetched]) -> Fetched:
        """What a fetch of the page brings."""
        try:
            return await fetch
        except FetchBroken as broken:
            raise VisitBroken(_with_chain(visit, broken.fetched), broken.fault) from broken

    async def _note(self, answer: Exchange) -> float | None:
        """Let a site rest that says it is overloaded; the wait that it asked for."""
        asked = wait_asked(header(answer.response_headers, "retry-after"), self.clock())
        await self.rests.note(answer.url, answer.status, asked)
        return asked

    async def _wait_for_robots(self, failure: FetchFailed) -> float | None:
        """The wait that a server asked for when it was asked for its robots.txt, which is kept like that of its pages."""
        if not isinstance(failure, RobotsRefused) or failure.answer is None:
            return None
        return await self._note(failure.answer)

    def _unchanged(self, visit: Visit, earlier: Earlier, scope: Scope) -> Visit:
        """What was read and judged before stands; its links are followed as if they had been read again."""
        reading = Reading(Outcome.CONTENT, "内容未变（HTTP 304）")
        links = [Link(url) for url in earlier.links]
        return self.endings.read(replace(visit, same_as=earlier.page_id), reading, scope, links=links)

    async def _read(self, visit: Visit, fetched: Fetched, scope: Scope) -> Visit:
        last = fetched.exchanges[-1]
        url = shown_url(visit.frontier.url, fetched.final_url)
        try:
            reading, body = await self.reader.received(url, last)
        except FetchFailed as failure:
            return self.endings.failed(visit, failure)
        except ComputingStuck as stuck:
            return self.endings.stuck(visit, stuck)
        if reading.outcome is Outcome.HTTP_ERROR and last.status in PASSING_STATUSES:
            return self._overloaded(visit, reading, fetched)
        if reading.page is not None and (target := sent_on_to(reading.page, body)):
            script = self.fetcher.follow_script(fetched, urljoin(fetched.final_url, target), scope)
            onward = await self._fetched(visit, script)
            visit = _with_chain(visit, onward)
            if onward.failure is not None:
                return self.endings.failed(visit, onward.failure)
            with kept_if_broken(visit):
                return await self._read(visit, onward, scope)  # as often as redirects are followed at most
        if reading.outcome is Outcome.CONTENT and led_to_start(visit.frontier.url, visit.final_url, scope.target):
            return await self._led_to_start(visit, scope)
        return await self.examiner.examine(visit, reading, body, url, scope)

    async def _led_to_start(self, visit: Visit, scope: Scope) -> Visit:
        """What stands on the start page is no content of the page asked for, which is gone if other pages are still shown."""
        answer = await self.control.ask_beside_start(visit.frontier.url, scope)
        outcome = Outcome.HTTP_GONE if answer.control is Control.ALIVE else Outcome.UNKNOWN
        detail = f"跳转到网站首页；{CONTROL_ZH[answer.control]}"
        visit = self.endings.failed(visit, FetchFailed(outcome, detail, again=False))
        asked = ControlAsked(answer.control.value, answer.exchanges)
        return replace(visit, asides=answer.exchanges, control=asked, ended_at=self.clock())

    def _overloaded(self, visit: Visit, reading: Reading, fetched: Fetched) -> Visit:
        asked = wait_asked(fetched.retry_after, self.clock())
        self.gates.rest(host_of(fetched.final_url), min(asked or 0.0, _MAX_SITE_REST_SECONDS))
        return self.endings.failed(visit, FetchFailed(reading.outcome, reading.detail, again=True), asked)


def _conditions(earlier: Earlier | None) -> Headers:
    if earlier is None:
        return ()
    fields = (("If-None-Match", earlier.etag), ("If-Modified-Since", earlier.last_modified))
    return tuple((name, value) for name, value in fields if value)


def _with_chain(visit: Visit, fetched: Fetched) -> Visit:
    return replace(
        visit,
        final_url=fetched.final_url,
        status=fetched.exchanges[-1].status if fetched.exchanges else None,
        exchanges=fetched.exchanges,
        robots=fetched.robots,
    )
