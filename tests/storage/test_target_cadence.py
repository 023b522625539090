"""Targets that are not visited every night."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from domain.nights import NightKind
from storage.crawl.nights import finish_night, has_unfinished_night, open_night
from storage.crawl.targets import list_targets, remove_targets, removed_targets, save_targets, targets_due
from tests.storage.samples import NOW, TARGETS


def test_a_weekly_target_is_due_once_a_week(engine: Engine) -> None:
    nightly, weekly = TARGETS[0], replace(TARGETS[1], every_days=7)
    save_targets(engine, [nightly, weekly])
    due = {}
    for day in range(16):
        now = NOW + timedelta(days=day, hours=day % 3)  # nights do not begin at the same minute
        members = targets_due(engine, now)
        due[day] = {known.target.url for known in members}
        finish_night(engine, open_night(engine, now, members), now)
    assert all(nightly.url in urls for urls in due.values())
    assert [day for day, urls in due.items() if weekly.url in urls] == [0, 7, 14]


def test_a_recheck_is_no_visit_of_the_target(engine: Engine) -> None:
    save_targets(engine, [replace(TARGETS[0], every_days=30)])
    open_night(engine, NOW, list_targets(engine), NightKind.RECHECK)
    assert not has_unfinished_night(engine)
    assert len(targets_due(engine, NOW)) == 1
    night = open_night(engine, NOW, list_targets(engine))
    assert has_unfinished_night(engine) and targets_due(engine, NOW + timedelta(days=1)) == []
    finish_night(engine, night, NOW)
    assert not has_unfinished_night(engine)


def test_a_target_for_every_night_may_run_twice_a_day(engine: Engine) -> None:
    save_targets(engine, TARGETS[:1])
    finish_night(engine, open_night(engine, NOW, list_targets(engine)), NOW)
    assert len(targets_due(engine, NOW + timedelta(hours=1))) == 1


def test_a_target_that_was_removed_is_in_no_later_night_but_stays_known(engine: Engine) -> None:
    save_targets(engine, TARGETS)
    first, second = list_targets(engine)
    night = open_night(engine, NOW, targets_due(engine, NOW))
    remove_targets(engine, [first.id], NOW + timedelta(minutes=1))
    remove_targets(engine, [first.id], NOW + timedelta(hours=1))
    assert removed_targets(engine) == {first.id: NOW + timedelta(minutes=1)}  # since the first time
    finish_night(engine, night, NOW)
    assert targets_due(engine, NOW + timedelta(days=1)) == [second]
    assert list_targets(engine) == [first, second]  # nights and evidence refer to it


def test_a_target_that_is_saved_again_is_visited_again(engine: Engine) -> None:
    save_targets(engine, TARGETS)
    first, second = list_targets(engine)
    remove_targets(engine, [first.id], NOW)
    assert save_targets(engine, [TARGETS[1]]) == []
    assert targets_due(engine, NOW) == [second]
    assert save_targets(engine, TARGETS) == [TARGETS[0]]
    assert (removed_targets(engine), targets_due(engine, NOW)) == ({}, [first, second])
