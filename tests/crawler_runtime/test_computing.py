"""Work away from the event loop: one call at a time, each within its time."""

import asyncio
import threading
import time

import pytest

from crawler.night.computing import Computing, ComputingStuck


def test_calls_run_one_at_a_time_in_their_order_and_waiting_does_not_count() -> None:
    running: list[int] = []
    begun: list[int] = []

    def call(number: int) -> int:
        begun.append(number)
        running.append(number)
        time.sleep(0.2)
        assert running == [number]
        running.remove(number)
        return number

    async def all_at_once() -> list[int]:
        computing = Computing(0.9)  # less than all of them take together
        return await asyncio.gather(*(computing.run(call, number) for number in range(6)))

    assert asyncio.run(all_at_once()) == begun == [0, 1, 2, 3, 4, 5]


def test_a_call_that_does_not_come_back_holds_nobody_up() -> None:
    let_go = threading.Event()

    async def one_behind_the_other() -> tuple[object, object]:
        computing = Computing(0.2)
        try:
            stuck, after = await asyncio.gather(
                computing.run(let_go.wait), computing.run(lambda: "read"), return_exceptions=True
            )
        finally:
            let_go.set()  # the loop ends when its threads do
        return stuck, after

    stuck, after = asyncio.run(one_behind_the_other())
    assert isinstance(stuck, ComputingStuck) and "超过 0.2 秒" in str(stuck)
    assert after == "read"


def test_what_a_call_raises_is_raised_and_the_next_has_its_turn() -> None:
    async def one_after_the_other() -> int:
        computing = Computing(5)
        with pytest.raises(ZeroDivisionError):
            await computing.run(lambda: 1 // 0)
        return await computing.run(lambda: 1)

    assert asyncio.run(one_after_the_other()) == 1
