"""Whose turn it is among the targets of a shard.

The frontier is asked about a few targets at a time: a shard of a large night has tens of thousands, and a claim that names
all of them takes as long as several pages.
"""

import heapq
from collections import deque
from collections.abc import Iterable
from datetime import datetime


class Rota:
    """Targets that may have a URL to visit, in the order of their turns, and those that have none before a time.

    A target is in one of the two places, or taken; what is taken and not put back is forgotten.
    """

    def __init__(self) -> None:
        self._ready: deque[int] = deque()
        self._asleep: list[tuple[datetime, int]] = []

    def add(self, targets: Iterable[int]) -> None:
        """Put targets behind all others that wait for their turn."""
        self._ready.extend(targets)

    def sleep(self, target: int, until: datetime) -> None:
        """Let a target be asked no more before a time."""
        heapq.heappush(self._asleep, (until, target))

    def take(self, count: int, now: datetime) -> list[int]:
        """The next targets, at most `count`; those whose time has come stand behind the ones that were ready."""
        while self._asleep and self._asleep[0][0] <= now:
            self._ready.append(heapq.heappop(self._asleep)[1])
        return [self._ready.popleft() for _ in range(min(count, len(self._ready)))]

    def earliest(self) -> datetime | None:
        """When the first of those asleep wakes; None when none is."""
        return self._asleep[0][0] if self._asleep else None

    def wake(self, count: int) -> list[int]:
        """Take those that wake first, at most `count`, before their time: it was told by a clock that may have been set
        back since, or by a lease that has been given back."""
        return [heapq.heappop(self._asleep)[1] for _ in range(min(count, len(self._asleep)))]
