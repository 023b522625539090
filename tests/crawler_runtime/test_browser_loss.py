"""Pages that bring the browser down, in the real browser: it is replaced, and only the page to blame fails."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable

import psutil
import pytest
from playwright.async_api import Browser, CDPSession
from playwright.async_api import Error as PlaywrightError

from crawler.rendering.browser import BrowserUnavailable
from crawler.rendering.browser_process import process_tree, resident_bytes
from crawler.rendering.render import Renderer, RenderFailed
from crawler.rendering.running_browser import RunningBrowser
from domain.visits import Rendering
from tests.crawler_runtime.test_render import URL, loader, page, with_renderer

HOG = """<script>const kept = []; const grow = () => { for (let i = 0; i < 8; i++) kept.push(new Uint8Array(1e7).fill(i));
  setTimeout(grow, 5); }; grow();</script>"""


def while_shown(
    inside: str, then: Callable[[RunningBrowser], Awaitable[None]]
) -> Callable[[Renderer], Awaitable[Rendering]]:
    """Runs `then` with the shared browser as soon as a page of `inside` is in it; gives the page's rendering."""

    async def run(renderer: Renderer) -> Rendering:
        shown = asyncio.create_task(renderer.render(URL, loader({URL: page(inside)})))
        while renderer._pool._current is None or not renderer._pool._current.browser.contexts:
            await asyncio.sleep(0.02)
        await then(renderer._pool._current)
        return await shown

    return run


def test_a_page_whose_process_dies_is_to_blame_and_fails_at_once() -> None:
    async def run(renderer: Renderer) -> tuple[RenderFailed, Rendering]:
        async def crash(running: RunningBrowser) -> None:
            while not (pages := running.browser.contexts[0].pages) or pages[0].url != URL:
                await asyncio.sleep(0.02)
            session = await running.browser.contexts[0].new_cdp_session(pages[0])
            crashing = asyncio.create_task(session.send("Page.crash"))
            await asyncio.wait([crashing], timeout=5)
            crashing.cancel()
            await asyncio.gather(crashing, return_exceptions=True)

        with pytest.raises(RenderFailed) as failed:
            await while_shown("<p>一</p>", crash)(renderer)
        return failed.value, await renderer.render(URL, loader({URL: page("<p>正常</p>")}))

    failure, shown = with_renderer(run, render_timeout_seconds=60.0, render_settle_seconds=1.0)
    assert str(failure) == "页面使浏览器标签页崩溃"
    assert failure.broke_browser
    assert failure.by_itself
    assert "正常" in shown.dom_html


def test_a_page_is_shown_again_when_the_browser_died_under_it() -> None:
    async def kill(running: RunningBrowser) -> None:
        os.kill(running.process_id, signal.SIGKILL)

    shown = with_renderer(while_shown("<p>无辜</p>", kill), render_settle_seconds=1.0)
    assert "无辜" in shown.dom_html


def test_a_browser_that_does_not_answer_is_killed_and_the_page_shown_in_another() -> None:
    stopped: list[int] = []

    async def stop(running: RunningBrowser) -> None:
        os.kill(running.process_id, signal.SIGSTOP)
        stopped.append(running.process_id)

    shown = with_renderer(
        while_shown("<p>无辜</p>", stop),
        browser_answer_seconds=5.0,
        browser_look_seconds=0.2,
        render_settle_seconds=1.0,
    )
    assert "无辜" in shown.dom_html
    assert not psutil.pid_exists(stopped[0]) or psutil.Process(stopped[0]).status() == psutil.STATUS_ZOMBIE


def test_a_page_that_eats_memory_is_killed_with_its_browser_and_others_go_on() -> None:
    async def run(renderer: Renderer) -> tuple[RenderFailed, Rendering]:
        hog = asyncio.create_task(renderer.render(URL, loader({URL: page(HOG)})))
        calm = await renderer.render(URL, loader({URL: page("<p>正常</p>")}))
        with pytest.raises(RenderFailed) as failed:
            await hog
        return failed.value, calm

    failure, calm = with_renderer(
        run, browser_killed_bytes=700_000_000, browser_look_seconds=0.1, render_settle_seconds=1.0
    )
    assert str(failure) == "页面使浏览器不可用：浏览器占用内存超过 700 MB"
    assert failure.broke_browser
    assert "正常" in calm.dom_html


def test_a_browser_that_has_grown_gets_no_new_page() -> None:
    async def run(renderer: Renderer) -> list[int]:
        process_ids: list[int] = []
        for _ in range(2):
            async with renderer._pool.browser() as running:
                process_ids.append(running.process_id)
                while running.takes_pages():
                    await asyncio.sleep(0.02)
        assert not process_tree(process_ids[0])
        return process_ids

    first, second = with_renderer(run, browser_worn_bytes=1, browser_look_seconds=0.1)
    assert first != second


def test_memory_is_that_of_the_whole_tree() -> None:
    async def run(renderer: Renderer) -> tuple[int, int]:
        async with renderer._pool.browser() as running:
            return resident_bytes(running.process_id), psutil.Process(running.process_id).memory_info().rss

    whole, parent = with_renderer(run)
    assert whole > 50_000_000
    assert whole < 8 * parent
    assert resident_bytes(2**22 + 1) == 0


def test_a_browser_that_does_not_start_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """One page has a browser of its own; meanwhile there is no room for a second."""

    async def no_room(*_: object, **__: object) -> Browser:
        raise BrowserUnavailable("无法启动 Chromium：内存不足")

    async def run(renderer: Renderer) -> tuple[str, Rendering]:
        async with renderer._pool.browser_alone() as running:
            with monkeypatch.context() as patched:
                patched.setattr("crawler.rendering.browser.launch_chromium", no_room)
                with pytest.raises(BrowserUnavailable) as failed:
                    await renderer._pool.browser().__aenter__()
            await (await running.browser.new_page()).close()
            return str(failed.value), await renderer.render(URL, loader({URL: page("<p>正常</p>")}))

    said, shown = with_renderer(run)
    assert "内存不足" in said
    assert "正常" in shown.dom_html


def test_a_browser_that_fails_just_after_its_start_is_not_left_running(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(_: Browser) -> CDPSession:
        raise PlaywrightError("Browser.new_browser_cdp_session: Protocol error")

    async def run(renderer: Renderer) -> list[psutil.Process]:
        async with renderer._pool.browser_alone():
            [driver] = [child for child in psutil.Process().children() if child.name().startswith("node")]
            before = driver.children()
            with monkeypatch.context() as patched:
                patched.setattr(Browser, "new_browser_cdp_session", fails)
                with pytest.raises(BrowserUnavailable, match="Protocol error"):
                    await renderer._pool.browser().__aenter__()
            assert all(child.is_running() for child in before), "the other browser goes on"
            left = [child for child in driver.children() if child not in before]
            return psutil.wait_procs(left, timeout=10)[1]

    assert with_renderer(run) == []


def test_a_driver_that_died_is_replaced() -> None:
    async def run(renderer: Renderer) -> Rendering:
        async with renderer._pool.browser_alone():
            [driver] = [child for child in psutil.Process().children() if child.name().startswith("node")]
            driver.kill()
            for _ in range(2):  # the first finds out
                try:
                    async with renderer._pool.browser():
                        break
                except BrowserUnavailable:
                    continue
        return await renderer.render(URL, loader({URL: page("<p>正常</p>")}))

    assert "正常" in with_renderer(run).dom_html
