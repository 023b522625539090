"""Requests as both engines make them, handed to Scrapy's downloader."""

import asyncio
from collections.abc import Awaitable, Callable

from scrapy import Request
from scrapy.exceptions import NotSupported
from scrapy.http import Response

from crawler.addresses.urls import host_of, without_fragment
from crawler.failure import FetchFailed
from crawler.fetching.browser_request import BrowserRequest
from crawler.fetching.content_coding import ACCEPT_ENCODING
from crawler.fetching.cookie_text import cookie_from_browser
from crawler.fetching.download import FetchTerms
from crawler.settings import CrawlSettings
from domain.outcome import Outcome
from domain.page import Exchange, Headers

_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
_ACCEPT_PICTURE = "image/webp,image/png,image/jpeg,image/*;q=0.8,*/*;q=0.5"
_ACCEPT_LANGUAGE = "zh-CN,zh;q=0.9"

#: What a browser says to the host that it asks, not to another one that this one sends it to.
_OF_ONE_HOST = frozenset({"cookie", "authorization"})

#: A page waits for its parts, so a part has less time than a page.
_RESOURCE_SECONDS = 10.0

#: How long a request that is cut off may take to let go of its connection.
_CUT_OFF_SECONDS = 2.0


class Downloads:
    """Makes single requests (no redirects are followed) through the engine. Raises `FetchFailed` only."""

    def __init__(
        self,
        fetch: Callable[[Request], Awaitable[Response]],
        settings: CrawlSettings,
        is_ending: Callable[[], bool],
    ) -> None:
        """`fetch` is the engine's `download_async`; `is_ending` says whether the engine has let go of its spider, after
        which it raises RuntimeError instead of downloading."""
        self._fetch = fetch
        self._is_ending = is_ending
        self._settings = settings

    async def page(self, url: str, local: bool, cookie: str = "", conditions: Headers = ()) -> Exchange:
        """GET one page. `cookie` is the Cookie field as latin-1, not sent when empty; `conditions` make the request conditional."""
        headers: dict[str, str | bytes] = {
            "User-Agent": self._settings.user_agent_header,
            "Accept": _ACCEPT,
            "Accept-Language": _ACCEPT_LANGUAGE,
            "Accept-Encoding": ACCEPT_ENCODING,
        }
        headers |= dict(conditions)
        if cookie:
            headers["Cookie"] = cookie.encode("latin-1")  # the bytes that the server sent
        terms = FetchTerms(local, self._settings.max_body_bytes, self._settings.timeout_seconds)
        return await self._run(Request(url, headers=headers, meta={"terms": terms, "url": url}))

    async def resource(self, asked: BrowserRequest, url: str, local: bool) -> Exchange:
        """Make the browser's request; `url` is its own or one that it was redirected to, `asked` then what it has become by
        that (`BrowserRequest.after`)."""
        settings = self._settings
        if asked.is_document:
            terms = FetchTerms(local, settings.max_body_bytes, settings.timeout_seconds, "browser")
        else:
            seconds = min(_RESOURCE_SECONDS, settings.timeout_seconds)
            terms = FetchTerms(local, settings.max_resource_bytes, seconds, "browser")
        headers: list[tuple[str, str | bytes]] = [
            (name, cookie_from_browser(value) if name.lower() == "cookie" else value) for name, value in asked.headers
        ]
        headers.append(("accept-encoding", ACCEPT_ENCODING))
        if host_of(url) != host_of(asked.url):  # a host gets back its own cookies only
            headers = [(name, value) for name, value in headers if name.lower() not in _OF_ONE_HOST]
        return await self._run(
            Request(
                url,
                method=asked.method,
                headers=headers,
                body=asked.body,
                meta={"terms": terms, "url": url},
            )
        )

    async def picture(self, url: str, page_url: str, local: bool) -> Exchange:
        """GET a picture as a browser does for a page."""
        headers = {
            "User-Agent": self._settings.user_agent_header,
            "Accept": _ACCEPT_PICTURE,
            "Accept-Language": _ACCEPT_LANGUAGE,
            "Accept-Encoding": ACCEPT_ENCODING,
            "Referer": without_fragment(page_url),
        }
        seconds = min(_RESOURCE_SECONDS, self._settings.timeout_seconds)
        terms = FetchTerms(local, self._settings.max_resource_bytes, seconds)
        return await self._run(Request(url, headers=headers, meta={"terms": terms, "url": url}))

    async def _run(self, request: Request) -> Exchange:
        try:
            await self._fetch(request)
        except asyncio.CancelledError:
            await _cut_off(request)
            raise
        except NotSupported as error:
            raise FetchFailed(Outcome.OUR_FAULT, f"无法发出请求：{error}", again=False) from error
        except RuntimeError as error:
            if not self._is_ending():
                raise
            # The crawl is being ended from outside: nothing was tried, so nothing may be recorded of it
            raise asyncio.CancelledError from error
        exchange: Exchange = request.meta["exchange"]
        return exchange


async def _cut_off(request: Request) -> None:
    """End a request that nobody waits for any more: the engine forgets it, and would let what is under way go on."""
    request.meta["is_cut_off"] = True  # for the handler, if it has not begun
    transfer: asyncio.Task[object] | None = request.meta.get("transfer")
    if transfer is not None:
        transfer.cancel()
        await asyncio.wait({transfer}, timeout=_CUT_OFF_SECONDS)
