"""Starts Chromium and replaces it: after a crash or a hang, after a number of pages, when it has grown too large.
Playwright is imported here and in the modules that use what this one starts."""

import asyncio
import logging
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from playwright.async_api import Browser, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

from crawler.rendering.running_browser import BrowserLimits, RunningBrowser

logger = logging.getLogger(__name__)

#: How long driver and browser together may take to start, and the driver to stop.
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0

#: How Chromium begins its complaint when the system lets it make neither kind of sandbox.
_NO_SANDBOX = "No usable sandbox"

_ARGUMENTS = (
    # Every request is answered by us (render.py); what slips past finds no address, be it a socket or a prefetch
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-gpu",
    "--no-first-run",
)


class BrowserUnavailable(Exception):
    """Chromium cannot be started. The message is Chinese."""


def find_chromium(configured: str | None) -> str | None:
    """The browser to start: the configured one, else one on the PATH, else None for Playwright's own."""
    if configured is not None:
        return configured
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next((path for path in found if path is not None), None)


async def launch_chromium(
    playwright: Playwright, path: str | None, *, sandbox: bool = True, env: Mapping[str, str] | None = None
) -> Browser:
    """Start a headless Chromium, without its sandbox only when told so or run by root. Raises `BrowserUnavailable`."""
    try:
        return await playwright.chromium.launch(
            executable_path=find_chromium(path),
            args=list(_ARGUMENTS),
            # Chromium refuses its own sandbox to root; anyone else keeps it, since pages are hostile
            chromium_sandbox=sandbox and os.geteuid() != 0,
            env=None if env is None else dict(env),
        )
    except PlaywrightError as error:
        raise BrowserUnavailable(f"无法启动 Chromium：{_why_not(error)}") from error


class BrowserPool:
    """At most `concurrent` pages at once, in one browser that is replaced when it is worn (`BrowserLimits`)."""

    def __init__(self, chromium_path: str | None, concurrent: int, limits: BrowserLimits, *, sandbox: bool) -> None:
        self._chromium_path = chromium_path
        self._sandbox = sandbox
        self._limits = limits
        self._places = asyncio.Semaphore(concurrent)
        self._starting = asyncio.Lock()
        self._alone = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._current: RunningBrowser | None = None
        self._running: list[RunningBrowser] = []

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[RunningBrowser]:
        """A running browser for one page, which may have others too. Raises `BrowserUnavailable`."""
        async with self._places:
            running = await self._take()
            try:
                yield running
            finally:
                running.pages_open -= 1
                if running.pages_open == 0 and running is not self._current:
                    await self._end(running)

    @asynccontextmanager
    async def browser_alone(self) -> AsyncIterator[RunningBrowser]:
        """A browser of its own for one page, so that nothing else suffers by it. Raises `BrowserUnavailable`."""
        async with self._alone, self._places:
            async with self._starting:
                running = await self._launch()
            try:
                yield running
            finally:
                await self._end(running)

    async def discard(self, running: RunningBrowser) -> None:
        """Stop using a browser that no longer obeys; it is closed when its last page is given back."""
        if self._current is running:
            self._current = None

    async def close(self) -> None:
        """Close the browsers and the driver."""
        self._current = None
        for running in list(self._running):
            await self._end(running)
        await self._stop_driver()

    async def _take(self) -> RunningBrowser:
        async with self._starting:
            running = self._current
            if running is None or not running.takes_pages():
                self._current = None
                if running is not None and running.pages_open == 0:
                    await self._end(running)
                running = self._current = await self._launch()
            running.pages_begun += 1
            running.pages_open += 1
            return running

    async def _launch(self) -> RunningBrowser:
        try:
            async with asyncio.timeout(_START_SECONDS):
                if self._playwright is None:
                    self._playwright = await async_playwright().start()
                browser = await launch_chromium(self._playwright, self._chromium_path, sandbox=self._sandbox)
                running = await RunningBrowser.of(browser, self._limits)
        except (TimeoutError, BrowserUnavailable, PlaywrightError) as error:
            if not await self._others_answer():
                await self._stop_driver()  # it may be what died; the next page starts a new one
            if isinstance(error, BrowserUnavailable):
                raise
            raise BrowserUnavailable(f"无法启动 Chromium：{_first_line(error)}") from error
        self._running.append(running)
        return running

    async def _others_answer(self) -> bool:
        """Whether a browser answers, and so the driver."""
        for running in list(self._running):
            if await running.answers():
                return True
        return False

    async def _end(self, running: RunningBrowser) -> None:
        if running in self._running:
            self._running.remove(running)
            await running.close()

    async def _stop_driver(self) -> None:
        playwright, self._playwright = self._playwright, None
        if playwright is not None:
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await playwright.stop()
            except TimeoutError:
                logger.warning("the browser's driver does not stop; it ends with this process")


def _why_not(error: PlaywrightError) -> str:
    """What Chromium itself gave as the reason, which stands deep in the log that Playwright hands on."""
    said = str(error)
    if _NO_SANDBOX in said or "Failed to move to new namespace" in said:
        return (
            "本机不允许它的沙箱（用户命名空间）。请放行用户命名空间（容器见 deploy/README.md），"
            "或设置 YIGUANG_CHROMIUM_SANDBOX=off 不用沙箱运行（有风险：被巡查的网页都不可信）"
        )
    return _first_line(error)


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200]
