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
    assert f"{data}:2: not UTF-8" in line
