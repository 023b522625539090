"""`yiguang tips` as typed: times that cannot be."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from domain.beijing import BEIJING
from domain.roles import Role
from domain.working_days import WorkCalendar
from referral import deadlines
from referral.deadlines import load_work_calendar
from storage.database import open_engine
from storage.leads import tip_records
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


@pytest.mark.usefixtures("tips")
def test_no_second_key_takes_the_place_of_one_that_is_missing(tmp_path: Path, capsys: Printed) -> None:
    """As after a restore without keys: the old reporters would be lost the moment the next one is registered."""
    key = tmp_path / "home" / "keys" / "reporters.key"
    add, show = (
        ["tips", "add", "--text", "称包治", "--reporter"],
        ["tips", "show", "1", "--reporter", "--reason", "核实"],
    )
    assert run([*add, "赵某"]) == 0
    kept = key.read_bytes()
    assert run([*add, "钱某", "--new-key"]) == 1
    assert capsys.readouterr().err == f"错误：{key} 还在，不必另立密钥\n"
    key.unlink()
    assert run([*add, "钱某"]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"错误：已有用原密钥封存的举报人信息，而 {key} 不在") and "放回原来的密钥" in said
    assert not key.exists()
    assert run(["tips", "add", "--text", "街边传单"]) == 0  # without a name there is nothing to seal
    key.write_bytes(kept)
    key.chmod(0o600)
    assert run(show) == 0
    assert "赵某" in capsys.readouterr().out
    assert run([*add, "钱某"]) == 0


@pytest.mark.usefixtures("tips")
def test_a_key_that_is_lost_is_given_up_on_purpose(tmp_path: Path, capsys: Printed) -> None:
    add = ["tips", "add", "--text", "称包治"]
    assert run([*add, "--reporter", "赵某"]) == 0
    (tmp_path / "home" / "keys" / "reporters.key").unlink()
    assert run([*add, "--new-key"]) == 2
    assert run([*add, "--reporter", "钱某", "--new-key"]) == 0
    capsys.readouterr()
    assert run(["tips", "show", "2", "--reporter", "--reason", "核实"]) == 0
    assert "钱某" in capsys.readouterr().out
    assert run(["tips", "show", "1", "--reporter", "--reason", "核实"]) == 1
    assert "不是封存举报人信息时的密钥" in capsys.readouterr().err
    assert run(["decisions", "log", "--export", str(tmp_path / "log.jsonl")]) == 0
    lines = (tmp_path / "log.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["detail"].get("reporters_key") for line in lines if "tip-taken" in line] == [None, "new"]


@pytest.mark.usefixtures("tips")
def test_a_list_reads_the_calendar_once(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    for text in ("称包治", "称根治", "称永不复发"):
        assert run(["tips", "add", "--text", text, "--at", day(-30)]) == 0
    assert run(["tips", "answer", "2", "--text", "已受理"]) == 0
    capsys.readouterr()
    read: list[Path] = []

    def reading(folder: Path) -> WorkCalendar:
        read.append(folder)
        return load_work_calendar(folder)

    monkeypatch.setattr(deadlines, "load_work_calendar", reading)
    assert run(["tips", "list"]) == 0
    newest, answered, oldest = capsys.readouterr().out.splitlines()
    assert newest.startswith("3\t") and oldest.startswith("1\t")
    assert [line.split("\t")[3].endswith("，已逾期") for line in (newest, answered, oldest)] == [True, False, True]
    assert len(read) == 1
    assert run(["tips", "late"]) == 1
    assert [line[0] for line in capsys.readouterr().out.splitlines()] == ["3", "1"]
    assert len(read) == 2


@pytest.mark.usefixtures("tips")
def test_a_page_that_was_no_longer_visited_is_told_to_be_visited_again(capsys: Printed) -> None:
    url = "https://tip.example/a"
    assert run(["tips", "add", url, "--text", "称包治"]) == 0
    assert run(["targets", "remove", url, "--yes"]) == 0
    capsys.readouterr()
    assert run(["tips", "add", url, "--text", "又称包治"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == f"曾停止巡查，现恢复：{url}"
    assert run(["tips", "add", url, "--text", "再称包治"]) == 0
    assert "曾停止" not in capsys.readouterr().out


@pytest.mark.usefixtures("tips")
def test_one_tip_is_read_without_the_others(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    for text in ("称包治", "称根治"):
        assert run(["tips", "add", "--text", text]) == 0
    assert run(["tips", "answer", "1", "--text", "已受理"]) == 0
    assert run(["tips", "answer", "2", "--text", "已转办"]) == 0
    capsys.readouterr()
    monkeypatch.setattr(tip_records, "list_tips", None)
    assert run(["tips", "show", "1"]) == 0
    shown = capsys.readouterr().out
    assert "称包治" in shown and "已受理" in shown
    assert "称根治" not in shown and "已转办" not in shown
    assert run(["tips", "show", "3"]) == 1
