"""Training of the scorer behind the tone of a page: every sentence carries its page's label. Never loaded to judge.

Most sentences of an unlawful page are harmless; the scorer learns which are not from those that lawful pages never have.
A page that helps to fit the page model must not have been seen by the scorer that gives its tone, or the page model would
trust the tone more than it deserves: `cross_fitted` holds each fold out in turn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from classifier.sentence_grams import BUCKETS, Grams
from classifier.tone import NAMES, counted, tone

_PENALTY = 5.0
_Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PageSentences:
    """N-grams of the sentences of n pages (s, BUCKETS), each row of length one; the page of each (s), in page order;
    by how much (0..1) each page's tone is discounted (n)."""

    grams: csr_matrix
    page: NDArray[np.int64]
    discounts: NDArray[np.float64]


def page_sentences(pages: Sequence[Grams], discounts: Sequence[float]) -> PageSentences:
    buckets: list[NDArray[np.int64]] = []
    values: list[NDArray[np.float32]] = []
    pointers, owners = [0], []
    for page, sentences in enumerate(pages):
        for index in np.flatnonzero(counted(sentences)).tolist():
            found = sentences.buckets[sentences.first[index] : sentences.first[index + 1]]
            buckets.append(found)
            values.append(np.full(len(found), 1.0 / np.sqrt(len(found)), dtype=np.float32))
            pointers.append(pointers[-1] + len(found))
            owners.append(page)
    parts = (
        (np.concatenate(values), np.concatenate(buckets))
        if buckets
        else (np.empty(0, np.float32), np.empty(0, np.int64))
    )
    grams = csr_matrix((*parts, pointers), shape=(len(owners), BUCKETS))
    grams.sum_duplicates()
    return PageSentences(grams, np.array(owners, dtype=np.int64), np.array(discounts, dtype=np.float64))


def fit_tone(sentences: PageSentences, labels: NDArray[np.int64], chosen: _Flags) -> LogisticRegression:
    """The scorer of sentences, learnt from the pages `chosen` (n); a page counts by the root of its sentences."""
    mine = chosen[sentences.page]
    pages = sentences.page[mine]
    weights = 1.0 / np.sqrt(np.bincount(sentences.page, minlength=len(labels)))[pages]
    model = LogisticRegression(C=_PENALTY, solver="lbfgs", max_iter=200, tol=1e-3)
    return model.fit(sentences.grams[mine], labels[pages], sample_weight=weights)


def tones(model: LogisticRegression, sentences: PageSentences, chosen: _Flags) -> NDArray[np.float32]:
    """The features of tone (n, 5) of the pages `chosen`; zeros for the others."""
    decisions = model.decision_function(sentences.grams)
    bounds = np.searchsorted(sentences.page, np.arange(len(chosen) + 1))
    out = np.zeros((len(chosen), len(NAMES)), dtype=np.float32)
    for page in np.flatnonzero(chosen).tolist():
        out[page] = tone(decisions[bounds[page] : bounds[page + 1]], float(sentences.discounts[page]))
    return out


def cross_fitted(
    sentences: PageSentences, labels: NDArray[np.int64], folds: NDArray[np.int64], chosen: _Flags
) -> NDArray[np.float32]:
    """The features of tone (n, 5) of the pages `chosen`, each by a scorer that learnt from the other folds of them alone."""
    out = np.zeros((len(chosen), len(NAMES)), dtype=np.float32)
    for fold in np.unique(folds[chosen]).tolist():
        held = chosen & (folds == fold)
        rest = chosen & (folds != fold)
        if len(np.unique(labels[rest])) == 2:
            out[held] = tones(fit_tone(sentences, labels, rest), sentences, held)[held]
    return out
