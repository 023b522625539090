"""The machine's score as bars that add up."""

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScoreBar:
    """One part in log-odds: `left` and `width` are of the bar in a picture 100 wide, from where the parts before it ended."""

    name: str
    value: float
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class ScoreBars:
    """`zero` is where even odds lie; `total` is the sum, and `score` the probability that it stands for."""

    bars: tuple[ScoreBar, ...]
    zero: float
    total: float
    score: float


def score_bars(parts: Mapping[str, float], score: float | None) -> ScoreBars | None:
    """The parts in the order given; None where the reader is not to know the score."""
    if score is None or not parts or not all(map(math.isfinite, parts.values())):
        return None
    ends = [0.0]
    for value in parts.values():
        ends.append(ends[-1] + value)
    low, high = min(ends), max(ends)
    scale = 100.0 / max(high - low, 1e-6)
    bars = tuple(
        ScoreBar(name, value, (min(start, start + value) - low) * scale, max(abs(value) * scale, 0.6))
        for (name, value), start in zip(parts.items(), ends, strict=False)
    )
    return ScoreBars(bars, -low * scale, ends[-1], score)
