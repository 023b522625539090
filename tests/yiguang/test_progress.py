"""How often a night's progress is counted, and how it is shown."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from storage.crawl.nights import NightProgress
from yiguang.nights.progress import SparingCount, night_display

NOTHING = NightProgress(waiting=0, leased=0, done=0, surplus=0, leads=0, outcomes={})


def test_counting_takes_a_twentieth_of_the_time_at_most() -> None:
    now, counted = [100.0], list[float]()
    shown: list[NightProgress] = []

    def count() -> NightProgress:
        counted.append(now[0])
        now[0] += 3.0 if len(counted) == 2 else 0.001
        return NOTHING

    progress = SparingCount(count, shown.append, lambda: now[0])
    for _ in range(400):
        progress.look()
        now[0] += 0.5
    assert counted[1] - counted[0] < 1, "a quick count is made at every look"
    assert counted[2] - counted[1] == 60.0, "after one of three seconds the next is made a minute later"
    assert counted[3] - counted[2] < 1 and shown == [NOTHING] * len(counted)


@pytest.mark.parametrize("is_counted", [False, True])
def test_pages_that_are_not_counted_yet_are_not_called_none(is_counted: bool) -> None:
    shown = StringIO()
    with night_display(Console(file=shown, force_terminal=True, no_color=True, width=120)) as show:
        if is_counted:
            show(replace(NOTHING, waiting=2, done=1))
    assert "None" not in shown.getvalue() and ("1/3" if is_counted else "0/?") in shown.getvalue()
