"""Fetches the pictures of pages, politely and each once for a while."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crawler.addresses.scope import Scope
from crawler.addresses.urls import host_of, without_fragment
from crawler.fetching.downloads import Downloads
from crawler.fetching.fetch import PageFetcher
from crawler.fetching.politeness import SiteGates
from crawler.fetching.redirects import Chain, follow_redirects
from crawler.fetching.robots import redirect_target
from domain.page import Exchange
from domain.urls import canonical_url
from domain.visits import Rendering

_PARTS_AT_ONCE = 4
#: Pictures of a site's template stand on all of its pages: kept for a while instead of fetched for each.
_KEPT_BYTES = 48_000_000
_PAGE_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class PicturesHad:
    """`had` is the answer to each address that gave a picture, `made` all exchanges made now, also those that led to none,
    `faults` why others are not had, in Chinese."""

    had: Mapping[str, Exchange]
    made: tuple[Exchange, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Kept:
    """Pictures had a while ago, those in use longest. They are kept apart by whether local addresses were allowed: what a
    local target got from one is not for a target that would be refused there."""

    _by_address: OrderedDict[tuple[str, bool], Exchange] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def get(self, url: str, *, local: bool) -> Exchange | None:
        found = self._by_address.get((url, local))
        if found is not None:
            self._by_address.move_to_end((url, local))
        return found

    def keep(self, url: str, exchange: Exchange, *, local: bool) -> None:
        before = self._by_address.pop((url, local), None)
        self._by_address[url, local] = exchange
        self._bytes += len(exchange.body) - (0 if before is None else len(before.body))
        while self._bytes > _KEPT_BYTES:
            _, dropped = self._by_address.popitem(last=False)
            self._bytes -= len(dropped.body)


@dataclass(slots=True)
class PictureFetch:
    """`max_redirects` is how many a picture may take."""

    downloads: Downloads
    fetcher: PageFetcher
    gates: SiteGates
    max_redirects: int
    _kept: _Kept = field(default_factory=_Kept)

    async def fetch(self, page_url: str, urls: Sequence[str], scope: Scope, rendering: Rendering | None) -> PicturesHad:
        """The pictures at some addresses, for the page that shows them."""
        shown = {exchange.url: exchange for exchange in rendering.exchanges} if rendering is not None else {}
        local = scope.target.local
        had: dict[str, Exchange] = {}
        faults: dict[str, str] = {}
        for url in dict.fromkeys(urls):
            found = self._behind_redirects(url, shown) or self._kept.get(url, local=local)
            if found is not None and found.status == 200:
                had[url] = found
            elif found is not None:
                faults[url] = f"HTTP {found.status}"
        missing = [url for url in dict.fromkeys(urls) if url not in had and url not in faults]
        if not missing:
            return PicturesHad(had, faults=faults)
        places = asyncio.Semaphore(_PARTS_AT_ONCE)
        made: list[Exchange] = []

        async def fetch(url: str) -> None:
            async with places:
                if sum(len(exchange.body) for exchange in made) > _PAGE_BYTES:
                    faults[url] = "一页图片的总量过大"
                    return
                chain = await self._chain(url, page_url, scope)
            made.extend(chain.exchanges)
            if chain.failure is not None:
                faults[url] = chain.failure.detail
            elif (last := chain.exchanges[-1]).status == 200:
                had[url] = last
                self._kept.keep(url, last, local=local)
            else:
                faults[url] = f"HTTP {last.status}"

        # As with a browser, the parts of a page count as one visit to its site
        delay = await self.fetcher.delay_seconds(page_url, scope)
        async with self.gates.turn(host_of(page_url), delay, long=True):
            await asyncio.gather(*(fetch(url) for url in missing))
        return PicturesHad(had, tuple(made), faults)

    def _behind_redirects(self, url: str, shown: Mapping[str, Exchange]) -> Exchange | None:
        """What the browser got for a picture in the end; None where it did not ask for it or for where it has moved to."""
        for _ in range(self.max_redirects + 1):
            if (exchange := shown.get(url)) is None:
                return None
            if (target := redirect_target(exchange)) is None:
                return exchange
            url = without_fragment(canonical_url(target))
        return None

    async def _chain(self, url: str, page_url: str, scope: Scope) -> Chain:
        """Fetch a picture and follow its redirects. Every hop needs an allowed address and robots.txt's leave."""

        async def fetch(url: str) -> Exchange:
            await self.fetcher.check(url, scope)
            return await self.downloads.picture(url, page_url, scope.target.local)

        return await follow_redirects(url, fetch, self.max_redirects)
