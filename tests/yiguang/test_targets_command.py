"""`yiguang targets` as typed: what is visited no longer, and what is taken up again."""

import json
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from yiguang.cli import run

Printed = pytest.CaptureFixture[str]
ROWS = "名称,网址\n示例门诊,http://a.example/\n示例医院,http://b.example/\n"
A_LINE, B_LINE = "1\tsite\t示例门诊\thttp://a.example/", "2\tsite\t示例医院\thttp://b.example/"


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> Path:
    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    path = tmp_path / "targets.csv"
    path.write_text(ROWS, "utf-8")
    assert run(["init"]) == run(["targets", "import", str(path)]) == 0
    capsys.readouterr()
    return path


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A terminal as standard input; what is written here was typed there."""
    keys, terminal = pty.openpty()
    with os.fdopen(terminal) as opened:
        monkeypatch.setattr("sys.stdin", opened)
        yield keys
    os.close(keys)


def listed(capsys: Printed) -> list[bool]:
    """Of each target, whether it is visited."""
    assert run(["targets", "list", "--json"]) == 0
    return [json.loads(line)["removed_at"] is None for line in capsys.readouterr().out.splitlines()]


def test_targets_are_removed_by_number_and_by_address(capsys: Printed) -> None:
    assert run(["targets", "remove", "2", "HTTP://A.example", "2", "--yes"]) == 0
    assert capsys.readouterr().out == f"自下一夜起不再巡查：{B_LINE}\n自下一夜起不再巡查：{A_LINE}\n"
    assert run(["targets", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{A_LINE}\t") and all(line.endswith(" 起不再巡查") for line in lines)
    assert run(["nightly"]) == 1
    assert "没有监测目标" in capsys.readouterr().err


def test_removing_twice_is_told(capsys: Printed) -> None:
    assert run(["targets", "remove", "1", "--yes"]) == 0
    capsys.readouterr()
    assert run(["targets", "remove", "1"]) == 0  # there is nothing to confirm
    told = capsys.readouterr()
    assert (told.out, told.err.startswith(A_LINE), told.err.endswith(" 起已不再巡查\n")) == ("", True, True)


@pytest.mark.parametrize(
    ("names", "code", "said"),
    [
        (["1", "3"], 1, "没有这样的目标：3（见 yiguang targets list）；一个也没有停止"),
        (["1", "http://c.example/"], 1, "没有这样的目标：http://c.example/"),
        (["99999999999999999999"], 1, "没有这样的目标"),
        (["1", "示例门诊"], 2, "应为目标的编号，或以 http:// 或 https:// 开头的网址"),
    ],
)
def test_with_one_that_is_unknown_none_is_removed(names: list[str], code: int, said: str, capsys: Printed) -> None:
    assert run(["targets", "remove", *names, "--yes"]) == code
    assert said in capsys.readouterr().err
    assert listed(capsys) == [True, True]


def test_where_nobody_can_be_asked_the_option_has_to_be_given(capsys: Printed) -> None:
    assert run(["targets", "remove", "1"]) == 2
    assert "--yes" in capsys.readouterr().err
    assert listed(capsys) == [True, True]


@pytest.mark.parametrize(("answer", "code"), [("是", 0), ("y", 0), ("n", 1), ("", 1)])
def test_a_person_is_asked(answer: str, code: int, typing: int, capsys: Printed) -> None:
    os.write(typing, f"{answer}\n".encode())
    assert run(["targets", "remove", "1"]) == code
    told = capsys.readouterr()
    assert told.err.startswith(f"{A_LINE}\n不再巡查以上 1 个目标？")
    assert ("一个也没有停止" in told.err) == bool(code)
    assert listed(capsys) == [bool(code), True]


def test_importing_or_taking_in_again_resumes_and_says_so(file: Path, capsys: Printed) -> None:
    assert run(["targets", "remove", "1", "2", "--yes"]) == 0
    capsys.readouterr()
    file.write_text("名称,网址\n示例门诊,http://a.example/\n", "utf-8")
    assert run(["targets", "import", str(file)]) == 0
    assert capsys.readouterr().err == "曾停止巡查，现恢复：示例门诊（http://a.example/）\n"
    assert listed(capsys) == [True, False]
    assert run(["intake", "http://b.example/"]) == 0
    assert "已有\thttp://b.example/\t曾停止巡查，现恢复" in capsys.readouterr().out
    assert listed(capsys) == [True, True]


def test_help_says_that_importing_removes_nothing(capsys: Printed) -> None:
    assert run(["targets", "import", "--help"]) == 0
    assert "按网址新增或更新，不删除文件中没有的目标" in "".join(capsys.readouterr().out.split())
