"""One of the analysts of `desk_load` sits at a browser: how long from the key that decides to the next item on the screen.

The desk runs in a process of its own, as `yiguang serve` does, and the other people work in it, as their requests would; times are
the browser's own clock. `shown` ends two frames after the
next item is in the page; `request` is what the browser waited for the answer to the decision, `following` and `part` for what it
fetches ahead of need.
"""

import multiprocessing
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import Engine

from classifier.reference import load_reference
from crawler.rendering.browser import find_chromium
from review.reasons import load_reasons
from review.web.app import desk_app
from review.web.desk import Lexicon
from review.web.serving import Listener, serve_all
from review.web.settings import SESSION_COOKIE, WebSettings
from storage.database import open_engine

T = TypeVar("T")
LEXICONS = Path(__file__).parents[1] / "lexicons"
_LONGEST_WAIT_MS = 30_000
#: Runs before the page's own script: the moment of a key, and of the frame in which another item stands there.
_STOPWATCH = """
window.shown = []; let pressed = 0;
addEventListener('keydown', () => { pressed = performance.now() }, true);
addEventListener('DOMContentLoaded', () => {
  const slot = document.querySelector('#item-slot');
  if (slot) new MutationObserver(() => requestAnimationFrame(() => requestAnimationFrame(() => {
    if (pressed) { window.shown.push(performance.now() - pressed); pressed = 0; }
  }))).observe(slot, {childList: true});
});
"""
_WAITED = """() => performance.getEntriesByType('resource').map(e => [new URL(e.name).pathname, e.responseEnd - e.requestStart])"""


@contextmanager
def served(url: str, folder: Path, besides: Callable[[Engine], T]) -> Iterator[tuple[str, Callable[[], T]]]:
    """The desk over that database, in another process: its address, and a call that waits for what `besides` (a function of a
    module) gives there meanwhile. That raises SystemExit when it fails."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    spawning = multiprocessing.get_context("spawn")
    mine, theirs = spawning.Pipe(duplex=False)
    process = spawning.Process(target=_serve, args=(url, folder, port, besides, theirs), daemon=True)
    process.start()
    theirs.close()

    def done() -> T:
        try:
            answer: T = mine.recv()
        except EOFError:
            raise SystemExit("those who work beside the browser did not end well") from None
        return answer

    try:
        _wait_for(port, process.is_alive)
        yield f"http://127.0.0.1:{port}", done
    finally:
        process.terminate()
        process.join(30)


def browse(address: str, token: str, decisions: int, think: float, add: Callable[[str, float], None]) -> None:
    """Decide so many items by key; `add` takes a name and seconds. Raises SystemExit when the queue ends before."""
    chance = random.Random(1)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": address}])
        context.add_init_script(_STOPWATCH)
        page = context.new_page()
        page.goto(f"{address}/queue")
        page.keyboard.press("Enter")
        page.wait_for_selector("#decide", timeout=_LONGEST_WAIT_MS)
        for _ in range(decisions):
            page.wait_for_timeout(1000 * chance.uniform(0, 2 * think))
            _decide(page)
        for milliseconds in page.evaluate("window.shown"):
            add("shown", milliseconds / 1000)
        for path, milliseconds in page.evaluate(_WAITED):
            if name := _name(path):
                add(name, milliseconds / 1000)
        browser.close()


def _decide(page: Page) -> None:
    before = page.evaluate("window.shown.length")
    page.keyboard.press("c")
    page.wait_for_function("before => window.shown.length > before", arg=before, timeout=_LONGEST_WAIT_MS)


def _name(path: str) -> str:
    if path.endswith("/decide"):
        return "request"
    if path == "/following":
        return "following"
    return "part" if path.startswith("/items/") else ""


def _serve(url: str, folder: Path, port: int, besides: Callable[[Engine], T], answers: "Connection[T, T]") -> None:
    engine = open_engine(url)

    def work() -> None:
        with answers:
            answers.send(besides(engine))

    threading.Thread(target=work, daemon=True).start()
    settings = WebSettings(burst=100_000, per_second=100_000.0)
    lexicon = Lexicon(load_reasons(LEXICONS), load_reference(LEXICONS), LEXICONS)
    app = desk_app(engine, folder, settings, lambda: datetime.now(UTC), lexicon)
    serve_all([Listener(app, "127.0.0.1", port)])


def _wait_for(port: int, alive: Callable[[], bool]) -> None:
    """Raises SystemExit when nothing listens there within a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until and alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the desk did not start")
