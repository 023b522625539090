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
