"""Work that takes long, away from the event loop and within a time."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class ComputingStuck(Exception):
    """Reading or judging a page takes too long. The message is Chinese."""


class Computing:
    """Runs calls in a thread, one after another in the order in which they were asked for.

    Threads of one interpreter compute in turns whatever their number, and taking turns costs: with six of them at once a night took
    a sixth more processor time than with one. A thread whose call does not come back in time is left to itself and another takes its
    place. Neither the event loop nor the process waits for it when they end, as they would for the threads of an executor.
    """

    def __init__(self, longest_seconds: float) -> None:
        self._longest_seconds = longest_seconds
        self._turn = asyncio.Semaphore(1)
        self._thread: _Thread | None = None
        self._left: list[Future[Any]] = []

    @property
    def stuck(self) -> int:
        """How many calls are still computing for which nobody waits any more."""
        self._left = [call for call in self._left if not call.done()]
        return len(self._left)

    async def run(self, call: Callable[..., _Result], *arguments: object) -> _Result:
        """What the call returns. One that takes too long keeps its thread, but nobody waiting: `ComputingStuck`. The time of waiting
        for those before does not count."""
        async with self._turn:
            thread = self._thread = self._thread or _Thread()
            running: Future[_Result] = thread.submit(call, arguments)
            try:
                async with asyncio.timeout(self._longest_seconds):
                    return await asyncio.wrap_future(running)
            except TimeoutError as error:
                raise ComputingStuck(f"处理页面超过 {self._longest_seconds:g} 秒") from error
            finally:
                if not running.done():
                    self._left.append(running)
                    self.close()

    def close(self) -> None:
        """Have the thread end, when it is through with its call."""
        if self._thread is not None:
            self._thread.end()
            self._thread = None


class _Thread:
    """A daemon: the process may end while it computes."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        threading.Thread(target=self._work, name="compute", daemon=True).start()

    def submit(self, call: Callable[..., _Result], arguments: tuple[object, ...]) -> "Future[_Result]":
        future: Future[_Result] = Future()
        context = copy_context()  # what is logged on the way says of which page it is
        self._calls.put((future, lambda: context.run(call, *arguments)))
        return future

    def end(self) -> None:
        self._calls.put(None)

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            future, call = item
            if future.set_running_or_notify_cancel():
                _settle(future, call)
            del item, future, call  # else a page would be held until the next comes


def _settle(future: "Future[Any]", call: Callable[[], Any]) -> None:
    try:
        result = call()
    except BaseException as fault:  # noqa: BLE001  # whoever waits for the call gets to know it
        future.set_exception(fault)
    else:
        future.set_result(result)
