"""One Chromium that runs: whether it answers, what it costs, and its end."""

import asyncio
import logging
from dataclasses import dataclass

from playwright.async_api import Browser, CDPSession
from playwright.async_api import Error as PlaywrightError

from crawler.rendering.browser_process import kill_tree, resident_bytes

logger = logging.getLogger(__name__)

_CLOSE_SECONDS = 10.0
_KILLED_SECONDS = 5.0
_DOWN_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class BrowserLimits:
    """A browser gets no new page after `pages`, or while it holds more than `worn_bytes`; at `killed_bytes`, or when it
    has not answered for `answer_seconds`, it is killed with all its pages. It is looked at every `look_seconds`."""

    pages: int
    worn_bytes: int
    killed_bytes: int
    answer_seconds: float
    look_seconds: float


@dataclass(slots=True)
class RunningBrowser:
    """`lost` is the Chinese reason why the browser was killed, empty while it was not."""

    browser: Browser
    limits: BrowserLimits
    process_id: int
    _session: CDPSession
    pages_begun: int = 0
    pages_open: int = 0
    lost: str = ""
    _worn: bool = False
    _watch: asyncio.Task[None] | None = None

    @classmethod
    async def of(cls, browser: Browser, limits: BrowserLimits) -> "RunningBrowser":
        """Take charge of a browser just started. Raises Playwright's errors when it has died already or does not answer as it
        should; then nobody would know of it, and it is closed."""
        try:
            session = await browser.new_browser_cdp_session()
            processes = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
            process_id = next(int(process["id"]) for process in processes if process["type"] == "browser")
        except BaseException:  # also when waiting for it has taken too long
            if not await _closes(browser):
                logger.warning("a browser that could not be used does not close; it ends with this process")
            raise
        running = cls(browser, limits, process_id, session)
        running._watch = asyncio.create_task(running._keep_watch())
        return running

    def takes_pages(self) -> bool:
        """False when the next page needs another browser."""
        return self.browser.is_connected() and not self.lost and not self._worn and self.pages_begun < self.limits.pages

    async def went_down(self) -> bool:
        """Whether the browser is gone. Calls fail a moment before it shows that it is."""
        for _ in range(int(_DOWN_SECONDS / 0.05)):
            if self.lost or not self.browser.is_connected():
                return True
            await asyncio.sleep(0.05)
        return False

    async def answers(self) -> bool:
        """Whether the browser answers in time."""
        try:
            async with asyncio.timeout(self.limits.answer_seconds):
                await self._session.send("Browser.getVersion")
        except (TimeoutError, PlaywrightError):
            return False
        return True

    async def close(self) -> None:
        """End the browser: asked to close, then killed."""
        if self._watch is not None:
            self._watch.cancel()
        if not await _closes(self.browser):
            await self.kill("浏览器不能关闭")

    async def kill(self, reason: str) -> None:
        """Kill the browser with all its pages, whose calls then fail."""
        self.lost = self.lost or reason
        await asyncio.to_thread(kill_tree, self.process_id)
        for _ in range(int(_KILLED_SECONDS / 0.05)):  # the driver has to notice, or calls go on waiting
            if not self.browser.is_connected():
                return
            await asyncio.sleep(0.05)

    async def _keep_watch(self) -> None:
        while self.browser.is_connected():
            await asyncio.sleep(self.limits.look_seconds)
            if not await self.answers():
                if self.browser.is_connected():
                    await self.kill(f"浏览器 {self.limits.answer_seconds:g} 秒没有响应")
                return
            used = await asyncio.to_thread(resident_bytes, self.process_id)
            self._worn = self._worn or used > self.limits.worn_bytes
            if used > self.limits.killed_bytes:
                await self.kill(f"浏览器占用内存超过 {self.limits.killed_bytes // 1_000_000} MB")
                return


async def _closes(browser: Browser) -> bool:
    """Ask a browser to close; whether it did, or had ended before."""
    if not browser.is_connected():
        return True
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await browser.close()
    except (TimeoutError, PlaywrightError):
        return False
    return True
