"""Visits on their way into the store: what comes in while it is busy, or within a moment, is recorded together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from domain.evidence import EvidenceIncomplete
from domain.visits import Visit, VisitStore

#: Visits recorded together at most: each holds its page, and all wait for the slowest.
_MOST_AT_ONCE = 32
#: A transaction costs as much as the rows of several visits: fewer than so many wait for a moment for others to come.
_WORTH_WRITING = 8
_MOMENT_SECONDS = 0.02


class Recorder:
    """Hands visits to the store; `stored` runs a call of it. For one event loop."""

    def __init__(self, store: VisitStore, stored: Callable[..., Awaitable[Any]]) -> None:
        self._store = store
        self._stored = stored
        self._waiting: list[tuple[Visit, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, visit: Visit) -> None:
        """Return when the visit is durable. Raises what the store raises; EvidenceIncomplete only for this visit."""
        recorded: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((visit, recorded))
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
                if len(self._waiting) < _WORTH_WRITING:
                    await asyncio.sleep(_MOMENT_SECONDS)
                batch, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
                await self._write_batch(batch)
        finally:
            self._writing = None

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
