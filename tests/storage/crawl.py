"""A night over two invented sites, and what a worker process does in it."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Engine

from domain.page import ExtractedPage
from domain.visits import Discovered, FrontierUrl
from storage.crawl.found_urls import FoundUrls, add_urls
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import open_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from storage.database import open_engine, writing
from storage.sealing.seal_key import KEY_FILE, SealKey, make_key_file
from tests.storage.samples import NOW, PROVENANCE, TARGETS, page, visit

LEASE_SECONDS = 60.0
#: Links that every page of `work` names, in one order or the other, as the navigation of a site does
SHARED = tuple(Discovered(f"http://clinic.example/shared/{number}", 2) for number in range(6))


def seal_key(folder: Path) -> SealKey:
    """The key of a data folder, made when it is first asked for."""
    make_key_file(folder / KEY_FILE)
    return SealKey.load(folder / KEY_FILE)


def clock() -> datetime:
    return NOW


def open_sample_night(engine: Engine, links: int = 0) -> tuple[str, list[int]]:
    """A night with both sites seeded and `links` further URLs for each."""
    save_targets(engine, TARGETS)
    targets = list_targets(engine)
    night_id = open_night(engine, NOW, targets)
    SqlFrontier(engine).seed(night_id, [(row.id, row.target.url) for row in targets], NOW)
    with writing(engine) as connection:
        for row in targets:
            found = [Discovered(f"{row.target.url}{number}", 1) for number in range(links)]
            add_urls(connection, [FoundUrls(night_id, row.id, found, NOW)])
    return night_id, [row.id for row in targets]


def claim(engine: Engine, night_id: str, ids: Sequence[int], limit: int = 1, worker: str = "w1") -> list[FrontierUrl]:
    return SqlFrontier(engine).claim(night_id, ids, worker, limit, NOW, LEASE_SECONDS)


def open_store(engine: Engine, folder: Path) -> SqlVisitStore:
    return SqlVisitStore(engine, folder, PROVENANCE, clock, seal_key(folder))


def _read(row: FrontierUrl) -> ExtractedPage:
    """One of a few texts, which workers meet at the same time and in different orders."""
    read = page(row.url)
    return replace(
        read, text=f"{read.text}\n{'内外妇儿眼'[row.id * 7 % 5]}科门诊时间以院内公告为准，节假日安排另行通知。"
    )


def work(url: str, folder: Path, night_id: str, ids: Sequence[int], worker: str) -> None:
    """Claim and record, as many together as were claimed, until nothing is left; every fifth page is flagged. Prints a
    line per recorded page."""
    engine = open_engine(url)
    store = open_store(engine, folder)
    frontier = SqlFrontier(engine)
    while rows := frontier.claim(night_id, ids, worker, 3, NOW + timedelta(hours=1), LEASE_SECONDS):
        store.record_all(
            [
                visit(row, flagged=row.id % 5 == 0, discovered=SHARED if row.id % 2 else SHARED[::-1], page=_read(row))
                for row in rows
            ]
        )
        sys.stdout.write("".join(f"{row.id}\n" for row in rows))
        sys.stdout.flush()
    store.close()


if __name__ == "__main__":
    work(sys.argv[1], Path(sys.argv[2]), sys.argv[3], [int(number) for number in sys.argv[4].split(",")], sys.argv[5])
