"""Rendering in the real browser. Its requests are answered from a dictionary here; a canary counts what escapes."""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from playwright.async_api import Error as PlaywrightError

from crawler.failure import FetchFailed
from crawler.fetching.browser_request import BrowserRequest, Load
from crawler.fetching.redirects import Chain
from crawler.rendering.render import Renderer, RenderFailed
from domain.outcome import Outcome
from domain.page import Exchange
from domain.visits import Rendering
from tests.crawler_runtime.fakes import now, settings

URL = "http://page.example/"
HTML = (("Content-Type", "text/html; charset=utf-8"),)
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def exchange(url: str, body: bytes, headers: tuple[tuple[str, str], ...] = HTML, status: int = 200) -> Exchange:
    return Exchange(url, "GET", (), status, "OK", headers, body, now(), "127.0.0.1", "browser")


def loader(pages: Mapping[str, bytes], asked: list[BrowserRequest] | None = None) -> Load:
    """Answers from `pages`; anything else is refused as out of scope."""

    async def load(request: BrowserRequest) -> Chain:
        if asked is not None:
            asked.append(request)
        body = pages.get(request.url)
        if body is None:
            return Chain((), FetchFailed(Outcome.OUT_OF_SCOPE, "不在范围内", again=False))
        kind = "text/javascript" if request.url.endswith(".js") else HTML[0][1]
        headers = (("Content-Type", kind), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
        return Chain((exchange(request.url, body, headers),))

    return load


def page(inside: str) -> bytes:
    return f"<html><head><title>标题</title></head><body>{inside}</body></html>".encode()


def render(pages: Mapping[str, bytes], asked: list[BrowserRequest] | None = None, **changes: object) -> Rendering:
    async def run(renderer: Renderer) -> Rendering:
        return await renderer.render(URL, loader(pages, asked))

    shown: Rendering = with_renderer(run, **changes)
    return shown


def with_renderer(run: Callable[[Renderer], Awaitable[Any]], **changes: object) -> Any:
    async def wrapped() -> Any:
        renderer = Renderer(settings(**changes), now)
        try:
            return await run(renderer)
        finally:
            await renderer.close()

    return asyncio.run(wrapped())


def size(png: bytes) -> tuple[int, int]:
    assert png.startswith(PNG_SIGNATURE)
    width, height = struct.unpack(">II", png[16:24])
    return width, height


@pytest.fixture
def canary() -> Iterator[tuple[int, list[object]]]:
    """A port that nobody should connect to, and the connections it got."""
    caught: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        stopping = threading.Event()

        def watch() -> None:
            while not stopping.is_set():
                try:
                    caught.append(listener.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=watch)
        thread.start()
        yield listener.getsockname()[1], caught
        stopping.set()
        thread.join()


def test_shows_what_scripts_build() -> None:
    pages = {
        URL: page('<div id="app"></div><script src="/a.js"></script><img src="/missing.png">'),
        URL + "a.js": """document.cookie = "c=3"; app.textContent = "治疗" + "中心" + navigator.language
            + Intl.DateTimeFormat().resolvedOptions().timeZone; fetch("/data.html")""".encode(),
        URL + "data.html": b"{}",
    }
    asked: list[BrowserRequest] = []
    shown = render(pages, asked)
    assert "治疗中心zh-CNAsia/Shanghai" in shown.dom_html
    assert (shown.title, shown.final_url, shown.viewport) == ("标题", URL, (1280, 900))
    assert size(shown.screenshot_png) == (1280, 900)
    assert shown.browser.startswith("Chromium ")
    assert "YiguangBot" in shown.user_agent
    assert [item.url for item in shown.exchanges] == [URL, URL + "a.js", URL + "data.html"]
    assert (URL + "missing.png", "不在范围内") in shown.not_captured
    assert shown.started_at <= shown.ended_at
    assert shown.started_at.utcoffset() == timedelta(0)
    by_url = {request.url: request for request in asked}
    assert by_url[URL].is_document
    assert not by_url[URL + "a.js"].is_document
    cookies = dict(by_url[URL + "data.html"].headers)["cookie"]
    assert {"a=1", "b=2", "c=3"} == set(cookies.split("; "))


def test_a_cookie_beyond_ascii_is_the_same_for_the_page_and_its_server() -> None:
    pages = {URL: page("<script>document.title = document.cookie; fetch('/data')</script>"), URL + "data": b"{}"}
    cookies: list[str] = []

    async def load(request: BrowserRequest) -> Chain:
        cookies.append(dict(request.headers).get("cookie", ""))
        headers = (*HTML, ("Set-Cookie", "place=" + "门诊".encode().decode("latin-1")))
        return Chain((exchange(request.url, pages[request.url], headers),))

    async def run(renderer: Renderer) -> Rendering:
        return await renderer.render(URL, load)

    shown = with_renderer(run)
    assert (shown.title, cookies) == ("place=门诊", ["", "place=门诊"])


def test_a_route_of_a_script_application_is_shown_from_the_bytes_already_fetched() -> None:
    document = exchange(URL, page('<div id="app"></div><script>app.textContent = "路由" + location.hash</script>'))

    async def run(renderer: Renderer) -> Rendering:
        return await renderer.render(URL + "#/claim", loader({}), document)

    shown = with_renderer(run)
    assert "路由#/claim" in shown.dom_html
    assert (shown.final_url, shown.exchanges) == (URL + "#/claim", ())


def test_lazy_images_are_scrolled_to() -> None:
    script = """new IntersectionObserver(seen => { if (seen[0].isIntersecting) fetch("/seen.html") }).observe(end)"""
    pages = {
        URL: page(f'<div style="height:5000px"></div><div id="end">尾</div><script>{script}</script>'),
        URL + "seen.html": b"",
    }
    shown = render(pages)
    assert URL + "seen.html" in [item.url for item in shown.exchanges]
    width, height = size(shown.screenshot_png)
    assert width == 1280
    assert height > 5000


def test_a_very_tall_page_is_cut_and_says_so() -> None:
    shown = render({URL: page('<div style="height:90000px">高</div>')}, max_screenshot_height=2000)
    assert size(shown.screenshot_png) == (1280, 2000)
    assert any("截图只含上部 2000 像素" in reason for _, reason in shown.not_captured)


def test_what_is_not_captured_is_noted_once_and_not_without_end() -> None:
    asks = """const film = n => new Promise(done => { const v = document.createElement("video"); v.onerror = done;
        v.src = "http://film.example/" + n; v.load(); });
      (async () => { for (let n = 0; n < 30; n++) await film(n % 12); document.title = "asked"; })();"""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("crawler.rendering.page_requests._MOST_LEFT_OUT", 10)
        shown = render({URL: page(f"<p>正文</p><script>{asks}</script>")}, render_settle_seconds=2.0)
    assert shown.title == "asked"
    films = [url for url, _ in shown.not_captured[:-1]]
    assert films == [f"http://film.example/{number}" for number in range(10)]
    assert shown.not_captured[-1] == (URL, "另有 4 次请求未采集，不再逐项列出")


def test_nothing_reaches_the_network_but_through_us(canary: tuple[int, list[object]]) -> None:
    port, caught = canary
    there = f"127.0.0.1:{port}"
    tricks = f"""
      new WebSocket("ws://{there}/"); new EventSource("http://{there}/e"); navigator.sendBeacon("http://{there}/b", "x");
      fetch("http://{there}/f").catch(() => 0); window.open("http://{there}/w"); new Image().src = "http://{there}/i";
      fetch("http://localhost:{port}/l").catch(() => 0);
      const peer = new RTCPeerConnection({{iceServers: [{{urls: "turn:{there}?transport=tcp", username: "u", credential: "c"}}]}});
      peer.createDataChannel("d"); peer.createOffer().then(offer => peer.setLocalDescription(offer));
      navigator.serviceWorker?.register("/sw.js").catch(() => 0);
    """
    inside = f"""<link rel="preconnect" href="http://{there}"><link rel="prefetch" href="http://{there}/p">
      <iframe src="http://{there}/frame"></iframe><iframe src="file:///etc/passwd"></iframe>
      <video src="http://{there}/v.mp4"></video><form id="form" action="http://{there}/"></form>
      <p>正文</p><script>{tricks}</script>"""
    shown = render({URL: page(inside)}, render_settle_seconds=0.5)
    assert caught == []
    assert "正文" in shown.dom_html
    assert "root:" not in shown.dom_html
    refused = {url for url, _ in shown.not_captured}
    assert {f"http://{there}/f", f"http://{there}/i", f"http://{there}/frame", f"http://{there}/v.mp4"} <= refused


def test_dialogs_popups_and_downloads_do_not_hold_it_up() -> None:
    script = """alert("1"); confirm("2"); prompt("3"); window.open("/other.html");
      const a = document.createElement("a"); a.href = "data:text/plain,x"; a.download = "x.txt"; a.click();
      window.onbeforeunload = () => "stay";"""
    shown = render({URL: page(f"<p>正文</p><script>{script}</script>")})
    assert "正文" in shown.dom_html


def test_a_script_that_sends_the_page_on_is_followed_and_bounded() -> None:
    moved = {URL: page('<script>location.replace("/new.html")</script>'), URL + "new.html": page("<p>新页</p>")}
    shown = render(moved, render_settle_seconds=0.5)
    assert (shown.final_url, "新页" in shown.dom_html) == (URL + "new.html", True)


@pytest.mark.parametrize("inside", ["", "<script>onload = () => { for (;;) {} }</script>"])
def test_no_load_outlives_its_rendering(inside: str) -> None:
    under_way: list[str] = []
    answers = loader(
        {URL: page(f"<script>fetch('/endless'); fetch('/data.html')</script>{inside}"), URL + "data.html": b""}
    )

    async def load(request: BrowserRequest) -> Chain:
        if not request.url.endswith("/endless"):
            return await answers(request)
        under_way.append(request.url)
        try:
            await asyncio.Event().wait()
        finally:
            under_way.remove(request.url)
        raise AssertionError("never set")

    async def run(renderer: Renderer) -> list[str]:
        try:
            shown = await renderer.render(URL, load)
        except RenderFailed:
            assert inside
        else:
            assert not inside
            assert (URL + "endless", "页面显示完时仍未收完") in shown.not_captured
            assert [item.url for item in shown.exchanges] == [URL, URL + "data.html"]
        return list(under_way)

    assert with_renderer(run, render_timeout_seconds=6.0) == []


def test_a_page_that_hangs_fails_in_time_and_the_next_one_works() -> None:
    async def run(renderer: Renderer) -> tuple[str, Rendering]:
        with pytest.raises(RenderFailed) as failed:
            await renderer.render(URL, loader({URL: page("<script>for(;;);</script>")}))
        return str(failed.value), await renderer.render(URL, loader({URL: page("<p>正常</p>")}))

    reason, shown = with_renderer(run, render_timeout_seconds=20.0)
    assert reason == "渲染超过 20 秒"
    assert "正常" in shown.dom_html


def test_the_browser_is_started_again_when_it_has_died() -> None:
    async def run(renderer: Renderer) -> Rendering:
        await renderer.render(URL, loader({URL: page("<p>一</p>")}))
        async with renderer._pool.browser() as running:
            browser = running.browser
            session = await browser.new_browser_cdp_session()
            with pytest.raises(PlaywrightError):
                await session.send("Browser.crash")
            while browser.is_connected():
                await asyncio.sleep(0.02)
        return await renderer.render(URL, loader({URL: page("<p>二</p>")}))

    assert "二" in with_renderer(run).dom_html


def test_the_browser_is_replaced_after_its_pages() -> None:
    async def run(renderer: Renderer) -> list[object]:
        browsers: list[object] = []
        for _ in range(3):
            async with renderer._pool.browser() as running:
                browsers.append(running.browser)
        return browsers

    first, second, third = with_renderer(run, renders_per_browser=2)
    assert first is second
    assert second is not third
    assert not first.is_connected()


def test_a_document_that_cannot_be_had_is_named() -> None:
    with pytest.raises(RenderFailed, match="不在范围内"):
        render({})


def test_a_page_without_the_tools_of_every_script_is_not_our_fault() -> None:
    with pytest.raises(RenderFailed, match="内建功能") as failed:
        render({URL: page("<script>window.Map = null</script>")})
    assert (failed.value.outcome, failed.value.again, failed.value.by_itself) == (Outcome.UNKNOWN, False, True)


def test_without_a_browser_the_page_fails() -> None:
    with pytest.raises(RenderFailed, match="无法启动 Chromium"):
        render({URL: page("")}, chromium_path="/nonexistent/chromium")
