"""May a new model replace the live one? Both judge the same rows, which neither was trained on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifier.measure import area_under_curve, average_precision, recall_at

_Labels = NDArray[np.int64]
_Scores = NDArray[np.float64]
_RESAMPLES = 400
_SEED = 20261125
FEWEST = 10
"""Held-out rows of each label below which a comparison says nothing."""
CARD_TOLERANCE: Mapping[str, float] = {"auc": 0.005, "ap": 0.01, "recall_fpr5": 0.03, "brier": 0.005}
"""By how much figures cross-validated on one corpus may differ without a meaning: about what another seed makes of them."""
LEAST_TOLERANCE = 0.001
"""Where both models are all but perfect the standard error is next to nothing, and so is what a difference means."""
_LOWER_IS_BETTER = frozenset({"brier"})


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of both models. `tolerance` is what the new one may be worse by."""

    figure: str
    live: float
    new: float
    tolerance: float

    @property
    def worse(self) -> bool:
        loss = self.new - self.live if self.figure in _LOWER_IS_BETTER else self.live - self.new
        return loss > self.tolerance


def compare_scores(labels: _Labels, live: _Scores, new: _Scores, groups: Sequence[str]) -> tuple[Line, ...]:
    """Figures of both on the same rows; the tolerance is one standard error of their difference, from resampling groups
    (paired, with a fixed seed), but at least `LEAST_TOLERANCE`. Empty when there are fewer than `FEWEST` rows of a label."""
    if min((labels == 0).sum(), (labels == 1).sum()) < FEWEST:
        return ()
    measures: dict[str, Callable[[_Labels, _Scores], float]] = {
        "auc": area_under_curve,
        "ap": average_precision,
        "recall_fpr5": lambda y, s: recall_at(y, s, 0.05),
        "brier": lambda y, s: float(np.mean((s - y) ** 2)),
    }
    differences: dict[str, list[float]] = {name: [] for name in measures}
    for chosen in _resampled(groups):
        y = labels[chosen]
        if 0 < y.sum() < len(y):
            for name, measure in measures.items():
                differences[name].append(measure(y, new[chosen]) - measure(y, live[chosen]))
    return tuple(
        Line(name, measure(labels, live), measure(labels, new), max(float(np.std(differences[name])), LEAST_TOLERANCE))
        for name, measure in measures.items()
    )


def _resampled(groups: Sequence[str]) -> list[NDArray[np.int64]]:
    names = sorted(set(groups))
    members = [np.array([at for at, group in enumerate(groups) if group == name], dtype=np.int64) for name in names]
    generator = np.random.default_rng(_SEED)
    return [
        np.concatenate([members[place] for place in generator.integers(0, len(members), len(members))])
        for _ in range(_RESAMPLES)
    ]


def compare_cards(live: Mapping[str, float], new: Mapping[str, float]) -> tuple[Line, ...]:
    """Figures that two cards state of the same corpora, cross-validated."""
    return tuple(
        Line(name, live[name], new[name], tolerance)
        for name, tolerance in CARD_TOLERANCE.items()
        if name in live and name in new
    )
