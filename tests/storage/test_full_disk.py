"""A disk that fills up at any moment: what is recorded is whole, what is not is recorded later, and the night ends well."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from storage.archive.orphans import clean_orphans
from storage.checking.verify import verify_all
from storage.checking.verify_chain import verify_chain
from storage.crawl.nights import finish_night
from storage.database import migrate, open_engine
from storage.sealing.seals import seal_night
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from tests.storage.writes import count_writes, crash_at


def _home(folder: Path) -> Engine:
    engine = open_engine(f"sqlite:///{folder}/yiguang.db")
    migrate(engine)
    seal_key(folder)
    return engine


def _full() -> None:
    raise OSError(28, os.strerror(28))


def _faults(engine: Engine, folder: Path) -> list[str]:
    reports = verify_all(engine, folder) + verify_chain(engine, folder, seal_key(folder).fingerprint)
    return [f"{report.path} {check.message}" for report in reports for check in report.checks if not check.ok]


def _night(engine: Engine, folder: Path) -> tuple[Callable[[], None], Callable[[], None]]:
    """What records two leads and seals them, and what ends the night."""
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, folder)
    rows = claim(engine, night_id, ids, limit=2)

    def work() -> None:
        for row in rows:
            store.record(visit(row, flagged=True))
        seal_night(engine, folder, night_id, seal_key(folder), NOW)

    def end() -> None:
        store.close()
        clean_orphans(engine, folder)
        seal_night(engine, folder, night_id, seal_key(folder), NOW)
        finish_night(engine, night_id, NOW)

    return work, end


def test_full_at_every_write_of_a_night(tmp_path_factory: pytest.TempPathFactory) -> None:
    """From some write on none succeeds; then there is room again, and the same store goes on."""
    folder = tmp_path_factory.mktemp("roomy")
    engine = _home(folder)
    writes = count_writes(engine, _night(engine, folder)[0])
    engine.dispose()
    assert writes > 15
    for number in range(writes):
        folder = tmp_path_factory.mktemp("full")
        engine = _home(folder)
        work, end = _night(engine, folder)
        with pytest.raises(OSError, match="No space left"), crash_at(engine, number, _full):
            work()
        assert not list(folder.rglob("*.part"))
        work()  # what is recorded is not recorded twice
        end()
        assert (_faults(engine, folder), len(list(folder.rglob("*.wacz")))) == ([], 2), number
        engine.dispose()


@contextmanager
def _files_end_at(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` bytes: writes end in the middle, as they do on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 1, 700, 2_000, 4_000, 8_000])
def test_writes_that_end_in_the_middle(tmp_path: Path, size: int) -> None:
    engine = _home(tmp_path)
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    first, second = claim(engine, night_id, ids, limit=2)
    store.record(visit(first))
    with _files_end_at(size), pytest.raises((OSError, SQLAlchemyError)):
        store.record(visit(second, flagged=True))
    assert not list(tmp_path.rglob("*.part"))
    assert not any(len(path.read_bytes()) <= size for path in tmp_path.rglob("*.wacz"))
    store.record(visit(second, flagged=True))
    store.close()
    clean_orphans(engine, tmp_path)
    seal_night(engine, tmp_path, night_id, seal_key(tmp_path), NOW)
    finish_night(engine, night_id, NOW)
    assert (_faults(engine, tmp_path), len(list(tmp_path.rglob("*.wacz")))) == ([], 1)
    engine.dispose()
