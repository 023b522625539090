"""How the sentences of a page sound, one by one: what a scorer of sentences says of each, joined into a few values.

A bag of a whole page's characters drowns one promise in ten sentences of plain information; the strongest sentence does
not. The joined values are features of the page model like any other.
"""

import math

import numpy as np
from numpy.typing import NDArray

from classifier.sentence_grams import Grams, grams_of

NAMES = ("tone:strongest", "tone:second", "tone:surplus", "tone:share", "tone:sentences")
_CODE_POINTS_READ = 2_500
"""Of the main body; what follows on long pages are lists of other pages."""
_FEWEST_GRAMS = 6
"""A sentence of less is a heading or a button."""
_MOST_DECISIVE = 8.0
"""Log-odds beyond which a sentence is not believed any more than that."""
_ORDINARY_SENTENCES = 6
"""Of more sentences than this the strongest is stronger by chance."""
_SCALE = 4.0
"""Brings log-odds to the size of the other features, some -2..2."""


def sentences_of(body: str) -> Grams:
    """The sentences of a folded main body that are read."""
    return grams_of(body[:_CODE_POINTS_READ])


def counted(sentences: Grams) -> NDArray[np.bool_]:
    """Which of the sentences say enough to be scored."""
    enough: NDArray[np.bool_] = np.diff(sentences.first) >= _FEWEST_GRAMS
    return enough


def tone(decisions: NDArray[np.floating], aside: float) -> NDArray[np.float32]:
    """The features `NAMES` from the log-odds of a page's sentences, in any order; zeros when it has none.

    `aside` (0..1) is by how much everything said on the page counts less, because it is about something else.
    """
    count = len(decisions)
    if not count:
        return np.zeros(len(NAMES), dtype=np.float32)
    ordered = np.sort(np.clip(decisions.astype(np.float64), -_MOST_DECISIVE, _MOST_DECISIVE))[::-1]
    strongest, second = float(ordered[0]), float(ordered[min(1, count - 1)])
    share = float((1.0 / (1.0 + np.exp(-ordered))).mean())
    values = (
        strongest / _SCALE,
        second / _SCALE,
        (strongest - math.log(max(1.0, count / _ORDINARY_SENTENCES))) / _SCALE,
        share * 2.0 - 1.0,
        math.log1p(count) / _SCALE,
    )
    return np.array([value * (1.0 - aside) for value in values], dtype=np.float32)
