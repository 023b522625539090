"""Starts Chromium and keeps it fit: restarted after a crash and after a number of pages. Playwright is imported here
and in the two modules that use what this one starts."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from playwright.async_api import Browser, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

#: How long a browser may take to close before it is left to the driver, which kills it at the end.
_CLOSE_SECONDS = 10.0

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


async def launch_chromium(playwright: Playwright, path: str | None, env: Mapping[str, str] | None = None) -> Browser:
    """Start a headless Chromium. Raises `BrowserUnavailable`."""
    try:
        return await playwright.chromium.launch(
            executable_path=find_chromium(path),
            args=list(_ARGUMENTS),
            # Chromium refuses its own sandbox to root; anyone else keeps it, since pages are hostile
            chromium_sandbox=os.geteuid() != 0,
            env=None if env is None else dict(env),
        )
    except PlaywrightError as error:
        raise BrowserUnavailable(f"无法启动 Chromium：{_first_line(error)}") from error


@dataclass(slots=True)
class _Lease:
    browser: Browser
    pages_begun: int = 0
    pages_open: int = 0


class BrowserPool:
    """At most `concurrent` pages at once, in one browser that is replaced after `pages_per_browser` pages."""

    def __init__(self, chromium_path: str | None, concurrent: int, pages_per_browser: int) -> None:
        self._chromium_path = chromium_path
        self._pages_per_browser = pages_per_browser
        self._places = asyncio.Semaphore(concurrent)
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._current: _Lease | None = None

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        """A running browser for one page. Raises `BrowserUnavailable`."""
        async with self._places:
            lease = await self._lease()
            try:
                yield lease.browser
            finally:
                lease.pages_open -= 1
                if lease.pages_open == 0 and lease is not self._current:
                    await _close(lease.browser)

    async def discard(self, browser: Browser) -> None:
        """Stop using a browser that no longer obeys; it is closed when its last page is given back."""
        if self._current is not None and self._current.browser is browser:
            self._current = None

    async def close(self) -> None:
        """Close the browser and the driver."""
        if self._current is not None:
            await _close(self._current.browser)
            self._current = None
        await self._stop_driver()

    async def _lease(self) -> _Lease:
        async with self._starting:
            lease = self._current
            if lease is None or not lease.browser.is_connected() or lease.pages_begun >= self._pages_per_browser:
                if lease is not None and lease.pages_open == 0:
                    await _close(lease.browser)
                self._current = None
                lease = self._current = _Lease(await self._launch())
            lease.pages_begun += 1
            lease.pages_open += 1
            return lease

    async def _launch(self) -> Browser:
        if self._playwright is None:
            self._playwright = await async_playwright().start()
        try:
            return await launch_chromium(self._playwright, self._chromium_path)
        except BrowserUnavailable:
            await self._stop_driver()  # it may be the driver that died; the next page starts a new one
            raise

    async def _stop_driver(self) -> None:
        if self._playwright is not None:
            await self._playwright.stop()
            self._playwright = None


async def _close(browser: Browser) -> None:
    if browser.is_connected():
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await browser.close()
        except (TimeoutError, PlaywrightError):
            return  # a hung browser is killed when the driver stops


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)[:200]
