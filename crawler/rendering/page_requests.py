"""Answers what a page asks for while it is shown: from what was fetched already, by fetching it, or with a refusal."""

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, Page, Request, Route
from playwright.async_api import Error as PlaywrightError

from crawler.addresses.urls import without_fragment
from crawler.failure import FetchFailed
from crawler.fetching.browser_request import BrowserRequest, Load
from crawler.fetching.content_coding import decode_body
from crawler.fetching.cookie_text import cookie_for_browser
from crawler.fetching.redirects import Chain
from crawler.rendering.render_failure import RenderFailed
from crawler.settings import CrawlSettings
from domain.outcome import Outcome
from domain.page import Exchange

logger = logging.getLogger(__name__)

#: What a page is made of. Sound, film, sockets and beacons are left out: they show nothing and may never end.
_WANTED = frozenset({"document", "stylesheet", "script", "image", "font", "xhr", "fetch"})
_WITH_COOKIES = frozenset({"document", "xhr", "fetch"})
_MAX_REQUESTS = 400
#: Things that are not captured, noted one by one; a page may ask for other ones without end.
_MOST_LEFT_OUT = 1000
#: Times that a page may go on to another document while it is shown.
_MAX_DOCUMENTS = 10
_MAX_TOTAL_BYTES = 60_000_000
#: How long a load that is cut off may take to let go of its connection.
_CUT_OFF_SECONDS = 3.0
#: Set by the connection or made void by taking the content coding off.
_NOT_FORWARDED = frozenset({"host", "connection", "content-length", "accept-encoding", "cookie"})
_NOT_FULFILLED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})


@dataclass  # without slots: Playwright keeps notes on the object whose method answers routes
class PageRequests:
    """The requests of one page. `context` and `page` are set before the page is opened."""

    settings: CrawlSettings
    load: Load
    scripts: bool = True
    #: Answers that are there already, by URL.
    documents: dict[str, Exchange] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    #: Where the page itself was redirected to while it was being shown.
    moved_to: str = ""
    document_failure: FetchFailed | None = None
    #: As `Rendering.turned_back`; unlike the failure above it stays when the page goes on.
    turned_back: str = ""
    context: BrowserContext | None = None
    page: Page | None = None
    #: While true the page may not go to any other document, nor send a form.
    hold: bool = False
    #: Whether the page's own process in the browser died.
    crashed: bool = False
    #: Whether the page has been shown, so that nothing is loaded for it any more.
    ended: bool = False
    #: Requests being answered now, and documents that the page itself has been asked to become.
    loading: int = 0
    documents_asked: int = 0
    _requests: int = 0
    _bytes: int = 0
    _left_out: dict[tuple[str, str], None] = field(default_factory=dict)
    _more_left_out: int = 0
    #: What is being fetched now, with the URL that was asked for.
    _loads: dict[asyncio.Task[Chain], str] = field(default_factory=dict)

    def leave_out(self, url: str, reason: str) -> None:
        """Note that something is not captured: once, however often a page asks for it, and so many things at most."""
        item = (url[:2048], reason)
        if item in self._left_out or len(self._left_out) < _MOST_LEFT_OUT:
            self._left_out[item] = None
        else:
            self._more_left_out += 1

    def not_captured(self, page_url: str) -> tuple[tuple[str, str], ...]:
        """As `Rendering.not_captured`; the page itself stands for what was not noted one by one."""
        more = ((page_url, f"另有 {self._more_left_out} 次请求未采集，不再逐项列出"),) if self._more_left_out else ()
        return (*self._left_out, *more)

    async def note_crash(self) -> None:
        """End a page whose process died: calls that wait for it would wait until time is up."""
        self.crashed = True
        if self.context is not None:
            await quietly(self.context.close())

    async def end(self) -> None:
        """Load nothing more. What is still under way is cut off and noted as not captured: it would go on at the site when
        the turn there has been given back."""
        self.ended = True
        under_way = {load: url for load, url in self._loads.items() if not load.done()}
        for load, url in under_way.items():
            self.leave_out(url, "页面显示完时仍未收完")
            load.cancel()
        if under_way:
            _, going_on = await asyncio.wait(under_way, timeout=_CUT_OFF_SECONDS)
            for load in going_on:
                logger.warning("a load goes on although it was cut off: %s", under_way[load])

    def led_away(self) -> RenderFailed | None:
        """Why there is nothing to show of a page that went elsewhere by itself; None when it did not."""
        if self.documents_asked <= 1:
            return None
        return self.failed_document("页面脚本跳转：") or RenderFailed(
            f"页面在显示时自行跳转 {self.documents_asked - 1} 次，未能截取", Outcome.UNKNOWN, again=False
        )

    def failed_document(self, what: str = "") -> RenderFailed | None:
        failure = self.document_failure
        return None if failure is None else RenderFailed(what + failure.detail, failure.outcome, again=failure.again)

    async def answer(self, route: Route, request: Request) -> None:
        """Answer one request of the browser, or refuse it and say why."""
        if (reason := self._refusal(request)) is not None:
            await self._abort(route, request.url, reason)
            return
        self.loading += 1
        self._requests += 1
        try:
            await self._load(route, request)
        finally:
            self.loading -= 1

    def _refusal(self, request: Request) -> str | None:
        if self.ended:
            return "页面已显示完"
        if self._is_popup(request):
            return "不采集弹出窗口"
        if self.hold and request.is_navigation_request() and (request.method != "GET" or self._is_page_itself(request)):
            return "展开折叠内容时页面不离开原处，也不提交表单"
        if request.resource_type not in _WANTED:
            return f"不采集 {request.resource_type} 类资源"
        if self._requests >= _MAX_REQUESTS:
            return f"页面请求超过 {_MAX_REQUESTS} 个"
        if self._bytes >= _MAX_TOTAL_BYTES:
            return f"页面资源合计超过 {_MAX_TOTAL_BYTES} 字节"
        return None

    async def _load(self, route: Route, request: Request) -> None:
        is_document = self._is_page_itself(request)
        if is_document:
            self.documents_asked += 1
            self.moved_to, self.document_failure = "", None
            if self.documents_asked > _MAX_DOCUMENTS:
                await self._turn_back(route, request.url, FetchFailed(Outcome.UNKNOWN, "页面反复跳转", again=False))
                return
            if self.documents_asked > 1 and not self.scripts:
                stays = FetchFailed(Outcome.OUT_OF_SCOPE, "停用脚本时不跟随页面的跳转", again=False)
                await self._turn_back(route, request.url, stays)
                return
        asked_url = without_fragment(request.url)
        known = self.documents.get(asked_url) if is_document and request.method == "GET" else None
        try:
            if known is None:
                chain = await self._fetched(await self._request(request, is_document))
                if chain is None:
                    await self._abort(route, None, "")
                    return
                if chain.failure is not None:
                    raise chain.failure
                known = chain.exchanges[-1]
            body = decode_body(known.response_headers, known.body, self.settings.max_decoded_bytes)
        except FetchFailed as failure:
            if is_document:
                await self._turn_back(route, request.url, failure)
            else:
                await self._abort(route, request.url, failure.detail)
            return
        self._bytes += len(body)
        if is_document and known.url != asked_url:
            self.documents[known.url] = known
            self.moved_to = known.url
            await self._abort(route, None, "")
            return
        await _fulfill(route, known, body)

    async def _fetched(self, asked: BrowserRequest) -> Chain | None:
        """What the load of a request brings; None when the page was shown before it was done."""
        if self.ended:
            return None
        load = asyncio.create_task(self._keeping(asked))
        self._loads[load] = asked.url
        try:
            await asyncio.wait({load})
        finally:
            load.cancel()  # when nobody waits for it any more; no matter once it is done
            del self._loads[load]
        return None if load.cancelled() and self.ended else load.result()

    async def _keeping(self, asked: BrowserRequest) -> Chain:
        chain = await self.load(asked)
        self.exchanges.extend(chain.exchanges)
        return chain

    def _is_page_itself(self, request: Request) -> bool:
        """False for what is inside the page: its parts and frames."""
        return request.is_navigation_request() and self.page is not None and request.frame is self.page.main_frame

    def _is_popup(self, request: Request) -> bool:
        if not request.is_navigation_request():
            return False
        try:
            return request.frame.page is not self.page
        except PlaywrightError:  # the window it is for does not exist yet
            return True

    async def _request(self, request: Request, is_document: bool) -> BrowserRequest:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED]
        if self.context is not None and request.resource_type in _WITH_COOKIES:
            cookies = await self.context.cookies(request.url)
            if cookies:
                headers.append(("cookie", "; ".join(f"{item['name']}={item['value']}" for item in cookies)))
        return BrowserRequest(request.url, request.method, tuple(headers), request.post_data_buffer or b"", is_document)

    async def _turn_back(self, route: Route, url: str, failure: FetchFailed) -> None:
        """Refuse to let the page itself go on."""
        self.document_failure = failure
        if self.documents_asked > 1:
            self.turned_back = failure.detail
        await self._abort(route, url, failure.detail)

    async def _abort(self, route: Route, url: str | None, reason: str) -> None:
        if url is not None:
            self.leave_out(url, reason)
        # An aborted navigation leaves the page that is shown where it is; a failed one would show an error in its place
        await quietly(route.abort("aborted"))


async def _fulfill(route: Route, exchange: Exchange, body: bytes) -> None:
    headers: dict[str, str] = {}
    for name, received in exchange.response_headers:
        key = name.lower()
        if key in _NOT_FULFILLED:
            continue
        # The protocol takes one text a name; Chromium splits cookies at newlines
        separator = "\n" if key == "set-cookie" else ", "
        value = cookie_for_browser(received) if key == "set-cookie" else _as_text(received)
        headers[key] = f"{headers[key]}{separator}{value}" if key in headers else value
    await quietly(route.fulfill(status=exchange.status, headers=headers, body=body))


def _as_text(value: str) -> str:
    """A field as text: the browser is handed text and makes UTF-8 of it, while ours has a character for each byte received."""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:  # bytes that are not UTF-8, or characters that a browser handed over
        return value


async def quietly(answer: Awaitable[None]) -> None:
    """An answer to a page that has gone on or closed meanwhile is of no use to anybody."""
    try:
        await answer
    except PlaywrightError:
        return
