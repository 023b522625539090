"""Training: reproducible bytes, groups kept together, errors that name the row."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from classifier.engine import Classifier
from classifier.errors import LexiconError
from classifier.measure import area_under_curve, expected_calibration_error, recall_at, score_at_false_positive_rate
from classifier.model import load_model
from classifier.operating_point import by_night_scores
from classifier.train import Settings, fold_of, read_rows, train
from domain.findings import Document

LEXICONS = Path(__file__).parents[2] / "lexicons"
SETTINGS = Settings(folds=3)


@pytest.fixture(scope="module")
def lexicons(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("train") / "lexicons"
    shutil.copytree(LEXICONS, folder, ignore=shutil.ignore_patterns("corpus", "model.*"))
    rows = []
    for index in range(60):
        lawful = f"第{index}号通知：门诊楼检修，请患者到二楼就诊，带好病历和医保卡。"
        advert = f"我院{index}天根治鼻炎，治愈率9{index % 10}%，无效退款，预约电话000-000012{index % 90 + 10}。"
        rows += [{"id": f"l{index}", "label": 0, "text": lawful}, {"id": f"u{index}", "label": 1, "text": advert}]
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return folder


def test_same_rows_same_bytes(lexicons: Path) -> None:
    card = train(lexicons, [lexicons / "rows.jsonl"], SETTINGS, "2026-11-25")
    first = [(lexicons / name).read_bytes() for name in ("model.npz", "model.json")]
    assert train(lexicons, [lexicons / "rows.jsonl"], SETTINGS, "2026-11-25") == card
    assert [(lexicons / name).read_bytes() for name in ("model.npz", "model.json")] == first
    assert card["rows"] == {"lawful": 60, "unlawful": 60}
    assert card["cross_validated_by_group"]["auc"] > 0.99


def test_the_trained_model_judges(lexicons: Path) -> None:
    train(lexicons, [lexicons / "rows.jsonl"], SETTINGS, "2026-11-25")
    classifier = Classifier.load(lexicons)
    high = classifier.judge(Document(text="我院十天根治鼻炎，治愈率95%，无效退款。")).score
    low = classifier.judge(Document(text="请患者带好病历到二楼就诊。")).score
    assert high > classifier.threshold > low


@pytest.mark.parametrize("capacity", [1, 30])
def test_a_threshold_chosen_by_capacity_lets_so_many_pages_through(
    lexicons: Path, tmp_path: Path, capacity: int
) -> None:
    night = np.array([*(1 - (1 + np.arange(40)) / 1e6), *np.linspace(0, 0.5, 960)])
    rows = [lexicons / "rows.jsonl"]
    card = train(
        lexicons, rows, SETTINGS, "2026-11-25", choose=lambda *_: by_night_scores(night, capacity), into=tmp_path
    )
    assert (night.round(6) >= card["threshold"]).sum() == capacity
    assert load_model(tmp_path, ()).threshold == card["threshold"]


def test_groups_share_a_fold(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id":"a","pair":"p","label":1,"text":"x"}\n\n{"id":"b","pair":"p","label":0,"text":"y"}\n')
    groups = {row.group for row in read_rows(path)}
    assert groups == {"p"}
    assert 0 <= fold_of("p", 5) < 5


@pytest.mark.parametrize("line", ['{"id":"a","text":"x"}', '{"id":"a","label":2,"text":"x"}', '{"id":"a","label":1}'])
def test_unlabelled_rows_are_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"id":"z","label":0,"text":"y"}\n' + line)
    with pytest.raises(LexiconError, match=r"rows\.jsonl:2"):
        read_rows(path)


def test_figures_on_known_scores() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1], dtype=np.int64)
    scores = np.array([0.1, 0.2, 0.3, 0.8, 0.7, 0.9])
    assert area_under_curve(labels, scores) == pytest.approx(7 / 8)
    assert recall_at(labels, scores, 0.25) == 0.5
    assert score_at_false_positive_rate(labels, scores, 0.25) == pytest.approx(0.8)
    assert area_under_curve(np.array([0, 1], dtype=np.int64), np.array([0.5, 0.5])) == 0.5
    assert expected_calibration_error(np.array([0, 1], dtype=np.int64), np.array([0.0, 1.0])) == 0.0
