"""The text that a person would see of a bundle in somebody else's replay, held against the text of the captured page."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, Route, sync_playwright

from crawler.pages.extract import extract_page
from crawler.wordings import Wordings, load_wordings
from storage.canonical import read_canonical_zip
from storage.evidence.package import DOM, PAGES

LEXICONS = Path(__file__).parent.parent / "lexicons"


@dataclass(frozen=True, slots=True)
class Replay:
    """`text` without blanks; `fault` says why there is none."""

    text: str
    fault: str = ""


def captured_text(bundle: Path) -> str:
    """Of the page as the browser had it when it was captured, without blanks."""
    members = read_canonical_zip(bundle.read_bytes())
    return _text(members[DOM].decode(), _main(members[PAGES])["url"], load_wordings(LEXICONS / "web"))


def replays(address: str, bundles: Sequence[Path]) -> Iterator[Replay]:
    """Each bundle out of its collection (`b0`, `b1` ...) of a pywb, in a browser that reaches nothing else."""
    wordings = load_wordings(LEXICONS / "web")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=which("chromium"))
        for number, bundle in enumerate(bundles):
            page = browser.new_page()
            page.route("**/*", lambda route: _only(address, route))
            main = _main(read_canonical_zip(bundle.read_bytes())[PAGES])
            when = "".join(sign for sign in main["ts"][:19] if sign.isdigit())
            try:
                html = _shown(page, f"{address}/b{number}/{when}/{main['url']}")
            except PlaywrightError as error:
                yield Replay("", error.message.splitlines()[0])
            else:
                yield Replay(_text(html, main["url"], wordings))
            finally:
                page.close()
        browser.close()


def _shown(page: Page, url: str) -> str:
    """What pywb shows in its frame; the page around it is its own."""
    page.goto(url, wait_until="load", timeout=30_000)
    frame = page.frame(name="replay_iframe")
    if frame is None:
        return ""
    frame.wait_for_load_state("load", timeout=30_000)
    page.wait_for_timeout(1_000)
    return frame.content()


def _only(address: str, route: Route) -> None:
    if route.request.url.startswith((f"{address}/", "data:", "blob:")):
        route.continue_()
    else:
        route.abort()


def _main(pages: bytes) -> dict[str, str]:
    main: dict[str, str] = json.loads(pages.splitlines()[1])
    return main


def _text(html: str, url: str, wordings: Wordings) -> str:
    return "".join(extract_page(html, url, "utf-8", wordings).text.split())
