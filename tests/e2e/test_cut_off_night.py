"""The process of a night whose way to the database falls silent: neither refused nor broken off, just nothing."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

from tests.e2e.relay import Relay, relay
from tests.e2e.test_postgresql_night import postgresql_url
from tests.e2e.test_workers import PAGES, SITES, ManySites, Office, office, web

__all__ = ["office", "postgresql_url", "relay", "web"]

LOST, GIVEN_UP = "与数据库失去联系，恢复后自动继续", "错误：数据库无法使用"

#: The limits of a night, made short.
_SHORT = """
from datetime import timedelta
import storage.database, yiguang.nights.contact
storage.database.IDLE_AT_MOST = timedelta(seconds=15)
yiguang.nights.contact.SILENT_SECONDS = 2.0
yiguang.nights.contact.AWAY_AT_MOST_SECONDS, yiguang.nights.contact.STUCK_SECONDS = {limits}
from yiguang.cli import main
main()
"""


def _night(office: Office, relay: Relay, url: str, limits: str) -> "subprocess.Popen[str]":
    """A night that reaches its database through the relay only; nobody else does."""
    command = [
        sys.executable,
        "-c",
        _SHORT.format(limits=limits),
        "nightly",
        "--targets",
        str(office.targets),
        "--json",
    ]
    environ = {**office.environ, "YIGUANG_DATABASE_URL": relay.lead(url)}
    night = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    office.started.append(night)
    return night


def test_it_ends_with_one_line_and_the_next_start_goes_on(office: Office, relay: Relay, postgresql_url: str) -> None:
    night = _night(office, relay, postgresql_url, "5.0, 1.0")
    _wait_for(lambda: sum(office.stored().values()) == SITES * PAGES, night)
    relay.silence()  # and stays so
    _require_one_line(night)
    _require_whole(office)


def test_what_it_had_locked_does_not_hold_up_the_next_start(office: Office, relay: Relay, postgresql_url: str) -> None:
    """Cut off amid statements that are sent together, which the server does not take for idleness."""
    relay.silence_after(b"INSERT INTO host_addresses")
    night = _night(office, relay, postgresql_url, "5.0, 1.0")
    _wait_for(lambda: relay.is_silent, night)
    _require_one_line(night)
    _require_whole(office)


def test_it_goes_on_after_a_silence(
    office: Office, relay: Relay, postgresql_url: str, web: tuple[ManySites, int]
) -> None:
    sites, _ = web
    night = _night(office, relay, postgresql_url, "600.0, 20.0")
    _wait_for(lambda: sum(office.stored().values()) >= SITES, night)
    relay.silence()
    assert night.stderr is not None
    assert LOST in night.stderr.readline()
    relay.resume()
    out, told = night.communicate(timeout=600)
    assert night.returncode == 0, told
    assert LOST not in told and json.loads(out)["healthy"] is True
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
    fetched = Counter((host, path) for host, requests in sites.seen.items() for _, path in requests)
    assert {place for place, times in fetched.items() if times > 1 and place[1] != "/robots.txt"} == set()


def _wait_for(moment: Callable[[], bool], night: "subprocess.Popen[str]") -> None:
    while not moment():
        assert night.poll() is None, night.communicate()
        time.sleep(0.05)


def _require_one_line(night: "subprocess.Popen[str]") -> None:
    _, told = night.communicate(timeout=120)
    assert night.returncode == 1, told
    assert (told.count(LOST), told.count(GIVEN_UP), told.count("Traceback")) == (1, 1, 0), told


def _require_whole(office: Office) -> None:
    """Nothing of the night that ended is left running, and the next one finishes it."""
    done = office.run("nightly", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["healthy"] is True
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
