"""Training beside the live model, and the conditions on which the new one may take its place."""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from classifier.comparison import FEWEST, Line, compare_cards, compare_scores
from classifier.decisions import contradictions, is_held_out, new_rows, read_decisions
from classifier.engine import Analyser, Classifier
from classifier.errors import LexiconError
from classifier.model import load_model
from classifier.reliability_plot import reliability_svg
from classifier.text_file import read_text
from classifier.train import Chooser, Row, Settings, read_rows, train
from yiguang.errors import CommandFailed
from yiguang.lexicon_words import said_of

MODEL_FILES = ("model.npz", "model.json", "model.svg")


@dataclass(frozen=True, slots=True)
class HumanLabels:
    """Labels of analysts that are new: `training` rows, and `held_out` rows that no model is trained on.

    `repeated` counts rows whose text is in the lexicons' corpora or was there twice.
    """

    training: list[Row]
    held_out: list[Row]
    repeated: int


def corpora(lexicons: Path) -> list[Path]:
    """The labelled texts that come with the lexicons, in the order in which the model is trained on them."""
    return sorted((lexicons / "corpus").glob("*.jsonl"))


def human_labels(files: Sequence[Path], lexicons: Path) -> tuple[HumanLabels, list[str]]:
    """The labels in `files`, and one Chinese sentence for each text that carries both labels, there or in the corpora."""
    rows = [decision.row for file in files for decision in read_decisions(file)]
    known = [row for path in corpora(lexicons) for row in read_rows(path)]
    labelled = {row.document.text for row in rows}
    found = [one for one in contradictions([*rows, *known]) if one.text in labelled]
    complaints = [
        f"标注矛盾：确认（{'、'.join(one.confirmed)}）与排除（{'、'.join(one.dismissed)}）是同一文本：{' '.join(one.text.split())[:40]}"
        for one in found
    ]
    fresh = new_rows(rows, known)
    training = [row for row in fresh if not is_held_out(row)]
    held_out = [row for row in fresh if is_held_out(row)]
    return HumanLabels(training, held_out, len(rows) - len(fresh)), complaints


def train_candidate(
    lexicons: Path, human: HumanLabels, settings: Settings, date: str, models: Path, choose: Chooser | None
) -> tuple[Path, Mapping[str, Any]]:
    """Train on corpora and human labels; returns the folder under `models` that holds the candidate, and its card."""
    scratch = models / "in-training"
    scratch.mkdir(parents=True, exist_ok=True)
    card = train(lexicons, corpora(lexicons), settings, date, human=human.training, choose=choose, into=scratch)
    draw_reliability(scratch)
    digest = hashlib.sha256((scratch / "model.npz").read_bytes()).hexdigest()
    folder = models / f"{date}-{digest[:12]}"
    if folder.exists():
        shutil.rmtree(folder)
    return scratch.rename(folder), card


def draw_reliability(folder: Path) -> None:
    """The reliability plot beside a model card, from the card."""
    card = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    svg = reliability_svg(card["reliability"], f"交叉验证，{card['date']}")
    (folder / "model.svg").write_text(svg, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Verdict:
    """`held_out` compares on human labels never trained on, `on_corpora` the cards' cross-validated figures of the same
    corpora; either is empty when it could not be done, and `notes` say why in Chinese."""

    held_out: tuple[Line, ...]
    on_corpora: tuple[Line, ...]
    notes: tuple[str, ...]

    @property
    def objections(self) -> list[str]:
        """Why the candidate may not replace the live model; Chinese."""
        said = [
            f"{where}上变差：{line.figure} {line.live:.4f} → {line.new:.4f}"
            for where, lines in (("留出的人工标注", self.held_out), ("自带语料交叉验证", self.on_corpora))
            for line in lines
            if line.worse
        ]
        return said or ([] if self.held_out or self.on_corpora else ["没有可供比较的数据"])


def compare_with_live(lexicons: Path, candidate: Path, held_out: Sequence[Row]) -> Verdict:
    """Both models judge by the rules of today."""
    analyser = Analyser(lexicons)
    models = [load_model(folder, analyser.feature_names) for folder in (lexicons, candidate)]
    notes = []
    labels = np.array([row.label for row in held_out], dtype=np.int64)
    lines: tuple[Line, ...] = ()
    if len(held_out) and min((labels == 0).sum(), (labels == 1).sum()) >= FEWEST:
        live, new = (
            np.array([Classifier(analyser, model).judge(row.document).score for row in held_out]) for model in models
        )
        lines = compare_scores(labels, live, new, [row.group for row in held_out])
    else:
        notes.append(f"留出的人工标注只有 {len(held_out)} 篇（两类各需 {FEWEST} 篇），未比较")
    cards = [model.card for model in models]
    on_corpora: tuple[Line, ...] = ()
    if cards[0]["corpora"] == cards[1]["corpora"]:
        figures = [card.get("corpora_alone", card["cross_validated_by_group"]) for card in cards]
        on_corpora = compare_cards(*figures)
    else:
        notes.append("自带语料在现行模型训练之后有改动，交叉验证的指标不可比，未比较")
    return Verdict(lines, on_corpora, tuple(notes))


def accept(candidate: Path, lexicons: Path) -> None:
    """Put the candidate in the live model's place; the weights last, so that a card never speaks of weights to come."""
    for name in reversed(MODEL_FILES):
        part = lexicons / f"{name}.part"
        shutil.copyfile(candidate / name, part)
        part.replace(lexicons / name)


def read_night_scores(path: Path) -> "np.typing.NDArray[np.float64]":
    """Scores (0..1) from JSON lines with `score` (as `yiguang scan` and `yiguang cases list --json` write) or bare numbers."""
    scores: list[float] = []
    try:
        lines = read_text(path).split("\n")
    except LexiconError as fault:
        raise CommandFailed(f"得分无法读取：{said_of(fault)}") from fault
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            score = float(value["score"] if isinstance(value, dict) else value)
        except (ValueError, TypeError, KeyError):
            raise CommandFailed(f"{path} 第 {number} 行没有得分") from None
        if not 0.0 <= score <= 1.0:
            raise CommandFailed(f"{path} 第 {number} 行的得分不在 0 与 1 之间")
        scores.append(score)
    return np.array(scores, dtype=np.float64)
