"""A worker whose way to the database falls silent: neither refused nor broken off, just nothing."""

import json
import signal
import subprocess
import threading
import time
from collections import Counter
from datetime import datetime
from http.server import BaseHTTPRequestHandler

import pytest
from sqlalchemy import select

from storage.tables import workers
from tests.e2e.relay import Relay, relay
from tests.e2e.test_postgresql_night import postgresql_url
from tests.e2e.test_workers import DELAY, PAGES, SITES, ManySites, Office, office, web

__all__ = ["office", "postgresql_url", "relay", "web"]


@pytest.fixture
def worker(office: Office, relay: Relay, postgresql_url: str) -> "subprocess.Popen[str]":
    """One that has joined and reaches the database through the relay only."""
    office.environ["YIGUANG_DATABASE_URL"] = relay.lead(postgresql_url)
    worker = office.join("far")
    office.environ["YIGUANG_DATABASE_URL"] = postgresql_url
    return worker


def test_it_stops_by_itself_and_others_do_its_work(
    office: Office, relay: Relay, worker: "subprocess.Popen[str]", web: tuple[ManySites, int]
) -> None:
    sites, _ = web
    night = _night_of_two(office)
    relay.silence()  # and stays so
    _, told = worker.communicate(timeout=120)
    assert worker.returncode == 1
    assert [line for line in told.splitlines() if "与数据库失去联系，已停止采集" in line] == told.splitlines() != []
    _require_whole(office, night)
    for host, requests in sites.seen.items():
        times = [at for at, path in requests if path != "/robots.txt"]
        gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
        assert min(gaps) > DELAY * 0.8, (host, sorted(gaps)[:3])


def test_it_goes_on_after_a_short_silence(
    office: Office, relay: Relay, worker: "subprocess.Popen[str]", web: tuple[ManySites, int]
) -> None:
    sites, _ = web
    night = _night_of_two(office)
    relay.silence()
    time.sleep(3.0)
    relay.resume()
    _require_whole(office, night)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(timeout=60) == 0
    fetched = Counter((host, path) for host, requests in sites.seen.items() for _, path in requests)
    assert {place for place, times in fetched.items() if times > 1 and place[1] != "/robots.txt"} == set()


def test_one_that_finishes_its_last_pages_still_says_that_it_is_there(
    office: Office, worker: "subprocess.Popen[str]", web: tuple[ManySites, int]
) -> None:
    """Else others would take over what it has in hand."""
    answering = _hold_answers(web[0])
    night = office.start("nightly", "--targets", str(office.targets), "--json")
    while sum(path == "/" for requests in web[0].seen.values() for _, path in requests) < 4:  # two of each process
        assert night.poll() is None
        time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    for _ in range(2):
        before = _heard_at(office)
        while _heard_at(office) == before:
            assert worker.poll() is None
            time.sleep(0.1)
    answering.set()
    assert worker.wait(timeout=60) == 0
    _require_whole(office, night)


def _night_of_two(office: Office) -> "subprocess.Popen[str]":
    night = office.start("nightly", "--targets", str(office.targets), "--json")
    while office.crawling() < 2:
        assert night.poll() is None
        time.sleep(0.05)
    return night


def _require_whole(office: Office, night: "subprocess.Popen[str]") -> None:
    out, told = night.communicate(timeout=600)
    assert night.returncode == 0, told
    assert json.loads(out)["healthy"] is True
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}


def _heard_at(office: Office) -> datetime | None:
    with office.engine.connect() as connection:
        return connection.scalar(select(workers.c.heard_at))


def _hold_answers(sites: ManySites) -> threading.Event:
    """Pages, robots.txt excepted, are noted when they are asked for and answered when the event is set."""
    answering, answer = threading.Event(), sites.handler.end_headers

    def end_headers(handler: BaseHTTPRequestHandler) -> None:
        if handler.path != "/robots.txt":
            answering.wait()
        answer(handler)

    sites.handler.end_headers = end_headers  # type: ignore[method-assign,assignment]
    return answering
