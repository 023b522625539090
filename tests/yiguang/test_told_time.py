"""Moments as people type them: what no clock or calendar elsewhere has is refused in one line."""

import pytest

from yiguang.cli import run
from yiguang.errors import UsageError
from yiguang.told_time import told_day, told_time

NO_MOMENTS = (
    "0000-01-01",
    "10000-01-01",
    "0001-01-01",
    "9999-12-31T23:59:59-12:00",
    "nan",
    "9" * 5000,
    "2026-01-01T00:00+99:99",
)


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--at 应为"):
        told_time(text)


@pytest.mark.parametrize("text", ["0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "nan", "9" * 5000])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--from 应为日期"):
        told_day(text, "--from")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["schedule", "close", "--from", "0001-01-01", "--to", "2099-01-01", "--why", "升级"], "时间应为"),
        (["decisions", "log", "--head", f"{'9' * 5000}:{'a' * 64}"], "应为 序号"),
    ],
)
def test_a_command_says_so(
    arguments: list[str],
    said: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path_factory.mktemp("home")))
    assert run(["init"]) == 0
    capsys.readouterr()
    assert run(arguments) == 2
    told = capsys.readouterr().err
    assert said in told and len(told.splitlines()) == 1
