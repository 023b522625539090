"""Who gets which URL, and when."""

import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from domain.targets import Target
from domain.visits import Discovered
from storage.crawl.found_urls import FoundUrls, add_urls
from storage.crawl.frontier import SqlFrontier
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import finish_night, night_progress, open_night
from storage.crawl.targets import list_targets, save_targets
from storage.database import writing
from tests.storage.crawl import LEASE_SECONDS, claim, open_sample_night, open_store
from tests.storage.samples import NOW, failed_visit

_CLAIM_ALL = """
import sys
from storage.database import open_engine
from tests.storage.crawl import claim
engine = open_engine(sys.argv[1])
while rows := claim(engine, sys.argv[2], [1, 2], limit=2, worker=sys.argv[3]):
    print(*(row.id for row in rows), sep="\\n")
"""


def test_targets_with_fewest_urls_come_first(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine, links=4)
    claim(engine, night_id, ids[:1], limit=3)
    rows = claim(engine, night_id, ids, limit=5)
    assert [row.target_id for row in rows[:3]] == [ids[1]] * 3
    assert {row.target_id for row in rows[3:]} == set(ids)
    assert [row.depth for row in rows] == [0, 1, 1, 1, 1]
    assert {row.attempts for row in rows} == {1}


def test_a_url_is_known_once_a_night_however_it_is_spelt(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    SqlFrontier(engine).seed(night_id, [(ids[1], "HTTP://clinic.example:80/#top")], NOW)
    assert night_progress(engine, night_id).waiting == 2


def test_a_lease_keeps_others_away_until_it_runs_out(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    frontier = SqlFrontier(engine)
    first = claim(engine, night_id, ids, limit=2)
    lease_end = NOW + timedelta(seconds=LEASE_SECONDS)
    assert claim(engine, night_id, ids, limit=2, worker="w2") == []
    assert frontier.next_dues(night_id, ids, NOW) == dict.fromkeys(ids, lease_end)

    frontier.heartbeat([first[0].id], "w1", lease_end, LEASE_SECONDS)
    frontier.heartbeat([first[1].id], "w2", lease_end, LEASE_SECONDS)  # not its own: no effect
    again = frontier.claim(night_id, ids, "w2", 2, lease_end, LEASE_SECONDS)
    assert [(row.id, row.attempts) for row in again] == [(first[1].id, 2)]


def test_leases_of_dead_workers_are_released(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    claim(engine, night_id, ids[:1], worker="dead")
    claim(engine, night_id, ids[1:], worker="alive")
    frontier = SqlFrontier(engine)
    assert frontier.release_leases(night_id, ["dead"]) == 1
    assert frontier.release_leases(night_id, []) == 0
    assert frontier.release_leases("2020-01-01") == 0
    # Released rows are due at once, not when the old lease would have run out.
    assert [row.target_id for row in claim(engine, night_id, ids, limit=2)] == [ids[0]]


def test_a_stopped_night_takes_its_leases_back_uncounted(engine: Engine) -> None:
    save_targets(engine, [Target("示例门诊部", "http://clinic.example/", max_pages=2)])
    targets = list_targets(engine)
    night_id = open_night(engine, NOW, targets)
    ids = [targets[0].id]
    with writing(engine) as connection:
        found = [Discovered(f"http://clinic.example/{number}", 0) for number in range(3)]
        add_urls(connection, [FoundUrls(night_id, ids[0], found, NOW)])
    for _stop in range(4):
        assert [row.attempts for row in claim(engine, night_id, ids, limit=10)] == [1, 1]
        assert SqlFrontier(engine).withdraw_leases(night_id) == 2
        assert SqlFrontier(engine).withdraw_leases(night_id) == 0
    assert night_progress(engine, night_id).surplus == 0
    claim(engine, night_id, ids, limit=10)
    assert night_progress(engine, night_id).surplus == 1


def test_budget_leaves_a_surplus_that_keeps_nobody_waiting(engine: Engine, tmp_path: Path) -> None:
    save_targets(engine, [Target("示例门诊部", "http://clinic.example/", max_pages=2)])
    targets = list_targets(engine)
    night_id = open_night(engine, NOW, targets)
    ids = [targets[0].id]
    with writing(engine) as connection:
        found = [Discovered(f"http://clinic.example/{number}", 0) for number in range(5)]
        add_urls(connection, [FoundUrls(night_id, ids[0], found, NOW)])
    rows = claim(engine, night_id, ids, limit=10)
    assert len(rows) == 2

    store = open_store(engine, tmp_path)
    retry_at = NOW + timedelta(minutes=5)
    store.record(failed_visit(rows[0], retry_at=retry_at))
    store.record(failed_visit(rows[1]))
    store.close()
    frontier = SqlFrontier(engine)
    progress = night_progress(engine, night_id)
    assert (progress.waiting, progress.leased, progress.done, progress.surplus) == (1, 0, 1, 3)
    assert frontier.next_dues(night_id, ids, NOW) == {ids[0]: retry_at}
    assert claim(engine, night_id, ids, limit=10) == []
    # A further try costs nothing of the budget and is not hidden behind the surplus.
    again = frontier.claim(night_id, ids, "w1", 10, retry_at, LEASE_SECONDS)
    assert [(row.id, row.attempts) for row in again] == [(rows[0].id, 2)]
    store = open_store(engine, tmp_path)
    store.record(failed_visit(again[0]))
    store.close()
    assert frontier.next_dues(night_id, ids, retry_at) == {}
    assert night_progress(engine, night_id).waiting == 0

    for _ in range(2):  # finishing drops the surplus from the frontier and keeps its count
        result = night_summary(engine, night_id).targets[0]
        assert (result.waiting, result.surplus) == (0, 3)
        finish_night(engine, night_id, retry_at)
    assert night_progress(engine, night_id).surplus == 0


def test_nothing_to_claim_is_no_error(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    assert claim(engine, night_id, [], limit=5) == []
    assert claim(engine, night_id, ids, limit=0) == []
    assert SqlFrontier(engine).next_dues("2020-01-01", ids, NOW) == {}
    assert SqlFrontier(engine).next_dues(night_id, ids, NOW) == dict.fromkeys(ids, NOW)


def test_no_target_gets_more_than_its_share_of_a_claim(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine, links=9)
    frontier = SqlFrontier(engine)
    for tries in (1, 2):  # further tries count like first ones
        rows = frontier.claim(night_id, ids, "w1", 100, NOW, LEASE_SECONDS, each=3)
        assert Counter(row.target_id for row in rows) == dict.fromkeys(ids, 3)
        frontier.release_leases(night_id)
        assert max(row.attempts for row in rows) == tries


def test_when_each_of_many_targets_is_due(engine: Engine) -> None:
    """More targets than one statement names."""
    save_targets(engine, [Target(f"示例{number}", f"http://clinic-{number}.example/") for number in range(450)])
    targets = list_targets(engine)
    night_id = open_night(engine, NOW, targets)
    ids = [target.id for target in targets]
    frontier = SqlFrontier(engine)
    frontier.seed(night_id, [(target.id, target.target.url) for target in targets[::2]], NOW)
    assert frontier.next_dues(night_id, ids, NOW) == dict.fromkeys(ids[::2], NOW)
    before = NOW - timedelta(days=1)  # the clock was ahead when they were found
    assert frontier.next_dues(night_id, ids, before) == dict.fromkeys(ids[::2], before)
    assert len(frontier.claim(night_id, ids[:200], "w1", 500, before, LEASE_SECONDS)) == 100


def test_processes_never_get_the_same_url(engine: Engine, database_url: str) -> None:
    night_id, _ = open_sample_night(engine, links=29)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _CLAIM_ALL, database_url, night_id, f"w{number}"], stdout=subprocess.PIPE
        )
        for number in range(3)
    ]
    claimed = [line for process in started for line in process.communicate()[0].split()]
    assert [process.returncode for process in started] == [0, 0, 0]
    assert len(claimed) == len(set(claimed)) == 60


def test_a_url_left_to_a_browser_is_given_to_those_that_have_one(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    fetches, shows = SqlFrontier(engine), SqlFrontier(engine, to_show=True)
    [row, *_] = claim(engine, night_id, ids[:1], limit=4)
    fetches.hand_on(row.id, "w2")  # not its own: no effect
    assert not fetches.waits_for_browser(night_id, ids)
    fetches.hand_on(row.id, "w1")
    assert (fetches.waits_for_browser(night_id, ids[:1]), fetches.waits_for_browser(night_id, ids[1:])) == (True, False)
    assert claim(engine, night_id, ids[:1], limit=4) == []
    assert (fetches.next_dues(night_id, ids[:1], NOW), shows.next_dues(night_id, ids[:1], NOW)) == ({}, {ids[0]: NOW})
    assert (night_progress(engine, night_id).waiting, night_summary(engine, night_id).to_show) == (2, 1)

    [again] = shows.claim(night_id, ids[:1], "w2", 4, NOW, LEASE_SECONDS)
    assert (again.id, again.attempts, again.handed_on, again.tries) == (row.id, 2, 1, 1)
    shows.withdraw_leases(night_id, ["w2"])  # killed: as if never begun
    [again] = shows.claim(night_id, ids[:1], "w2", 4, NOW, LEASE_SECONDS)
    assert (again.attempts, again.tries) == (2, 1)


def test_a_url_left_to_a_browser_has_had_its_share_of_the_budget(engine: Engine) -> None:
    save_targets(engine, [Target("甲", "http://one.example/", max_pages=2)])
    [known] = list_targets(engine)
    night_id = open_night(engine, NOW, [known])
    SqlFrontier(engine).seed(night_id, [(known.id, f"http://one.example/{number}") for number in range(3)], NOW)
    first, second = claim(engine, night_id, [known.id], limit=4)
    SqlFrontier(engine).hand_on(first.id, "w1")
    assert claim(engine, night_id, [known.id], limit=4) == []  # the third stays surplus
    [again] = SqlFrontier(engine, to_show=True).claim(night_id, [known.id], "w2", 4, NOW, LEASE_SECONDS)
    assert (again.id, night_progress(engine, night_id).surplus) == (first.id, 1)
    assert second.id != first.id
