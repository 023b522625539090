"""A crash at any write of sealing leaves a whole head or none, and the next run completes it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from storage.archive.orphans import clean_orphans
from storage.checking.verify import verify_all
from storage.checking.verify_chain import verify_chain
from storage.database import migrate, open_engine
from storage.sealing.seals import seal_night
from storage.sealing.stamps import request_stamps
from tests.storage.crawl import claim, clock, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from tests.storage.writes import Crash, Unplugged, count_writes, crash_at


def _sealed_and_stamped(engine: Engine, folder: Path, night_id: str) -> None:
    seal_night(engine, folder, night_id, seal_key(folder), NOW)
    request_stamps(engine, folder, [Unplugged("tsa-1"), Unplugged("tsa-2")], clock)


def _night(engine: Engine, folder: Path) -> tuple[str, Callable[[], None]]:
    """A night with one recorded lead, and what records the next and seals all."""
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, folder)
    first, second = claim(engine, night_id, ids, limit=2)
    store.record(visit(first, flagged=True))

    def rest() -> None:
        store.record(visit(second, flagged=True))
        store.close()
        _sealed_and_stamped(engine, folder, night_id)

    return night_id, rest


def _assert_whole(engine: Engine, folder: Path, bundles: int) -> None:
    reports = verify_all(engine, folder)
    reports += verify_chain(engine, folder, seal_key(folder).fingerprint, [Unplugged("tsa-1"), Unplugged("tsa-2")])
    assert [(r.path, check.message) for r in reports for check in r.checks if not check.ok] == []
    assert sum(report.path.endswith(".wacz") for report in reports) == bundles
    assert not list(folder.rglob("*.part"))


def _home(folder: Path) -> Engine:
    engine = open_engine(f"sqlite:///{folder}/yiguang.db")
    migrate(engine)
    seal_key(folder)
    return engine


def test_a_failure_at_every_write(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("counted")
    engine = _home(folder)
    writes = count_writes(engine, _night(engine, folder)[1])
    engine.dispose()
    _assert_whole(engine, folder, 2)
    assert writes > 20
    for number in range(writes):
        folder = tmp_path_factory.mktemp("crashed")
        engine = _home(folder)
        night_id, rest = _night(engine, folder)
        with pytest.raises(Crash), crash_at(engine, number):
            rest()
        engine.dispose()
        clean_orphans(engine, folder)  # as the next start of the night does
        reports = verify_all(engine, folder)
        assert all(report.ok for report in reports), number
        recorded = sum(report.path.endswith(".wacz") for report in reports)
        assert recorded in (1, 2)
        _sealed_and_stamped(engine, folder, night_id)
        _assert_whole(engine, folder, recorded)
        engine.dispose()


_DIE_SEALING = """
import os, signal, sys
from pathlib import Path
from storage.database import open_engine
from storage.sealing.seals import seal_night
from tests.storage.crawl import seal_key
from tests.storage.samples import NOW
from tests.storage.writes import crash_at

def die():
    os.kill(os.getpid(), signal.SIGKILL)

engine = open_engine(sys.argv[1])
with crash_at(engine, int(sys.argv[4]), die):
    seal_night(engine, Path(sys.argv[2]), sys.argv[3], seal_key(Path(sys.argv[2])), NOW)
"""


@pytest.mark.parametrize("number", [0, 1, 3, 5])
def test_kill_while_sealing(engine: Engine, database_url: str, tmp_path: Path, number: int) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    store.record(visit(claim(engine, night_id, ids)[0], flagged=True))
    store.close()
    died = subprocess.run([sys.executable, "-c", _DIE_SEALING, database_url, tmp_path, night_id, str(number)])
    assert died.returncode == -signal.SIGKILL
    clean_orphans(engine, tmp_path)
    _sealed_and_stamped(engine, tmp_path, night_id)
    _assert_whole(engine, tmp_path, 1)


def test_a_full_disk_leaves_no_half_file(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    rows = claim(engine, night_id, ids, limit=2)
    store.record(visit(rows[0]))

    def full(descriptor: int) -> None:  # noqa: ARG001  # signature is the system's
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            store.record(visit(rows[1], flagged=True))
    assert not list(tmp_path.rglob("*.part"))
    assert not list(tmp_path.rglob("*.wacz"))
    store.record(visit(rows[1], flagged=True))
    store.close()
    clean_orphans(engine, tmp_path)
    _sealed_and_stamped(engine, tmp_path, night_id)
    _assert_whole(engine, tmp_path, 1)
