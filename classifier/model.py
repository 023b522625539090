"""The linear model as plain arrays: loaded from `model.npz` without pickle, judged in numpy, explained by its parts."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import LexiconError
from classifier.features import BUCKETS, group_of

WORDS = "用词"
BASE = "基准"


@dataclass(frozen=True, slots=True)
class Scored:
    """`score` is a calibrated probability. `parts` add up to its log-odds (before rounding)."""

    score: float
    parts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Model:
    """Weights of structural features by name, weights of character buckets, and the calibration.

    log-odds = slope * (bias + structure + characters) + offset; `threshold` is the score from which a page is flagged.
    `members` are the places of the features of each part of the explanation.
    The genre is the row of `genre_structure` and `genre_buckets` (coarser buckets) with the highest sum.
    """

    names: tuple[str, ...]
    weights: NDArray[np.float64]
    buckets: NDArray[np.float64]
    bias: float
    slope: float
    offset: float
    threshold: float
    sha256: str
    card: Mapping[str, Any]
    genres: tuple[str, ...]
    genre_structure: NDArray[np.float64]
    genre_buckets: NDArray[np.float64]
    genre_bias: NDArray[np.float64]
    members: Mapping[str, NDArray[np.int64]]

    def genre(self, structure: NDArray[np.float32], characters: tuple[NDArray[np.int64], NDArray[np.float32]]) -> str:
        """The surface form; of equal sums the first in the order of `domain.findings.GENRES`."""
        places, values = characters
        sums = self.genre_structure @ structure.astype(np.float64) + self.genre_bias
        sums += self.genre_buckets[:, places % self.genre_buckets.shape[1]] @ values.astype(np.float64)
        return self.genres[int(np.argmax(sums))]

    def score(
        self, structure: NDArray[np.float32], characters: tuple[NDArray[np.int64], NDArray[np.float32]]
    ) -> Scored:
        each = structure.astype(np.float64) * self.weights
        places, values = characters
        words = float(np.dot(self.buckets[places], values.astype(np.float64)))
        parts = {BASE: self.slope * self.bias + self.offset, WORDS: self.slope * words}
        for group, members in self.members.items():
            parts[group] = self.slope * float(each[members].sum())
        log_odds = math.fsum(parts.values())
        return Scored(sigmoid(log_odds), parts)


def sigmoid(log_odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-log_odds)) if log_odds >= 0 else 1.0 - 1.0 / (1.0 + math.exp(log_odds))


def load_model(folder: Path, names: tuple[str, ...]) -> Model:
    """Read `model.npz` and `model.json`; features the model does not know weigh nothing, as does a retired one."""
    path = folder / "model.npz"
    raw = path.read_bytes()
    with np.load(path, allow_pickle=False) as arrays:
        known = {str(name): float(weight) for name, weight in zip(arrays["names"], arrays["weights"], strict=True)}
        buckets = arrays["buckets"].astype(np.float64)
        genres = tuple(str(name) for name in arrays["genres"])
        genre_structure, genre_buckets, genre_bias = (
            arrays[key].astype(np.float64) for key in ("genre_structure", "genre_buckets", "genre_bias")
        )
        order = [str(name) for name in arrays["names"]]
        bias, slope, offset, threshold = (float(arrays[key]) for key in ("bias", "slope", "offset", "threshold"))
    if len(buckets) != BUCKETS:
        raise LexiconError(path, f"expected {BUCKETS} buckets, found {len(buckets)}")
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    weights = np.array([known.get(name, 0.0) for name in names], dtype=np.float64)
    digest = hashlib.sha256(raw).hexdigest()
    places = {name: index for index, name in enumerate(order)}
    aligned = np.zeros((len(genres), len(names)), dtype=np.float64)
    for index, name in enumerate(names):
        if name in places:
            aligned[:, index] = genre_structure[:, places[name]]
    groups: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        groups.setdefault(group_of(name), []).append(index)
    return Model(
        names=names,
        weights=weights,
        buckets=buckets,
        bias=bias,
        slope=slope,
        offset=offset,
        threshold=threshold,
        sha256=digest,
        card=card,
        genres=genres,
        genre_structure=aligned,
        genre_buckets=genre_buckets,
        genre_bias=genre_bias,
        members={group: np.array(indices, dtype=np.int64) for group, indices in sorted(groups.items())},
    )
