"""From analysts' decisions to a model: contradictions refused, the live model kept until the new one has earned its place."""

import json
import shutil
from pathlib import Path

import pytest

from tests.e2e.command_line import Run
from yiguang.cli import run

LEXICONS = Path(__file__).parents[2] / "lexicons"
MODEL = ("model.npz", "model.json")


def decision(name: str, text: str, said: str) -> dict[str, str]:
    return {"id": name, "text": text, "decision": said, "by": "某审核员"}


def texts(first: int, count: int) -> list[tuple[str, str]]:
    """(unlawful, lawful) texts of our own, numbered so that none repeats."""
    return [
        (
            f"我院{index}天根治鼻炎，治愈率9{index % 10}%，无效退款，预约电话000-0000{index:04}。",
            f"第{index}号通知：门诊楼检修，请患者到二楼就诊，带好病历和医保卡。",
        )
        for index in range(first, first + count)
    ]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def lexicons(tmp_path: Path) -> Path:
    folder = tmp_path / "lexicons"
    shutil.copytree(LEXICONS, folder, ignore=shutil.ignore_patterns("corpus"))
    (folder / "corpus").mkdir()
    rows: list[dict[str, object]] = []
    for number, (unlawful, lawful) in enumerate(texts(0, 40)):
        rows += [{"id": f"u{number}", "label": 1, "text": unlawful}, {"id": f"l{number}", "label": 0, "text": lawful}]
    (folder / "corpus" / "own.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


def test_contradictory_labels_are_listed_and_refused(yiguang: Run, lexicons: Path, tmp_path: Path) -> None:
    before = [(lexicons / name).read_bytes() for name in MODEL]
    rows = [decision("甲1", "同一篇文本。", "confirmed"), decision("甲2", "同一篇 文本。", "dismissed")]
    done = yiguang(
        "model", "train", "--data", write(tmp_path / "d.jsonl", rows), environ={"YIGUANG_LEXICONS": str(lexicons)}
    )
    assert done.returncode == 1
    assert "甲1" in done.stdout.decode()
    assert "甲2" in done.stdout.decode()
    assert "矛盾" in done.stderr.decode()
    assert [(lexicons / name).read_bytes() for name in MODEL] == before


def test_the_new_model_waits_beside_the_live_one(yiguang: Run, lexicons: Path, home: Path, tmp_path: Path) -> None:
    environ = {"YIGUANG_LEXICONS": str(lexicons)}
    assert yiguang("model", "train", environ=environ).returncode == 0
    live = [(lexicons / name).read_bytes() for name in MODEL]
    rows = []
    for number, (unlawful, lawful) in enumerate(texts(100, 80)):
        rows += [decision(f"u{number}", unlawful, "confirmed"), decision(f"l{number}", lawful, "dismissed")]
    data = write(tmp_path / "decisions.jsonl", rows)

    done = yiguang(
        "model", "train", "--data", data, "--capacity", "50", "--pages", "1000", "--base-rate", "0.02", environ=environ
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [(lexicons / name).read_bytes() for name in MODEL] == live
    (candidate,) = (home / "models").iterdir()
    card = json.loads((candidate / "model.json").read_text(encoding="utf-8"))
    assert card["human"]["lawful"] + card["human"]["unlawful"] < len(rows)
    assert card["operating_point"]["chosen_by"] == "review capacity"
    assert card["operating_point"]["expected"]["flags_a_night"] <= 50
    assert card["rows"] == {
        "lawful": 40 + card["human"]["lawful"],
        "unlawful": 40 + card["human"]["unlawful"],
    }
    assert (candidate / "model.svg").read_text(encoding="utf-8").startswith("<svg")

    accepted = yiguang("model", "train", "--data", data, "--accept", environ=environ)
    assert accepted.returncode == 0, accepted.stderr.decode()
    assert "留出的人工标注" in accepted.stdout.decode()
    assert json.loads((lexicons / "model.json").read_text(encoding="utf-8"))["human"] == card["human"]


def test_a_worse_model_is_not_accepted(yiguang: Run, lexicons: Path, tmp_path: Path) -> None:
    environ = {"YIGUANG_LEXICONS": str(lexicons)}
    assert yiguang("model", "train", environ=environ).returncode == 0
    live = [(lexicons / name).read_bytes() for name in MODEL]
    rows = []  # somebody decides against the sense of the texts, and of the corpus
    for number, (unlawful, lawful) in enumerate(texts(100, 80)):
        rows += [decision(f"u{number}", unlawful, "dismissed"), decision(f"l{number}", lawful, "confirmed")]
    done = yiguang("model", "train", "--data", write(tmp_path / "d.jsonl", rows), "--accept", environ=environ)
    assert done.returncode == 1
    assert "未替换现行模型" in done.stderr.decode()
    assert [(lexicons / name).read_bytes() for name in MODEL] == live


@pytest.mark.parametrize(
    "options",
    [
        ("--capacity", "200"),
        ("--pages", "100"),
        ("--capacity", "0", "--pages", "10", "--base-rate", "0.1"),
        ("--capacity", "5", "--pages", "10", "--base-rate", "2"),
        ("--capacity", "5", "--false-positive-rate", "0.1"),
        ("--false-positive-rate", "1.5"),
    ],
)
def test_options_that_do_not_go_together(options: tuple[str, ...]) -> None:
    assert run(["model", "train", *options]) == 2
