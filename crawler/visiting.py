"""One visit to one URL: fetch, read, show in a browser where needed, judge, and say where its links lead."""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urljoin

from w3lib.html import get_meta_refresh

from crawler.computing import ComputingStuck, compute
from crawler.content_coding import decode_body
from crawler.control import CONTROL_ZH, Control, SiteControl, names_resolve
from crawler.discovery import sitemap_links
from crawler.failure import FetchFailed
from crawler.fetch import Fetched, PageFetcher
from crawler.images import PageImages, PicturesRead
from crawler.in_hand import SET_ASIDE_AFTER
from crawler.ladder import LEAD, SAYS_ENOUGH, Ladder, characters_of
from crawler.picture_text import pictures_aside
from crawler.politeness import SiteGates
from crawler.reading import read_response
from crawler.render import RenderFailed
from crawler.retries import PASSING_STATUSES, next_try, wait_asked
from crawler.scope import Scope
from crawler.settings import CrawlSettings
from crawler.shell import is_script_shell
from crawler.showing import PageShow, ended_at
from crawler.site_rests import SiteRests
from crawler.urls import host_of, without_fragment
from domain.findings import Judgement
from domain.outcome import SET_ASIDE_ZH, Outcome
from domain.page import Exchange, ExtractedPage, Headers, Link, Reading
from domain.shown_text import places_in
from domain.targets import TargetKind
from domain.visits import CrawlMemory, Earlier, FrontierUrl, InHand, Judge, Rendering, SiteRest, Visit

#: The longest that a site which asked us to wait is left alone as a whole; its URL itself waits as long as asked.
_MAX_SITE_REST_SECONDS = 60.0
#: A page of no more text that goes on by itself within so many seconds is a redirect.
_SPLASH_CHARACTERS, _SPLASH_SECONDS = 40, 3.0
#: Where the reader of pages says, in `ExtractedPage.extra`, that a page does nothing but send the browser elsewhere.
SCRIPT_REDIRECT = "script_redirect"

#: A page that says less in a browser than this share of what was sent is read as sent.
_KEPT_SHARE = 0.8

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class _Failure:
    """How a visit failed. `again` says whether another try may help."""

    outcome: Outcome
    detail: str
    again: bool
    asked_seconds: float | None = None


@dataclass(slots=True)
class Visitor:
    """Makes visits. Everything that blocks or computes for long runs in a thread; `stored` runs a call of the memory."""

    settings: CrawlSettings
    clock: Callable[[], datetime]
    fetcher: PageFetcher
    gates: SiteGates
    rests: SiteRests
    ladder: Ladder
    show: PageShow
    judge: Judge
    memory: CrawlMemory
    stored: Callable[..., Awaitable[Any]]
    images: PageImages
    in_hand: InHand
    control: SiteControl = field(init=False)

    def __post_init__(self) -> None:
        async def known_page(host: str, other_than: str) -> str | None:
            found: str | None = await self.stored(self.memory.known_page, host, other_than)
            return found

        self.control = SiteControl(self.fetcher, known_page, self.read_outcome)

    async def visit(self, row: FrontierUrl, scope: Scope, earlier: Earlier | None = None) -> Visit:
        """The whole visit to a URL, with `retry_at` set when it is to be tried again. With `earlier`, the server is asked
        for the page only if it has changed since."""
        visit = await self._visit(row, scope, earlier)
        if visit.outcome is Outcome.CONTENT:
            self.control.note_content(visit.final_url)
        elif visit.outcome is Outcome.HTTP_GONE:
            visit = await self._controlled(visit, scope)
        elif visit.outcome is Outcome.DNS_GONE and not await names_resolve(self.settings.dns_control):
            visit = self.our_fault(visit, "域名解析服务异常：确知存在的域名也解析不出")
        follows = row.depth == 0 and scope.target.depth > 0
        if follows and scope.target.kind is TargetKind.SITE and visit.outcome is Outcome.CONTENT:
            visit = await self._with_sitemaps(visit, scope)
        return replace(visit, asides=(*self.fetcher.take_robots_exchanges(), *visit.asides))

    async def _controlled(self, visit: Visit, scope: Scope) -> Visit:
        """A page is gone only if its site answers otherwise; a site in trouble may say 404 to everything."""
        answer = await self.control.ask(visit.final_url, scope)
        detail = f"{visit.outcome_detail}；{CONTROL_ZH[answer.control]}"
        if answer.control is Control.NOT_HAD:
            visit = self.failed(visit, _Failure(Outcome.HTTP_ERROR, detail, again=True))
        return replace(visit, outcome_detail=detail, asides=answer.exchanges, ended_at=self.clock())

    async def read_outcome(self, fetched: Fetched) -> Outcome:
        """The outcome of a page fetched for control, as far as it shows without a browser."""
        last = fetched.exchanges[-1]
        try:
            body = await self._compute(decode_body, last.response_headers, last.body, self.settings.max_decoded_bytes)
            reading = await self._compute(
                read_response, fetched.final_url, last.status, last.response_headers, body, self.settings.wordings
            )
        except FetchFailed as failure:
            return failure.outcome
        except ComputingStuck:
            return Outcome.OUR_FAULT
        return reading.outcome

    async def _with_sitemaps(self, visit: Visit, scope: Scope) -> Visit:
        """What the site's sitemaps name counts as found on its start page, after the links that stand there."""
        maps = await sitemap_links(visit.final_url, scope, self.fetcher, self.settings)
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
        fetched = await self.fetcher.fetch(row.url, scope, _conditions(earlier))
        blank = _with_chain(Visit(row, Outcome.UNKNOWN, "", started_at, started_at, row.url, None), fetched)
        if fetched.failure is not None:
            return self._failed_fetch(blank, fetched.failure)
        await self._note_answer(fetched)
        if earlier is not None and blank.status == 304 and len(fetched.exchanges) == 1:
            return self._unchanged(blank, earlier, scope)
        try:
            return await self._read(blank, fetched, scope)
        except ComputingStuck as stuck:
            return self.our_fault(blank, str(stuck))

    async def _note_answer(self, fetched: Fetched) -> None:
        await self.rests.note(
            fetched.final_url, fetched.exchanges[-1].status, wait_asked(fetched.retry_after, self.clock())
        )

    def _unchanged(self, visit: Visit, earlier: Earlier, scope: Scope) -> Visit:
        """What was read and judged before stands; its links are followed as if they had been read again."""
        return self._finished(
            replace(visit, same_as=earlier.page_id),
            Reading(Outcome.CONTENT, "内容未变（HTTP 304）"),
            scope,
            links=[Link(url) for url in earlier.links],
        )

    def resting(self, row: FrontierUrl, rest: SiteRest) -> Visit:
        """A URL that is not asked for, because its site is to be left alone for longer than the night may wait."""
        now = self.clock()
        until = rest.until.astimezone(UTC)
        detail = f"该站要求暂缓访问（{rest.reason}），{until:%Y-%m-%d %H:%M}（UTC）之前不再访问"
        return Visit(row, Outcome.HTTP_ERROR, detail, now, now, row.url, None)

    def set_aside(self, row: FrontierUrl, broken_off: int) -> Visit:
        """A URL that is not visited any more this night, because visits to it kept breaking the crawl."""
        now = self.clock()
        detail = f"访问该页时采集进程或浏览器已 {broken_off} 次中止，{SET_ASIDE_ZH}"
        return Visit(row, Outcome.OUR_FAULT, detail, now, now, row.url, None, set_aside=True)

    def failed(self, visit: Visit, failure: _Failure) -> Visit:
        """The visit as a failure; nothing of what was read or judged stays in it."""
        now = self.clock()
        retry_at = (
            next_try(visit.frontier.attempts, failure.asked_seconds, now, self.settings) if failure.again else None
        )
        return replace(
            visit,
            outcome=failure.outcome,
            outcome_detail=failure.detail,
            ended_at=now,
            retry_at=retry_at,
            page=None,
            judgement=None,
            rendering=None,
            discovered=(),
        )

    def _failed_fetch(self, visit: Visit, failure: FetchFailed) -> Visit:
        return self.failed(visit, _Failure(failure.outcome, failure.detail, failure.again))

    def our_fault(self, visit: Visit, detail: str) -> Visit:
        """The visit as a failure of this system, to be tried again while tries are left."""
        return self.failed(visit, _Failure(Outcome.OUR_FAULT, detail, again=True))

    async def _read(self, visit: Visit, fetched: Fetched, scope: Scope) -> Visit:
        last = fetched.exchanges[-1]
        try:
            body = await self._compute(decode_body, last.response_headers, last.body, self.settings.max_decoded_bytes)
        except FetchFailed as failure:
            return self._failed_fetch(visit, failure)
        shown_url = _shown_url(visit.frontier.url, fetched.final_url)
        reading = await self._compute(
            read_response, shown_url, last.status, last.response_headers, body, self.settings.wordings
        )
        if reading.outcome is Outcome.HTTP_ERROR and last.status in PASSING_STATUSES:
            return self._overloaded(visit, reading, fetched)
        if reading.page is not None and (target := _sent_on_to(reading.page, body)):
            onward = await self.fetcher.follow_script(fetched, urljoin(fetched.final_url, target), scope)
            visit = _with_chain(visit, onward)
            if onward.failure is not None:
                return self._failed_fetch(visit, onward.failure)
            return await self._read(visit, onward, scope)  # as often as redirects are followed at most
        return await self._show_and_judge(visit, reading, body, shown_url, scope)

    def _overloaded(self, visit: Visit, reading: Reading, fetched: Fetched) -> Visit:
        asked = wait_asked(fetched.retry_after, self.clock())
        self.gates.rest(host_of(fetched.final_url), min(asked or 0.0, _MAX_SITE_REST_SECONDS))
        return self.failed(visit, _Failure(reading.outcome, reading.detail, True, asked))

    async def _show_and_judge(self, visit: Visit, reading: Reading, body: bytes, url: str, scope: Scope) -> Visit:
        rendering: Rendering | None = None
        try:
            if why := self.ladder.why_shown(scope.target.render, url, reading, body):
                visit, reading, rendering = await self._shown(visit, reading, url, scope, why)
            if rendering is not None and _leads_away(rendering, reading):
                return self.failed(visit, _Failure(Outcome.OUT_OF_SCOPE, _sent_away(rendering), again=False))
            if reading.page is None:
                return self._finished(visit, reading, scope, rendering=rendering)
            judgement = await self._compute(self.judge, reading.page)
            read, judgement = await self._read_pictures(reading.page, judgement, scope, rendering)
            reading = replace(reading, page=read.page)
            visit = replace(visit, picture_exchanges=read.fetched)
            if judgement.flagged and rendering is None:
                rendering = await self._photographed(url, visit, scope, judgement)
                shown = await self._read_dom(rendering)
                await self.ladder.learn(url, LEAD, reading, shown, rendering)
                if shown.page is None:
                    return self.our_fault(visit, f"线索页在浏览器中未能显示：{shown.detail or shown.outcome.value}")
            elif judgement.flagged and rendering is not None:
                rendering = replace(rendering, places=places_in(rendering.shown, _live_quotes(judgement)))
        except RenderFailed as failure:
            return self._not_shown(visit, failure)
        if judgement.flagged:
            visit = replace(visit, picture_exchanges=_kept_with_lead(read, rendering))
        page = _with_meta_refresh(read.page, body)
        return self._finished(visit, replace(reading, page=page), scope, rendering=rendering, judgement=judgement)

    async def _shown(
        self, visit: Visit, sent: Reading, url: str, scope: Scope, why: str
    ) -> tuple[Visit, Reading, Rendering | None]:
        """How the page reads in a browser; or how it was sent, where that says as much and the browser is of no use."""
        try:
            rendering = await self.show.render(url, visit.exchanges[-1], scope, ways=self.ladder.ways(url))
        except RenderFailed:
            if why not in SAYS_ENOUGH:
                raise
            await self.ladder.learn_failure(url, why)
            return visit, sent, None
        shown = await self._read_dom(rendering)
        await self.ladder.learn(url, why, sent, shown, rendering)
        if why in SAYS_ENOUGH and characters_of(shown) < characters_of(sent) * _KEPT_SHARE:
            return replace(visit, asides=(*visit.asides, *rendering.exchanges)), sent, None
        return visit, shown, replace(rendering, why=why)

    async def _photographed(self, url: str, visit: Visit, scope: Scope, judgement: Judgement) -> Rendering:
        unfold = self.ladder.unfolds(url)
        rendering = await self.show.photograph(url, visit, scope, _live_quotes(judgement), unfold=unfold)
        return replace(rendering, why=LEAD)

    def _not_shown(self, visit: Visit, failure: RenderFailed) -> Visit:
        faults = self.in_hand.note_fault(visit.frontier.id) if failure.broke_browser else 0
        if faults >= SET_ASIDE_AFTER:
            detail = f"{failure}；已 {faults} 次，{SET_ASIDE_ZH}"
            return replace(self.failed(visit, _Failure(failure.outcome, detail, again=False)), set_aside=True)
        return self.failed(visit, _Failure(failure.outcome, str(failure), failure.again))

    async def _read_pictures(
        self, page: ExtractedPage, judgement: Judgement, scope: Scope, rendering: Rendering | None
    ) -> tuple[PicturesRead, Judgement]:
        """The page with what its pictures say, and the judgement of that."""
        read = await self.images.read(page, judgement, scope, rendering)
        if read.page.text == page.text and read.page.widgets == page.widgets:
            return read, judgement
        judged = await self._compute(self.judge, read.page)
        if judged.flagged and read.has_likeness:
            read = await self.images.exactly(page, read)
            judged = await self._compute(self.judge, read.page)
        if judgement.flagged and not judged.flagged:
            # What is written stays what it is, whatever harmless things stand in pictures beside it
            return replace(read, page=pictures_aside(page, read.page.pictures)), judgement
        return read, judged

    def _finished(
        self,
        visit: Visit,
        reading: Reading,
        scope: Scope,
        rendering: Rendering | None = None,
        judgement: Judgement | None = None,
        links: Sequence[Link] = (),
    ) -> Visit:
        page = reading.page
        found, skipped = scope.follow(page.links if page is not None else links, visit.frontier.depth)
        return replace(
            visit,
            outcome=reading.outcome,
            outcome_detail=reading.detail,
            ended_at=self.clock(),
            final_url=ended_at(visit, rendering),
            page=page,
            judgement=judgement if page is not None else None,
            rendering=rendering,
            discovered=found,
            skipped=scope.worth_keeping(skipped),
            skip_counts=Counter(link.rule for link in skipped),
        )

    async def _read_dom(self, rendering: Rendering) -> Reading:
        return await self._compute(
            read_response,
            rendering.final_url,
            200,
            (("content-type", "text/html; charset=utf-8"),),
            rendering.dom_html.encode("utf-8", "replace"),
            self.settings.wordings,
        )

    async def _compute(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        return await compute(self.settings.compute_timeout_seconds, call, *arguments)


def _live_quotes(judgement: Judgement) -> list[str]:
    return [finding.quote for finding in judgement.findings if not finding.silenced]


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


def _kept_with_lead(read: PicturesRead, rendering: Rendering | None) -> tuple[Exchange, ...]:
    """What was fetched, and of what was fetched before whatever the page was judged by."""
    shown = () if rendering is None else rendering.exchanges
    have = {id(exchange) for exchange in (*read.fetched, *shown)}
    return (*read.fetched, *(exchange for exchange in read.read_from.values() if id(exchange) not in have))


def _leads_away(rendering: Rendering, reading: Reading) -> bool:
    return bool(rendering.turned_back) and is_script_shell(reading, rendering.dom_html.encode("utf-8", "replace"))


def _sent_away(rendering: Rendering) -> str:
    return f"页面脚本跳转：{rendering.turned_back}"


def _shown_url(asked_url: str, final_url: str) -> str:
    """The final URL, with the route of a script application that was asked for."""
    route = asked_url.partition("#")[2]
    return f"{final_url}#{route}" if route and "#" not in final_url else final_url


def _sent_on_to(page: ExtractedPage, body: bytes) -> str:
    """Where a page that shows nothing sends its visitor at once, by script or by refresh; empty for other pages."""
    if target := page.extra.get(SCRIPT_REDIRECT, ""):
        return target
    if len(page.text) > _SPLASH_CHARACTERS or page.images:
        return ""
    seconds, refreshed = get_meta_refresh(body[:4096], page.url)
    if seconds is None or refreshed is None or seconds > _SPLASH_SECONDS:
        return ""
    return "" if without_fragment(refreshed) == without_fragment(page.url) else refreshed


def _with_meta_refresh(page: ExtractedPage, body: bytes) -> ExtractedPage:
    """Count where a refresh in the markup leads as a link: splash pages have no other."""
    _, target = get_meta_refresh(body[:4096], page.url)
    return page if target is None else replace(page, links=(*page.links, Link(target)))
