"""Two nights over one site with the real store: what the second night knows from the first."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from warcio.archiveiterator import ArchiveIterator

from domain.outcome import Outcome
from domain.targets import RenderMode, Target
from storage.crawl.frontier import SqlFrontier
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import finish_night, open_night
from storage.crawl.revisits import SqlCrawlMemory
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from storage.crawl.whereabouts import Fate, whereabouts
from storage.database import migrate, open_engine
from storage.pages.stored_texts import stored_documents
from storage.tables import pages
from tests.crawler_runtime.fakes import crawl_over, now, settings
from tests.crawler_runtime.rough_server import RoughServer
from tests.storage.crawl import seal_key

PROVENANCE = {"operator": "示例监测中心", "tool": "yiguang", "tool_version": "0.1.0"}


@dataclass
class World:
    server: RoughServer
    engine: Engine
    folder: Path

    def night(self, label: str) -> str:
        """One whole night over one site."""
        target = Target(label, self.server.url(label), delay_seconds=0.0, local=True, render=RenderMode.NEVER)
        save_targets(self.engine, [target])
        targets = list_targets(self.engine)
        night_id = open_night(self.engine, now(), targets)
        frontier = SqlFrontier(self.engine)
        frontier.seed(night_id, [(row.id, row.target.url) for row in targets], now())
        store = SqlVisitStore(self.engine, self.folder, PROVENANCE, now, seal_key(self.folder))
        memory = SqlCrawlMemory(self.engine, "", "")  # as `judge_word` names its rules and model
        try:
            hosts = self.server.hosts(label)
            crawl_over(targets, frontier, store, settings(hosts=hosts), memory=memory, night_id=night_id)
        finally:
            store.close()
        finish_night(self.engine, night_id, now())
        return night_id


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    engine = open_engine(f"sqlite:///{tmp_path}/yiguang.sqlite")
    migrate(engine)
    with RoughServer() as server:
        yield World(server, engine, tmp_path)
    engine.dispose()


def test_the_second_night_asks_only_whether_pages_have_changed(world: World) -> None:
    first = world.night("validates")
    second = world.night("validates")
    with world.engine.connect() as connection:
        rows = connection.execute(select(pages).where(pages.c.night_id == second)).all()
    assert {row.url for row in rows} == {world.server.url("validates"), world.server.url("validates", "/1.html")}
    assert {row.detail for row in rows} == {"内容未变（HTTP 304）"}
    assert {row.text for row in rows} == {None}
    before, after = night_summary(world.engine, first), night_summary(world.engine, second)
    assert before.outcomes == after.outcomes == {Outcome.CONTENT: 2}
    assert after.healthy
    texts = [
        sorted(document.text for _, document in stored_documents(world.engine, night)) for night in (first, second)
    ]
    assert texts[0] == texts[1]
    assert all(texts[0])


def test_robots_txt_and_sitemaps_are_in_the_archive_of_the_night(world: World) -> None:
    night_id = world.night("names-sitemaps")
    archived = []
    for file in sorted((world.folder / "warc").rglob("*.warc.gz")):
        with file.open("rb") as stream:
            archived += [record.rec_headers.get_header("WARC-Target-URI") for record in ArchiveIterator(stream)]
    for path in ("/robots.txt", "/maps/index.xml", "/maps/1.xml.gz", "/from-gz.html"):
        assert world.server.url("names-sitemaps", path) in archived
    found = whereabouts(world.engine, world.server.url("names-sitemaps", "/from-gz.html"), night_id)
    assert (found.fate, found.found_on) == (Fate.VISITED, world.server.url("names-sitemaps"))


@pytest.mark.parametrize("label", ["leave-me", "robots-busy"])
def test_a_site_that_asked_for_a_day_is_not_asked_the_next_night(world: World, label: str) -> None:
    world.night(label)
    asked = len(world.server.asked)
    second = world.night(label)
    assert len(world.server.asked) == asked
    found = whereabouts(world.engine, world.server.url(label), second)
    assert found.outcome is Outcome.HTTP_ERROR
    assert "暂缓访问" in found.reason


def test_a_skipped_link_can_be_asked_about(world: World) -> None:
    night_id = world.night("has-sitemap")
    found = whereabouts(world.engine, "http://other.example/x.html", night_id)
    assert (found.fate, found.reason) == (Fate.SKIPPED, "主机 other.example 不在范围内")
