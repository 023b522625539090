"""Work that takes long, away from the event loop and within a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")


class ComputingStuck(Exception):
    """Reading or judging a page takes too long. The message is Chinese."""


class Computing:
    """Runs calls in a thread, one after another in the order in which they were asked for.

    Threads of one interpreter compute in turns whatever their number, and taking turns costs: with six of them at once a night took
    a sixth more processor time than with one.
    """

    def __init__(self, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds
        self._turn = asyncio.Semaphore(1)

    async def run(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        """What the call returns. One that never comes back keeps its thread, but nobody waiting: `ComputingStuck`. The time of
        waiting for those before does not count."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._longest_seconds):
                    return await asyncio.to_thread(call, *arguments)
            except TimeoutError as error:
                raise ComputingStuck(f"处理页面超过 {self._longest_seconds:g} 秒") from error
