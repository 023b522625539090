"""Workers: who is alive, who is taken for dead, and whose work was taken over."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from domain.abilities import EVERYTHING, Ability
from storage.crawl.workers import (
    DEAD_AFTER,
    FENCED_AFTER,
    HEARD_EVERY,
    NameTaken,
    announce,
    dead_workers,
    forget,
    hear,
    leave,
    live_workers,
    lose,
)
from storage.database import shared_clock
from tests.storage.samples import NOW
from yiguang.nights import nightly
from yiguang.nights.attendance import NIGHT_ITSELF, Attendance
from yiguang.settings import read_settings

LATER = NOW + DEAD_AFTER


def _capacity(engine: Engine, now: datetime) -> int:
    return sum(worker.capacity for worker in live_workers(engine, now))


def test_a_worker_stops_by_itself_before_others_take_its_work() -> None:
    assert HEARD_EVERY * 2 < FENCED_AFTER
    assert FENCED_AFTER * 2 <= DEAD_AFTER


def test_the_living_count_and_the_silent_are_dead(engine: Engine) -> None:
    announce(engine, "a", 2, NOW)
    announce(engine, "b", 3, NOW)
    assert (_capacity(engine, NOW), dead_workers(engine, NOW)) == (5, [])
    assert hear(engine, "a", NOW + timedelta(seconds=20))
    assert (_capacity(engine, LATER), dead_workers(engine, LATER)) == (2, ["b"])
    assert not hear(engine, "b", LATER)  # it may not go on: others have its work
    forget(engine, "b", LATER)
    assert dead_workers(engine, LATER) == []


def test_one_that_leaves_is_dead_at_once(engine: Engine) -> None:
    announce(engine, "a", 1, NOW)
    leave(engine, "a")
    assert dead_workers(engine, NOW) == ["a"]
    announce(engine, "a", 1, NOW)
    assert dead_workers(engine, NOW) == []


def test_a_name_has_one_living_worker(engine: Engine) -> None:
    announce(engine, "a", 1, NOW)
    with pytest.raises(NameTaken):
        announce(engine, "a", 1, NOW + timedelta(seconds=1))
    announce(engine, "a", 1, LATER)


def test_what_a_worker_is_set_up_for_is_known(engine: Engine) -> None:
    announce(engine, "a", 1, NOW)
    announce(engine, "b", 0, NOW, {Ability.READ, Ability.SHOW})
    assert [worker.can for worker in live_workers(engine, NOW)] == [EVERYTHING, {Ability.SHOW, Ability.READ}]
    lose(engine, "b", Ability.READ)
    assert [worker.can for worker in live_workers(engine, NOW)] == [EVERYTHING, {Ability.SHOW}]


def test_the_process_of_the_night_takes_the_place_of_its_predecessor(engine: Engine) -> None:
    announce(engine, "a", 1, NOW)
    announce(engine, "a", 2, NOW + timedelta(seconds=1), in_place=True)
    assert _capacity(engine, NOW) == 2


def test_one_that_came_back_is_not_forgotten(engine: Engine) -> None:
    announce(engine, "a", 1, NOW)
    announce(engine, "a", 1, LATER)
    forget(engine, "a", LATER)
    assert _capacity(engine, LATER) == 1


@pytest.mark.parametrize("wrong", [timedelta(minutes=-10), timedelta(minutes=10)])
def test_machines_whose_clocks_differ_judge_each_other_by_that_of_their_database(
    engine: Engine, wrong: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten minutes between a worker and the night; the process of the night takes nobody for dead, and is not taken for dead."""

    def right() -> datetime:
        return datetime.now(UTC)

    def differing() -> datetime:
        return right() + wrong

    def no_one(text: str) -> None:
        raise AssertionError(text)

    clock = shared_clock(engine, right)
    if engine.dialect.name != "postgresql":
        assert shared_clock(engine, differing) is differing
        return
    assert abs(shared_clock(engine, differing)() - right()) < abs(wrong) / 2
    announce(engine, "a", 1, clock())
    monkeypatch.setattr(nightly, "utc_now", differing)
    settings = replace(read_settings({}), can=EVERYTHING)
    attendance = Attendance(engine, settings, "n", shared_clock(engine, differing), no_one, lambda: False)
    attendance.begin(differing())
    attendance.look(differing() + HEARD_EVERY)
    nightly.take_over_from_the_dead(engine, settings)
    assert [worker.name for worker in live_workers(engine, clock())] == [NIGHT_ITSELF, "a"]
    assert all(abs(worker.heard_at - right()) < abs(wrong) / 2 for worker in live_workers(engine, clock()))
