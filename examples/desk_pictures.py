"""Draws the pictures of the desk in docs/images anew, from a night over the sample web.

    python -m examples.desk_pictures [FOLDER]

Accounts and decisions are made up; the clinics are those of the sample web. Takes about three minutes.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, ViewportSize, sync_playwright

from crawler.rendering.browser import find_chromium
from domain.reviews import ItemState, Verdict
from domain.roles import Role
from examples.run_night import SAMPLE_PACE
from examples.web.server import SampleWeb
from review.accounts import Account, Accounts
from review.decisions import Decisions
from review.items import Filters
from review.passwords import Passwords
from review.queue import ReviewQueue
from storage.database import open_engine
from yiguang.home import utc_now

IMAGES = Path(__file__).parents[1] / "docs" / "images"
REGISTRY = Path(__file__).parent / "registry.csv"
PASSWORD = "only for pictures 2026"  # noqa: S105  # of a desk that lives for three minutes
PEOPLE = (("lin", "林晓", Role.ANALYST), ("zhou", "周宁", Role.REVIEWER), ("xu", "许可", Role.ADMIN), ("he", "何平", Role.AUDITOR),
          ("tang", "唐越", Role.EDITOR), ("sun", "孙岚", Role.OFFICER))  # fmt: skip
WIDE, TABLET = ViewportSize(width=1366, height=768), ViewportSize(width=1024, height=768)


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, SampleWeb() as web:
        home = Path(made) / "home"
        environ = _night(web, home)
        people = _people(home)
        item_id = _decide(home, people)
        with _served(environ) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=find_chromium(None), args=["--no-sandbox"])
            by_name = {
                name: _signed_in(browser.new_context(viewport=WIDE, locale="zh-CN"), address, name)
                for name, *_ in PEOPLE
            }
            _draw(by_name, address, f"/items/{item_id}", folder)
            anybody = browser.new_page(viewport=WIDE)
            anybody.goto(f"{address}/login")
            anybody.screenshot(path=folder / "desk-login.png")
            browser.close()


def _night(web: SampleWeb, home: Path) -> Mapping[str, str]:
    home.mkdir(parents=True)
    web.write_targets(home / "targets.csv")
    web.write_hosts(home / "hosts")
    told = {"YIGUANG_HOME": str(home), "YIGUANG_HOSTS": str(home / "hosts"), "YIGUANG_OPERATOR": "青屿市网络巡查组"}
    environ = {**os.environ, **SAMPLE_PACE, **told}
    _run(environ, "init")
    _run(environ, "registry", "import", str(REGISTRY), "--source", "样例名录", "--as-of", "2026-11-01")
    _run(environ, "nightly", "--targets", str(home / "targets.csv"), fails=True)
    return environ


def _run(environ: Mapping[str, str], *arguments: str, fails: bool = False) -> None:
    """`fails`: the exit code of a night says what became of its targets."""
    done = subprocess.run(
        [_yiguang(), *arguments], env=environ, capture_output=True, text=True, check=False, timeout=600
    )
    if done.returncode and not fails:
        raise SystemExit(f"yiguang {' '.join(arguments)}: {done.stderr}")


def _yiguang() -> str:
    return str(Path(sys.executable).with_name("yiguang"))


def _people(home: Path) -> dict[str, Account]:
    accounts = Accounts(open_engine(f"sqlite:///{home / 'yiguang.sqlite'}"), utc_now, Passwords())
    return {name: accounts.create(name, role, "admin", PASSWORD, display)[0] for name, display, role in PEOPLE}


def _decide(home: Path, people: Mapping[str, Account]) -> int:
    """Some first and second readings, so that every page has something to show; the id of a lead that is still to be read."""
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    queue, desk = ReviewQueue(engine, utc_now), Decisions(engine, utc_now)
    for account, count in ((people["lin"], 9), (people["zhou"], 5)):
        for number in range(count):
            item = queue.next_item(account)
            if item is None:
                break
            verdict = Verdict.DISMISS if number % 4 == 3 else Verdict.CONFIRM
            reason = "negated" if verdict is Verdict.DISMISS else ""
            desk.decide(account, item.id, verdict, reason, expected_version=item.version)
    confirmed = queue.items(people["zhou"], Filters(states=(ItemState.CONFIRMED,)))
    out = home / "移送"
    for item in confirmed[:2]:
        environ = {**os.environ, "YIGUANG_HOME": str(home), "YIGUANG_OPERATOR": "青屿市网络巡查组"}
        _run(environ, "refer", str(item.page_id), "--to", "amr", "--by", "sun", "--out", str(out))
    waiting = queue.items(people["lin"], Filters(states=(ItemState.WAITING,)), limit=200)
    engine.dispose()
    return next(item.id for item in waiting if item.probability is not None and item.families)


@contextmanager
def _served(environ: Mapping[str, str]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = [str(free.getsockname()[1]) for free in (one, two)]
    command = [_yiguang(), "serve", "--port", ports[0], "--viewer-port", ports[1]]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    try:
        _wait_for(int(ports[0]))
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("the desk did not start")


def _signed_in(context: BrowserContext, address: str, name: str) -> Page:
    page = context.new_page()
    page.goto(f"{address}/login")
    page.fill("input[name=name]", name)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    return page


def _draw(by_name: Mapping[str, Page], address: str, item: str, folder: Path) -> None:
    lin, zhou = by_name["lin"], by_name["zhou"]

    def shot(page: Page, name: str, path: str = "", *, whole: bool = False) -> None:
        if path:
            page.goto(f"{address}{path}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=folder / f"desk-{name}.png", full_page=whole)

    shot(lin, "queue", "/queue")
    shot(lin, "item", item)
    lin.keyboard.press("d")
    shot(lin, "reasons")
    lin.keyboard.press("Escape")
    lin.keyboard.press("?")
    shot(lin, "keys")
    lin.keyboard.press("Escape")
    lin.emulate_media(color_scheme="dark")
    shot(lin, "item-dark", item)
    lin.emulate_media(color_scheme="light")
    lin.set_viewport_size(TABLET)
    shot(lin, "tablet", item)
    lin.set_viewport_size(WIDE)
    zhou.goto(f"{address}/queue")
    zhou.keyboard.press("Enter")
    zhou.wait_for_selector("#decide")
    shot(zhou, "second")
    zhou.goto(f"{address}/queue")
    zhou.click("a[href^='/bulk/preview']")
    shot(zhou, "bulk")
    shot(by_name["sun"], "outbox", "/outbox", whole=True)
    shot(zhou, "draws", "/draws")
    shot(zhou, "figures", "/figures", whole=True)
    shot(zhou, "operator", "/operators?of=ankang-fuke.example", whole=True)
    shot(by_name["xu"], "accounts", "/accounts")
    shot(by_name["he"], "audit", "/audit")
    shot(by_name["tang"], "rule", "/rules/cure-rate")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else IMAGES)
