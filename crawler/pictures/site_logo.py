"""Whose sign a page's own looks like, when signs of well-known hospitals are known."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from crawler.addresses.scope import Scope
from crawler.failure import FetchFailed
from crawler.fetching.content_coding import decode_body
from crawler.pages.page_links import Resolver
from crawler.pages.wechat_page import ACCOUNT_PICTURE
from crawler.pictures.ocr import PictureOcr
from crawler.pictures.picture_fetch import PictureFetch
from crawler.settings import CrawlSettings
from domain.page import Exchange, ExtractedPage
from domain.pictures import UNREAD_FATES
from domain.site_logos import MOST_LOGOS, LogoLikeness, closest
from domain.visits import Rendering

#: Likenesses remembered by picture: the pages of a site share its sign.
_REMEMBERED = 2000
#: Signs are looked at before anything is known of the page; a page that is suspicious is read before.
_SUSPICION = 0.5


@dataclass(frozen=True, slots=True)
class LogoLook:
    """The page with `logo` set where its sign is like a known one; the exchanges made for it now, and the one that holds the
    sign, whenever it was made, by the sign's address."""

    page: ExtractedPage
    fetched: tuple[Exchange, ...] = ()
    read_from: Mapping[str, Exchange] = field(default_factory=dict)


@dataclass(slots=True)
class SiteLogos:
    """Fetches the first pictures that a page calls its logo, an account's own picture for WeChat, and compares them. Nothing is
    fetched while no sign is known or no pictures are read at all."""

    settings: CrawlSettings
    fetch: PictureFetch
    ocr: PictureOcr
    _likenesses: OrderedDict[str, tuple[str, float] | None] = field(default_factory=OrderedDict)

    async def look(self, page: ExtractedPage, scope: Scope, rendering: Rendering | None) -> LogoLook:
        """A picture that cannot be had or read is like none: a sign is never the only reason to look at a page."""
        if not self.settings.known_logos or not self.ocr.wanted or not (urls := logo_urls(page)):
            return LogoLook(page)
        got = await self.fetch.fetch(page.url, urls, scope, rendering)
        for url in urls:
            if (exchange := got.had.get(url)) and (found := await self._likeness(url, exchange)):
                return LogoLook(replace(page, logo=found), got.made, {url: exchange})
        return LogoLook(page, got.made)

    async def _likeness(self, url: str, exchange: Exchange) -> LogoLikeness | None:
        try:
            body = decode_body(exchange.response_headers, exchange.body, self.settings.max_resource_bytes * 2)
        except FetchFailed:
            return None
        sha256 = hashlib.sha256(body).hexdigest()
        if sha256 not in self._likenesses:
            answer = await self.ocr.marks(body, _SUSPICION)
            if answer.fate in UNREAD_FATES:  # nothing is known of it; another page of the site shows it again
                return None
            self._likenesses[sha256] = closest(answer.marks, self.settings.known_logos)
            if len(self._likenesses) > _REMEMBERED:
                self._likenesses.popitem(last=False)
        found = self._likenesses[sha256]
        return None if found is None else LogoLikeness(found[0], url, sha256, found[1])


def logo_urls(page: ExtractedPage) -> list[str]:
    """The addresses of the page's own signs, the first ones only."""
    account = page.extra.get(ACCOUNT_PICTURE, "")
    own = Resolver(page.url, "", page.encoding).absolute(account) if account else ""
    shown = (image.url for image in page.images if image.is_logo and not image.url.lower().endswith((".svg", ".ico")))
    return list(dict.fromkeys(filter(None, (own, *shown))))[:MOST_LOGOS]
