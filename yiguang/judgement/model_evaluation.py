"""Labelled files in, figures out: by the live model, or by models that saw no text of the same group."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifier.decisions import fingerprint, read_decisions
from classifier.engine import Analyser
from classifier.evaluation import Evaluation, cross_validated, evaluate, live_families
from classifier.train import Row, Settings, read_rows
from yiguang.errors import CommandFailed
from yiguang.judgement.model_training import corpora
from yiguang.settings import Settings as OperatorSettings
from yiguang.wiring import load_classifier


def evaluate_live(settings: OperatorSettings, files: Sequence[Path]) -> tuple[Evaluation, int]:
    """The figures, and how many of the texts are in the corpora that the model is trained on."""
    rows = _rows(files)
    classifier = load_classifier(settings)
    judged = [classifier.judge(row.document) for row in rows]
    scores = np.array([judgement.score for judgement in judged])
    found = [frozenset(one.family for one in judgement.findings if not one.silenced) for judgement in judged]
    trained = {fingerprint(row.document.text) for path in corpora(settings.lexicons) for row in read_rows(path)}
    known = sum(fingerprint(row.document.text) in trained for row in rows)
    return evaluate(rows, scores, found, classifier.threshold), known


def evaluate_cross_validated(settings: OperatorSettings, files: Sequence[Path]) -> tuple[Evaluation, int]:
    """Every row judged by a model that saw no row of its group; without files the lexicons' own corpora."""
    rows = _rows(files) if files else [row for path in corpora(settings.lexicons) for row in read_rows(path)]
    texts = {fingerprint(row.document.text) for row in rows}
    others = [
        row
        for path in corpora(settings.lexicons)
        for row in read_rows(path)
        if fingerprint(row.document.text) not in texts
    ]
    analyser = Analyser(settings.lexicons)
    threshold = load_classifier(settings).threshold
    scores = cross_validated(analyser, [*rows, *others], Settings())[: len(rows)]
    return evaluate(rows, scores, live_families(analyser, rows), threshold), 0


def _rows(files: Sequence[Path]) -> list[Row]:
    """Raises CommandFailed unless there are rows of both labels."""
    rows = [decision.row for path in files for decision in read_decisions(path)]
    if {row.label for row in rows} != {0, 1}:
        raise CommandFailed("数据中要同时有 label 为 0 与 1 的文本")
    return rows
