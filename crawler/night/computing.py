"""Work that takes long, away from the event loop and within a time."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

_Result = TypeVar("_Result")


class ComputingStuck(Exception):
    """Reading or judging a page takes too long. The message is Chinese."""


async def compute(seconds: float, call: Callable[..., _Result], *arguments: object) -> _Result:
    """Run in a thread. A call that never comes back keeps its thread, but not the site waiting: `ComputingStuck`."""
    try:
        async with asyncio.timeout(seconds):
            return await asyncio.to_thread(call, *arguments)
    except TimeoutError as error:
        raise ComputingStuck(f"处理页面超过 {seconds:g} 秒") from error
