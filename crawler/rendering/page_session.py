"""One page in one fresh browser context: opened, waited for, scrolled through, photographed."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from playwright.async_api import Browser, Dialog, Page
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeout

from crawler.pages.page_text import wait_for_text
from crawler.rendering.page_requests import PageRequests, quietly
from crawler.rendering.quote_places import locate_quotes
from crawler.rendering.render_failure import RenderFailed
from crawler.rendering.text_layout import read_layout
from crawler.rendering.unfolding import unfold
from crawler.rendering.ways import Ways
from crawler.settings import CrawlSettings
from domain.site_trials import PageAction
from domain.visits import Rendering

#: Redirects of the page itself that are followed one after another.
_MAX_MOVES = 5
_SCROLL_STEPS = 25
_SCROLL_PAUSE_SECONDS = 0.04
#: Times that a page which grew while it was scrolled through is scrolled on.
_SCROLL_ROUNDS = 3
_CLOSE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class PageSession:
    """Shows one page, whose requests `requests` answers, and finds where `quotes` stand on it."""

    settings: CrawlSettings
    clock: Callable[[], datetime]
    requests: PageRequests
    quotes: Sequence[str] = ()
    ways: Ways = Ways()

    async def show(self, browser: Browser, url: str) -> Rendering:
        started_at = self.clock()
        width, height = self.settings.viewport
        self.requests.context = context = await browser.new_context(
            user_agent=self.settings.user_agent_header,
            viewport={"width": width, "height": height},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            service_workers="block",
            accept_downloads=False,
            reduced_motion="reduce",
            java_script_enabled=self.requests.scripts,
        )
        if not self.requests.scripts:
            self.requests.leave_out(url, "页面脚本已停用")
        self.requests.page = page = await context.new_page()
        page.on("dialog", _dismiss)
        page.on("crash", lambda _: self.requests.note_crash())
        context.on("page", lambda other: _close_popup(other, page))
        await context.route("**/*", self.requests.answer)
        await self._open(page, url)
        await self._settle(page)
        actions = await self._have_it_all_shown(page)
        if not page.url.startswith(("http://", "https://")):  # the browser's own page that says what went wrong
            raise self.requests.failed_document() or RenderFailed(f"浏览器停在 {page.url[:80]}")
        if (
            self.requests.documents_asked > 1
            and (led_away := self.requests.led_away()) is not None
            and not await _has_body(page)
        ):
            raise led_away  # it left before it was parsed, and a page without a body cannot be photographed
        screenshot = await self._screenshot(page)
        size = _png_size(screenshot)
        places = await locate_quotes(page, self.quotes, size) if self.quotes else ()
        dom_html, final_url, title = await page.content(), page.url, await page.title()
        ended_at = self.clock()
        shown = await read_layout(page, size)
        await self.requests.end()
        return Rendering(
            screenshot_png=screenshot,
            dom_html=dom_html,
            final_url=final_url,
            title=title,
            browser=f"Chromium {browser.version}",
            user_agent=self.settings.user_agent_header,
            viewport=self.settings.viewport,
            started_at=started_at,
            ended_at=ended_at,
            exchanges=tuple(self.requests.exchanges),
            not_captured=self.requests.not_captured(final_url),
            turned_back=self.requests.turned_back,
            places=places,
            shown=shown,
            actions=actions,
        )

    async def close(self) -> bool:
        """Cut off what is still being loaded and give the context back. False when the browser did not manage to, and should be
        replaced."""
        await self.requests.end()
        context = self.requests.context
        if context is None:
            return True
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await context.unroute_all(behavior="ignoreErrors")
                await context.close()
        except (TimeoutError, PlaywrightError):
            return False
        return True

    async def _open(self, page: Page, url: str) -> None:
        """Go to the page and wherever it redirects; a document that fails ends the rendering."""
        for _ in range(_MAX_MOVES):
            self.requests.moved_to = ""
            try:
                await page.goto(url, wait_until="commit", timeout=0)
            except PlaywrightError as error:
                if self.requests.moved_to:
                    url = self.requests.moved_to
                    continue
                unopened = RenderFailed(f"页面打不开：{error.message.splitlines()[0][:160]}")
                raise self.requests.failed_document() or unopened from error
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
                if self.requests.moved_to or (self.requests.document_failure and self.requests.loading == 0):
                    return
            else:
                return
        self.requests.leave_out(page.url, "页面未在限时的一半内加载完，按当时所见截取")

    async def _settle(self, page: Page) -> None:
        """Wait until nothing has been loading for `render_settle_seconds`, at most ten times as long."""
        pause = self.settings.render_settle_seconds
        for _ in range(10):
            busy_before = self.requests.loading
            await asyncio.sleep(pause)
            if self.requests.loading == busy_before == 0:
                break
        if self.requests.moved_to:  # the page's own script sent it on to something that redirects
            await self._open(page, self.requests.moved_to)

    async def _have_it_all_shown(self, page: Page) -> tuple[PageAction, ...]:
        """Wait for scripts, scroll through the page, unfold what is folded."""
        if not self.ways.scripts or not page.url.startswith(("http://", "https://")):
            await self._scroll(page)
            await self._settle(page)
            return ()
        waited = await wait_for_text(page, self.ways.patience, self.settings.patience_seconds, self.clock)
        await self._scroll(page)
        await self._settle(page)
        unfolded: tuple[PageAction, ...] = ()
        if self.ways.unfold:
            unfolded = await unfold(page, self.requests, self.settings.wordings.unfolding, self.clock)
        if any(action.added_characters > 0 for action in unfolded):
            await self._scroll(page)
            await self._settle(page)
        return unfolded if waited is None else (waited, *unfolded)

    async def _scroll(self, page: Page) -> None:
        """Down and up again, so that images and lists which wait to be seen are loaded."""
        top, limit = 0, self.settings.max_screenshot_height
        for _ in range(_SCROLL_ROUNDS if self.ways.scripts else 1):
            bottom = min(await _height(page), limit)
            step, before = max(self.settings.viewport[1], bottom // _SCROLL_STEPS), top
            for place in range(top + step, bottom, step):
                await page.evaluate("top => window.scrollTo(0, top)", place)
                await asyncio.sleep(_SCROLL_PAUSE_SECONDS)
                top = place
            if top == before or bottom >= limit:
                break
            if self.requests.loading:
                await self._settle(page)
            if await _height(page) <= bottom:
                break
        await page.evaluate("() => window.scrollTo(0, 0)")
        await asyncio.sleep(_SCROLL_PAUSE_SECONDS)

    async def _screenshot(self, page: Page) -> bytes:
        height, limit = await _height(page), self.settings.max_screenshot_height
        timeout = (
            self.settings.render_timeout_seconds * 1000 / 3
        )  # fails before the whole: a page without body hangs it
        if height <= limit:
            return await page.screenshot(full_page=True, animations="disabled", timeout=timeout)
        self.requests.leave_out(page.url, f"页面高 {height} 像素，截图只含上部 {limit} 像素")
        width = self.settings.viewport[0]
        return await page.screenshot(
            full_page=True,
            animations="disabled",
            timeout=timeout,
            clip={"x": 0, "y": 0, "width": width, "height": limit},
        )


def _png_size(png: bytes) -> tuple[int, int]:
    """Width and height as its head says (PNG, 11.2.2)."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


async def _height(page: Page) -> int:
    """Height of the page in CSS pixels. The page may have tampered with what it reports."""
    height = await page.evaluate(
        "() => Math.max(document.documentElement?.scrollHeight ?? 0, document.body?.scrollHeight ?? 0)"
    )
    return int(height) if isinstance(height, int | float) and 0 <= height < 1e9 else 0


async def _has_body(page: Page) -> bool:
    return bool(await page.evaluate("() => document.body !== null && document.body.childNodes.length > 0"))


async def _dismiss(dialog: Dialog) -> None:
    await quietly(dialog.dismiss())


async def _close_popup(other: Page, page: Page) -> None:
    if other is not page:
        await quietly(other.close())
