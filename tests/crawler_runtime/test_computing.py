"""Work away from the event loop: one call at a time, each within its time."""

import asyncio
import threading
import time
from contextvars import ContextVar

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
        stuck, after = await asyncio.gather(
            computing.run(let_go.wait), computing.run(lambda: "read"), return_exceptions=True
        )
        assert computing.stuck == 1
        computing.close()
        return stuck, after

    try:
        stuck, after = asyncio.run(one_behind_the_other())  # comes back although the thread does not
    finally:
        let_go.set()
    assert isinstance(stuck, ComputingStuck) and "超过 0.2 秒" in str(stuck)
    assert after == "read"


def test_a_thread_that_is_late_after_all_ends() -> None:
    let_go = threading.Event()
    before = set(threading.enumerate())

    async def late() -> None:
        computing = Computing(0.1)
        with pytest.raises(ComputingStuck):
            await computing.run(let_go.wait)
        let_go.set()
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
        assert computing.stuck == 0

    asyncio.run(late())
    assert not [thread for thread in set(threading.enumerate()) - before if thread.is_alive()]


def test_what_is_logged_on_the_way_says_of_which_page_it_is() -> None:
    page: ContextVar[int] = ContextVar("page")

    async def two_pages() -> list[int]:
        computing = Computing(5)

        async def of(number: int) -> int:
            page.set(number)
            return await computing.run(page.get)

        return list(await asyncio.gather(of(1), of(2)))

    assert asyncio.run(two_pages()) == [1, 2]


def test_what_a_call_raises_is_raised_and_the_next_has_its_turn() -> None:
    async def one_after_the_other() -> int:
        computing = Computing(5)
        with pytest.raises(ZeroDivisionError):
            await computing.run(lambda: 1 // 0)
        return await computing.run(lambda: 1)

    assert asyncio.run(one_after_the_other()) == 1
