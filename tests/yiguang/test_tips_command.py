"""`yiguang tips` as typed: times that cannot be."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.beijing import BEIJING
from domain.roles import Role
from storage.database import open_engine
from tests.review.desk import Clock, people
from yiguang.cli import run
from yiguang.home import utc_now

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def tips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("YIGUANG_HOME", str(home))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    assert run(["init"]) == 0
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    people(engine, Clock(), Role.OFFICER)
    engine.dispose()


def day(days: int) -> str:
    return (utc_now() + timedelta(days=days)).astimezone(BEIJING).date().isoformat()


@pytest.mark.usefixtures("tips")
def test_a_tip_was_not_received_tomorrow(capsys: Printed) -> None:
    assert run(["tips", "add", "--text", "称包治", "--at", day(1)]) == 2
    assert capsys.readouterr().err == "错误：受理时间不能晚于现在\n"
    assert run(["tips", "list"]) == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("tips")
def test_a_tip_is_not_answered_on_a_day_before_it_was_received(capsys: Printed) -> None:
    """It would be counted as answered in time."""
    assert run(["tips", "add", "--text", "称包治"]) == 0
    capsys.readouterr()
    assert run(["tips", "answer", "1", "--text", "已受理", "--at", day(-1)]) == 2
    assert capsys.readouterr().err == "错误：答复日期不能早于受理的日期\n"
    assert run(["tips", "answer", "1", "--text", "已受理", "--at", day(0)]) == 0
    assert run(["tips", "answer", "2", "--text", "已受理"]) == 1
    assert "没有编号为 2 的举报" in capsys.readouterr().err
