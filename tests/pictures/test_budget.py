"""The time for pictures goes to the most suspicious pages of a whole night, though pages come in any order."""

import random
from dataclasses import dataclass

import pytest

from crawler.pictures.picture_budget import PictureBudget

SECONDS_EACH = 0.5


@dataclass
class Clock:
    """A reader that takes the same time for each picture."""

    total: float
    spent: float = 0.0
    seconds_each: float = SECONDS_EACH

    @property
    def left_seconds(self) -> float:
        return self.total - self.spent

    def has_time(self, share: float = 1.0) -> bool:
        return self.spent < self.total * share


def night(order: list[float], clock: Clock, expected: int) -> list[float]:
    """The suspicions of the pages whose pictures were read, two of each page."""
    budget = PictureBudget(clock, expected)
    read = []
    for suspicion in order:
        budget.note(suspicion, 2)
        if budget.affords(suspicion):
            clock.spent += 2 * SECONDS_EACH
            read.append(suspicion)
    return read


def pages(seed: int, number: int = 1000) -> list[float]:
    """One in thirty suspicious, the others harmless."""
    chance = random.Random(seed)
    return [chance.uniform(1, 4) if chance.random() < 1 / 30 else chance.uniform(0, 0.9) for _ in range(number)]


@pytest.mark.parametrize("seed", range(5))
def test_time_for_a_tenth_of_the_pages_goes_to_the_most_suspicious_tenth(seed: int) -> None:
    order = pages(seed)
    read = night(order, Clock(100.0), len(order))
    best = sorted(order, reverse=True)[:100]
    assert len([one for one in best if one in set(read)]) >= 65  # first come, first served: 37 to 46
    suspicious = [one for one in order if one >= 1]
    assert [one for one in suspicious if one not in set(read)] == []
    assert len(read) >= 90  # and hardly any time is left over


def test_after_a_harmless_half_of_the_night_half_of_the_time_is_left_for_a_suspicious_one() -> None:
    harmless = [0.1] * 250
    order = [*harmless, *[2.0, *harmless[:4]] * 50]
    read = night(order, Clock(60.0), len(order))
    assert read.count(2.0) >= 29


def test_time_enough_for_all_reads_all() -> None:
    order = pages(1)
    assert night(order, Clock(5000.0), len(order)) == order


def test_before_much_is_known_the_first_half_of_the_time_is_for_all_the_second_for_suspicious_pages() -> None:
    clock = Clock(4.0)
    assert night([0.1] * 10, clock, 0) == [0.1] * 2
    assert night([2.0] * 10, clock, 0) == [2.0] * 2
    assert night([4.0], clock, 0) == []


def test_more_pages_than_expected_are_read_while_there_is_time() -> None:
    order = [0.5] * 60
    assert len(night(order, Clock(100.0), 30)) == 60
