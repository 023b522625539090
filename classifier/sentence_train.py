"""Training of the sentence model: marked rows in, `sentences.npz` and its card out. Never loaded to judge.

A row that names `families` and marks `spans` (family, quote) teaches; a lawful row teaches that its
sentences say nothing; the examples of rules teach the family of their rule and keep silent about the others.
The rules must stand before this is trained, the page model need not: it never sees findings by sentence.
Same rows, same rules, same bytes.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from classifier.engine import Analyser
from classifier.errors import LexiconError
from classifier.fold import Folded
from classifier.sentence_families import load_sentence_families
from classifier.sentence_grams import BUCKETS, Grams, grams_of
from classifier.sentence_measure import best_threshold, family_figures
from classifier.sentence_model import CODE_POINTS_READ, FILE, is_telling, joint_features, surplus
from classifier.text_file import read_text
from classifier.train import fold_of, pack
from domain.findings import FAMILIES, Document

CARD = "sentences.json"
_Flags = NDArray[np.bool_]
_Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class SentenceSettings:
    """Inverse strengths of the L2 penalties; `forgotten` (0..1) is the share of rule findings hidden in each of
    `repeats` copies of a row when joining is learnt: rules find less on pages that nobody wrote them against."""

    sentence_penalty: float = 20.0
    join_penalty: float = 0.3
    forgotten: float = 0.4
    repeats: int = 3
    folds: int = 5
    smallest_weight: float = 0.03


@dataclass(frozen=True, slots=True)
class MarkedText:
    """`families` is None where nothing is known beyond `spans`' families (an example of a rule)."""

    group: str
    label: int
    document: Document
    families: frozenset[str] | None
    spans: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class SentenceTable:
    """N-grams of sentences (n, BUCKETS); marks of sentences and of pages, -1 unknown, 0 no, 1 yes (n, k).

    `owner` is the page of each sentence, `found` what the rules found by page, `folds` the fold of each page;
    `counted` are the pages whose families are known: joining is learnt and measured on them.
    """

    sentences: csr_matrix
    sentence_marks: NDArray[np.int8]
    owner: NDArray[np.int64]
    page_marks: NDArray[np.int8]
    found: _Flags
    folds: NDArray[np.int64]
    counted: _Flags


def read_marked(path: Path) -> list[MarkedText]:
    """Rows with `label` 0 or 1; an unlawful row without families teaches nothing here and is left out."""
    texts: list[MarkedText] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        row: dict[str, Any] = json.loads(line)
        if row.get("label") not in (0, 1) or not isinstance(row.get("text"), str):
            raise LexiconError(path, "a row needs `text` and a `label` of 0 or 1", number)
        if row["label"] and not row.get("families"):
            continue
        spans: list[tuple[str, int, int]] = []
        for mark in row.get("spans") or []:
            at = row["text"].find(mark["quote"])
            if at < 0 or not mark["quote"]:
                raise LexiconError(path, f"the text has no {mark['quote']!r}", number)
            while at >= 0:
                spans.append((mark["family"], at, at + len(mark["quote"])))
                at = row["text"].find(mark["quote"], at + 1)
        title, site_name, url = (str(row.get(key) or "") for key in ("title", "site_name", "url"))
        document = Document(text=row["text"], title=title, site_name=site_name, url=url)
        group = str(row.get("pair") or row["id"])
        families = frozenset(row.get("families") or ())
        texts.append(MarkedText(group, int(row["label"]), document, families, tuple(spans)))
    return texts


def rule_examples(analyser: Analyser) -> list[MarkedText]:
    """What rules must fire on: the whole text is of the rule's family, other families are unknown."""
    texts: list[MarkedText] = []
    for rule in analyser.rules:
        for example in rule.fires_on if rule.words and rule.status != "retired" else ():
            fields = example.fields
            document = Document(example.text, title=fields.get("title", ""), site_name=fields.get("site_name", ""))
            spans = ((rule.family, 0, len(example.text)),)
            texts.append(MarkedText(f"rule {rule.id}", 1, document, None, spans))
    return texts


def read_sentences(path: Path) -> list[MarkedText]:
    """Lines of `family TAB sentence`, `#` begins a comment: the sentence is of that family, others are unknown."""
    texts: list[MarkedText] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip() or line.startswith("#"):
            continue
        family, _, sentence = line.partition("\t")
        if family not in FAMILIES or not sentence.strip():
            raise LexiconError(path, "expected a known family, TAB, a sentence", number)
        group = f"sentence {hashlib.sha256(sentence.encode()).hexdigest()[:12]}"
        texts.append(MarkedText(group, 1, Document(sentence), None, ((family, 0, len(sentence)),)))
    return texts


def tabulate_sentences(
    analyser: Analyser, texts: Sequence[MarkedText], families: Sequence[str], folds: int
) -> SentenceTable:
    place = {name: index for index, name in enumerate(families)}
    grams: list[Grams] = []
    marks: list[NDArray[np.int8]] = []
    found = np.zeros((len(texts), len(families)), dtype=np.bool_)
    page_marks = np.zeros((len(texts), len(families)), dtype=np.int8)
    for index, text in enumerate(texts):
        analysis = analyser.analyse(text.document)
        for item in analysis.live:
            if item.finding.family in place:
                found[index, place[item.finding.family]] = True
        grams.append(grams_of(analysis.read.folded.text[:CODE_POINTS_READ]))
        page_marks[index], each = _marks(text, analysis.read.folded, grams[-1].spans, place)
        marks.append(each)
    return SentenceTable(
        _matrix(grams),
        np.concatenate(marks),
        np.repeat(np.arange(len(texts)), [len(read.spans) for read in grams]),
        page_marks,
        found,
        np.array([fold_of(text.group, folds) for text in texts], dtype=np.int64),
        np.array([bool(text.label) and text.families is not None for text in texts], dtype=np.bool_),
    )


def _marks(
    text: MarkedText, folded: Folded, sentences: Sequence[tuple[int, int]], place: Mapping[str, int]
) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
    """Marks of the page (k) and of its sentences (n, k)."""
    unknown = np.int8(-1)
    page = np.full(len(place), unknown if text.families is None else 0, dtype=np.int8)
    each = np.full((len(sentences), len(place)), unknown if text.families is None else 0, dtype=np.int8)
    for name in text.families or ():
        if name in place:
            page[place[name]] = 1
            if all(family != name for family, _, _ in text.spans):
                each[:, place[name]] = unknown
    for family, first, last in text.spans:
        if family not in place:
            continue
        page[place[family]] = 1
        start, end = _folded_span(folded, first, last)
        for index, (low, high) in enumerate(sentences):
            if start < high and low < end:
                each[index, place[family]] = 1
    return page, each


def _folded_span(folded: Folded, first: int, last: int) -> tuple[int, int]:
    if folded.starts is None or folded.ends is None:
        return first, last
    return int(np.searchsorted(folded.ends, first, "right")), int(np.searchsorted(folded.starts, last, "left"))


def _matrix(pages: Sequence[Grams]) -> csr_matrix:
    """One row a sentence, valued as `Grams.sums` weighs it."""
    counts = np.concatenate([np.diff(grams.first) for grams in pages])
    values = np.repeat(1 / np.sqrt(np.maximum(1, counts), dtype=np.float32), counts)
    buckets = np.concatenate([grams.buckets for grams in pages])
    pointers = np.concatenate([[0], np.cumsum(counts)])
    matrix = csr_matrix((values, buckets, pointers), shape=(len(counts), BUCKETS))
    matrix.sum_duplicates()
    return matrix


@dataclass(frozen=True, slots=True)
class SentenceScorer:
    """Weights (k, BUCKETS) and biases (k)."""

    weights: _Values
    bias: _Values

    def strongest(self, table: SentenceTable, pages: _Flags) -> _Values:
        """The strongest sentence by family (n, k), as `SentenceModel.propose` sees it, for the chosen pages."""
        values = np.full((len(pages), len(self.bias)), -np.inf, dtype=np.float32)
        rows = pages[table.owner]
        np.maximum.at(values, table.owner[rows], table.sentences[rows] @ self.weights.T + self.bias)
        counts = np.bincount(table.owner, minlength=len(pages))
        off = np.array([surplus(count) for count in counts.tolist()], dtype=np.float32)
        chosen: _Values = (values - off[:, None])[pages]
        return chosen


def fit_scorer(table: SentenceTable, pages: _Flags, settings: SentenceSettings) -> SentenceScorer:
    rows = pages[table.owner]
    return SentenceScorer(*_one_by_one(table.sentences[rows], table.sentence_marks[rows], settings.sentence_penalty))


def _one_by_one(matrix: csr_matrix, marks: NDArray[np.int8], penalty: float) -> tuple[_Values, _Values]:
    """One logistic regression a family, over the rows whose mark is known; a family without both marks never holds."""
    weights = np.zeros((marks.shape[1], matrix.shape[1]), dtype=np.float32)
    bias = np.full(marks.shape[1], -20.0, dtype=np.float32)
    for index in range(marks.shape[1]):
        known = marks[:, index] >= 0
        labels = marks[known, index]
        if len(np.unique(labels)) == 2:
            model = LogisticRegression(C=penalty, solver="liblinear", random_state=0, tol=1e-3)
            model.fit(matrix[known], labels)
            weights[index], bias[index] = model.coef_[0], model.intercept_[0]
    return weights, bias


def fit_join(
    strongest: _Values, table: SentenceTable, pages: _Flags, settings: SentenceSettings
) -> tuple[_Values, _Values]:
    """Weights (2k, k) and bias (k); `strongest` are of pages that the scorer was not fitted on."""
    random = np.random.default_rng(0)
    copies = []
    for _ in range(settings.repeats):
        kept = table.found[pages] & (random.random(table.found[pages].shape) >= settings.forgotten)
        copies.append(joint_features(strongest[pages], kept.astype(np.float32)))
    marks = np.vstack([table.page_marks[pages]] * settings.repeats)
    weights, bias = _one_by_one(csr_matrix(np.vstack(copies)), marks, settings.join_penalty)
    return weights.T, bias


def cross_validate(table: SentenceTable, settings: SentenceSettings) -> tuple[_Values, _Values]:
    """Strongest sentences and probabilities (n, k each) of every counted page by models that saw nothing of its group."""
    strongest = np.zeros(table.found.shape, dtype=np.float32)
    probabilities = np.zeros(table.found.shape, dtype=np.float32)
    folds = [table.counted & (table.folds == fold) for fold in range(settings.folds)]
    for fold, held in enumerate(folds):
        if held.any():
            strongest[held] = fit_scorer(table, table.folds != fold, settings).strongest(table, held)
    for held in folds:
        if held.any():
            join, bias = fit_join(strongest, table, table.counted & ~held, settings)
            probabilities[held] = joint_probabilities(strongest, table, held, join, bias)
    return strongest, probabilities


def joint_probabilities(
    strongest: _Values, table: SentenceTable, pages: _Flags, join: _Values, bias: _Values
) -> _Values:
    """Probabilities of the chosen pages; 0 where no sentence is telling."""
    features = joint_features(strongest[pages], table.found[pages].astype(np.float32))
    values: _Values = is_telling(strongest[pages]) / (1.0 + np.exp(-(features @ join + bias)))
    return values


def train_sentences(
    lexicons: Path, corpora: Sequence[Path], settings: SentenceSettings, date: str
) -> Mapping[str, Any]:
    """Train on the rows of `corpora`, the rules' examples and `sentences/*.tsv`; write the model beside the rules,
    return its card. `date` is the day to put on the card."""
    analyser = Analyser(lexicons)
    families = tuple(load_sentence_families(lexicons).rules)
    sentences = sorted((lexicons / "sentences").glob("*.tsv"))
    texts = [text for path in corpora for text in read_marked(path)] + rule_examples(analyser)
    texts += [text for path in sentences for text in read_sentences(path)]
    table = tabulate_sentences(analyser, texts, families, settings.folds)
    strongest, probabilities = cross_validate(table, settings)
    marks, found = table.page_marks[table.counted] > 0, table.found[table.counted]
    threshold = best_threshold(probabilities[table.counted], marks, found)
    scorer = fit_scorer(table, np.ones(len(texts), dtype=np.bool_), settings)
    join, join_bias = fit_join(strongest, table, table.counted, settings)
    arrays = {
        "families": np.array(families),
        "by_sentence": _stored(scorer.weights.T, settings.smallest_weight),
        "sentence_bias": scorer.bias,
        "join": join,
        "join_bias": join_bias,
        "threshold": np.float64(threshold),
    }
    (lexicons / FILE).write_bytes(pack(arrays))
    card = {
        "kind": "logistic regressions over hashed character n-grams of sentences, joined with what rules found",
        "date": date,
        "rules_sha256": analyser.rules_sha256,
        "corpora": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (*corpora, *sentences)},
        "pages": {"marked": int(table.counted.sum()), "others": int((~table.counted).sum())},
        "sentences": int(table.sentences.shape[0]),
        "settings": {name: getattr(settings, name) for name in SentenceSettings.__slots__},
        "threshold": threshold,
        "cross_validated_by_group": {
            "rules": family_figures(families, marks, found),
            "rules_and_sentences": family_figures(families, marks, found | (probabilities[table.counted] >= threshold)),
        },
    }
    (lexicons / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return card


def _stored(weights: _Values, smallest: float) -> NDArray[np.float16]:
    """Half precision; weights too small to change anything become nothing, which packs well."""
    return np.where(np.abs(weights) < smallest, 0, weights).astype(np.float16)
