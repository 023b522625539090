"""The sentence model: which families a page makes leads of, and in which sentence. Plain arrays, numpy only.

Two linear scorers read the same n-grams, one by sentence, one over the page. A third joins what they say with what the
rules found, so that families which go together, and pages which say a thing without any one strong sentence, count.
"""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.errors import LexiconError
from classifier.sentence_grams import BUCKETS, Grams, grams_of

FILE = "sentences.npz"
CODE_POINTS_READ = 12_000
"""Folded code points of a page that are read by sentence: what a page says it says by then, and cost stays bounded."""
_MOST_DECISIVE = 8.0
"""Log-odds beyond which a scorer is not believed any more than that."""
_LONG_SENTENCE = 36
_SHORTEST_CLAUSE = 6
_CLAUSE = re.compile(r"[^\s,:][^,:]*")
_Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A family, the probability (0..1) that people would mark the page with it, and the folded span that says so most."""

    family: str
    probability: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """`by_sentence` and `by_page` are (BUCKETS, k) for k families, `join` is (3k, k); `thresholds` are probabilities."""

    families: tuple[str, ...]
    by_sentence: _Array
    sentence_bias: _Array
    by_page: _Array
    page_bias: _Array
    join: _Array
    join_bias: _Array
    thresholds: _Array
    sha256: str

    def propose(self, text: str, context: Sequence[str], live: Collection[str]) -> tuple[Proposal, ...]:
        """Families beyond `live` (those that rules found); `text` is folded, `context` its title and site name."""
        body = text[:CODE_POINTS_READ]
        grams, inside = page_grams(body, context)
        if not inside:
            return ()
        each, page = self.scores(grams, inside)
        found = np.array([name in live for name in self.families], dtype=np.float32)
        odds = joint_features(each.max(axis=0), page, found) @ self.join + self.join_bias
        probabilities = 1.0 / (1.0 + np.exp(-odds))
        chosen = np.flatnonzero((probabilities >= self.thresholds) & (found == 0))
        return tuple(
            Proposal(
                self.families[index],
                float(probabilities[index]),
                *self._telling(body, grams.spans[int(np.argmax(each[:, index]))], index),
            )
            for index in chosen.tolist()
        )

    def scores(self, grams: Grams, inside: int) -> tuple[_Array, _Array]:
        """Log-odds of every sentence of the text (inside, k), and of the page (k)."""
        each = grams.sums(self.by_sentence)[:inside] + self.sentence_bias
        page = grams.sums(self.by_page).sum(axis=0) / np.sqrt(np.float32(len(grams.spans))) + self.page_bias
        return each, page

    def _telling(self, text: str, span: tuple[int, int], index: int) -> tuple[int, int]:
        """The sentence, or of a long one the clause that speaks most for the family."""
        start, end = span[0], span[0] + len(text[span[0] : span[1]].rstrip())
        if end - start <= _LONG_SENTENCE:
            return start, end
        clauses = [match.span() for match in _CLAUSE.finditer(text, start, end)]
        clauses = [(a, a + len(text[a:b].rstrip())) for a, b in clauses if b - a >= _SHORTEST_CLAUSE]
        if not clauses:
            return start, end
        column = self.by_sentence[:, index : index + 1]
        return max(clauses, key=lambda clause: (_score(text[clause[0] : clause[1]], column), -clause[0]))


def page_grams(body: str, context: Sequence[str]) -> tuple[Grams, int]:
    """The sentences of `body` and after them those of `context`, and how many are of the body."""
    grams = grams_of("\n".join((body, *context)))
    return grams, sum(1 for start, _ in grams.spans if start < len(body))


def joint_features(strongest: _Array, page: _Array, found: _Array) -> _Array:
    """What the joining scorer sees, each about -2..2: strongest sentence by family, page by family, rules by family."""
    scores = np.clip(np.concatenate([strongest, page], axis=-1), -_MOST_DECISIVE, _MOST_DECISIVE) / 4
    joined: _Array = np.concatenate([scores, found], axis=-1).astype(np.float32)
    return joined


def load_sentence_model(lexicons: Path) -> SentenceModel:
    path = lexicons / FILE
    with np.load(path, allow_pickle=False) as arrays:
        families = tuple(str(name) for name in arrays["families"])
        by_sentence, by_page = (arrays[key].astype(np.float32) for key in ("by_sentence", "by_page"))
        sentence_bias, page_bias, join, join_bias, thresholds = (
            arrays[key].astype(np.float32) for key in ("sentence_bias", "page_bias", "join", "join_bias", "thresholds")
        )
    if by_sentence.shape != (BUCKETS, len(families)) or by_page.shape != by_sentence.shape:
        raise LexiconError(path, f"expected weights of {BUCKETS} buckets for {len(families)} families")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return SentenceModel(
        families, by_sentence, sentence_bias, by_page, page_bias, join, join_bias, thresholds, digest
    )  # fmt: skip


def _score(clause: str, column: _Array) -> float:
    return float(grams_of(clause).sums(column).sum())
