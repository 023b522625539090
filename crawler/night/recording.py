"""Visits on their way into the store: what comes in while it is busy, or within a moment, is recorded together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any

from domain.evidence import EvidenceIncomplete
from domain.visits import Visit, VisitStore

#: Visits recorded together at most: each holds its page, and all wait for the slowest.
_MOST_AT_ONCE = 32
#: A transaction costs as much as the rows of several visits: fewer than so many wait for others to come, but no longer than a moment.
_WORTH_WRITING = 8
_MOMENT_SECONDS = 0.06


class Recorder:
    """Hands visits to the store; `stored` runs a call of it. For one event loop."""

    def __init__(
        self,
        store: VisitStore,
        stored: Callable[..., Awaitable[Any]],
        under_way: Callable[[], int] = lambda: _WORTH_WRITING,
    ) -> None:
        """`under_way` says how many visits there are, those that wait here included: when all of them do, no other will come."""
        self._store = store
        self._stored = stored
        self._under_way = under_way
        self._waiting: list[tuple[Visit, asyncio.Future[None]]] = []
        self._enough = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    async def record(self, visit: Visit) -> None:
        """Return when the visit is durable. Raises what the store raises; EvidenceIncomplete only for this visit."""
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((visit, recorded))
        if self._is_worth_writing():
            self._enough.set()
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await recorded

    async def close(self) -> None:
        """Return when nothing is under way any more."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        try:
            while self._waiting:
                self._enough.clear()
                if not self._is_worth_writing():
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._enough.wait(), _MOMENT_SECONDS)
                batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                await self._write_batch(batch)
        finally:
            self._writing = None

    def _is_worth_writing(self) -> bool:
        return len(self._waiting) >= min(_WORTH_WRITING, self._under_way())

    async def _write_batch(self, batch: Sequence[tuple[Visit, asyncio.Future[None]]]) -> None:
        try:
            await self._stored(self._store.record_all, [visit for visit, _ in batch])
        except EvidenceIncomplete as fault:
            if len(batch) > 1:
                for item in batch:  # only the visit that lacks something is to fail
                    await self._write_batch([item])
                return
            _settle(batch, fault)
        except Exception as fault:  # noqa: BLE001  # whoever waits for the visit gets to know it
            _settle(batch, fault)
        else:
            _settle(batch, None)


def _settle(batch: Sequence[tuple[Visit, asyncio.Future[None]]], fault: Exception | None) -> None:
    for _, recorded in batch:
        if recorded.done():  # nobody waits any more
            continue
        if fault is None:
            recorded.set_result(None)
        else:
            recorded.set_exception(fault)
