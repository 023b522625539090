"""`yiguang model` as typed."""

import json
from pathlib import Path

import pytest

from yiguang.cli import run


def test_a_plot_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, plot = tmp_path / "data.jsonl", tmp_path / "none" / "plot.svg"
    rows = [("本院治愈率达98%，无效退款", "confirmed"), ("今天天气很好，适合散步。", "dismissed")]
    lines = [json.dumps({"id": str(n), "text": text, "decision": said}) for n, (text, said) in enumerate(rows)]
    data.write_text("\n".join(lines), encoding="utf-8")
    assert run(["model", "evaluate", "--data", str(data), "--plot", str(plot)]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"错误：无法写入 {plot}：")


@pytest.mark.parametrize(
    "command",
    [
        ["lexicon", "ledger", "--data"],
        ["model", "evaluate", "--data"],
        ["model", "train", "--capacity", "5", "--scores"],
    ],
    ids=["ledger", "evaluate", "scores"],
)
def test_a_file_in_gbk_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    data = tmp_path / "data.jsonl"
    data.write_bytes('\n{"id": "a", "text": "治愈率", "decision": "confirmed"}\n'.encode("gb18030"))
    assert run([*command, str(data)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{data} 第 2 行：不是 UTF-8（第 22 字节）" in line


def test_the_ledger_tells_what_found_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings by sentence and of names have no rule file, and are no rules of the past for it."""
    rules = ["cure-rate", "sentence-anxiety", "name-differs", "rule-of-the-past"]
    row = {"id": "1", "text": "本院治愈率达98%", "decision": "confirmed", "rules": rules}
    data = tmp_path / "data.jsonl"
    data.write_text(json.dumps(row), encoding="utf-8")
    assert run(["lexicon", "ledger", "--data", str(data)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "查准率" in told[1]
    assert [line.split("   ")[-1].strip() for line in told[2:]] == [
        "cure-rate", "name-differs（名称与名录）", "rule-of-the-past（已不存在）", "sentence-anxiety（按句识别）",
    ]  # fmt: skip
    assert run(["lexicon", "ledger", "--data", str(data), "--json"]) == 0
    status = {name: entry["status"] for name, entry in json.loads(capsys.readouterr().out).items()}
    assert status == dict.fromkeys(rules[:3], "live") | {rules[3]: "unknown"}


def test_each_ledger_names_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    for group, other in (("lexicon", "decisions ledger"), ("decisions", "lexicon ledger")):
        assert run([group, "ledger", "--help"]) == 0
        assert f"yiguang {other}" in " ".join(capsys.readouterr().out.split())
