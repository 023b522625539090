"""Training: labelled rows in, `model.npz` and `model.json` out. The one door to scikit-learn; never loaded to judge.

Same data, rules and settings give the same bytes: rows in file order, a deterministic solver, a zip without clock.
"""

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression

from classifier.engine import Analyser
from classifier.errors import LexiconError, not_json
from classifier.features import BUCKETS
from classifier.measure import figures, reliability
from classifier.operating_point import OperatingPoint, by_rate, stated_threshold
from classifier.sentence_grams import Grams
from classifier.text_file import read_text
from classifier.tone import NAMES as TONE_NAMES
from classifier.tone_train import PageSentences, cross_fitted, fit_tone, page_sentences, tones
from domain.findings import GENRES, Document

Chooser = Callable[[NDArray[np.int64], NDArray[np.float64]], OperatingPoint]
"""Chooses the threshold from labels and scores of rows not trained on."""
_GENRE_BUCKETS = 1 << 12
_GENRE_TRUST = 3.0
_NEVER = 1e4
"""Bias against a genre that no training row has."""
_LEAST_THRESHOLD = 0.5
"""However clean the training rows are, a page less likely than not to be confirmed is no lead."""


@dataclass(frozen=True, slots=True)
class Settings:
    """`penalty` is the inverse strength C of the L2 penalty; `trust` scales characters (length one) against structure (some dozens of values of 0..1).

    `folds` groups are made by pair; `false_positive_rate` sets the threshold on scores of rows not trained on.
    """

    penalty: float = 3.0
    trust: float = 7.0
    folds: int = 5
    false_positive_rate: float = 0.0045


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text. Rows of one `group` (a contrast pair, a source) stay on one side of every split."""

    id: str
    group: str
    label: int
    document: Document
    weight: float = 1.0
    genre: str = ""
    families: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Features of rows: structure (n, k) without the tone, characters (n, BUCKETS), the sentences that give the tone;
    labels, weights, fold numbers."""

    structure: NDArray[np.float32]
    characters: csr_matrix
    sentences: PageSentences
    labels: NDArray[np.int64]
    weights: NDArray[np.float64]
    folds: NDArray[np.int64]


def read_rows(path: Path) -> list[Row]:
    """Rows of a JSONL corpus: id, text, label (0 or 1), optionally pair, title, site_name, url, account, weight."""
    rows: list[Row] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            data: dict[str, Any] = json.loads(line)
        except ValueError as fault:
            raise not_json(path, fault, number) from fault
        if not isinstance(data, dict) or data.get("label") not in (0, 1) or not isinstance(data.get("text"), str):
            raise LexiconError(path, "a row needs `text` and a `label` of 0 or 1", number)
        if data.get("id") in (None, ""):
            raise LexiconError(path, "`id` is missing", number)
        title, site_name, url, account = (str(data.get(key) or "") for key in ("title", "site_name", "url", "account"))
        document = Document(text=data["text"], title=title, site_name=site_name, url=url, account=account)
        group = str(data.get("pair") or data.get("repo") or data["id"])
        genre = str(data.get("genre") or "")
        if genre and genre not in GENRES:
            raise LexiconError(path, f"unknown genre {genre!r}", number)
        families = tuple(str(name) for name in data.get("families") or ())
        weight = float(data.get("weight", 1.0))
        rows.append(Row(str(data["id"]), group, int(data["label"]), document, weight, genre, families))
    return rows


def fold_of(group: str, folds: int) -> int:
    """The fold of a group, by its SHA-256, so that it does not depend on the other rows."""
    return int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % folds


def tabulate(analyser: Analyser, rows: Sequence[Row], folds: int) -> Table:
    structure = np.zeros((len(rows), len(analyser.feature_names)), dtype=np.float32)
    data: list[NDArray[np.float32]] = []
    places: list[NDArray[np.int64]] = []
    pointers = [0]
    sentences: list[Grams] = []
    discounts: list[float] = []
    for index, row in enumerate(rows):
        analysis = analyser.analyse(row.document)
        structure[index] = analyser.features(analysis)
        buckets, values = analyser.characters(analysis)
        places.append(buckets)
        data.append(values)
        pointers.append(pointers[-1] + len(buckets))
        sentences.append(analyser.sentences(analysis))
        discounts.append(analyser.discount(analysis))
    characters = csr_matrix((np.concatenate(data), np.concatenate(places), pointers), shape=(len(rows), BUCKETS))
    return Table(
        structure,
        characters,
        page_sentences(sentences, discounts),
        np.array([row.label for row in rows], dtype=np.int64),
        np.array([row.weight for row in rows], dtype=np.float64),
        np.array([fold_of(row.group, folds) for row in rows], dtype=np.int64),
    )


@dataclass(frozen=True, slots=True)
class Fitted:
    """`page` decides on structure, tone and characters; `sentence` gives the tone of pages that neither has seen."""

    page: LogisticRegression
    sentence: LogisticRegression


def fit(table: Table, chosen: NDArray[np.bool_], settings: Settings) -> Fitted:
    tone = cross_fitted(table.sentences, table.labels, table.folds, chosen)
    model = LogisticRegression(C=settings.penalty, solver="lbfgs", max_iter=2000, tol=1e-6)
    page = model.fit(_matrix(table, tone, chosen, settings), table.labels[chosen], sample_weight=table.weights[chosen])
    return Fitted(page, fit_tone(table.sentences, table.labels, chosen))


def decide(model: Fitted, table: Table, chosen: NDArray[np.bool_], settings: Settings) -> NDArray[np.float64]:
    tone = tones(model.sentence, table.sentences, chosen)
    values: NDArray[np.float64] = model.page.decision_function(_matrix(table, tone, chosen, settings))
    return values


def _matrix(table: Table, tone: NDArray[np.float32], chosen: NDArray[np.bool_], settings: Settings) -> csr_matrix:
    features = [table.structure[chosen], tone[chosen]]
    return hstack([csr_matrix(np.hstack(features)), table.characters[chosen] * settings.trust], format="csr")


def out_of_fold(table: Table, settings: Settings) -> NDArray[np.float64]:
    """Decision values of every row by a model that saw no row of its group."""
    values = np.zeros(len(table.labels), dtype=np.float64)
    for fold in range(settings.folds):
        held = table.folds == fold
        if held.any():
            values[held] = decide(fit(table, ~held, settings), table, held, settings)
    return values


def fit_genres(table: Table, rows: Sequence[Row]) -> Mapping[str, NDArray[Any]]:
    """Weights of one linear scorer per genre over structure and coarse character buckets, from rows that name one."""
    chosen = np.array([bool(row.genre) for row in rows])
    labels = np.array([GENRES.index(row.genre) for row in rows if row.genre], dtype=np.int64)
    coarse = _coarse(table.characters[chosen]) * _GENRE_TRUST
    matrix = hstack([csr_matrix(table.structure[chosen]), coarse], format="csr")
    known = np.unique(labels)
    weights = np.zeros((len(GENRES), matrix.shape[1]))
    bias = np.full(len(GENRES), -_NEVER)
    if len(known) > 1:
        model = LogisticRegression(C=1.0, solver="lbfgs", max_iter=500, tol=1e-4).fit(matrix, labels)
        coefficients = model.coef_ if len(known) > 2 else np.vstack([-model.coef_, model.coef_])
        intercepts = model.intercept_ if len(known) > 2 else np.array([-model.intercept_[0], model.intercept_[0]])
        weights[known], bias[known] = coefficients, intercepts
    else:
        bias[known if len(known) else GENRES.index("other")] = 0.0
    count = table.structure.shape[1]
    return {
        "genres": np.array(GENRES),
        # no genre is known by its tone
        "genre_structure": np.pad(weights[:, :count], ((0, 0), (0, len(TONE_NAMES)))).astype(np.float16),
        "genre_buckets": (weights[:, count:] * _GENRE_TRUST).astype(np.float16),
        "genre_bias": bias.astype(np.float32),
    }


def _coarse(characters: csr_matrix) -> csr_matrix:
    coo = characters.tocoo()
    return csr_matrix((coo.data, (coo.row, coo.col % _GENRE_BUCKETS)), shape=(characters.shape[0], _GENRE_BUCKETS))


def calibrate(values: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[float, float]:
    """Platt's slope and offset on values of rows not trained on."""
    platt = LogisticRegression(C=1e6, solver="lbfgs", max_iter=1000).fit(values.reshape(-1, 1), labels)
    return float(platt.coef_[0][0]), float(platt.intercept_[0])


def train(
    lexicons: Path,
    corpora: Sequence[Path],
    settings: Settings,
    date: str,
    *,
    human: Sequence[Row] = (),
    choose: Chooser | None = None,
    into: Path | None = None,
) -> Mapping[str, Any]:
    """Train on `corpora`, write the model beside the rules, return its card. `date` is the day to put on the card.

    `human` are analysts' labels, counted apart on the card. `choose` sets the threshold on labels and scores of rows not
    trained on, instead of the false-positive rate of `settings`. `into` is the folder written to, `lexicons` by default.
    """
    analyser = Analyser(lexicons)
    rows = [row for path in corpora for row in read_rows(path)] + list(human)
    table = tabulate(analyser, rows, settings.folds)
    values = out_of_fold(table, settings)
    slope, offset = calibrate(values, table.labels)
    scores = 1.0 / (1.0 + np.exp(-(slope * values + offset)))
    point = choose(table.labels, scores) if choose else by_rate(table.labels, scores, settings.false_positive_rate)
    threshold = max(_LEAST_THRESHOLD, point.threshold)
    stated = stated_threshold(threshold) if choose else round(threshold, 4)
    model = fit(table, np.ones(len(rows), dtype=np.bool_), settings)
    weights = model.page.coef_[0]
    names = (*analyser.feature_names, *TONE_NAMES)
    count = len(names)
    arrays = {
        "names": np.array(names),
        "weights": weights[:count].astype(np.float32),
        "buckets": (weights[count:] * settings.trust).astype(np.float32),
        "by_sentence": model.sentence.coef_.T.astype(np.float16),
        "sentence_bias": np.float64(model.sentence.intercept_[0]),
        "bias": np.float64(model.page.intercept_[0]),
        "slope": np.float64(slope),
        "offset": np.float64(offset),
        "threshold": np.float64(stated),
        **fit_genres(table, rows),
    }
    card = {
        "kind": "logistic regression over structure, tone of sentences and hashed characters, Platt-calibrated on held-out folds",
        "date": date,
        "rules_sha256": analyser.rules_sha256,
        "corpora": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in corpora},
        "rows": {"lawful": int((table.labels == 0).sum()), "unlawful": int((table.labels == 1).sum())},
        "settings": {
            "penalty": settings.penalty,
            "trust": settings.trust,
            "folds": settings.folds,
            "false_positive_rate": settings.false_positive_rate,
        },
        "threshold": stated,
        "operating_point": point.card(),
        "cross_validated_by_group": figures(table.labels, scores, threshold),
        "reliability": [list(bin_) for bin_ in reliability(table.labels, scores)],
    }
    if human:
        card["human"] = human_part(human, table.labels, scores, threshold)
        card["corpora_alone"] = figures(table.labels[: -len(human)], scores[: -len(human)], threshold)
    folder = into or lexicons
    (folder / "model.npz").write_bytes(pack(arrays))
    (folder / "model.json").write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return card


def human_part(
    human: Sequence[Row], labels: NDArray[np.int64], scores: NDArray[np.float64], threshold: float
) -> Mapping[str, Any]:
    """What the card says about analysts' labels, which are the last rows: their digest, their number, their figures."""
    digest = hashlib.sha256(
        "".join(f"{row.id}\t{row.label}\t{row.document.text}\n" for row in human).encode("utf-8", "replace")
    )
    part: dict[str, Any] = {
        "sha256": digest.hexdigest(),
        "lawful": sum(row.label == 0 for row in human),
        "unlawful": sum(row.label == 1 for row in human),
    }
    if part["lawful"] and part["unlawful"]:
        part["cross_validated_by_group"] = figures(labels[-len(human) :], scores[-len(human) :], threshold)
    return part


def pack(arrays: Mapping[str, Any]) -> bytes:
    """An npz whose bytes depend only on the arrays: fixed time stamps, fixed order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), member.getvalue(), zipfile.ZIP_DEFLATED
            )
    return buffer.getvalue()
