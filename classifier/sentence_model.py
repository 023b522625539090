"""The sentence model: which families a page makes leads of, and in which sentence. Plain arrays, numpy only.

A linear scorer reads the n-grams of every sentence; a second joins the strongest sentence of each family with what the
rules found, so that families which go together count. A scorer over the whole page was tried: it added nothing on texts
like those it was trained on and took real, longer pages for everything at once.
"""

import hashlib
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.errors import LexiconError
from classifier.model_file import read_arrays
from classifier.sentence_families import Wording
from classifier.sentence_grams import BUCKETS, grams_of

FILE = "sentences.npz"
CODE_POINTS_READ = 12_000
"""Folded code points of a page that are read by sentence: what a page says it says by then, and cost stays bounded."""
_MOST_DECISIVE = 8.0
"""Log-odds beyond which a sentence is not believed any more than that."""
_LEAST_TELLING = -3.0
"""Log-odds below which a sentence is none to point at, whatever else the page says."""
_NEXT_BEST = 2.0
"""Log-odds by which a sentence that its wording allows may lie behind the strongest and be pointed at instead."""
_ORDINARY_SENTENCES = 12
"""Of more sentences than this the strongest is stronger by chance; their surplus counts against it."""
_LONG_SENTENCE = 36
_SHORTEST_CLAUSE = 6
"""Code points."""
_CLAUSE = re.compile(r"[^\s,:][^,:]*")
_ANY_WORDING = Wording()
_Array = NDArray[np.float32]
_Allows = Callable[[str, int, int], bool]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A family, the probability (0..1) that people would mark the page with it, and the folded span that says so most."""

    family: str
    probability: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """`by_sentence` is (BUCKETS, k) for k families, `join` is (2k, k); `threshold` is a probability."""

    families: tuple[str, ...]
    by_sentence: _Array
    sentence_bias: _Array
    join: _Array
    join_bias: _Array
    threshold: float
    sha256: str

    def propose(
        self, text: str, live: Collection[str], wordings: Mapping[str, Wording] | None = None
    ) -> tuple[Proposal, ...]:
        """Families beyond `live` (those that rules found) that folded `text` makes leads of, at most one span each.

        Only a sentence that the `wordings` of a family allow is pointed at; where there is none, the family is left.
        """
        text = text[:CODE_POINTS_READ]
        grams = grams_of(text)
        if not grams.spans:
            return ()
        each = grams.sums(self.by_sentence) + self.sentence_bias
        strongest = each.max(axis=0) - surplus(len(each))
        found = np.array([name in live for name in self.families], dtype=np.float32)
        probabilities = 1.0 / (1.0 + np.exp(-(joint_features(strongest, found) @ self.join + self.join_bias)))
        chosen = (probabilities >= self.threshold) & is_telling(strongest) & (found == 0)
        proposals: list[Proposal] = []
        for index in np.flatnonzero(chosen).tolist():
            allows = (wordings or {}).get(self.families[index], _ANY_WORDING).allows
            span = self._pointed_at(text, grams.spans, each[:, index], index, allows)
            if span is not None:
                proposals.append(Proposal(self.families[index], float(probabilities[index]), *span))
        return tuple(proposals)

    def _pointed_at(
        self, text: str, spans: Sequence[tuple[int, int]], scores: _Array, index: int, allows: _Allows
    ) -> tuple[int, int] | None:
        """Of the telling sentences that are allowed the strongest, or of a long one the clause that speaks most.

        Headings and entries of menus that are shorter than a clause assert nothing.
        """
        least = max(_LEAST_TELLING, float(scores.max()) - _NEXT_BEST)
        for place in np.argsort(-scores, kind="stable").tolist():
            if scores[place] < least:
                return None
            start, end = spans[place]
            if len(text[start:end].strip()) >= _SHORTEST_CLAUSE and allows(text, start, end):
                return self._telling(text, spans[place], index, allows)
        return None

    def _telling(self, text: str, span: tuple[int, int], index: int, allows: _Allows) -> tuple[int, int]:
        """The sentence, or of a long one the clause that speaks most for the family."""
        start, end = span[0], span[0] + len(text[span[0] : span[1]].rstrip())
        if end - start <= _LONG_SENTENCE:
            return start, end
        clauses = [match.span() for match in _CLAUSE.finditer(text, start, end)]
        clauses = [(a, a + len(text[a:b].rstrip())) for a, b in clauses if b - a >= _SHORTEST_CLAUSE]
        clauses = [clause for clause in clauses if allows(text, *clause)]
        if not clauses:
            return start, end
        column = self.by_sentence[:, index : index + 1]
        return max(clauses, key=lambda clause: (_score(text[clause[0] : clause[1]], column), -clause[0]))


def surplus(sentences: int) -> float:
    """Log-odds to take off the strongest of so many sentences."""
    return math.log(max(1.0, sentences / _ORDINARY_SENTENCES))


def joint_features(strongest: _Array, found: _Array) -> _Array:
    """What the joining scorer sees, each about -2..2: the strongest sentence by family, what rules found by family."""
    scores = np.clip(strongest, -_MOST_DECISIVE, _MOST_DECISIVE) / 4
    joined: _Array = np.concatenate([scores, found], axis=-1).astype(np.float32)
    return joined


def is_telling(strongest: _Array) -> NDArray[np.bool_]:
    """Whether the strongest sentence is one to point at."""
    telling: NDArray[np.bool_] = strongest >= _LEAST_TELLING
    return telling


def load_sentence_model(lexicons: Path) -> SentenceModel:
    path = lexicons / FILE
    raw = path.read_bytes()
    arrays = read_arrays(path, raw, ("families", "by_sentence", "sentence_bias", "join", "join_bias", "threshold"))
    families = tuple(str(name) for name in arrays["families"])
    by_sentence, sentence_bias, join, join_bias = (
        arrays[key].astype(np.float32) for key in ("by_sentence", "sentence_bias", "join", "join_bias")
    )
    threshold = float(arrays["threshold"])
    if by_sentence.shape != (BUCKETS, len(families)) or join.shape != (2 * len(families), len(families)):
        raise LexiconError(path, f"expected weights of {BUCKETS} buckets for {len(families)} families")
    digest = hashlib.sha256(raw).hexdigest()
    return SentenceModel(families, by_sentence, sentence_bias, join, join_bias, threshold, digest)


def _score(clause: str, column: _Array) -> float:
    return float(grams_of(clause).sums(column).sum())
