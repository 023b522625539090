"""`yiguang scan` says when a file seems to be of another kind than it is judged as."""

from pathlib import Path

import pytest

from yiguang.cli import run


@pytest.mark.parametrize(("name", "option"), [("页面.html", "--html"), ("a.JSONL", "--jsonl"), ("文章.txt", "")])
def test_a_page_judged_as_plain_text(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, option: str
) -> None:
    """Its tags were quoted in findings, without a word."""
    file = tmp_path / name
    file.write_text('{"id": "1", "text": "门诊时间"}\n', encoding="utf-8")
    assert run(["scan", str(file)]) == 0
    assert capsys.readouterr().err == (f"提示：{file} 按纯文本判断；要按其格式判断，请加 {option}\n" if option else "")
    if option:
        assert run(["scan", option, str(file)]) == 0
        assert capsys.readouterr().err == ""
