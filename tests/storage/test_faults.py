"""Databases that fill up or go away, clocks that jump, folders that cannot be written: nothing is lost, nothing is there twice."""

import select as polling
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, event, func, make_url, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from domain.page import ExtractedPage
from storage.archive.orphans import clean_orphans
from storage.checking.verify import verify_all
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, night_progress
from storage.database import migrate, open_engine
from storage.sealing.seals import seal_night
from storage.tables import pages, visits
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, page, visit

DAY = timedelta(days=1)


def _recorded(engine: Engine) -> tuple[int, int]:
    with engine.connect() as connection:
        counts = [connection.scalar(select(func.count()).select_from(table)) or 0 for table in (pages, visits)]
    return counts[0], counts[1]


def _sound(engine: Engine, folder: Path) -> bool:
    return all(report.ok for report in verify_all(engine, folder))


def _long(url: str, number: int) -> ExtractedPage:
    return page(url, page(url).text + "".join(chr(0x4E00 + (number * 997 + place) % 20_000) for place in range(20_000)))


def test_a_database_that_is_full_takes_up_again_when_it_has_room(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/yiguang.db")
    migrate(engine)
    night_id, ids = open_sample_night(engine, links=40)
    store = open_store(engine, tmp_path)
    queue = SqlFrontier(engine)
    limit = [0]

    def narrow(connection: object, _record: object, _proxy: object) -> None:
        connection.execute(f"PRAGMA max_page_count={limit[0]}")  # type: ignore[attr-defined]

    with engine.connect() as connection:
        limit[0] = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one()) + 60
    event.listen(engine, "checkout", narrow)
    rows = claim(engine, night_id, ids, limit=40)
    recorded = 0
    with pytest.raises(OperationalError, match="database or disk is full"):
        for recorded, row in enumerate(rows):
            store.record(visit(row, flagged=recorded % 2 == 0, page=_long(row.url, row.id)))
    assert 0 < recorded < 40
    assert _recorded(engine) == (recorded, recorded)
    assert night_progress(engine, night_id).done == recorded
    limit[0] = 1_000_000
    for number, row in enumerate(rows):
        store.record(visit(row, flagged=number % 2 == 0, page=_long(row.url, row.id)))
    store.close()
    assert _recorded(engine) == (40, 40)
    clean_orphans(engine, tmp_path)
    seal_night(engine, tmp_path, night_id, seal_key(tmp_path), NOW)
    assert len(list(tmp_path.rglob("*.wacz"))) == 20 and _sound(engine, tmp_path)
    assert queue.next_dues(night_id, ids, NOW)
    engine.dispose()


def test_a_clock_set_back_delays_no_url(engine: Engine) -> None:
    """What was found by the clock that was ahead is claimable by the one that is right; a short wait is kept."""
    night_id, ids = open_sample_night(engine, links=3)
    queue = SqlFrontier(engine)
    before = NOW - DAY
    assert queue.claim(night_id, ids, "w1", 10, before, 60.0) == []
    assert queue.next_dues(night_id, ids, before) == dict.fromkeys(ids, before)
    taken = queue.claim(night_id, ids, "w1", 10, before, 60.0)
    assert len(taken) == 8
    soon = before + timedelta(minutes=30)
    queue.give_back([row.id for row in taken], "w1", soon)
    assert queue.next_dues(night_id, ids, before) == dict.fromkeys(ids, soon)
    assert queue.claim(night_id, ids, "w1", 10, before, 60.0) == []


def test_a_clock_that_jumps_ahead_records_nothing_twice(engine: Engine, tmp_path: Path) -> None:
    """Its leases run out at once, so a second worker visits the same URL; whoever is first counts."""
    night_id, ids = open_sample_night(engine)
    queue = SqlFrontier(engine)
    first = claim(engine, night_id, ids, limit=2)
    again = queue.claim(night_id, ids, "w2", 2, NOW + DAY, 60.0)
    assert {row.id for row in again} == {row.id for row in first}
    slow, quick = open_store(engine, tmp_path), open_store(engine, tmp_path)
    for row in again:
        quick.record(visit(row, flagged=True))
    for row in first:
        slow.record(visit(row, flagged=True))
    slow.close()
    quick.close()
    assert _recorded(engine) == (2, 2)
    assert clean_orphans(engine, tmp_path) == []
    seal_night(engine, tmp_path, night_id, seal_key(tmp_path), NOW)
    assert len(list(tmp_path.rglob("*.wacz"))) == 2 and _sound(engine, tmp_path)
    finish_night(engine, night_id, NOW - DAY)  # it may have been set right, and back, since


class Wire:
    """A way to the database that can be cut. `cut_at` is a word of the client's: it still arrives, and its answer does not."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_at = b""
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._place)
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            while True:
                for ready in polling.select([near, far], [], [])[0]:
                    if not (data := ready.recv(65_536)):
                        return
                    (far if ready is near else near).sendall(data)
                    if ready is near and self.cut_at and self.cut_at in data:
                        self.cut_at = b""
                        far.recv(65_536)  # the server has done it
                        return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    wire = Wire(f"{make_url(postgres_url).query['host']}/.s.PGSQL.5432")
    yield wire
    wire.close()


@pytest.mark.parametrize(
    "word", [b"INSERT INTO visits", b"INSERT INTO bundles", b"INSERT INTO chain_entries", b"COMMIT"]
)
def test_a_cut_between_worker_and_database_loses_nothing(
    request: pytest.FixtureRequest, wire: Wire, tmp_path: Path, word: bytes
) -> None:
    """Also when the database has it and could not say so."""
    postgres_url = request.getfixturevalue("postgres_url")
    admin = create_engine(make_url(postgres_url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE cut TEMPLATE {request.getfixturevalue('migrated_template')}"))
    over = make_url(postgres_url).set(
        drivername="postgresql", host="127.0.0.1", port=wire.port, database="cut", query={}
    )
    engine = open_engine(over.render_as_string(hide_password=False))
    try:
        night_id, ids = open_sample_night(engine)
        store = open_store(engine, tmp_path)
        first, second = claim(engine, night_id, ids, limit=2)
        store.record(visit(first))
        wire.cut_at = word
        with pytest.raises(SQLAlchemyError):
            store.record(visit(second, flagged=True))
        assert _recorded(engine) == ((2, 2) if word == b"COMMIT" else (1, 1))
        store.record(visit(second, flagged=True))
        store.close()
        assert _recorded(engine) == (2, 2)
        clean_orphans(engine, tmp_path)
        seal_night(engine, tmp_path, night_id, seal_key(tmp_path), NOW)
        assert len(list(tmp_path.rglob("*.wacz"))) == 1
        assert [report for report in verify_all(engine, tmp_path) if not report.ok] == []
    finally:
        engine.dispose()
        with admin.connect() as connection:
            connection.execute(text("DROP DATABASE cut WITH (FORCE)"))
        admin.dispose()


def test_a_folder_that_cannot_be_written_leaves_nothing_half_there(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/yiguang.db")
    migrate(engine)
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    (row,) = claim(engine, night_id, ids)
    (tmp_path / "evidence").write_text("a file where the folder should be", encoding="utf-8")
    with pytest.raises((OSError, SQLAlchemyError)):
        store.record(visit(row, flagged=True))
    assert _recorded(engine) == (0, 0)
    (tmp_path / "evidence").unlink()
    store.record(visit(row, flagged=True))
    store.close()
    assert _recorded(engine) == (1, 1)
    clean_orphans(engine, tmp_path)
    seal_night(engine, tmp_path, night_id, seal_key(tmp_path), NOW)
    assert _sound(engine, tmp_path)
    engine.dispose()
