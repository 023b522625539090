"""Every URL of a night that gave no content is told with the reason."""

from pathlib import Path

from sqlalchemy import Engine

from domain.outcome import Outcome
from domain.visits import Skipped, SkipRule
from storage.crawl.frontier import SqlFrontier
from storage.crawl.lost_urls import Loss, Unlisted, lost_urls, unlisted
from storage.crawl.whereabouts import Fate, whereabouts
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import failed_visit, visit


def test_each_is_told_with_its_reason(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine, links=1)
    store = open_store(engine, tmp_path)
    good, bad = claim(engine, night_id, ids[:1], limit=2)
    away = Skipped("http://other.example/a", SkipRule.HOST, "主机不在范围内")
    visited_too = Skipped(good.url, SkipRule.DEPTH, "超过深度")
    store.record(visit(good, skipped=(away, visited_too), skip_counts={SkipRule.HOST: 7, SkipRule.DEPTH: 1}))
    store.record(failed_visit(bad, Outcome.HTTP_GONE))
    store.close()
    with engine.connect() as connection:
        found = list(lost_urls(connection, night_id))
        assert unlisted(connection, night_id) == [Unlisted("host", 6)]
    told = [(one.url, one.loss, one.rule, one.reason, one.tries, one.status) for one in found]
    assert told[0] == (bad.url, Loss.VISITED, "http-gone", "页面不存在", 1, 404)
    assert {line[:3] for line in told[1:-1]} == {
        ("http://hospital.example/", Loss.WAITING, "waiting"),
        ("http://hospital.example/0", Loss.WAITING, "waiting"),
    }
    assert told[-1] == ("http://other.example/a", Loss.SKIPPED, "host", "主机不在范围内", 0, None)
    assert found[-1].found_on == good.url and found[-1].target == "示例门诊部"


def test_what_waits_for_a_browser_says_so(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    [row] = claim(engine, night_id, ids[:1])
    SqlFrontier(engine).hand_on(row.id, "w1")
    with engine.connect() as connection:
        reasons = {one.url: one.reason for one in lost_urls(connection, night_id)}
    assert reasons == {row.url: "等待能显示网页的进程", "http://hospital.example/": "尚未访问"}
    found = whereabouts(engine, row.url, night_id)
    assert (found.fate, found.reason) == (Fate.WAITING, "等待能显示网页的进程")
