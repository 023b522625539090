"""Which pages a browser looks at, what it may load for them, and how a lead is photographed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from crawler.addresses.guard import AddressRefused, UrlRefused, check_url
from crawler.addresses.scope import Scope
from crawler.addresses.urls import host_of, without_fragment
from crawler.failure import FetchFailed
from crawler.fetching.browser_request import BrowserRequest, Load
from crawler.fetching.downloads import Downloads
from crawler.fetching.fetch import PageFetcher
from crawler.fetching.politeness import SiteGates
from crawler.fetching.redirects import Chain, follow_redirects
from crawler.pages.page_text import Patience
from crawler.rendering.render import Renderer, RenderFailed
from crawler.rendering.ways import PLAIN, Ways
from crawler.settings import CrawlSettings
from domain.outcome import Outcome
from domain.page import Exchange
from domain.visits import Rendering, Visit

#: Parts of one page that are fetched at once, as browsers do for one server.
_PARTS_AT_ONCE = 6


def ended_at(visit: Visit, rendering: Rendering | None) -> str:
    """Where the browser ended when the page went on by itself to another that was fetched for it."""
    if rendering is None:
        return visit.final_url
    shown = without_fragment(rendering.final_url)
    return shown if any(exchange.url == shown for exchange in rendering.exchanges) else visit.final_url


@dataclass(frozen=True, slots=True)
class PageShow:
    """Shows pages in the browser. Raises `RenderFailed`."""

    settings: CrawlSettings
    downloads: Downloads
    fetcher: PageFetcher
    gates: SiteGates
    renderer: Renderer
    _note: Callable[[Exchange], None] | None = None

    def noting(self, note: Callable[[Exchange], None]) -> "PageShow":
        """The same, which hands over each exchange that the browser has made as soon as it is there, whatever becomes of the
        rendering."""
        return replace(self, _note=note)

    async def render(
        self, url: str, document: Exchange, scope: Scope, *, ways: Ways, quotes: Sequence[str] = ()
    ) -> Rendering:
        """Show a page while it is its site's turn: its parts count as one visit to the site."""
        delay = await self.fetcher.delay_seconds(url, scope)
        async with self.gates.turn(host_of(url), delay, long=True):
            return await self.renderer.render(url, self._loader(url, scope), document, ways=ways, quotes=quotes)

    async def photograph(
        self, url: str, visit: Visit, scope: Scope, quotes: Sequence[str] = (), *, unfold: bool = True
    ) -> Rendering:
        """Show the page that was judged. What was flagged stands in the markup; if scripts lead away from it or kept it
        from being shown at the first try, they are left out."""
        if visit.frontier.tries == 1:
            try:
                ways = Ways(patience=Patience.NEVER, unfold=unfold)
                rendering = await self.render(url, visit.exchanges[-1], scope, ways=ways, quotes=quotes)
            except RenderFailed as failure:
                if not failure.by_itself:
                    raise
            else:
                if without_fragment(rendering.final_url) == without_fragment(url):
                    return rendering
        return await self.render(url, visit.exchanges[-1], scope, ways=PLAIN, quotes=quotes)

    def _loader(self, page_url: str, scope: Scope) -> Load:
        places = asyncio.Semaphore(_PARTS_AT_ONCE)

        async def load(asked: BrowserRequest) -> Chain:
            request = asked

            async def fetch(url: str) -> Exchange:
                nonlocal request
                await self._admit(url, asked, page_url, scope)
                async with places:
                    exchange = await self.downloads.resource(request, url, scope.target.local)
                request = request.after(exchange.status)
                if self._note is not None:
                    self._note(exchange)
                return exchange

            return await follow_redirects(without_fragment(asked.url), fetch, self.settings.max_redirects)

        return load

    async def _admit(self, url: str, asked: BrowserRequest, page_url: str, scope: Scope) -> None:
        """A part of the page needs an allowed address; the page itself also stays in scope and within robots.txt."""
        try:
            check_url(url, local=scope.target.local)
        except (UrlRefused, AddressRefused) as error:
            raise FetchFailed(Outcome.OUT_OF_SCOPE, str(error), again=False) from error
        if asked.is_document:
            if (reason := scope.redirect_refusal(page_url, url)) is not None:
                raise FetchFailed(Outcome.OUT_OF_SCOPE, reason, again=False)
            await self.fetcher.check(url, scope)
