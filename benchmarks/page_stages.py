"""What each stage of a night costs a page once it is downloaded, in CPU time, with the parts as a night wires them.

    python -m benchmarks.page_stages FOLDER [ROUNDS] [TOGETHER]

Every file of the folder but .tsv is a page as received. A round takes each of them once, all under new addresses, to be
stored TOGETHER (8) a transaction in a SQLite file that is thrown away. Leads are taken for other pages here: what they cost
besides, a browser and evidence of their own, is no matter of every page. A stage's time is that of the whole process,
threads and the kernel's share included.
"""

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from classifier.engine import Classifier
from crawler.addresses.scope import Scope
from crawler.pages.decode import decode_html
from crawler.pages.page_walk import walk_html
from crawler.pages.reading import read_response
from crawler.wordings import load_wordings
from domain.page import Exchange
from domain.targets import Target
from domain.visits import FrontierUrl, Visit
from storage.archive.warc import records_of
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import open_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from storage.database import migrate, open_engine
from storage.sealing.seal_key import SealKey
from yiguang.home import utc_now
from yiguang.night_judge import page_judge
from yiguang.settings import read_settings

KB_128 = 128 * 1024
SITE = "http://www.demo.example/"
_Result = TypeVar("_Result")


class Stages:
    """Process CPU seconds by stage."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def run(self, name: str, call: Callable[..., _Result], *arguments: object) -> _Result:
        before = time.process_time()
        result = call(*arguments)
        self.seconds[name] += time.process_time() - before
        return result


class Night:
    """The parts of a night over one site, with a data folder of its own."""

    def __init__(self, folder: Path, pages: int) -> None:
        settings = replace(read_settings({"YIGUANG_HOME": str(folder)}), home=folder)
        self.engine = open_engine(f"sqlite:///{folder / 'night.sqlite'}")
        migrate(self.engine)
        save_targets(self.engine, [Target("示例站", SITE, max_pages=pages)])
        targets = list_targets(self.engine)
        self.target = targets[0]
        self.night_id = open_night(self.engine, utc_now(), targets)
        classifier = Classifier.load(settings.lexicons)
        self.judge = page_judge(classifier, settings, self.engine, utc_now)
        self.wordings = load_wordings(settings.lexicons / "web")
        self.scope = Scope(self.target.target)
        self.frontier = SqlFrontier(self.engine)
        provenance = {"operator": "示例", "tool": "yiguang", "tool_version": "0"}
        self.store = SqlVisitStore(self.engine, folder, provenance, utc_now, SealKey.generate())

    def claim(self, count: int) -> list[FrontierUrl]:
        return self.frontier.claim(self.night_id, [self.target.id], "bench", count, utc_now(), 600)

    def visit(self, row: FrontierUrl, body: bytes, stages: Stages) -> Visit:
        headers = (("Content-Type", "text/html"),)
        now = utc_now()
        exchange = Exchange(row.url, "GET", (), 200, "OK", headers, body, now)
        text, _ = stages.run("decode", decode_html, body, "text/html")
        stages.run("parse and walk", walk_html, text, self.wordings)
        reading = stages.run("(all of reading)", read_response, row.url, 200, headers, body, self.wordings)
        stages.run("(compressing for the WARC)", records_of, [exchange])
        blank = Visit(row, reading.outcome, reading.detail, now, now, row.url, 200, (exchange,), robots="absent")
        if reading.page is None:
            return blank
        judgement = stages.run("judge", self.judge, reading.page)
        found, _ = stages.run("links", self.scope.follow, reading.page.links, row.depth)
        return replace(blank, page=reading.page, judgement=replace(judgement, flagged=False), discovered=found)


def measure(bodies: Sequence[bytes], rounds: int, together: int, folder: Path) -> dict[str, float]:
    """CPU seconds by stage, all pages and rounds together; the first round is not counted."""
    night = Night(folder, (rounds + 1) * len(bodies))
    stages = Stages()
    for number in range(rounds + 1):
        night.frontier.seed(
            night.night_id, [(night.target.id, f"{SITE}{number}/{page}.html") for page in range(len(bodies))], utc_now()
        )
        if number == 1:
            stages = Stages()
        for start in range(0, len(bodies), together):
            some = bodies[start : start + together]
            rows = stages.run("claim", night.claim, len(some))
            visits = [night.visit(row, body, stages) for row, body in zip(rows, some, strict=True)]
            stages.run("store", night.store.record_all, visits)
    night.store.close()
    night.engine.dispose()
    return stages.seconds


def main() -> int:
    if len(sys.argv) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    rounds, together = (int(value) for value in (*sys.argv[2:], *("5", "8")[len(sys.argv) - 2 :]))
    files = [path for path in sorted(Path(sys.argv[1]).iterdir()) if path.is_file() and path.suffix != ".tsv"]
    bodies = [path.read_bytes() for path in files]
    with tempfile.TemporaryDirectory() as folder:
        seconds = measure(bodies, rounds, together, Path(folder))
    pages, size = rounds * len(bodies), rounds * sum(map(len, bodies))
    seconds["reading besides"] = seconds.pop("(all of reading)") - seconds["decode"] - seconds["parse and walk"]
    compressing = seconds.pop("(compressing for the WARC)")
    seconds["WARC"] = compressing
    seconds["store"] -= compressing
    print(f"{pages} pages, {size / pages / 1024:.0f} KiB each, {together} stored together; ms of CPU")
    print(f"{'':16} {'a page':>8} {'a 128 KiB':>10}")
    total = sum(seconds.values())
    for name, taken in (*sorted(seconds.items()), ("all", total)):
        print(f"{name:16} {1000 * taken / pages:8.2f} {1000 * taken / (size / KB_128):10.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
