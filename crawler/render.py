"""Shows one page in a real browser and keeps what it showed.

The browser has no network of its own: each of its requests comes here and is made by the same guarded downloader as
all others (`Load`). So the exchanges are exactly what was received, and no address escapes the check.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

from playwright.async_api import Browser, BrowserContext, Dialog, Page, Request, Route
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from crawler.browser import BrowserPool, BrowserUnavailable
from crawler.content_coding import decode_body
from crawler.failure import FetchFailed
from crawler.settings import CrawlSettings
from crawler.urls import without_fragment
from domain.outcome import Outcome
from domain.page import Exchange, Headers
from domain.visits import Rendering

#: What a page is made of. Sound, film, sockets and beacons are left out: they show nothing and may never end.
_WANTED = frozenset({"document", "stylesheet", "script", "image", "font", "xhr", "fetch"})
_WITH_COOKIES = frozenset({"document", "xhr", "fetch"})
_MAX_REQUESTS = 400
_MAX_DOCUMENTS = 5
_MAX_TOTAL_BYTES = 60_000_000
_SCROLL_STEPS = 25
_SCROLL_PAUSE_SECONDS = 0.04
_CLOSE_SECONDS = 5.0
#: Set by the connection or made void by taking the content coding off.
_NOT_FORWARDED = frozenset({"host", "connection", "content-length", "accept-encoding", "cookie"})
_NOT_FULFILLED = frozenset({"content-encoding", "content-length", "transfer-encoding", "connection", "keep-alive"})


class RenderFailed(Exception):
    """The page could not be shown. The message is Chinese.

    `outcome` is our fault unless it is of the page's own doing (`by_itself`): it went where there is nothing to show, or
    kept the browser busy until time was up. `again` says whether another try in the same night may help.
    """

    def __init__(self, detail: str, outcome: Outcome = Outcome.OUR_FAULT, *, again: bool = True) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.again = again

    @property
    def by_itself(self) -> bool:
        return self.outcome is not Outcome.OUR_FAULT


@dataclass(frozen=True, slots=True)
class BrowserRequest:
    """What the browser asks for. `is_document` is true for the page itself, not for what is inside of it."""

    url: str
    method: str
    headers: Headers
    body: bytes
    is_document: bool


Load = Callable[[BrowserRequest], Awaitable[tuple[Exchange, ...]]]
"""Makes a request for the browser: the chain of exchanges, redirects first. Raises `FetchFailed`."""


class Renderer:
    """Renders pages, a few at once. Start-up is put off until the first page."""

    def __init__(self, settings: CrawlSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        self._pool = BrowserPool(settings.chromium_path, settings.concurrent_renders, settings.renders_per_browser)

    async def render(
        self, url: str, load: Load, document: Exchange | None = None, *, scripts: bool = True
    ) -> Rendering:
        """Show `url`. `document` is its answer when it has been fetched already: the browser then shows those bytes.
        Without `scripts` none run, the page stays where it is, and the rendering says so.

        Raises `RenderFailed`, also after `render_timeout_seconds`.
        """
        session = _Session(self._settings, self._clock, load, scripts)
        try:
            async with self._pool.browser() as browser:
                if document is not None:
                    session.documents[without_fragment(url)] = document
                try:
                    async with asyncio.timeout(self._settings.render_timeout_seconds):
                        return await session.show(browser, url)
                finally:
                    if not await session.close():
                        await self._pool.discard(browser)
        except TimeoutError as error:
            too_long = RenderFailed(f"渲染超过 {self._settings.render_timeout_seconds:g} 秒", Outcome.TIMEOUT)
            raise session.led_away() or too_long from error
        except BrowserUnavailable as error:
            raise RenderFailed(str(error)) from error
        except PlaywrightError as error:
            broken = RenderFailed(f"浏览器出错：{error.message.splitlines()[0][:200]}")
            raise session.led_away() or broken from error

    async def close(self) -> None:
        await self._pool.close()


@dataclass  # without slots: Playwright keeps notes on the object whose method answers routes
class _Session:
    """One page in one fresh browser context."""

    settings: CrawlSettings
    clock: Callable[[], datetime]
    load: Load
    scripts: bool = True
    documents: dict[str, Exchange] = field(default_factory=dict)
    exchanges: list[Exchange] = field(default_factory=list)
    not_captured: list[tuple[str, str]] = field(default_factory=list)
    #: Where the page itself was redirected to while it was being shown.
    moved_to: str = ""
    document_failure: FetchFailed | None = None
    #: As `Rendering.turned_back`; unlike the failure above it stays when the page goes on.
    turned_back: str = ""
    _context: BrowserContext | None = None
    _page: Page | None = None
    _requests: int = 0
    _documents: int = 0
    _bytes: int = 0
    _loading: int = 0

    async def show(self, browser: Browser, url: str) -> Rendering:
        started_at = self.clock()
        width, height = self.settings.viewport
        self._context = context = await browser.new_context(
            user_agent=self.settings.user_agent_header,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            service_workers="block",
            accept_downloads=False,
            reduced_motion="reduce",
            java_script_enabled=self.scripts,
        )
        if not self.scripts:
            self.not_captured.append((url, "页面脚本已停用"))
        self._page = page = await context.new_page()
        page.on("dialog", _dismiss)
        context.on("page", lambda other: _close_popup(other, page))
        await context.route("**/*", self._answer)
        await self._open(page, url)
        await self._settle(page)
        await self._scroll(page)
        await self._settle(page)
        if not page.url.startswith(("http://", "https://")):  # the browser's own page that says what went wrong
            raise self._failed_document() or RenderFailed(f"浏览器停在 {page.url[:80]}")
        if self._documents > 1 and (led_away := self.led_away()) is not None and not await _has_body(page):
            raise led_away  # it left before it was parsed, and a page without a body cannot be photographed
        screenshot = await self._screenshot(page)
        return Rendering(
            screenshot_png=screenshot,
            dom_html=await page.content(),
            final_url=page.url,
            title=await page.title(),
            browser=f"Chromium {browser.version}",
            user_agent=self.settings.user_agent_header,
            viewport=self.settings.viewport,
            started_at=started_at,
            ended_at=self.clock(),
            exchanges=tuple(self.exchanges),
            not_captured=tuple(self.not_captured),
            turned_back=self.turned_back,
        )

    def led_away(self) -> RenderFailed | None:
        """Why there is nothing to show of a page that went elsewhere by itself; None when it did not."""
        if self._documents <= 1:
            return None
        return self._failed_document("页面脚本跳转：") or RenderFailed(
            f"页面在显示时自行跳转 {self._documents - 1} 次，未能截取", Outcome.UNKNOWN, again=False
        )

    def _failed_document(self, what: str = "") -> RenderFailed | None:
        failure = self.document_failure
        return None if failure is None else RenderFailed(what + failure.detail, failure.outcome, again=failure.again)

    async def close(self) -> bool:
        """Give the context back. False when the browser did not manage to, and should be replaced."""
        if self._context is None:
            return True
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._context.unroute_all(behavior="ignoreErrors")
                await self._context.close()
        except (TimeoutError, PlaywrightError):
            return False
        return True

    async def _open(self, page: Page, url: str) -> None:
        """Go to the page and wherever it redirects; a document that fails ends the rendering."""
        for _ in range(_MAX_DOCUMENTS):
            self.moved_to = ""
            try:
                await page.goto(url, wait_until="commit", timeout=0)
            except PlaywrightError as error:
                if self.moved_to:
                    url = self.moved_to
                    continue
                unopened = RenderFailed(f"页面打不开：{error.message.splitlines()[0][:160]}")
                raise self._failed_document() or unopened from error
            await self._wait_loaded(page)
            return
        raise RenderFailed("渲染时重定向次数过多")

    async def _wait_loaded(self, page: Page) -> None:
        """Wait for the load event, half of the time there is at most; a refused redirect keeps it from coming."""
        seconds = int(self.settings.render_timeout_seconds / 2)
        for _ in range(max(1, seconds)):
            try:
                await page.wait_for_load_state("load", timeout=1000)
            except PlaywrightTimeout:
                if self.moved_to or (self.document_failure and self._loading == 0):
                    return
            else:
                return
        self.not_captured.append((page.url, "页面未在限时的一半内加载完，按当时所见截取"))

    async def _settle(self, page: Page) -> None:
        """Wait until nothing has been loading for `render_settle_seconds`, at most ten times as long."""
        pause = self.settings.render_settle_seconds
        for _ in range(10):
            busy_before = self._loading
            await asyncio.sleep(pause)
            if self._loading == busy_before == 0:
                break
        if self.moved_to:  # the page's own script sent it on to something that redirects
            await self._open(page, self.moved_to)

    async def _scroll(self, page: Page) -> None:
        """Down and up again, so that images which wait to be seen are loaded."""
        bottom = min(await _height(page), self.settings.max_screenshot_height)
        step = max(self.settings.viewport[1], bottom // _SCROLL_STEPS)
        for top in [*range(step, bottom, step), 0]:
            await page.evaluate("top => window.scrollTo(0, top)", top)
            await asyncio.sleep(_SCROLL_PAUSE_SECONDS)

    async def _screenshot(self, page: Page) -> bytes:
        height, limit = await _height(page), self.settings.max_screenshot_height
        timeout = (
            self.settings.render_timeout_seconds * 1000 / 3
        )  # fails before the whole: a page without body hangs it
        if height <= limit:
            return await page.screenshot(full_page=True, animations="disabled", timeout=timeout)
        self.not_captured.append((page.url, f"页面高 {height} 像素，截图只含上部 {limit} 像素"))
        width = self.settings.viewport[0]
        return await page.screenshot(
            full_page=True,
            animations="disabled",
            timeout=timeout,
            clip={"x": 0, "y": 0, "width": width, "height": limit},
        )

    async def _answer(self, route: Route, request: Request) -> None:
        """Answer one request of the browser, or refuse it and say why."""
        if (reason := self._refusal(request)) is not None:
            await self._abort(route, request.url, reason)
            return
        self._loading += 1
        self._requests += 1
        try:
            await self._load(route, request)
        finally:
            self._loading -= 1

    def _refusal(self, request: Request) -> str | None:
        if self._is_popup(request):
            return "不采集弹出窗口"
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
            self._documents += 1
            self.moved_to, self.document_failure = "", None
            if self._documents > _MAX_DOCUMENTS * 2:
                await self._turn_back(route, request.url, FetchFailed(Outcome.UNKNOWN, "页面反复跳转", again=False))
                return
            if self._documents > 1 and not self.scripts:
                stays = FetchFailed(Outcome.OUT_OF_SCOPE, "停用脚本时不跟随页面的跳转", again=False)
                await self._turn_back(route, request.url, stays)
                return
        asked_url = without_fragment(request.url)
        known = self.documents.get(asked_url) if is_document and request.method == "GET" else None
        try:
            if known is None:
                chain = await self.load(await self._request(request, is_document))
                self.exchanges.extend(chain)
                known = chain[-1]
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

    def _is_page_itself(self, request: Request) -> bool:
        """False for what is inside the page: its parts and frames."""
        return request.is_navigation_request() and self._page is not None and request.frame is self._page.main_frame

    def _is_popup(self, request: Request) -> bool:
        if not request.is_navigation_request():
            return False
        try:
            return request.frame.page is not self._page
        except PlaywrightError:  # the window it is for does not exist yet
            return True

    async def _request(self, request: Request, is_document: bool) -> BrowserRequest:
        headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _NOT_FORWARDED]
        if self._context is not None and request.resource_type in _WITH_COOKIES:
            cookies = await self._context.cookies(request.url)
            if cookies:
                headers.append(("cookie", "; ".join(f"{item['name']}={item['value']}" for item in cookies)))
        return BrowserRequest(request.url, request.method, tuple(headers), request.post_data_buffer or b"", is_document)

    async def _turn_back(self, route: Route, url: str, failure: FetchFailed) -> None:
        """Refuse to let the page itself go on."""
        self.document_failure = failure
        if self._documents > 1:
            self.turned_back = failure.detail
        await self._abort(route, url, failure.detail)

    async def _abort(self, route: Route, url: str | None, reason: str) -> None:
        if url is not None:
            self.not_captured.append((url[:2048], reason))
        # An aborted navigation leaves the page that is shown where it is; a failed one would show an error in its place
        await _quietly(route.abort("aborted"))


async def _fulfill(route: Route, exchange: Exchange, body: bytes) -> None:
    headers: dict[str, str] = {}
    for name, value in exchange.response_headers:
        key = name.lower()
        if key in _NOT_FULFILLED:
            continue
        # The protocol takes one text a name; Chromium splits cookies at newlines
        separator = "\n" if key == "set-cookie" else ", "
        headers[key] = f"{headers[key]}{separator}{value}" if key in headers else value
    await _quietly(route.fulfill(status=exchange.status, headers=headers, body=body))


async def _quietly(answer: Awaitable[None]) -> None:
    """An answer to a page that has gone on or closed meanwhile is of no use to anybody."""
    try:
        await answer
    except PlaywrightError:
        return


async def _height(page: Page) -> int:
    """Height of the page in CSS pixels. The page may have tampered with what it reports."""
    height = await page.evaluate(
        "() => Math.max(document.documentElement?.scrollHeight ?? 0, document.body?.scrollHeight ?? 0)"
    )
    return int(height) if isinstance(height, int | float) and 0 <= height < 1e9 else 0


async def _has_body(page: Page) -> bool:
    return bool(await page.evaluate("() => document.body !== null && document.body.childNodes.length > 0"))


async def _dismiss(dialog: Dialog) -> None:
    await _quietly(dialog.dismiss())


async def _close_popup(other: Page, page: Page) -> None:
    if other is not page:
        await _quietly(other.close())
