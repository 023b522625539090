"""Shows pages in a real browser and keeps what they showed.

The browser has no network of its own: each of its requests comes to `PageRequests` and is made by the same guarded
downloader as all others (`Load`). So the exchanges are exactly what was received, and no address escapes the check.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

from playwright.async_api import Error as PlaywrightError

from crawler.browser import BrowserPool, BrowserUnavailable
from crawler.page_requests import BrowserRequest, Load, PageRequests
from crawler.page_session import PageSession
from crawler.render_failure import RenderFailed
from crawler.running_browser import BrowserLimits, RunningBrowser
from crawler.settings import CrawlSettings
from crawler.urls import without_fragment
from domain.outcome import Outcome
from domain.page import Exchange
from domain.visits import Rendering

__all__ = ["BrowserRequest", "Load", "RenderFailed", "Renderer"]


class Renderer:
    """Renders pages, a few at once. Start-up is put off until the first page."""

    def __init__(self, settings: CrawlSettings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock
        limits = BrowserLimits(
            settings.renders_per_browser,
            settings.browser_worn_bytes,
            settings.browser_killed_bytes,
            settings.browser_answer_seconds,
            settings.browser_look_seconds,
        )
        self._pool = BrowserPool(settings.chromium_path, settings.concurrent_renders, limits)

    async def render(
        self,
        url: str,
        load: Load,
        document: Exchange | None = None,
        *,
        scripts: bool = True,
        quotes: Sequence[str] = (),
    ) -> Rendering:
        """Show `url`. `document` is its answer when it has been fetched already: the browser then shows those bytes.
        Without `scripts` none run, the page stays where it is, and the rendering says so. It also says where `quotes` stand.

        When the browser goes down while it shows several pages, each is shown again in a browser of its own: the one
        that brings that down as well is to blame. Raises `RenderFailed`, also after `render_timeout_seconds`.
        """
        try:
            try:
                async with self._pool.browser() as running:
                    return await self._show(running, url, self._requests(url, load, document, scripts), quotes)
            except _BrowserLost:
                async with self._pool.browser_alone() as running:
                    return await self._show(running, url, self._requests(url, load, document, scripts), quotes)
        except BrowserUnavailable as error:
            raise RenderFailed(str(error)) from error
        except _BrowserLost as lost:
            raise RenderFailed(f"页面使浏览器不可用：{lost}", broke_browser=True) from lost

    async def close(self) -> None:
        await self._pool.close()

    def _requests(self, url: str, load: Load, document: Exchange | None, scripts: bool) -> PageRequests:
        requests = PageRequests(self._settings, load, scripts)
        if document is not None:
            requests.documents[without_fragment(url)] = document
        return requests

    async def _show(
        self, running: RunningBrowser, url: str, requests: PageRequests, quotes: Sequence[str]
    ) -> Rendering:
        session = PageSession(self._settings, self._clock, requests, quotes)
        try:
            async with asyncio.timeout(self._settings.render_timeout_seconds):
                return await session.show(running.browser, url)
        except TimeoutError as error:
            too_long = RenderFailed(f"渲染超过 {self._settings.render_timeout_seconds:g} 秒", Outcome.TIMEOUT)
            raise requests.led_away() or too_long from error
        except PlaywrightError as error:
            if requests.crashed:
                raise RenderFailed("页面使浏览器标签页崩溃", broke_browser=True) from error
            if await running.went_down():
                raise _BrowserLost(running.lost or "浏览器崩溃") from error
            broken = RenderFailed(f"浏览器出错：{error.message.splitlines()[0][:200]}")
            raise requests.led_away() or broken from error
        finally:
            if not await session.close():
                await self._pool.discard(running)


class _BrowserLost(Exception):
    """The browser went down under the page. The message is Chinese."""
