"""What is wrong with a command line is said in Chinese, also by the library and the system beneath."""

from pathlib import Path

import pytest

from yiguang.cli import run


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("cases show abc", "'CASE' 的值不对：应为整数"),
        ("cases show 0", "'CASE' 的值不对：不能小于 1"),
        ("rescore --processes 99", "'--processes' 的值不对：不能大于 64"),
        ("worker --grace x", "'--grace' 的值不对：应为数字"),
        ("refer 1 --to x", "'--to' 的值不对：'x' 不是以下之一：'amr', 'nhc', 'cac', 'police', 'nhsa', 'nmpa'"),
        ("refer 1 --to", "选项 '--to' 之后要有一个值"),
        ("refer 1 --out x", "缺少选项 '--to'，可用：amr, nhc, cac, police, nhsa, nmpa"),
        ("cases show", "缺少参数 'CASE'"),
        ("cases show 1 2", "多出的参数：2（有空格的要加引号）"),
        ("cases shw", "没有命令 'shw'，是不是 'show'"),
        ("线索", "没有命令 '线索'（加 --help 列出全部命令）"),
        ("cases list --nihgt x", "没有选项 --nihgt，是不是 --night"),
        ("cases list -x", "没有选项 -x（加 --help 列出全部选项）"),
        (
            "schedule close --from 2020-12-01T00:00 --to 2020-12-02T00:00 --why 升级",
            "--to 已经过去：2020-12-02T00:00",
        ),
        ("cases list --json=1", "选项 '--json' 不带值"),
        ("recheck 3 --due", "编号与 --due 只能给一种"),
        ("respond 3 dispute --by wang", "须写明内容或理由（--text）"),
        ("respond 3 dispute --text x --at 2999-01-01", "时间不能晚于现在"),
        ("respond 3 dispute --text x --file nosuch.pdf", "无法读取 nosuch.pdf：没有这个文件或目录"),
        ("outbox return 1", "须写明内容或理由（--text）"),
        ("outbox send 1 --folder . --channel= ", "须写明寄送方式（--channel）"),
        ("outbox step 1 note --text x --at 2999-01-01", "办理时间不能晚于现在"),
        ("outbox step 1 closed", "须写明处理结果（--measure）"),
        ("outbox step 1 closed --measure ordered --fine-yuan 5", "罚没金额须与“罚没款”一并填写"),
        ("outbox strike 1 2", "须写明内容或理由（--text）"),
        ("tips add http://10.0.0.1/", "网址不能用：http://10.0.0.1/"),
        ("tokens add x", "须用 --scope 给出至少一项范围；可用：leads:read、packages:read"),
        ("tokens add x --scope y", "没有范围 y；可用：leads:read、packages:read"),
    ],
)
def test_wrong_usage(typed: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(typed.split()) == 2
    assert capsys.readouterr().err == f"错误：{said}\n"


def test_a_file_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nothing = tmp_path / "nosuch"
    assert run(["restore", str(nothing), "--home", str(tmp_path / "home")]) == 1
    said = capsys.readouterr().err
    assert "没有这个文件或目录" in said and "directory" not in said


def test_evidence_that_there_is_not(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is found wrong with files is told by reports too, not only by the last line."""
    assert run(["evidence", "verify", str(tmp_path / "nosuch.wacz")]) == 1
    assert "文件：无法读取文件：没有这个文件或目录" in capsys.readouterr().out
