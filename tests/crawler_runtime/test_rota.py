"""Whose turn it is among the targets of a shard, without a crawl."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crawler.night.rota import Rota

NOW = datetime(2026, 11, 26, 1, 0, tzinfo=UTC)


def test_turns_go_round_and_sleepers_join_behind() -> None:
    rota = Rota()
    rota.add([1, 2, 3])
    rota.sleep(4, NOW + timedelta(seconds=5))
    assert rota.take(2, NOW) == [1, 2]
    rota.add([1])
    assert rota.earliest() == NOW + timedelta(seconds=5)
    assert rota.take(5, NOW) == [3, 1]
    assert rota.take(5, NOW) == []
    assert rota.take(5, NOW + timedelta(seconds=5)) == [4]
    assert rota.earliest() is None


def test_those_who_wake_first_can_be_woken_before_their_time() -> None:
    rota = Rota()
    for target, seconds in ((1, 30), (2, 10), (3, 20)):
        rota.sleep(target, NOW + timedelta(seconds=seconds))
    assert rota.wake(2) == [2, 3]
    assert rota.wake(2) == [1]
    assert rota.wake(2) == []


@given(st.lists(st.tuples(st.sampled_from(["add", "sleep", "take", "wake"]), st.integers(0, 40)), max_size=60))
def test_no_target_is_ever_in_two_places_or_lost(steps: list[tuple[str, int]]) -> None:
    rota, inside, number = Rota(), set[int](), 0
    for step, amount in steps:
        if step in ("add", "sleep"):
            number += 1
            inside.add(number)
            rota.add([number]) if step == "add" else rota.sleep(number, NOW + timedelta(seconds=amount))
        else:
            taken = rota.take(amount, NOW + timedelta(seconds=20)) if step == "take" else rota.wake(amount)
            assert len(taken) <= amount and inside.issuperset(taken) and len(set(taken)) == len(taken)
            inside.difference_update(taken)
    late = NOW + timedelta(hours=1)
    assert sorted(rota.take(number, late)) == sorted(inside)
