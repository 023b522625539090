"""Pages that break the browser or the whole crawl process: found out one by one, and set aside."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: A page is set aside for the night when it has broken something so often.
SET_ASIDE_AFTER = 3


class OnlyInMemory:
    """`domain.visits.InHand` of a crawl that is never started again."""

    def __init__(self) -> None:
        self._faults: Counter[int] = Counter()

    def begin(self, frontier_id: int) -> None:
        """Nobody will ask."""

    def end(self, frontier_id: int) -> None:
        """Nobody will ask."""

    def note_fault(self, frontier_id: int) -> int:
        self._faults[frontier_id] += 1
        return self._faults[frontier_id]

    def broken_off(self, frontier_id: int) -> int:
        return self._faults[frontier_id]


class Company:
    """Visits go side by side, but a suspect one goes alone: should it break the process again, no other page is blamed."""

    def __init__(self) -> None:
        self._changed = asyncio.Condition()
        self._together = 0
        self._alone = 0
        self._wanting_alone = 0

    @asynccontextmanager
    async def visit(self, *, alone: bool) -> AsyncIterator[None]:
        async with self._changed:
            if alone:
                self._wanting_alone += 1
                try:
                    await self._changed.wait_for(lambda: self._together == self._alone == 0)
                finally:
                    self._wanting_alone -= 1
                self._alone = 1
            else:
                await self._changed.wait_for(lambda: self._alone == self._wanting_alone == 0)
                self._together += 1
        try:
            yield
        finally:
            async with self._changed:
                if alone:
                    self._alone = 0
                else:
                    self._together -= 1
                self._changed.notify_all()
