"""kill -9 at any moment: nothing lost, nothing doubled, every file whole."""

import os
import random
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, update
from warcio.archiveiterator import ArchiveIterator

from storage.archive.orphans import clean_orphans, repair_warcs
from storage.checking.verify import verify_all
from storage.checking.verify_chain import verify_chain
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import night_progress
from storage.database import writing
from storage.tables import bundles, pages, visits, warc_files
from tests.storage.crawl import SHARED, claim, open_sample_night, open_store, seal_key, work
from tests.storage.samples import NOW, visit

_URLS = 66
_KILLS = 4


def _start(database_url: str, folder: Path, night_id: str, ids: list[int], worker: str) -> subprocess.Popen[bytes]:
    arguments = [database_url, str(folder), night_id, ",".join(map(str, ids)), worker]
    return subprocess.Popen([sys.executable, "-m", "tests.storage.crawl", *arguments], stdout=subprocess.PIPE)


def test_killed_workers_lose_and_double_nothing(engine: Engine, database_url: str, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine, links=(_URLS - len(SHARED)) // 2 - 1)
    folder = tmp_path / "data"
    chance = random.Random(7)
    acknowledged: list[int] = []
    for number in range(_KILLS):
        process = _start(database_url, folder, night_id, ids, f"w{number}")
        assert process.stdout is not None
        # Some pages, then dead in the middle of whatever comes next.
        for _ in range(chance.randrange(1, 10)):
            acknowledged.append(int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        rest = process.communicate()[0].split()
        acknowledged += [int(line) for line in rest]
        assert process.returncode == -signal.SIGKILL, "the worker was to die at work"
        SqlFrontier(engine).release_leases(night_id, [f"w{number}"])
        clean_orphans(engine, folder)
        assert all(report.ok for report in verify_all(engine, folder))
    work(database_url, folder, night_id, ids, "last")

    _assert_everything_is_there_once(engine, folder, night_id, acknowledged)


def test_workers_side_by_side_record_everything_once(engine: Engine, database_url: str, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine, links=(_URLS - len(SHARED)) // 2 - 1)
    workers = [_start(database_url, tmp_path, night_id, ids, f"w{number}") for number in range(3)]
    recorded = [int(line) for worker in workers for line in worker.communicate()[0].split()]
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    # The last links may have been found by one worker after another had gone home.
    work(database_url, tmp_path, night_id, ids, "last")
    _assert_everything_is_there_once(engine, tmp_path, night_id, recorded)


def _assert_everything_is_there_once(engine: Engine, folder: Path, night_id: str, acknowledged: list[int]) -> None:
    progress = night_progress(engine, night_id)
    assert (progress.done, progress.waiting, progress.leased, progress.surplus) == (_URLS, 0, 0, 0)
    assert len(acknowledged) == len(set(acknowledged))
    with engine.connect() as connection:
        stored = list(connection.execute(select(pages.c.id, pages.c.url, pages.c.flagged)))
        known = set(connection.scalars(select(bundles.c.path)))
        assert connection.scalar(select(func.count()).select_from(visits)) == _URLS
    assert {row.id for row in stored} >= set(acknowledged)
    archived: list[str] = []
    for path in sorted(folder.glob("warc/**/*.warc.gz")):
        with path.open("rb") as file:
            for record in ArchiveIterator(file, check_digests="raise"):
                if record.rec_type == "response":
                    archived.append(record.rec_headers["WARC-Target-URI"])
                record.raw_stream.read()
    received = [row.url for row in stored] + [
        url for row in stored if row.flagged for url in (row.url, row.url + "logo.png")
    ]
    assert sorted(archived) == sorted(received)  # a flagged page was fetched again by the browser, with its logo
    on_disk = {path.relative_to(folder).as_posix() for path in folder.glob("evidence/**/*") if path.is_file()}
    assert on_disk == known
    assert len(known) == sum(row.flagged for row in stored)
    assert all(report.ok for report in verify_all(engine, folder))
    assert all(report.ok for report in verify_chain(engine, folder, seal_key(folder).fingerprint))


_DIE_AT = """
import os, signal, sys
from pathlib import Path
import storage.crawl.visits
from storage.database import open_engine
from tests.storage.crawl import SHARED, claim, open_store
from tests.storage.samples import visit

def die(*arguments):
    if sys.argv[4] == "after the rows":
        rows_written(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

rows_written, storage.crawl.visits.store_visits = storage.crawl.visits.store_visits, die
engine = open_engine(sys.argv[1])
store = open_store(engine, Path(sys.argv[2]))
rows = claim(engine, sys.argv[3], [1, 2], limit=2 if sys.argv[5] == "several" else 1)
store.record_all([visit(row, flagged=sys.argv[5] == "flagged") for row in rows])
"""


@pytest.mark.parametrize("point", ["before the rows", "after the rows"])
@pytest.mark.parametrize("flagged", ["flagged", "plain", "several"])
def test_death_between_the_files_and_the_commit(
    engine: Engine, database_url: str, tmp_path: Path, point: str, flagged: str
) -> None:
    night_id, ids = open_sample_night(engine)
    died = subprocess.run([sys.executable, "-c", _DIE_AT, database_url, str(tmp_path), night_id, point, flagged])
    assert died.returncode == -signal.SIGKILL
    left_behind = [path for path in tmp_path.glob("*/*/*") if path.is_file()]
    orphans = [path.relative_to(tmp_path).as_posix() for path in left_behind if path.suffix == ".wacz"]
    assert (len(left_behind), len(orphans)) == ((2, 1) if flagged == "flagged" else (1, 0))
    assert clean_orphans(engine, tmp_path) == orphans
    assert all(report.ok for report in verify_all(engine, tmp_path))
    SqlFrontier(engine).release_leases(night_id)
    work(database_url, tmp_path, night_id, ids, "next")
    assert night_progress(engine, night_id).done == 2 + len(SHARED)
    assert all(report.ok for report in verify_all(engine, tmp_path))


def test_a_torn_tail_is_cut_at_the_next_opening(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    rows = claim(engine, night_id, ids, limit=2)
    store = open_store(engine, tmp_path)
    store.record(visit(rows[0]))
    store.close()
    with writing(engine) as connection:  # as if its process had been killed while appending
        connection.execute(update(warc_files).values(sealed=False))
    warc = next(tmp_path.rglob("*.warc.gz"))
    whole = warc.read_bytes()
    warc.write_bytes(whole + whole[: len(whole) // 2])
    open_store(engine, tmp_path).close()
    assert warc.read_bytes() == whole
    assert all(report.ok for report in verify_all(engine, tmp_path))


def test_the_file_of_a_living_worker_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    rows = claim(engine, night_id, ids, limit=2)
    store = open_store(engine, tmp_path)
    store.record(visit(rows[0]))
    assert repair_warcs(engine, tmp_path) == 0
    assert clean_orphans(engine, tmp_path) == []
    store.record(visit(rows[1]))
    store.close()
    assert repair_warcs(engine, tmp_path) == 0
    assert all(report.ok for report in verify_all(engine, tmp_path))


def test_orphans_are_removed_and_known_evidence_kept(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    rows = claim(engine, night_id, ids, limit=2)
    store = open_store(engine, tmp_path)
    store.record(visit(rows[0], flagged=True))
    store.record(visit(rows[1]))
    store.close()
    orphans = [
        f"evidence/{night_id}/{'0' * 64}.wacz",
        f"evidence/{night_id}/x.{os.getpid()}.part",
        "warc/old/a.warc.gz",
    ]
    for name in orphans:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"torn")
    assert clean_orphans(engine, tmp_path) == sorted(orphans)
    reports = verify_all(engine, tmp_path)
    assert [report.ok for report in reports] == [True, True]


def test_a_lease_that_runs_out_brings_the_url_back(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    claim(engine, night_id, ids, limit=2, worker="dead")
    assert SqlFrontier(engine).claim(night_id, ids, "next", 2, NOW + timedelta(seconds=59), 60) == []
    assert len(SqlFrontier(engine).claim(night_id, ids, "next", 2, NOW + timedelta(seconds=60), 60)) == 2
