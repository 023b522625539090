"""Where to put the threshold: by how many lawful pages may be flagged, or by how many pages people can read in a night."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.measure import score_at_false_positive_rate

_Labels = NDArray[np.int64]
_Scores = NDArray[np.float64]
SCORE_DIGITS = 6
"""Digits after the point to which a judgement states its score."""


class UnusableCapacity(ValueError):
    """The numbers from which an operating point should follow do not make sense together."""


@dataclass(frozen=True, slots=True)
class Night:
    """What a night brings: `pages` of content, of which the share `base_rate` (0..1) would be confirmed by a reviewer."""

    pages: int
    base_rate: float

    def __post_init__(self) -> None:
        if self.pages < 1 or not 0.0 <= self.base_rate <= 1.0:
            raise UnusableCapacity("a night has at least one page and a base rate between 0 and 1")


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """`threshold` is a score (0..1); `how` names what it was chosen by, `given` and `expected` the numbers behind it."""

    threshold: float
    how: str
    given: Mapping[str, float]
    expected: Mapping[str, float]

    def card(self) -> Mapping[str, object]:
        """As a model card states it."""
        rounded = {name: round(value, 4) for name, value in self.expected.items()}
        return {"chosen_by": self.how, "given": dict(self.given), "expected": rounded}


def stated_threshold(threshold: float) -> float:
    """To as many digits as scores have, never below: with four, all between 0.99995 and 1 would be out of reach, and a night of
    a small capacity would bring next to nothing."""
    steps = 10.0**SCORE_DIGITS
    return math.ceil(threshold * steps) / steps


def by_rate(labels: _Labels, scores: _Scores, rate: float) -> OperatingPoint:
    """At most `rate` (0..1) of the lawful rows are flagged. Scores are of rows not trained on."""
    threshold = score_at_false_positive_rate(labels, scores, rate)
    return OperatingPoint(
        threshold, "false positive rate", {"false_positive_rate": rate}, _shares(labels, scores, threshold)
    )


def by_capacity(labels: _Labels, scores: _Scores, night: Night, capacity: int) -> OperatingPoint:
    """The lowest threshold at which a night is expected to flag no more than `capacity` pages.

    Expected flags at a threshold: pages * (base_rate * recall + (1 - base_rate) * false-positive rate), both measured
    on rows not trained on. Nights differ from corpora: check against what a night did flag, or use `by_night_scores`.
    """
    _check_capacity(capacity)
    lawful, unlawful = np.sort(scores[labels == 0]), np.sort(scores[labels == 1])
    if not len(lawful) or not len(unlawful):
        raise UnusableCapacity("both lawful and unlawful rows are needed")
    thresholds = np.append(np.unique(scores), np.nextafter(scores.max(), 2.0))
    recall = 1.0 - np.searchsorted(unlawful, thresholds) / len(unlawful)
    false_positives = 1.0 - np.searchsorted(lawful, thresholds) / len(lawful)
    flags = night.pages * (night.base_rate * recall + (1.0 - night.base_rate) * false_positives)
    place = int(np.argmax(flags <= capacity))  # flags fall with the threshold; at the last one none is left
    confirmed = night.pages * night.base_rate * recall[place]
    expected = {
        "flags_a_night": float(flags[place]),
        "precision": float(confirmed / flags[place]) if flags[place] else 1.0,
        **_shares(labels, scores, float(thresholds[place])),
    }
    given = {"capacity": float(capacity), "pages": float(night.pages), "base_rate": night.base_rate}
    return OperatingPoint(float(thresholds[place]), "review capacity", given, expected)


def by_night_scores(scores: _Scores, capacity: int, pages: int | None = None) -> OperatingPoint:
    """The lowest threshold at which nights like the one that gave `scores` flag no more than `capacity` of `pages` pages."""
    _check_capacity(capacity)
    if not len(scores):
        raise UnusableCapacity("a file of scores needs at least one score")
    ordered = np.sort(scores)[::-1]
    allowed = int(capacity * len(ordered) / (pages or len(ordered)))
    threshold = 0.0 if allowed >= len(ordered) else float(np.nextafter(ordered[allowed], 2.0))
    flagged = float((scores >= threshold).mean())
    given = {"capacity": float(capacity), "scores": float(len(scores)), "pages": float(pages or len(scores))}
    return OperatingPoint(threshold, "scores of a night", given, {"flags_a_night": flagged * (pages or len(scores))})


def _check_capacity(capacity: int) -> None:
    if capacity < 1:
        raise UnusableCapacity("a capacity is at least one page a night")


def _shares(labels: _Labels, scores: _Scores, threshold: float) -> dict[str, float]:
    flagged = scores >= threshold
    return {
        "recall": float(flagged[labels == 1].mean()),
        "false_positive_rate": float(flagged[labels == 0].mean()),
    }
