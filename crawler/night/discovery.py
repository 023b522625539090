"""Pages that a site names in its sitemaps: those of robots.txt, else /sitemap.xml. Sitemaps of other hosts do not count."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from urllib.parse import urljoin

from crawler.addresses.scope import Scope
from crawler.addresses.sitemap import MAX_SITEMAP_URLS, read_sitemap
from crawler.failure import FetchFailed
from crawler.fetching.content_coding import decode_body, gunzip, header
from crawler.fetching.fetch import PageFetcher
from crawler.fetching.site_rests import OVERLOAD_STATUSES
from crawler.settings import CrawlSettings
from domain.page import Exchange, Link

MAX_SITEMAPS = 20
#: The longest that the sitemaps of one site may take, pauses between requests included.
MAX_SECONDS = 180.0


@dataclass(slots=True)
class SiteMaps:
    """What the sitemaps of a site name, and the requests it took."""

    links: list[Link] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)


async def sitemap_links(start_url: str, scope: Scope, fetcher: PageFetcher, settings: CrawlSettings) -> SiteMaps:
    """Read the sitemaps of a target's site, politely and within limits; what cannot be had or read is passed over,
    since a sitemap is a help and not a page. What was found when time runs out counts."""
    found = SiteMaps()
    try:
        async with asyncio.timeout(MAX_SECONDS):
            await _read_all(start_url, scope, fetcher, settings, found)
    except TimeoutError:
        return found
    return found


async def _read_all(
    start_url: str, scope: Scope, fetcher: PageFetcher, settings: CrawlSettings, found: SiteMaps
) -> None:
    named = [_absolute(start_url, url) for url in await fetcher.sitemaps(start_url, scope)]
    ours = [url for url in named if scope.redirect_refusal(start_url, url) is None]
    waiting = deque(ours or [urljoin(start_url, "/sitemap.xml")])
    asked: set[str] = set()
    while waiting and len(asked) < MAX_SITEMAPS and len(found.links) < MAX_SITEMAP_URLS:
        url = waiting.popleft()
        if url in asked or scope.redirect_refusal(start_url, url) is not None:
            continue
        asked.add(url)
        fetched = await fetcher.fetch(url, scope)
        found.exchanges.extend(fetched.exchanges)
        if fetched.exchanges and fetched.exchanges[-1].status in OVERLOAD_STATUSES:
            return  # it is asked for nothing more
        if fetched.failure is not None or fetched.exchanges[-1].status != 200:
            continue
        try:
            body = await asyncio.to_thread(_unpacked, fetched.exchanges[-1], settings.max_decoded_bytes)
        except FetchFailed:
            continue
        content_type = header(fetched.exchanges[-1].response_headers, "content-type")
        sitemap = await asyncio.to_thread(read_sitemap, body, content_type)
        waiting.extend(_absolute(fetched.final_url, named) for named in sitemap.sitemaps[: MAX_SITEMAPS * 2])
        room = MAX_SITEMAP_URLS - len(found.links)
        found.links.extend(Link(_absolute(fetched.final_url, page)) for page in sitemap.pages[:room])


def _absolute(base: str, url: str) -> str:
    """The protocol wants absolute addresses; sites write relative ones too."""
    try:
        return urljoin(base, url)
    except ValueError:  # a malformed address literal; the scope names it as no URL
        return url


def _unpacked(exchange: Exchange, limit_bytes: int) -> bytes:
    """The file itself: sitemaps are gzip files as often as they are sent with that content coding."""
    body = decode_body(exchange.response_headers, exchange.body, limit_bytes)
    return gunzip(body, limit_bytes) if body.startswith(b"\x1f\x8b") else body
