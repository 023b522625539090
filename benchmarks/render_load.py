"""What the renderer costs over many pages, beside a bare Playwright loop with as many pages open, in one run.

    python -m benchmarks.render_load 600 [--bare 300] [--open 2]

The pages are invented, come out of memory, and are of four kinds: plain, built by scripts, long with images that wait to be
scrolled to, and (one in a hundred, ours only) with a script that never ends. Both ways show pages of the same kinds in the same shares, wait
for the same time for them to settle, scroll and photograph them whole; rounds of both are interleaved, so that a busy machine slows both
alike. The bare loop may show fewer pages: its pace is known after some hundreds, and it takes as long as ours. Memory is that of this process, the browser's driver and the browser, sampled every second, what they share counted
once. Starting a browser is left out on both sides. A stall is the time in which no page was finished. Exit 1 when a goal is missed.
"""

import argparse
import asyncio
import os
import struct
import sys
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from playwright.async_api import Browser, Route, async_playwright

from crawler.failure import FetchFailed
from crawler.fetching.browser_request import BrowserRequest
from crawler.fetching.redirects import Chain
from crawler.rendering.browser import launch_chromium
from crawler.rendering.browser_process import resident_bytes
from crawler.rendering.render import Renderer, RenderFailed
from crawler.settings import CrawlSettings
from crawler.wordings import load_wordings
from domain.outcome import Outcome
from domain.page import Exchange

MAX_BYTES = 1_500_000_000
MAX_STALL_SECONDS = 120.0
MIN_RATIO = 0.8
ROUNDS = 10
SETTLE_SECONDS = 0.2
ENDLESS_EVERY = 100
SITE = "http://pages.example"
LEXICONS = Path(__file__).parent.parent / "lexicons"


@dataclass(slots=True)
class Pace:
    """When pages were finished, and how many of them in which way."""

    pages: int = 0
    failed: int = 0
    seconds: float = 0.0
    longest_stall: float = 0.0
    _last: float = field(default_factory=time.perf_counter)

    def begin(self) -> None:
        self._last = time.perf_counter()

    def finished(self, failed: bool) -> None:
        now = time.perf_counter()
        self.longest_stall = max(self.longest_stall, now - self._last)
        self._last = now
        self.pages += 1
        self.failed += failed


def page_of(number: int, endless: bool) -> bytes:
    """The page as sent; the same number gives the same page."""
    lines = "".join(f"<p>门诊安排第{line}项：请携带身份证到{number % 9 + 1}号窗口取号。</p>" for line in range(30))
    match number % 3:
        case _ if endless:
            inside = f"{lines}<script>for(;;);</script>"
        case 0:
            inside = lines
        case 1:
            inside = f"<div id=app></div><script>app.innerHTML = {lines!r}.repeat(4)</script>"
        case _:
            pictures = "".join(f'<img loading=lazy width=600 height=400 src="/{number}-{n}.png">' for n in range(8))
            inside = f"{lines}{pictures}"
    return f"<!doctype html><meta charset=utf-8><title>第{number}页</title><body>{inside}</body>".encode()


def picture(number: int) -> bytes:
    """A PNG of 600 x 400 grey pixels."""
    rows = (b"\0" + bytes([number % 256]) * 600) * 400

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 600, 400, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def answer(url: str) -> tuple[bytes, str]:
    name = url.removeprefix(SITE).strip("/")
    if name.endswith(".png"):
        return picture(len(name)), "image/png"
    kind, _, number = name.partition("-")
    if not number.isdigit():
        raise FetchFailed(Outcome.HTTP_GONE, "没有", again=False)
    return page_of(int(number), kind == "endless"), "text/html; charset=utf-8"


async def load(request: BrowserRequest) -> Chain:
    try:
        body, kind = answer(request.url)
    except FetchFailed as failure:
        return Chain((), failure)
    now, fields = datetime.now(UTC), (("Content-Type", kind),)
    return Chain((Exchange(request.url, "GET", (), 200, "OK", fields, body, now, "127.0.0.1", "browser"),))


async def run_all(urls: list[str], at_once: int, show: Callable[[str], Awaitable[bool]], pace: Pace) -> None:
    """Show pages, a few at once; `show` says whether it went well."""
    waiting = list(reversed(urls))
    pace.begin()
    before = time.perf_counter()

    async def work() -> None:
        while waiting:
            pace.finished(failed=not await show(waiting.pop()))

    await asyncio.gather(*(work() for _ in range(at_once)))
    pace.seconds += time.perf_counter() - before


async def show_bare(browser: Browser, settings: CrawlSettings, url: str) -> bool:
    """What anybody would write with Playwright."""
    context = await browser.new_context(viewport={"width": 1280, "height": 900}, locale="zh-CN")
    page = await context.new_page()

    async def fulfill(route: Route) -> None:
        body, kind = answer(route.request.url)
        await route.fulfill(status=200, headers={"content-type": kind}, body=body)

    await context.route("**/*", fulfill)
    await page.goto(url, wait_until="load")
    await asyncio.sleep(settings.render_settle_seconds)
    height = int(await page.evaluate("document.documentElement.scrollHeight"))
    for top in [*range(900, height, 900), 0]:
        await page.evaluate("top => window.scrollTo(0, top)", top)
        await asyncio.sleep(0.04)
    await asyncio.sleep(settings.render_settle_seconds)
    await page.screenshot(full_page=True, animations="disabled")
    await page.content()
    await context.close()
    return True


async def watch_memory(peak: list[int]) -> None:
    while True:
        peak[0] = max(peak[0], await asyncio.to_thread(resident_bytes, os.getpid()))
        await asyncio.sleep(1)


async def measure(pages: int, bare_pages: int, at_once: int) -> tuple[Pace, Pace, Pace, int, int]:
    """Ours over pages that end, bare over the first of each round, ours over those that never end; both peaks in bytes."""
    settings = CrawlSettings(
        wordings=load_wordings(LEXICONS / "web"),
        concurrent_renders=at_once,
        render_settle_seconds=SETTLE_SECONDS,
        render_timeout_seconds=20.0,
    )
    ours, bare, endless, peak = Pace(), Pace(), Pace(), [0]
    peak_bare = [0]
    renderer = Renderer(settings, lambda: datetime.now(UTC))

    async def show_ours(url: str) -> bool:
        try:
            await renderer.render(url, load)
        except RenderFailed:
            return False
        return True

    size = max(1, pages // ROUNDS)
    for first in range(0, pages, size):
        numbers = range(first, min(first + size, pages))
        urls = [f"{SITE}/page-{number}" for number in numbers]
        never_ending = [f"{SITE}/endless-{number}" for number in numbers if number % ENDLESS_EVERY == ENDLESS_EVERY - 1]
        watch = asyncio.create_task(watch_memory(peak))
        await show_ours(urls[0])
        await run_all(urls, at_once, show_ours, ours)
        await run_all(never_ending, at_once, show_ours, endless)
        await renderer.close()  # or its browser would be there, idle, in the bare round
        watch.cancel()
        watch = asyncio.create_task(watch_memory(peak_bare))  # sampling costs time, so it goes on in both rounds
        async with async_playwright() as playwright:
            browser = await launch_chromium(playwright, settings.chromium_path)
            await show_bare(browser, settings, urls[0])
            share = max(1, len(urls) * bare_pages // pages)
            await run_all(urls[:share], at_once, partial(show_bare, browser, settings), bare)
            await browser.close()
        watch.cancel()
        print(
            f"{ours.pages} of {pages} pages: ours {ours.pages / ours.seconds:.2f} pages/s, bare {bare.pages / bare.seconds:.2f}",
            file=sys.stderr,
            flush=True,
        )
    return ours, bare, endless, peak[0], peak_bare[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=int)
    parser.add_argument("--bare", type=int, help="pages of the bare loop (default: as many, at most 1000)")
    parser.add_argument("--open", type=int, default=2, help="pages open at once")
    arguments = parser.parse_args()
    ours, bare, endless, peak, peak_bare = asyncio.run(
        measure(arguments.pages, min(arguments.bare or 1000, arguments.pages), arguments.open)
    )
    ratio = (ours.pages / ours.seconds) / (bare.pages / bare.seconds)
    stall = max(ours.longest_stall, endless.longest_stall)
    print(f"ours  {ours.pages} pages, {ours.failed} not shown, {ours.pages / ours.seconds:.2f} pages/s")
    print(f"      {endless.pages} more with a script that never ends, {endless.failed} of them given up")
    print(f"bare  {bare.pages} pages, {bare.pages / bare.seconds:.2f} pages/s")
    print(
        f"throughput ratio {ratio:.2f} (goal {MIN_RATIO}), longest stall {stall:.0f} s (goal {MAX_STALL_SECONDS:.0f})"
    )
    print(
        f"peak memory of crawler, driver and browser {peak / 1e6:.0f} MB (goal {MAX_BYTES / 1e6:.0f}), bare {peak_bare / 1e6:.0f}"
    )
    well = ours.failed == 0 and endless.failed == endless.pages
    return 0 if well and ratio >= MIN_RATIO and stall <= MAX_STALL_SECONDS and peak < MAX_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
