"""What became of each rule's findings once people had looked at the pages."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_Z = 1.959964
"""95 % of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Pages on which a rule had a live finding, and how they were decided. Pages of several rules count for each."""

    confirmed: int = 0
    dismissed: int = 0

    @property
    def hits(self) -> int:
        return self.confirmed + self.dismissed

    @property
    def precision(self) -> float:
        """0..1; 0 without hits."""
        return self.confirmed / self.hits if self.hits else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval of the precision; (0, 1) without hits."""
        return wilson(self.confirmed, self.hits)


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval (Wilson 1927) of a share; (0, 1) for no trials."""
    if not trials:
        return 0.0, 1.0
    share, square = successes / trials, _Z * _Z
    middle = share + square / (2 * trials)
    spread = _Z * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    low, high = ((middle + sign * spread) / (1 + square / trials) for sign in (-1, 1))
    return max(0.0, low), min(1.0, high)


def ledger(decided: Iterable[tuple[int, Iterable[str]]]) -> Mapping[str, Entry]:
    """By rule id, from (label, ids of the rules with a live finding) of each page."""
    entries: dict[str, Entry] = {}
    for label, rules in decided:
        for rule in set(rules):
            entry = entries.get(rule, Entry())
            entries[rule] = Entry(entry.confirmed + (label == 1), entry.dismissed + (label == 0))
    return dict(sorted(entries.items()))
