"""What a page says once everything that may be worth it was looked at: a browser's view, its pictures, a lead's photograph."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crawler.addresses.scope import Scope
from crawler.failure import FetchFailed
from crawler.night.computing import ComputingStuck
from crawler.night.endings import Endings
from crawler.night.onward import with_meta_refresh
from crawler.night.page_reader import PageReader
from crawler.night.visit_fault import VisitBroken
from crawler.pages.shell import is_script_shell
from crawler.pictures.images import PageImages, PicturesRead
from crawler.pictures.picture_text import pictures_aside
from crawler.pictures.site_logo import SiteLogos
from crawler.rendering.ladder import LEAD, SAYS_ENOUGH, Ladder, characters_of
from crawler.rendering.render import RenderFailed
from crawler.rendering.showing import PageShow
from crawler.settings import Showing
from domain.findings import Judgement
from domain.outcome import NOBODY_SHOWS_ZH, Outcome
from domain.page import Exchange, ExtractedPage, Reading
from domain.shown_text import places_in
from domain.visits import Rendering, Visit

#: A page that says less in a browser than this share of what was sent is read as sent.
_KEPT_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Examiner:
    """Shows, reads and judges pages."""

    reader: PageReader
    ladder: Ladder
    show: PageShow
    logos: SiteLogos
    images: PageImages
    endings: Endings
    showing: Showing = Showing.HERE
    #: All that was received in the examination under way.
    _received: list[Exchange] = field(default_factory=list)

    async def examine(self, visit: Visit, sent: Reading, body: bytes, url: str, scope: Scope) -> Visit:
        """The finished visit to a page that was read as it was sent: `body` at `url`. Whatever was received for it is in the
        visit, however it ends. Raises `VisitBroken` for a fault of ours."""
        received: list[Exchange] = []
        alone = replace(self, show=self.show.noting(received.append), _received=received)
        try:
            done = await alone._examined(visit, sent, body, url, scope)
        except ComputingStuck as stuck:
            done = self.endings.stuck(visit, stuck)
        except Exception as fault:
            raise VisitBroken(_with_all(visit, received), fault) from fault
        return done if done.to_show else _with_all(done, received)

    async def _examined(self, visit: Visit, sent: Reading, body: bytes, url: str, scope: Scope) -> Visit:
        reading, rendering = sent, None
        try:
            if why := self.ladder.why_shown(scope.target.render, url, sent, body):
                if self.showing is Showing.ELSEWHERE:
                    return self.endings.to_be_shown(visit, why)
                if self.showing is Showing.NOWHERE:
                    return await self._unshown(visit, sent, body, url, scope, why)
                visit, reading, rendering = await self._shown(visit, sent, url, scope, why)
            if rendering is not None and _leads_away(rendering, reading):
                detail = f"页面脚本跳转：{rendering.turned_back}"
                return self.endings.failed(visit, FetchFailed(Outcome.OUT_OF_SCOPE, detail, again=False))
            if reading.page is None:
                return self.endings.read(visit, reading, scope, rendering=rendering)
            return await self._judged(visit, reading, reading.page, body, url, scope, rendering)
        except RenderFailed as failure:
            return self.endings.not_shown(visit, failure)

    async def _unshown(self, visit: Visit, sent: Reading, body: bytes, url: str, scope: Scope, why: str) -> Visit:
        """What a page says as it was sent, with the remark that a browser might have shown more."""
        if sent.page is None:
            return self.endings.never_shown(visit, why)
        judged = await self._judged(visit, sent, sent.page, body, url, scope, None)
        if judged.page is None:
            return judged
        return replace(judged, unshown=True, outcome_detail=f"只按收到的样子判断：{why}，{NOBODY_SHOWS_ZH}")

    async def _judged(
        self,
        visit: Visit,
        reading: Reading,
        page: ExtractedPage,
        body: bytes,
        url: str,
        scope: Scope,
        rendering: Rendering | None,
    ) -> Visit:
        sign = await self.logos.look(page, scope, rendering)
        self._received.extend(sign.fetched)
        judgement = await self.reader.judged(sign.page)
        if judgement.flagged and self.showing is not Showing.HERE:
            return self._unphotographed(visit)  # pictures can only add to it
        read, judgement = await self._with_pictures(sign.page, judgement, scope, rendering)
        read = replace(read, fetched=(*sign.fetched, *read.fetched), read_from={**sign.read_from, **read.read_from})
        visit = replace(visit, picture_exchanges=read.fetched)
        reading = replace(reading, page=read.page)
        if judgement.flagged and rendering is not None:
            rendering = replace(rendering, places=places_in(rendering.shown, _live_quotes(judgement)))
        elif judgement.flagged and self.showing is not Showing.HERE:
            return self._unphotographed(visit)
        elif judgement.flagged:
            rendering, shown = await self._photographed(visit, reading, url, scope, judgement)
            if shown.page is None:
                return self.endings.our_fault(visit, f"线索页在浏览器中未能显示：{shown.detail or shown.outcome.value}")
        if judgement.flagged:
            visit = replace(visit, picture_exchanges=_kept_with_lead(read, rendering))
        reading = replace(reading, page=with_meta_refresh(read.page, body))
        return self.endings.read(visit, reading, scope, rendering=rendering, judgement=judgement)

    def _unphotographed(self, visit: Visit) -> Visit:
        """The visit to a lead's page in a process that cannot take its evidence."""
        if self.showing is Showing.ELSEWHERE:
            return self.endings.to_be_shown(visit, LEAD)
        return self.endings.never_shown(visit, LEAD)

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
        shown = await self.reader.shown(rendering)
        await self.ladder.learn(url, why, sent, shown, rendering)
        if why in SAYS_ENOUGH and characters_of(shown) < characters_of(sent) * _KEPT_SHARE:
            return visit, sent, None
        return visit, shown, replace(rendering, why=why)

    async def _photographed(
        self, visit: Visit, reading: Reading, url: str, scope: Scope, judgement: Judgement
    ) -> tuple[Rendering, Reading]:
        """A lead's page in the browser, and what it is there."""
        unfold = self.ladder.unfolds(url)
        rendering = await self.show.photograph(url, visit, scope, _live_quotes(judgement), unfold=unfold)
        rendering = replace(rendering, why=LEAD)
        shown = await self.reader.shown(rendering)
        await self.ladder.learn(url, LEAD, reading, shown, rendering)
        return rendering, shown

    async def _with_pictures(
        self, page: ExtractedPage, judgement: Judgement, scope: Scope, rendering: Rendering | None
    ) -> tuple[PicturesRead, Judgement]:
        """The page with what its pictures say, and the judgement of that."""
        read = await self.images.read(page, judgement, scope, rendering)
        self._received.extend(read.fetched)
        if read.page.text == page.text and read.page.widgets == page.widgets:
            return read, judgement
        judged = await self.reader.judged(read.page)
        if judged.flagged and read.has_likeness:
            read = await self.images.exactly(page, read)
            judged = await self.reader.judged(read.page)
        if judgement.flagged and not judged.flagged:
            # What is written stays what it is, whatever harmless things stand in pictures beside it
            return replace(read, page=pictures_aside(page, read.page.pictures)), judgement
        return read, judged


def _live_quotes(judgement: Judgement) -> Sequence[str]:
    return [finding.quote for finding in judgement.findings if not finding.silenced]


def _with_all(visit: Visit, received: Sequence[Exchange]) -> Visit:
    """The visit with what is not otherwise in it among its `asides`: of a browser that failed, of pictures for nothing."""
    shown = () if visit.rendering is None else visit.rendering.exchanges
    have = {id(exchange) for exchange in (*visit.exchanges, *shown, *visit.picture_exchanges, *visit.asides)}
    return replace(visit, asides=(*visit.asides, *(exchange for exchange in received if id(exchange) not in have)))


def _kept_with_lead(read: PicturesRead, rendering: Rendering | None) -> tuple[Exchange, ...]:
    """What was fetched, and of what was fetched before whatever the page was judged by."""
    shown = () if rendering is None else rendering.exchanges
    have = {id(exchange) for exchange in (*read.fetched, *shown)}
    return (*read.fetched, *(exchange for exchange in read.read_from.values() if id(exchange) not in have))


def _leads_away(rendering: Rendering, reading: Reading) -> bool:
    return bool(rendering.turned_back) and is_script_shell(reading, rendering.dom_html.encode("utf-8", "replace"))
