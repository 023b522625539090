"""Tips beside what is known."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.outcome import Outcome
from domain.targets import Target, TargetKind
from domain.visits import Skipped, SkipRule
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets, remove_targets, removed_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from storage.leads.tips import FoundPost, found_posts, name_by_account, take_in
from tests.storage.crawl import open_store
from tests.storage.samples import NOW, TARGETS, page, visit

POST = "https://mp.weixin.qq.com/s?__biz=MzAx&mid=1&idx=1&sn=a1"
SISTER = "https://mp.weixin.qq.com/s?__biz=MzAx&mid=2&idx=1&sn=b2"
STRANGER = "https://mp.weixin.qq.com/s?__biz=MzA&mid=2&idx=1&sn=b2"
NOTE = "举报线索"


def tip(url: str) -> Target:
    return Target("微信文章", url, TargetKind.WECHAT, max_pages=1, min_pages=0, note=NOTE)


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[SqlVisitStore]:
    opened = open_store(engine, tmp_path)
    yield opened
    opened.close()


def visit_all(engine: Engine, store: SqlVisitStore, account: str) -> None:
    targets = list_targets(engine)
    night_id = open_night(engine, NOW, targets)
    queue = SqlFrontier(engine)
    queue.seed(night_id, [(row.id, row.target.url) for row in targets], NOW)
    for row in queue.claim(night_id, [row.id for row in targets], "w", 10, NOW, 60.0):
        store.record(visit(row, page=replace(page(row.url), account=account)))


def test_each_url_is_taken_in_once(engine: Engine) -> None:
    assert [known.is_new for known in take_in(engine, [tip(POST), tip(SISTER), tip(POST)])] == [True, True, False]
    assert [known.is_new for known in take_in(engine, [tip(SISTER)])] == [False]
    assert [row.target.url for row in list_targets(engine)] == [POST, SISTER]


def test_a_target_that_is_there_keeps_its_settings(engine: Engine) -> None:
    watched = replace(tip(POST), name="示例医院公众号", max_pages=9, note="")
    save_targets(engine, [watched])
    assert not take_in(engine, [tip(POST)])[0].is_new
    assert [row.target for row in list_targets(engine)] == [watched]


def test_a_target_that_was_removed_is_visited_again_when_somebody_asks_for_it(engine: Engine) -> None:
    save_targets(engine, [tip(POST)])
    (target,) = list_targets(engine)
    remove_targets(engine, [target.id], NOW)
    assert not take_in(engine, [tip(POST)], resume=False)[0].is_back  # a link on a site asks for nothing
    assert set(removed_targets(engine)) == {target.id}
    assert [known.is_back for known in take_in(engine, [tip(POST), tip(POST), tip(SISTER)])] == [True, False, False]
    assert removed_targets(engine) == {}


def test_the_account_is_known_once_a_page_has_said_it(engine: Engine, store: SqlVisitStore) -> None:
    first = take_in(engine, [tip(POST)])[0]
    assert (first.account, first.last_outcome, first.last_visit) == ("", None, None)
    visit_all(engine, store, "示例健康号")
    again, sister, stranger = take_in(engine, [tip(POST), tip(SISTER), tip(STRANGER)])
    assert (again.account, again.last_outcome, again.is_new) == ("示例健康号", Outcome.CONTENT, False)
    assert again.last_visit is not None
    assert (sister.account, sister.last_outcome, sister.target.name) == ("示例健康号", None, "微信文章（示例健康号）")
    assert stranger.account == ""


def test_tips_are_named_after_their_account(engine: Engine, store: SqlVisitStore) -> None:
    take_in(engine, [tip(POST)])
    save_targets(engine, [replace(tip(SISTER), name="自己的名称", note="")])
    visit_all(engine, store, "示例健康号")
    assert name_by_account(engine, NOTE) == 1
    assert [row.target.name for row in list_targets(engine)] == ["微信文章（示例健康号）", "自己的名称"]
    assert name_by_account(engine, NOTE) == 0


def test_posts_found_on_sites_wait_until_they_are_taken_in(engine: Engine, store: SqlVisitStore) -> None:
    save_targets(engine, TARGETS[:1])
    skipped = (
        Skipped(POST, SkipRule.POST, "微信文章"),
        Skipped(SISTER, SkipRule.WANTED_POST, "微信文章"),
        Skipped("http://other.example/", SkipRule.HOST, "主机不在范围内"),
    )
    (site,) = list_targets(engine)
    nights = []
    for days in range(2):
        now = NOW + timedelta(days=days)
        nights.append(night_id := open_night(engine, now, [site]))
        queue = SqlFrontier(engine)
        queue.seed(night_id, [(site.id, site.target.url)], now)
        (row,) = queue.claim(night_id, [site.id], "w", 1, now, 60.0)
        store.record(visit(row, skipped=skipped))
        finish_night(engine, night_id, now)
    waiting = FoundPost(POST, nights[1], site.target.name, site.target.url)
    assert found_posts(engine, SkipRule.POST) == [waiting]
    assert found_posts(engine, SkipRule.POST, nights[0]) == [replace(waiting, night_id=nights[0])]
    assert [post.url for post in found_posts(engine, SkipRule.WANTED_POST, nights[1])] == [SISTER]
    take_in(engine, [tip(POST), tip(SISTER)])
    assert found_posts(engine, SkipRule.POST) == []
    assert found_posts(engine, SkipRule.WANTED_POST, nights[1]) == []
