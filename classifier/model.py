"""The linear model as plain arrays: loaded from `model.npz` without pickle, judged in numpy, explained by its parts."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifier.errors import LexiconError
from classifier.features import BUCKETS, group_of
from classifier.model_file import read_arrays, read_card
from classifier.sentence_grams import BUCKETS as SENTENCE_BUCKETS
from classifier.sentence_grams import Grams
from classifier.tone import NAMES as TONE_NAMES
from classifier.tone import counted, tone

WORDS = "用词"
BASE = "基准"
_ARRAYS = (
    "names", "weights", "buckets", "genres", "genre_structure", "genre_buckets", "genre_bias", "by_sentence",
    "bias", "slope", "offset", "threshold", "sentence_bias",
)  # fmt: skip


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
    `by_sentence` (buckets, 1) scores the sentences whose tone makes the last of the structural features.
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
    by_sentence: NDArray[np.float32]
    sentence_bias: float

    def tone(self, sentences: Grams, discount: float) -> NDArray[np.float32]:
        """The last of the structural features: how the sentences of a page sound."""
        decisions = sentences.sums(self.by_sentence)[:, 0] + np.float32(self.sentence_bias)
        return tone(decisions[counted(sentences)], discount)

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


def rules_trained_with(folder: Path) -> str:
    """The digest of the lexicons that the model was trained with. Raises as `load_model` does for a card that is none."""
    return str(read_card(folder / "model.json").get("rules_sha256", ""))


def load_model(folder: Path, names: tuple[str, ...]) -> Model:
    """Read `model.npz` and `model.json`; features the model does not know weigh nothing, as does a retired one.

    `names` are those of the structural features but for those of the tone, which are always the last.
    Raises `LexiconError` naming the file that is broken, OSError for one that is missing.
    """
    names = (*names, *TONE_NAMES)
    path = folder / "model.npz"
    raw = path.read_bytes()
    arrays = read_arrays(path, raw, _ARRAYS)
    order = [str(name) for name in arrays["names"]]
    if len(order) != len(arrays["weights"]):
        raise LexiconError(path, "not a model, or a damaged one")
    known = dict(zip(order, map(float, arrays["weights"]), strict=True))
    buckets = arrays["buckets"].astype(np.float64)
    genres = tuple(str(name) for name in arrays["genres"])
    genre_structure, genre_buckets, genre_bias = (
        arrays[key].astype(np.float64) for key in ("genre_structure", "genre_buckets", "genre_bias")
    )
    by_sentence = arrays["by_sentence"].astype(np.float32)
    bias, slope, offset, threshold, sentence_bias = (
        float(arrays[key]) for key in ("bias", "slope", "offset", "threshold", "sentence_bias")
    )
    if len(buckets) != BUCKETS:
        raise LexiconError(path, f"expected {BUCKETS} buckets, found {len(buckets)}")
    if by_sentence.shape != (SENTENCE_BUCKETS, 1):
        raise LexiconError(path, f"expected {SENTENCE_BUCKETS} buckets of sentences, found {by_sentence.shape}")
    card = read_card(folder / "model.json")
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
        by_sentence=by_sentence,
        sentence_bias=sentence_bias,
        members={group: np.array(indices, dtype=np.int64) for group, indices in sorted(groups.items())},
    )
