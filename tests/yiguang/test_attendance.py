"""What processes are set up for, and how a night is divided among those of different kinds."""

import os
from dataclasses import replace

import pytest

from crawler.settings import Showing
from domain.abilities import EVERYTHING, Ability, abilities_in, in_chinese, written
from storage.crawl.workers import Worker
from tests.storage.samples import NOW
from yiguang.errors import UsageError
from yiguang.nights.attendance import NIGHT_ITSELF, SHARDS_EACH, crew
from yiguang.nights.shard_main import showing
from yiguang.nights.shard_processes import ShardJob
from yiguang.settings import read_abilities, read_settings

CRAWL, SHOW, READ = Ability.CRAWL, Ability.SHOW, Ability.READ


def worker(name: str, capacity: int, *can: Ability) -> Worker:
    return Worker(name, capacity, frozenset(can), NOW, NOW)


def test_abilities_are_written_in_one_order() -> None:
    assert written({READ, CRAWL}) == "crawl,read"
    assert abilities_in(" read, crawl ") == {READ, CRAWL}
    assert (written(()), abilities_in("")) == ("", frozenset())
    assert (in_chinese({READ, SHOW}), in_chinese(())) == ("显示网页、识别图片", "无")


def test_a_process_is_set_up_for_everything_unless_it_is_told() -> None:
    assert read_settings({}).can == EVERYTHING
    assert read_settings({"YIGUANG_CAN": "show,read"}).can == {SHOW, READ}
    assert read_abilities("none", "--can") == frozenset()
    with pytest.raises(UsageError, match="--can 只能由"):
        read_abilities("crawl,fly", "--can")


def test_a_night_of_all_rounders_is_divided_by_how_many_crawl_at_once() -> None:
    alone = replace(read_settings({}), shards=2)
    others = [worker("a", 3, *Ability), worker("reads", 0, READ), worker(NIGHT_ITSELF, 2, *Ability)]
    assert crew(alone, []).shards(1000, 16) == 2
    assert not crew(alone, [worker("reads", 0, READ)]).others
    assert crew(alone, others).shards(1000, 16) == 5


def test_a_night_with_processes_without_a_browser_is_divided_further_while_there_are_sites() -> None:
    small = replace(read_settings({}), shards=2, can=frozenset({CRAWL}))
    assert crew(small, []).shards(1000, 16) == 2 * SHARDS_EACH
    assert crew(small, []).shards(50, 16) == 3
    assert crew(small, []).shards(10, 16) == 2
    idle = replace(small, can=frozenset())
    assert crew(idle, []).slots == 1
    assert crew(idle, [worker("shows", 4, SHOW), worker("small", 3, CRAWL)]).shards(1000, 16) == 3 * SHARDS_EACH


def test_a_page_is_done_without_a_browser_only_when_nobody_has_one() -> None:
    first, follows = (ShardJob("n", 0, [1], os.getpid(), 1.0, to_show) for to_show in (False, True))
    assert showing(first, EVERYTHING, alone=True) is Showing.HERE
    assert showing(first, {CRAWL}, alone=False) is Showing.ELSEWHERE
    assert showing(follows, {SHOW}, alone=False) is Showing.HERE
    assert showing(follows, {CRAWL}, alone=False) is Showing.NOWHERE
    assert showing(first, {CRAWL}, alone=True) is Showing.NOWHERE
