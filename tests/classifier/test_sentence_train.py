"""Training of the sentence model: same rows same bytes, marks where they belong, errors that name the line."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from classifier.engine import Analyser
from classifier.errors import LexiconError
from classifier.sentence_measure import best_threshold, family_figures, micro_f1
from classifier.sentence_model import load_sentence_model
from classifier.sentence_train import SentenceSettings, read_marked, read_sentences, tabulate_sentences, train_sentences

LEXICONS = Path(__file__).parents[2] / "lexicons"
SETTINGS = SentenceSettings(folds=3, repeats=2)
CLAIM, PLAIN = "三个疗程喝完就断根", "门诊时间是早上八点到下午五点"


@pytest.fixture(scope="module")
def lexicons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sentences") / "lexicons"
    shutil.copytree(LEXICONS, folder, ignore=shutil.ignore_patterns("corpus", "sentences*", "model.*"))
    shutil.copy(LEXICONS / "sentence_families.yml", folder)
    rows = []
    for index in range(30):
        family, quote = ("cure-guarantee", CLAIM) if index % 2 else ("privacy", "病历原图公开给大家看")
        span = {"family": family, "quote": quote}
        text = f"第{index}号患者来信。{quote}。{PLAIN}"
        rows.append({"id": f"u{index}", "label": 1, "families": [family], "spans": [span], "text": text})
        rows.append({"id": f"l{index}", "label": 0, "text": f"第{index}号通知。{PLAIN}"})
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_same_rows_same_bytes(lexicons: Path) -> None:
    card = train_sentences(lexicons, [lexicons / "rows.jsonl"], SETTINGS, "2026-11-25")
    first = [(lexicons / name).read_bytes() for name in ("sentences.npz", "sentences.json")]
    train_sentences(lexicons, [lexicons / "rows.jsonl"], SETTINGS, "2026-11-25")
    assert [(lexicons / name).read_bytes() for name in ("sentences.npz", "sentences.json")] == first
    assert card["pages"]["marked"] == 30
    proposals = load_sentence_model(lexicons).propose(f"来信摘登。{CLAIM}。{PLAIN}", ())
    assert {(item.family, item.start, item.end) for item in proposals} == {("cure-guarantee", 5, 5 + len(CLAIM))}


def test_marks_stand_on_the_sentence_of_the_span(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    text = f"开头。根 治鼻炎！{PLAIN}"
    row = {"id": "a", "label": 1, "families": ["cure-guarantee", "privacy"], "text": text,
           "spans": [{"family": "cure-guarantee", "quote": "根 治"}]}  # fmt: skip
    unknown = {"id": "b", "label": 1, "families": [], "text": "别的"}
    path.write_text("\n".join(json.dumps(item, ensure_ascii=False) for item in (row, unknown)), encoding="utf-8")
    texts = read_marked(path)
    assert len(texts) == 1
    table = tabulate_sentences(Analyser(LEXICONS), texts, ("cure-guarantee", "privacy", "scalper"), 5)
    assert table.sentence_marks.tolist() == [[0, -1, 0], [1, -1, 0], [0, -1, 0]]
    assert table.page_marks.tolist() == [[1, 1, 0]]


def test_broken_rows_are_refused_by_line(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    span = {"family": "privacy", "quote": "没有这句"}
    row = {"id": "a", "label": 1, "families": ["privacy"], "spans": [span], "text": "别的"}
    path.write_text("\n" + json.dumps(row, ensure_ascii=False), encoding="utf-8")
    with pytest.raises(LexiconError, match=r"rows\.jsonl:2"):
        read_marked(path)
    lines = tmp_path / "lines.tsv"
    lines.write_text("# 注释\nprivacy\t病历原图公开\nprivat\t写错的类别\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"lines\.tsv:3"):
        read_sentences(lines)


def test_figures_of_families() -> None:
    marks = np.array([[True, False], [True, True]])
    asserted = np.array([[True, True], [False, True]])
    assert micro_f1(marks, asserted) == pytest.approx(2 / 3)
    figures = family_figures(("anxiety", "privacy"), marks, asserted)
    assert figures["by_family"] == {"anxiety": [1.0, 0.5, 2], "privacy": [0.5, 1.0, 1]}
    probabilities = np.array([[0.9, 0.3], [0.9, 0.55]], dtype=np.float32)
    assert best_threshold(probabilities, marks, np.zeros_like(marks)) == pytest.approx(0.35)
