"""The process that runs the timetable, with a night that is a script and a clock that is set."""

import subprocess
import sys
import threading
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.beijing import BEIJING
from domain.timetable import Closure, RunState
from storage.crawl.timetable import add_closure, lift_closures, runs
from storage.database import migrate, open_engine
from yiguang.cli import run
from yiguang.nights.scheduling import Timetable

AT = time(1, 30)
SCRIPT = """\
import pathlib, sys, time
log, codes = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
log.open("a").write(" ".join(sys.argv[3:]) + "\\n")
code = codes.read_text().split() if codes.exists() else []
if code:
    codes.write_text(" ".join(code[1:]))
if code and code[0] == "hang":
    time.sleep(60)
sys.exit(int(code[0]) if code else 0)
"""


class Office:
    """A data folder, a clock, and what was called."""

    def __init__(self, folder: Path) -> None:
        self.engine: Engine = open_engine(f"sqlite:///{folder}/yiguang.sqlite")
        migrate(self.engine)
        self.now = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
        self.said: list[str] = []
        self._log, self._codes, self._script = folder / "log", folder / "codes", folder / "night.py"
        self._script.write_text(SCRIPT)

    def timetable(self, at: time = AT) -> Timetable:
        command = (sys.executable, self._script, self._log, self._codes)
        return Timetable(self.engine, at, BEIJING, lambda: self.now, self.said.append, command)

    def exits(self, *codes: object) -> None:
        self._codes.write_text(" ".join(map(str, codes)))

    @property
    def called(self) -> list[str]:
        return self._log.read_text().splitlines() if self._log.exists() else []


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_a_night_runs_when_it_is_due_and_referred_pages_are_looked_after(office: Office) -> None:
    timetable = office.timetable()
    timetable.handle_due()
    assert office.called == []
    office.now += timedelta(hours=6)  # 02:00 in Beijing
    timetable.handle_due()
    timetable.handle_due()
    assert office.called == ["nightly", "recheck --due"]
    (run,) = runs(office.engine)
    assert (run.state, run.exit_code) == (RunState.ENDED, 0)


def test_a_stop_while_a_night_is_being_started_reaches_it(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.exits("hang")
    timetable, start = office.timetable(), subprocess.Popen

    def stopped_meanwhile(*arguments: object, **more: object) -> object:
        timetable.stop()
        return start(*arguments, **more)  # type: ignore[call-overload]  # as they were given

    monkeypatch.setattr(subprocess, "Popen", stopped_meanwhile)
    office.now += timedelta(hours=6)
    timetable.handle_due()
    (run,) = runs(office.engine)
    assert run.state is RunState.BROKEN_OFF


def test_a_night_that_begins_after_midnight_is_that_of_the_day_it_was_due_on(office: Office) -> None:
    """Else the morning report would miss a night on that day, and hide that of the next, which is begun before midnight again."""
    timetable = office.timetable(time(23, 50))
    office.now += timedelta(hours=4, minutes=20)  # 00:20 in Beijing
    timetable.handle_due()
    office.now += timedelta(hours=23, minutes=30)
    timetable.handle_due()
    assert office.called == ["nightly --date 2026-11-25", "recheck --due", "nightly", "recheck --due"]


def test_an_unhealthy_night_is_an_ended_one(office: Office) -> None:
    timetable = office.timetable()
    office.exits(1)
    office.now += timedelta(hours=6)
    timetable.handle_due()
    assert [(run.state, run.exit_code) for run in runs(office.engine)] == [(RunState.ENDED, 1)]


def test_after_days_without_the_process_one_night_is_made_up_for(office: Office) -> None:
    office.now += timedelta(hours=6)
    office.timetable().handle_due()  # a first start has missed nothing
    assert office.called == []
    add_closure(office.engine, Closure(office.now, office.now + timedelta(hours=1), "升级"))
    timetable = office.timetable()
    office.now += timedelta(days=1)
    timetable.handle_due()
    office.now += timedelta(days=3)
    office.timetable().handle_due()
    states = [run.state for run in runs(office.engine)]
    assert states == [RunState.ENDED, RunState.MISSED, RunState.MISSED, RunState.ENDED]


def test_a_broken_off_night_is_taken_up_at_the_next_start(office: Office) -> None:
    timetable = office.timetable()
    office.exits(130)
    office.now += timedelta(hours=6)
    timetable.handle_due()
    assert office.called == ["nightly"]
    later = office.timetable()
    threading.Timer(1.0, later.stop).start()
    later.run(look_seconds=0.1)
    assert office.called == ["nightly", "nightly", "recheck --due"]
    assert [run.state for run in runs(office.engine)] == [RunState.ENDED]


def test_stopping_ends_the_night_that_runs(office: Office) -> None:
    timetable = office.timetable()
    office.exits("hang")
    office.now += timedelta(hours=6)
    threading.Timer(1.0, timetable.stop).start()
    timetable.handle_due()
    assert [run.state for run in runs(office.engine)] == [RunState.BROKEN_OFF]
    assert office.called == ["nightly"]


def test_a_pause_holds_until_it_is_lifted(office: Office) -> None:
    timetable = office.timetable()
    add_closure(office.engine, Closure(office.now, None, "检修"))
    office.now += timedelta(hours=6)
    timetable.handle_due()
    assert office.called == [] and "检修" in office.said[-1]
    assert lift_closures(office.engine, office.now) == 1
    office.now += timedelta(days=1)
    timetable.handle_due()
    assert office.called == ["nightly", "recheck --due"]
    assert [run.state for run in runs(office.engine)] == [RunState.ENDED, RunState.LEFT_OUT]


@pytest.mark.parametrize("at", ["25:00", "01:30Z", "01:30+08:00"])
def test_a_time_of_another_zone_is_refused(
    at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nights go by the clock of YIGUANG_TIME_ZONE; what is said of a zone beside the time would count for nothing."""
    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path))
    assert run(["schedule", "--at", at]) == 2
    assert capsys.readouterr().err == f"错误：--at 应为 01:30 的形式，不是 {at}\n"
