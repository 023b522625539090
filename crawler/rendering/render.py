"""Shows pages in a real browser and keeps what they showed.

The browser has no network of its own: each of its requests comes to `PageRequests` and is made by the same guarded
downloader as all others (`Load`). So the exchanges are exactly what was received, and no address escapes the check.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from playwright.async_api import Error as PlaywrightError

from crawler.addresses.urls import without_fragment
from crawler.fetching.browser_request import Load
from crawler.rendering.browser import BrowserPool, BrowserUnavailable
from crawler.rendering.page_requests import PageRequests
from crawler.rendering.page_session import PageSession
from crawler.rendering.render_failure import RenderFailed
from crawler.rendering.running_browser import BrowserLimits, RunningBrowser
from crawler.rendering.unfolding import LeftPlace
from crawler.rendering.ways import Ways
from crawler.settings import CrawlSettings
from domain.outcome import Outcome
from domain.page import Exchange
from domain.site_trials import ActionKind, PageAction
from domain.visits import Rendering

#: What a call in the page says when the page has taken away what every script needs:
#: "Page.evaluate: TypeError: Map is not a constructor".
_OWN_TOOLS = re.compile(r"\w+\.\w+: (?:Type|Reference|Range|Syntax)Error: ")

__all__ = ["RenderFailed", "Renderer"]


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
        self._pool = BrowserPool(
            settings.chromium_path, settings.concurrent_renders, limits, sandbox=settings.chromium_sandbox
        )

    async def render(
        self,
        url: str,
        load: Load,
        document: Exchange | None = None,
        *,
        ways: Ways = Ways(),  # noqa: B008  # frozen
        quotes: Sequence[str] = (),
    ) -> Rendering:
        """Show `url`. `document` is its answer when it has been fetched already: the browser then shows those bytes.
        The rendering says whether scripts were left out, what was done to the page, and where `quotes` stand. A page that
        left its place when it was to be unfolded is shown again as it is.

        When the browser goes down while it shows several pages, each is shown again in a browser of its own: the one
        that brings that down as well is to blame. Raises `RenderFailed`, also after `render_timeout_seconds`.
        """
        asked = _Asked(url, load, document, ways, quotes)
        try:
            try:
                async with self._pool.browser() as running:
                    return await self._show_unfolded(running, asked)
            except _BrowserLost:
                async with self._pool.browser_alone() as running:
                    return await self._show_unfolded(running, asked)
        except BrowserUnavailable as error:
            raise RenderFailed(str(error)) from error
        except _BrowserLost as lost:
            raise RenderFailed(f"页面使浏览器不可用：{lost}", broke_browser=True) from lost

    async def close(self) -> None:
        await self._pool.close()

    async def _show_unfolded(self, running: RunningBrowser, asked: "_Asked") -> Rendering:
        try:
            return await self._show(running, asked)
        except LeftPlace as left:
            action = PageAction(ActionKind.LEAVE, self._clock(), left.words)
            shown = await self._show(running, replace(asked, ways=replace(asked.ways, unfold=False)))
            return replace(shown, actions=(action, *shown.actions))

    async def _show(self, running: RunningBrowser, asked: "_Asked") -> Rendering:
        url, requests = asked.url, PageRequests(self._settings, asked.load, asked.ways.scripts)
        if asked.document is not None:
            requests.documents[without_fragment(url)] = asked.document
        session = PageSession(self._settings, self._clock, requests, asked.quotes, asked.ways)
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
            raise requests.led_away() or _failure_of(error) from error
        finally:
            if not await session.close():
                await self._pool.discard(running)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `Renderer.render` was asked for."""

    url: str
    load: Load
    document: Exchange | None
    ways: Ways
    quotes: Sequence[str]


def _failure_of(error: PlaywrightError) -> RenderFailed:
    said = error.message.splitlines()[0][:200]
    if _OWN_TOOLS.match(said):
        return RenderFailed(f"页面改动了浏览器的内建功能，无法显示：{said}", Outcome.UNKNOWN, again=False)
    return RenderFailed(f"浏览器出错：{said}")


class _BrowserLost(Exception):
    """The browser went down under the page. The message is Chinese."""
