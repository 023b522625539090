"""Shows pages in a real browser and keeps what they showed.

The browser has no network of its own: each of its requests comes to `PageRequests` and is made by the same guarded
downloader as all others (`Load`). So the exchanges are exactly what was received, and no address escapes the check.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime

from playwright.async_api import Error as PlaywrightError

from crawler.browser import BrowserPool, BrowserUnavailable
from crawler.page_requests import BrowserRequest, Load, PageRequests
from crawler.page_session import PageSession
from crawler.render_failure import RenderFailed
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
        self._pool = BrowserPool(settings.chromium_path, settings.concurrent_renders, settings.renders_per_browser)

    async def render(
        self, url: str, load: Load, document: Exchange | None = None, *, scripts: bool = True
    ) -> Rendering:
        """Show `url`. `document` is its answer when it has been fetched already: the browser then shows those bytes.
        Without `scripts` none run, the page stays where it is, and the rendering says so.

        Raises `RenderFailed`, also after `render_timeout_seconds`.
        """
        requests = PageRequests(self._settings, load, scripts)
        session = PageSession(self._settings, self._clock, requests)
        try:
            async with self._pool.browser() as browser:
                if document is not None:
                    requests.documents[without_fragment(url)] = document
                try:
                    async with asyncio.timeout(self._settings.render_timeout_seconds):
                        return await session.show(browser, url)
                finally:
                    if not await session.close():
                        await self._pool.discard(browser)
        except TimeoutError as error:
            too_long = RenderFailed(f"渲染超过 {self._settings.render_timeout_seconds:g} 秒", Outcome.TIMEOUT)
            raise requests.led_away() or too_long from error
        except BrowserUnavailable as error:
            raise RenderFailed(str(error)) from error
        except PlaywrightError as error:
            broken = RenderFailed(f"浏览器出错：{error.message.splitlines()[0][:200]}")
            raise requests.led_away() or broken from error

    async def close(self) -> None:
        await self._pool.close()
