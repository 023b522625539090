"""Figures about scores: how well they rank, whether they mean what they say."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_Labels = NDArray[np.int64]
_Scores = NDArray[np.float64]


def score_at_false_positive_rate(labels: _Labels, scores: _Scores, rate: float) -> float:
    """The lowest score above which at most `rate` (0..1) of the lawful rows lie."""
    lawful = np.sort(scores[labels == 0])
    place = min(len(lawful) - 1, int(len(lawful) * (1.0 - rate)))
    return float(np.nextafter(lawful[place], 2.0))


def recall_at(labels: _Labels, scores: _Scores, rate: float) -> float:
    return float((scores[labels == 1] >= score_at_false_positive_rate(labels, scores, rate)).mean())


def area_under_curve(labels: _Labels, scores: _Scores) -> float:
    """The chance that an unlawful row scores above a lawful one, ties counting half."""
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int((labels == 1).sum())
    negatives = len(labels) - positives
    return float((ranks[labels == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def average_precision(labels: _Labels, scores: _Scores) -> float:
    """Precision at each unlawful row, ranked by score, averaged; rows of equal score share their place."""
    values, inverse = np.unique(-scores, return_inverse=True)
    hits = np.bincount(inverse, weights=labels == 1, minlength=len(values))
    seen = np.cumsum(np.bincount(inverse, minlength=len(values)))
    return float((hits / hits.sum() * (np.cumsum(hits) / seen)).sum())


def reliability(labels: _Labels, scores: _Scores, bins: int = 10) -> tuple[tuple[float, float, int], ...]:
    """Of each bin of equal width that holds a row: mean score, share of unlawful rows, number of rows."""
    places = np.minimum(bins - 1, (scores * bins).astype(np.int64))
    held = ((scores[places == place], labels[places == place]) for place in range(bins))
    return tuple((round(float(s.mean()), 4), round(float(y.mean()), 4), len(y)) for s, y in held if len(y))


def expected_calibration_error(labels: _Labels, scores: _Scores, bins: int = 10) -> float:
    places = np.minimum(bins - 1, (scores * bins).astype(np.int64))
    return float(
        sum(
            (places == place).mean() * abs(scores[places == place].mean() - labels[places == place].mean())
            for place in range(bins)
            if (places == place).any()
        )
    )


def figures(labels: _Labels, scores: _Scores, threshold: float) -> Mapping[str, float]:
    """The figures of a model card, rounded to four digits."""
    flagged = scores >= threshold
    values = {
        "auc": area_under_curve(labels, scores),
        "ap": average_precision(labels, scores),
        "recall_fpr5": recall_at(labels, scores, 0.05),
        "recall_fpr1": recall_at(labels, scores, 0.01),
        "ece": expected_calibration_error(labels, scores),
        "brier": float(np.mean((scores - labels) ** 2)),
        "recall": float(flagged[labels == 1].mean()),
        "false_positive_rate": float(flagged[labels == 0].mean()),
    }
    return {name: round(value, 4) for name, value in values.items()}
