"""How good the judgement is on labelled rows: as a whole, by genre, by family; and on rows that no model had seen."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.engine import Analyser
from classifier.measure import figures, reliability
from classifier.train import Row, Settings, calibrate, out_of_fold, tabulate
from domain.findings import FAMILIES, GENRES

_Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Share:
    """`count` rows, of which `flagged` are leads."""

    count: int
    flagged: int

    @property
    def share(self) -> float:
        """0..1; 0 for no rows."""
        return self.flagged / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class FamilyFigures:
    """`wanted` unlawful rows are labelled with the family, `flagged` of them are leads; `found` unlawful rows have a live
    finding of it, `agreed` have both. Rows on which no family is labelled do not count."""

    wanted: int
    flagged: int
    found: int
    agreed: int

    @property
    def f1(self) -> float:
        return 2 * self.agreed / (self.wanted + self.found) if self.wanted + self.found else 0.0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """`whole` are the figures of a model card; genres are (lawful, unlawful); bins as `measure.reliability` gives them."""

    threshold: float
    whole: Mapping[str, float]
    genres: Mapping[str, tuple[Share, Share]]
    families: Mapping[str, FamilyFigures]
    bins: tuple[tuple[float, float, int], ...]

    @property
    def family_f1(self) -> float:
        """Micro-F1 over all families but `other`, on unlawful rows."""
        named = [one for name, one in self.families.items() if name != "other"]
        total = sum(one.wanted + one.found for one in named)
        return 2 * sum(one.agreed for one in named) / total if total else 0.0

    def as_json(self) -> dict[str, Any]:
        """The figures of the whole on top, tables below."""
        return {
            **self.whole,
            "family_f1": round(self.family_f1, 4),
            "threshold": self.threshold,
            "genres": {
                name: {
                    "lawful": lawful.count, "false_positive_rate": round(lawful.share, 4),
                    "unlawful": unlawful.count, "recall": round(unlawful.share, 4),
                }
                for name, (lawful, unlawful) in self.genres.items()
            },
            "families": {
                name: {
                    "unlawful": one.wanted, "recall": round(one.flagged / one.wanted, 4) if one.wanted else 0.0,
                    "found": one.found, "f1": round(one.f1, 4),
                }
                for name, one in self.families.items()
            },
            "reliability": [list(entry) for entry in self.bins],
        }  # fmt: skip


def evaluate(rows: Sequence[Row], scores: _Scores, found: Sequence[frozenset[str]], threshold: float) -> Evaluation:
    """`found[i]` are the families of the live findings of row i. Needs rows of both labels."""
    labels = np.array([row.label for row in rows], dtype=np.int64)
    flagged = scores >= threshold
    by_genre = {
        genre: (_share(rows, flagged, genre, 0), _share(rows, flagged, genre, 1))
        for genre in GENRES
        if any(row.genre == genre for row in rows)
    }
    families = {family: _family(rows, flagged, found, family) for family in FAMILIES}
    return Evaluation(
        threshold=threshold,
        whole=figures(labels, scores, threshold),
        genres=by_genre,
        families={name: one for name, one in families.items() if one.wanted or one.found},
        bins=reliability(labels, scores),
    )


def _share(rows: Sequence[Row], flagged: NDArray[np.bool_], genre: str, label: int) -> Share:
    chosen = [bool(flag) for row, flag in zip(rows, flagged, strict=True) if row.genre == genre and row.label == label]
    return Share(len(chosen), sum(chosen))


def _family(
    rows: Sequence[Row], flagged: NDArray[np.bool_], found: Sequence[frozenset[str]], family: str
) -> FamilyFigures:
    unlawful = [
        (row, bool(flag), have)
        for row, flag, have in zip(rows, flagged, found, strict=True)
        if row.families and row.label
    ]
    wanted = [(flag, have) for row, flag, have in unlawful if family in row.families]
    return FamilyFigures(
        wanted=len(wanted),
        flagged=sum(flag for flag, _ in wanted),
        found=sum(family in have for _, _, have in unlawful),
        agreed=sum(family in have for _, have in wanted),
    )


def live_families(analyser: Analyser, rows: Iterable[Row]) -> list[frozenset[str]]:
    """The families of each row's live findings."""
    return [frozenset(item.finding.family for item in analyser.analyse(row.document).live) for row in rows]


def cross_validated(analyser: Analyser, rows: Sequence[Row], settings: Settings) -> _Scores:
    """Scores (0..1) of every row by a model that saw no row of its group, calibrated over all of them."""
    table = tabulate(analyser, rows, settings.folds)
    values = out_of_fold(table, settings)
    slope, offset = calibrate(values, table.labels)
    scores: _Scores = 1.0 / (1.0 + np.exp(-(slope * values + offset)))
    return scores
