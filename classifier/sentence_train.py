"""Training of the sentence model: marked rows in, `sentences.npz` and its card out. Never loaded to judge.

A row that names `families` and marks `spans` (family, quote) teaches both scorers; a lawful row teaches that its
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
from classifier.sentence_grams import BUCKETS, Grams
from classifier.sentence_measure import best_thresholds, family_figures
from classifier.sentence_model import CODE_POINTS_READ, FILE, joint_features, page_grams
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
    page_penalty: float = 30.0
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
    """Rows of sentences and of pages: n-grams (n, BUCKETS), marks -1 unknown, 0 no, 1 yes (n, k).

    `owner` is the page of each sentence, `found` what the rules found by page, `folds` the fold of each page;
    `counted` are the pages whose families are known: joining is learnt and measured on them.
    """

    sentences: csr_matrix
    sentence_marks: NDArray[np.int8]
    owner: NDArray[np.int64]
    pages: csr_matrix
    page_marks: NDArray[np.int8]
    found: _Flags
    folds: NDArray[np.int64]
    counted: _Flags


def read_marked(path: Path) -> list[MarkedText]:
    """Rows with `label` 0 or 1; an unlawful row without families teaches nothing here and is left out."""
    texts: list[MarkedText] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
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
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
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
    inside: list[int] = []
    marks: list[NDArray[np.int8]] = []
    found = np.zeros((len(texts), len(families)), dtype=np.bool_)
    page_marks = np.zeros((len(texts), len(families)), dtype=np.int8)
    for index, text in enumerate(texts):
        analysis = analyser.analyse(text.document)
        for item in analysis.live:
            if item.finding.family in place:
                found[index, place[item.finding.family]] = True
        fields = analysis.read.view.fields
        body = analysis.read.folded.text[:CODE_POINTS_READ]
        read, count = page_grams(body, (fields["title"], fields["site"]))
        grams.append(read)
        inside.append(count)
        page_marks[index], each = _marks(text, analysis.read.folded, read.spans[:count], place)
        marks.append(each)
    return SentenceTable(
        _matrix([(read, range(count)) for read, count in zip(grams, inside, strict=True)]),
        np.concatenate(marks),
        np.repeat(np.arange(len(texts)), inside),
        _pages(grams),
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


def _matrix(parts: Sequence[tuple[Grams, range]]) -> csr_matrix:
    """One row a sentence, valued as `Grams.sums` weighs it."""
    buckets: list[NDArray[np.int64]] = []
    values: list[_Values] = []
    pointers = [0]
    for grams, chosen in parts:
        for index in chosen:
            own = grams.buckets[grams.first[index] : grams.first[index + 1]]
            buckets.append(own)
            values.append(np.full(len(own), 1 / np.sqrt(max(1, len(own))), dtype=np.float32))
            pointers.append(pointers[-1] + len(own))
    matrix = csr_matrix((np.concatenate(values), np.concatenate(buckets), pointers), shape=(len(pointers) - 1, BUCKETS))
    matrix.sum_duplicates()
    return matrix


def _pages(grams: Sequence[Grams]) -> csr_matrix:
    """One row a page, valued as `SentenceModel.scores` weighs it."""
    every = _matrix([(read, range(len(read.spans))) for read in grams])
    counts = np.array([len(read.spans) for read in grams], dtype=np.int64)
    owner = np.repeat(np.arange(len(grams)), counts)
    weights = 1 / np.sqrt(np.maximum(1, counts))[owner]
    adding = csr_matrix((weights, (owner, np.arange(len(owner)))), shape=(len(grams), len(owner)))
    return (adding @ every).tocsr()


@dataclass(frozen=True, slots=True)
class Scorers:
    """Weights (k, BUCKETS) and biases (k) by sentence and by page."""

    by_sentence: _Values
    sentence_bias: _Values
    by_page: _Values
    page_bias: _Values

    def features(self, table: SentenceTable, pages: _Flags) -> _Values:
        """The strongest sentence and the page (n, 2k), for the chosen pages."""
        strongest = np.full((len(pages), len(self.page_bias)), -np.inf, dtype=np.float32)
        rows = pages[table.owner]
        np.maximum.at(strongest, table.owner[rows], table.sentences[rows] @ self.by_sentence.T + self.sentence_bias)
        page = table.pages[pages] @ self.by_page.T + self.page_bias
        return np.hstack([strongest[pages], page]).astype(np.float32)


def fit_scorers(table: SentenceTable, pages: _Flags, settings: SentenceSettings) -> Scorers:
    rows = pages[table.owner]
    sentence = _one_by_one(table.sentences[rows], table.sentence_marks[rows], settings.sentence_penalty)
    known = pages & (table.counted | (table.page_marks < 0).any(axis=1))
    page = _one_by_one(table.pages[known], table.page_marks[known], settings.page_penalty)
    return Scorers(*sentence, *page)


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
    scores: _Values, table: SentenceTable, pages: _Flags, settings: SentenceSettings
) -> tuple[_Values, _Values]:
    """Weights (3k, k) and bias (k); `scores` are of rows that the scorers were not fitted on."""
    count = table.found.shape[1]
    random = np.random.default_rng(0)
    copies = []
    for _ in range(settings.repeats):
        kept = table.found[pages] & (random.random((int(pages.sum()), count)) >= settings.forgotten)
        copies.append(joint_features(scores[pages, :count], scores[pages, count:], kept.astype(np.float32)))
    marks = np.vstack([table.page_marks[pages]] * settings.repeats)
    weights, bias = _one_by_one(csr_matrix(np.vstack(copies)), marks, settings.join_penalty)
    return weights.T, bias


def cross_validate(table: SentenceTable, settings: SentenceSettings) -> tuple[_Values, _Values]:
    """Scores (n, 2k) and joint probabilities (n, k) of every counted page by models that saw nothing of its group."""
    count = table.found.shape[1]
    scores = np.zeros((len(table.folds), 2 * count), dtype=np.float32)
    for fold in range(settings.folds):
        held = table.folds == fold
        scores[held & table.counted] = fit_scorers(table, ~held, settings).features(table, held & table.counted)
    probabilities = np.zeros((len(table.folds), count), dtype=np.float32)
    for fold in range(settings.folds):
        held = table.counted & (table.folds == fold)
        if held.any():
            join, bias = fit_join(scores, table, table.counted & ~held, settings)
            probabilities[held] = joint_probabilities(scores, table.found, held, join, bias)
    return scores, probabilities


def joint_probabilities(scores: _Values, found: _Flags, pages: _Flags, join: _Values, bias: _Values) -> _Values:
    count = found.shape[1]
    features = joint_features(scores[pages, :count], scores[pages, count:], found[pages].astype(np.float32))
    values: _Values = 1.0 / (1.0 + np.exp(-(features @ join + bias)))
    return values


def train_sentences(
    lexicons: Path, corpora: Sequence[Path], settings: SentenceSettings, date: str
) -> Mapping[str, Any]:
    """Train on the rows of `corpora` and the rules' examples, write the model beside the rules, return its card."""
    analyser = Analyser(lexicons)
    families = tuple(load_sentence_families(lexicons).rules)
    sentences = sorted((lexicons / "sentences").glob("*.tsv"))
    texts = [text for path in corpora for text in read_marked(path)] + rule_examples(analyser)
    texts += [text for path in sentences for text in read_sentences(path)]
    table = tabulate_sentences(analyser, texts, families, settings.folds)
    scores, probabilities = cross_validate(table, settings)
    marks, found = table.page_marks[table.counted] > 0, table.found[table.counted]
    thresholds = best_thresholds(probabilities[table.counted], marks, found)
    scorers = fit_scorers(table, np.ones(len(texts), dtype=np.bool_), settings)
    join, join_bias = fit_join(scores, table, table.counted, settings)
    arrays = {
        "families": np.array(families),
        "by_sentence": _stored(scorers.by_sentence.T, settings.smallest_weight),
        "sentence_bias": scorers.sentence_bias,
        "by_page": _stored(scorers.by_page.T, settings.smallest_weight),
        "page_bias": scorers.page_bias,
        "join": join,
        "join_bias": join_bias,
        "thresholds": thresholds.astype(np.float32),
    }
    (lexicons / FILE).write_bytes(pack(arrays))
    chosen = probabilities[table.counted] >= thresholds
    card = {
        "kind": "logistic regressions over hashed character n-grams of sentences and pages, joined with what rules found",
        "date": date,
        "rules_sha256": analyser.rules_sha256,
        "corpora": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (*corpora, *sentences)},
        "pages": {"marked": int(table.counted.sum()), "others": int((~table.counted).sum())},
        "sentences": int(table.sentences.shape[0]),
        "settings": {name: getattr(settings, name) for name in SentenceSettings.__slots__},
        "cross_validated_by_group": {
            "rules": family_figures(families, marks, found),
            "rules_and_sentences": family_figures(families, marks, found | chosen),
        },
    }
    (lexicons / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return card


def _stored(weights: _Values, smallest: float) -> NDArray[np.float16]:
    """Half precision; weights too small to change anything become nothing, which packs well."""
    return np.where(np.abs(weights) < smallest, 0, weights).astype(np.float16)
