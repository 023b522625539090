"""Figures about families: what was asserted against what people marked, by family and over all (micro)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_Flags = NDArray[np.bool_]
_GRID = np.arange(0.2, 0.65, 0.05)


def micro_f1(marks: _Flags, asserted: _Flags) -> float:
    """Micro-averaged F1 over pages and families; 0 when nothing is marked or asserted."""
    total = int(marks.sum() + asserted.sum())
    return float(2 * (marks & asserted).sum() / total) if total else 0.0


def best_threshold(probabilities: NDArray[np.float32], marks: _Flags, found: _Flags) -> float:
    """The probability, one for all families, at which rules and sentences together have the best micro F1."""
    scores = [micro_f1(marks, found | (probabilities >= threshold)) for threshold in _GRID]
    return round(float(_GRID[int(np.argmax(scores))]), 2)


def family_figures(families: Sequence[str], marks: _Flags, asserted: _Flags) -> Mapping[str, Any]:
    """Precision, recall and F1 over all, and (precision, recall, marked pages) by family, rounded to four digits."""
    hits = marks & asserted

    def share(part: int, whole: int) -> float:
        return round(part / whole, 4) if whole else 0.0

    return {
        "f1": round(micro_f1(marks, asserted), 4),
        "precision": share(int(hits.sum()), int(asserted.sum())),
        "recall": share(int(hits.sum()), int(marks.sum())),
        "by_family": {
            name: [
                share(int(hits[:, index].sum()), int(asserted[:, index].sum())),
                share(int(hits[:, index].sum()), int(marks[:, index].sum())),
                int(marks[:, index].sum()),
            ]
            for index, name in enumerate(families)
        },
    }
