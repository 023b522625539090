"""Processes that are set up for different things share a night: some only fetch, some have a browser, some read pictures."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from benchmarks.kill_night import YIGUANG, sample_environment
from examples.web.server import SampleWeb
from examples.web.targets import write_targets
from storage.database import open_engine
from storage.tables import bundles, findings, frontier, page_pictures, pages, picture_questions, pictures
from tests.e2e.test_postgresql_night import postgresql_url

__all__ = ["postgresql_url"]

#: Leads with scripts, a page that scripts build, claims in posters and in a background, posts, an honest newspaper.
HOSTS = (
    "www.ankang-nanke.example",
    "www.zhiyinli-zhifa.example",
    "www.haibao-guke.example",
    "www.songhe-kangfu.example",
    "www.yunbu-shijian.example",
    "mp.weixin.example",
)


@dataclass(frozen=True)
class Found:
    """What a night stored: outcome and whether it is a lead by URL, findings, what was read in pictures by URL."""

    pages: dict[str, tuple[str, bool]]
    findings: set[tuple[str, str, str]]
    pictures: dict[tuple[str, str], tuple[str, Any]]


class Office:
    """A data folder and its database, and what was started in it."""

    def __init__(self, web: SampleWeb, home: Path, database: str) -> None:
        self.home = home
        self.targets = home / "targets.csv"
        self.environ = {**sample_environment(web, home), "YIGUANG_SHARDS": "1", "YIGUANG_DATABASE_URL": database}
        write_targets(
            self.targets, [row for row in web.target_rows() if row["url"].split("/")[2].split(":")[0] in HOSTS]
        )
        self.engine = open_engine(database)
        self.started: list[subprocess.Popen[str]] = []
        assert self.run("init").returncode == 0

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*YIGUANG, *arguments], env=self.environ, capture_output=True, text=True, check=False, timeout=600
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        begun = subprocess.Popen(
            [*YIGUANG, *arguments], env=self.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(begun)
        return begun

    def join(self, name: str, can: str) -> subprocess.Popen[str]:
        """A worker that has joined."""
        worker = self.start("worker", "--name", name, "--can", can)
        assert worker.stderr is not None
        assert "已加入" in worker.stderr.readline()
        return worker

    def count(self, what: Any) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(select(func.count()).select_from(what)) or 0)

    def found(self) -> Found:
        with self.engine.connect() as connection:
            stored = connection.execute(select(pages)).all()
            assert max(Counter(page.url for page in stored).values()) == 1
            said = connection.execute(
                select(pages.c.url, findings.c.rule, findings.c.quote)
                .join(pages, pages.c.id == findings.c.page_id)
                .where(pages.c.flagged, findings.c.silenced.is_(False))
            ).all()
            seen = connection.execute(
                select(pages.c.url.label("page"), page_pictures.c.url, page_pictures.c.fate, pictures.c.lines)
                .join(pages, pages.c.id == page_pictures.c.page_id)
                .outerjoin(pictures, pictures.c.sha256 == page_pictures.c.picture_sha256)
            ).all()
        return Found(
            {page.url: (page.outcome, page.flagged) for page in stored},
            {(row.url, row.rule, row.quote) for row in said},
            {(row.page, row.url): (row.fate, [line["text"] for line in row.lines or ()]) for row in seen},
        )

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()
        self.engine.dispose()


@pytest.fixture(scope="module")
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as web:
        yield web


@pytest.fixture(scope="module")
def whole(web: SampleWeb, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Found]:
    """What one machine finds that is set up for everything."""
    home = tmp_path_factory.mktemp("whole") / "home"
    office = Office(web, home, f"sqlite:///{home}/yiguang.sqlite")
    done = office.run("nightly", "--targets", str(office.targets))
    assert done.returncode == 0, done.stderr
    yield office.found()
    office.close()


@pytest.fixture
def office(web: SampleWeb, postgresql_url: str, tmp_path: Path) -> Iterator[Office]:
    office = Office(web, tmp_path / "home", postgresql_url)
    yield office
    office.close()


def test_specialists_find_together_what_one_machine_finds(office: Office, whole: Found) -> None:
    office.join("small", "crawl")
    shows = office.join("shows", "show")
    reads = office.join("reads", "read")
    night = office.start("nightly", "--targets", str(office.targets), "--json", "--can", "none")
    leads = pages.select().where(pages.c.flagged).subquery()
    while office.count(leads) < 3:
        assert night.poll() is None
        time.sleep(0.05)
    shows.kill()  # in the middle of its shard
    reads.kill()
    listed = office.run("worker", "--list").stdout
    assert "small\t采集\t" in listed and "reads\t识别图片\n" in listed and "(nightly)\t无\n" in listed
    office.join("shows-too", "show")
    office.join("reads-too", "read")
    out, told = night.communicate(timeout=600)
    assert night.returncode == 0, (json.loads(out)["complaints"], told)
    summary = json.loads(out)
    assert (summary["healthy"], summary["unshown"], summary["unread_without_reader"]) == (True, 0, 0)
    found = office.found()
    assert found.pages == whole.pages
    assert found.findings == whole.findings
    assert found.pictures == whole.pictures
    assert office.count(picture_questions) == 0
    assert office.count(bundles) == office.count(leads)
    handed_on = frontier.select().where(frontier.c.handed_on > 0).subquery()
    assert 0 < office.count(handed_on) < len(found.pages)


def test_a_night_without_a_browser_says_so(web: SampleWeb, whole: Found, tmp_path: Path) -> None:
    home = tmp_path / "home"
    office = Office(web, home, f"sqlite:///{home}/yiguang.sqlite")
    refused = office.run("nightly", "--targets", str(office.targets), "--can", "show")
    assert (refused.returncode, "须能采集" in refused.stderr) == (2, True)
    night = office.run("nightly", "--targets", str(office.targets), "--json", "--can", "crawl,read")
    _says_that_nothing_was_shown(office, night, whole)
    assert json.loads(night.stdout)["unread_without_reader"] == 0
    office.close()


def test_what_nobody_is_there_for_is_told_and_not_waited_for(office: Office, whole: Found) -> None:
    gone = office.join("gone", "show")
    night = office.start("nightly", "--targets", str(office.targets), "--json", "--can", "crawl")
    while not office.count(pages):
        assert night.poll() is None
        time.sleep(0.05)
    gone.kill()  # for good
    out, told = night.communicate(timeout=600)
    assert "没有能显示网页的进程" in told
    _says_that_nothing_was_shown(office, subprocess.CompletedProcess((), night.returncode, out, told), whole)
    unread = json.loads(out)["unread_without_reader"]
    assert unread > 0
    assert f"{unread} 张图片未识别" in office.run("night", "show").stdout


def _says_that_nothing_was_shown(office: Office, night: subprocess.CompletedProcess[str], whole: Found) -> None:
    """Every page has an outcome, those that could be read are content as sent, no lead is called one without evidence."""
    assert night.returncode == 1
    summary = json.loads(night.stdout)
    found = office.found()
    assert found.pages.keys() <= whole.pages.keys()  # pages that only scripts name are not found
    assert summary["leads"] == 0 and summary["waiting"] == 0 and summary["unshown"] > 0
    assert any("没有能显示网页的进程" in said for said in summary["complaints"])
    lost = office.run("night", "lost").stdout
    leads = [url for url, (_, flagged) in whole.pages.items() if flagged and url in found.pages]
    without_evidence = [url for url in leads if found.pages[url][0] == "our-fault"]
    assert len(without_evidence) > len(leads) / 2  # others are leads only by what stands in pictures or in a browser
    assert all(url in lost for url in without_evidence)
    harmless = {url for url, (outcome, flagged) in whole.pages.items() if outcome == "content" and not flagged}
    kept = {url for url in harmless & found.pages.keys() if found.pages[url][0] == "content"}
    assert len(kept) > len(harmless) / 2
