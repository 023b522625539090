"""Several processes on one PostgreSQL crawl one night: shared, killed, taken over, polite all the while."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, func, select, text

from storage.database import open_engine
from storage.tables import frontier, pages, visits, warc_files, workers
from tests.e2e.test_postgresql_night import postgresql_url

__all__ = ["postgresql_url"]

SITES, PAGES, DELAY = 8, 7, 0.25
YIGUANG = Path(sys.executable).with_name("yiguang")


class ManySites:
    """Each host has a start page that links to the others; every request is noted with its time."""

    def __init__(self) -> None:
        self.seen: defaultdict[str, list[tuple[float, str]]] = defaultdict(list)
        sites = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host = self.headers["Host"].split(":")[0]
                sites.seen[host].append((time.monotonic(), self.path))
                number = re.fullmatch(r"/(?:p(\d+))?", self.path)
                links = "".join(f'<a href="/p{page}">第{page}页</a> ' for page in range(1, PAGES))
                text = f"{host} 门诊时间每日八时至十七时，第 {self.path} 页。" * 6
                body = f'<!doctype html><meta charset="utf-8"><title>门诊</title><p>{text}</p>{links}'.encode()
                self.send_response(200 if number else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing is told."""

        self.handler = Answer

    @property
    def hosts(self) -> list[str]:
        return [f"site{number}.example" for number in range(SITES)]

    def count(self) -> int:
        return sum(len(each) for each in self.seen.values())


@pytest.fixture
def web() -> Iterator[tuple[ManySites, int]]:
    sites = ManySites()
    with ThreadingHTTPServer(("127.0.0.1", 0), sites.handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield sites, server.server_port
        server.shutdown()
        thread.join()


class Office:
    """A data folder and a database that several processes share."""

    def __init__(self, folder: Path, url: str, hosts: list[str], port: int) -> None:
        self.home = folder / "home"
        self.started: list[subprocess.Popen[str]] = []
        self.engine: Engine = open_engine(url)
        host_file, self.targets = folder / "hosts", folder / "targets.csv"
        host_file.write_text("".join(f"127.0.0.1 {host}\n" for host in hosts))
        rows = "".join(f"{host},http://{host}:{port}/,never,{DELAY},{PAGES},1,1\n" for host in hosts)
        self.targets.write_text(f"name,url,render,delay_seconds,max_pages,depth,local\n{rows}", "utf-8")
        self.environ = {
            **os.environ,
            "YIGUANG_HOME": str(self.home),
            "YIGUANG_DATABASE_URL": url,
            "YIGUANG_HOSTS": str(host_file),
            "YIGUANG_SHARDS": "1",
            "YIGUANG_AUDIT_PAGES": "0",
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [YIGUANG, *arguments], env=self.environ, capture_output=True, text=True, check=False, timeout=600
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        begun = subprocess.Popen(
            [YIGUANG, *arguments], env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(begun)
        return begun

    def join(self, name: str, can: str = "") -> subprocess.Popen[str]:
        """A worker that has joined."""
        worker = self.start("worker", "--name", name, "--can", can)
        assert worker.stderr is not None
        assert "已加入" in worker.stderr.readline()
        return worker

    def crawling(self) -> int:
        """Processes that have stored something."""
        with self.engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(warc_files)) or 0)

    def stored(self) -> Counter[str]:
        with self.engine.connect() as connection:
            return Counter(connection.scalars(select(pages.c.url).where(pages.c.outcome == "content")))


@pytest.fixture
def office(web: tuple[ManySites, int], postgresql_url: str, tmp_path: Path) -> Iterator[Office]:
    sites, port = web
    office = Office(tmp_path, postgresql_url, sites.hosts, port)
    assert office.run("init").returncode == 0
    yield office
    for process in office.started:
        process.kill()
        process.wait()
    office.engine.dispose()


def test_a_night_is_shared_and_survives_the_death_of_a_worker(office: Office, web: tuple[ManySites, int]) -> None:
    sites, _ = web
    killed, polite = office.join("killed"), office.join("polite")
    assert office.run("worker", "--name", "polite").returncode == 1  # the name is taken
    night = office.start("nightly", "--targets", str(office.targets), "--json")
    while office.crawling() < 3:  # the night itself and both workers
        assert night.poll() is None
        time.sleep(0.05)
    killed.kill()
    killed.wait()
    polite.send_signal(signal.SIGTERM)  # a rolling restart: what it has goes to others at once
    out, told = night.communicate(timeout=600)
    assert polite.wait(timeout=30) == 0
    assert night.returncode == 0, told
    summary = json.loads(out)
    assert summary["healthy"] is True
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
    for host, requests in sites.seen.items():
        times = [at for at, path in requests if path != "/robots.txt"]
        gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
        assert min(gaps) > DELAY * 0.8, (host, sorted(gaps)[:3])  # the server's clock is not the crawler's
    fetched = Counter((host, path) for host, requests in sites.seen.items() for _, path in requests)
    again = {place: times for place, times in fetched.items() if times > 1 and place[1] != "/robots.txt"}
    assert sum(again.values()) - len(again) <= 2 * 4  # only what was in hand: four pages of a lane, of two processes
    assert office.run("evidence", "verify", "--all").returncode in (0, 1)


def test_a_worker_that_is_asked_to_leave_finishes_the_pages_in_hand(office: Office, web: tuple[ManySites, int]) -> None:
    sites, _ = web
    leaving = office.join("leaving")
    night = office.start("nightly", "--targets", str(office.targets), "--json")
    while office.crawling() < 2:
        assert night.poll() is None
        time.sleep(0.05)
    leaving.send_signal(signal.SIGTERM)
    assert leaving.wait(timeout=60) == 0
    assert sum(office.stored().values()) < SITES * PAGES, "in the middle of it"
    _, told = night.communicate(timeout=600)
    assert night.returncode == 0, told
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
    fetched = Counter((host, path) for host, requests in sites.seen.items() for _, path in requests)
    assert {place for place, times in fetched.items() if times > 1 and place[1] != "/robots.txt"} == set()


def test_a_night_that_is_killed_is_taken_up_by_the_next_one_and_not_by_a_worker(office: Office) -> None:
    """A worker cannot close a night."""
    worker = office.join("helping")
    for _ in range(2):
        night = office.start("nightly", "--targets", str(office.targets))
        while _nights_begun(office) == 0:
            assert night.poll() is None
            time.sleep(0.05)
        night.kill()
        night.wait()
    last = office.run("nightly", "--targets", str(office.targets), "--json")
    assert last.returncode == 0, last.stderr
    assert json.loads(last.stdout)["healthy"] is True
    assert worker.poll() is None
    with office.engine.connect() as connection:
        assert connection.execute(text(f"SELECT DISTINCT executor_id {_NIGHTS}")).scalars().all() == ["local"]


_NIGHTS = "FROM dbos.workflow_status WHERE name = 'night'"


def _nights_begun(office: Office) -> int:
    with office.engine.connect() as connection:
        return int(connection.scalar(text(f"SELECT count(*) {_NIGHTS} AND status = 'PENDING'")) or 0)


def test_pace_is_kept_where_pages_go_on_to_another_process(office: Office, web: tuple[ManySites, int]) -> None:
    sites, _ = web
    office.targets.write_text(office.targets.read_text("utf-8").replace(",never,", ",always,"), "utf-8")
    office.join("shows", "show,read")
    night = office.start("nightly", "--targets", str(office.targets), "--json", "--can", "crawl")
    out, told = night.communicate(timeout=600)
    assert night.returncode == 0, (out, told)
    stored = office.stored()
    assert len(stored) == SITES * PAGES and set(stored.values()) == {1}
    with office.engine.connect() as connection:
        assert connection.scalar(select(func.count()).where(visits.c.shown.is_(None))) == 0
        assert (
            connection.scalar(select(func.count()).where(frontier.c.handed_on > 0)) == SITES
        )  # the rest it found itself
    for host, requests in sites.seen.items():
        times = [at for at, path in requests if path != "/robots.txt"]
        gaps = [later - earlier for earlier, later in zip(times, times[1:], strict=False)]
        assert min(gaps) > DELAY * 0.8, (host, sorted(gaps)[:3])


def test_a_worker_that_was_taken_for_dead_ends_even_when_nobody_listens(office: Office) -> None:
    worker = office.join("alone")
    assert worker.stderr is not None
    worker.stderr.close()  # the terminal is gone: its last words fail
    with office.engine.begin() as connection:
        connection.execute(delete(workers))
    assert worker.wait(timeout=60) == 1


def test_one_sqlite_has_no_workers(tmp_path: Path) -> None:
    environ = {**os.environ, "YIGUANG_HOME": str(tmp_path)}
    subprocess.run([YIGUANG, "init"], env=environ, check=True, capture_output=True)
    refused = subprocess.run([YIGUANG, "worker"], env=environ, capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert "PostgreSQL" in refused.stderr
