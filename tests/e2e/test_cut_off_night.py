"""The process of a night whose way to the database falls silent: neither refused nor broken off, just nothing."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.e2e.relay import Relay, relay
from tests.e2e.test_postgresql_night import postgresql_url
from tests.e2e.test_workers import PAGES, SITES, ManySites, Office, office, web

__all__ = ["office", "postgresql_url", "relay", "web"]

LOST, GIVEN_UP = "与数据库失去联系，恢复后自动继续", "错误：数据库无法使用"

#: The limits of a night, made short.
_SHORT = """
import yiguang.contact
yiguang.contact.SILENT_SECONDS = 2.0
yiguang.contact.AWAY_AT_MOST_SECONDS, yiguang.contact.STUCK_SECONDS = {limits}
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


def _while_it_crawls(office: Office) -> bool:
    return sum(office.stored().values()) >= SITES


def _while_it_ends(office: Office) -> bool:
    return sum(office.stored().values()) == SITES * PAGES


@pytest.mark.parametrize("moment", [_while_it_crawls, _while_it_ends])
def test_it_ends_with_one_line_and_the_next_start_goes_on(
    office: Office, relay: Relay, postgresql_url: str, moment: Callable[[Office], bool]
) -> None:
    night = _night(office, relay, postgresql_url, "5.0, 1.0")
    _wait_for(moment, office, night)
    relay.silence()  # and stays so
    _, told = night.communicate(timeout=120)
    assert night.returncode == 1, told
    assert (told.count(LOST), told.count(GIVEN_UP), told.count("Traceback")) == (1, 1, 0), told
    _require_whole(office)


def test_it_goes_on_after_a_silence(
    office: Office, relay: Relay, postgresql_url: str, web: tuple[ManySites, int]
) -> None:
    sites, _ = web
    night = _night(office, relay, postgresql_url, "600.0, 20.0")
    _wait_for(_while_it_crawls, office, night)
    relay.silence()
    assert night.stderr is not None
    assert LOST in night.stderr.readline()
    relay.resume()
    out, told = night.communicate(timeout=200)
    assert night.returncode == 0, told
    assert LOST not in told and json.loads(out)["healthy"] is True
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
    fetched = Counter((host, path) for host, requests in sites.seen.items() for _, path in requests)
    assert {place for place, times in fetched.items() if times > 1 and place[1] != "/robots.txt"} == set()


def _wait_for(moment: Callable[[Office], bool], office: Office, night: "subprocess.Popen[str]") -> None:
    while not moment(office):
        assert night.poll() is None, night.communicate()
        time.sleep(0.05)


def _require_whole(office: Office) -> None:
    """Nothing of the night that ended is left running, and the next one finishes it."""
    done = office.run("nightly", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["healthy"] is True
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
