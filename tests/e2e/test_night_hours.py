"""A night whose hours are over before its pages are."""

import csv
import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from benchmarks.kill_night import YIGUANG, sample_environment
from examples.web.server import SampleWeb

SITE = "ankang-nanke"
#: A night that goes on although its hours are over, as one that was begun within them does.
OVERTIME = """
import sys
from yiguang.home import open_home
from yiguang.nights.night_lock import night_lock
from yiguang.nights.nightly import run_night
from yiguang.settings import read_settings
from storage.crawl.targets import list_targets

settings = read_settings()
engine = open_home(settings)
with night_lock(settings.home / "nightly.lock") as lock:
    result = run_night(settings, engine, list_targets(engine), lock, lambda progress: None, print)
sys.exit(0 if result.healthy else 1)
"""


def hours(now: datetime, begin: timedelta, end: timedelta) -> dict[str, str]:
    window = f"{now + begin:%H:%M}-{now + end:%H:%M}"
    return {"YIGUANG_NIGHT_WINDOW": window, "YIGUANG_TIME_ZONE": "UTC"}


def run(environ: Mapping[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=600)


@pytest.fixture
def targets(tmp_path: Path) -> Path:
    return tmp_path / "targets.csv"


def write_targets(web: SampleWeb, file: Path) -> None:
    rows = [row for row in web.target_rows() if SITE in row["url"]]
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def interrupted_night(web: SampleWeb, environ: Mapping[str, str], targets: Path) -> None:
    night = subprocess.Popen([*YIGUANG, "nightly", "--targets", str(targets)], env=environ, stderr=subprocess.DEVNULL)
    while len(web.requests) < 4:
        assert night.poll() is None
        time.sleep(0.05)
    night.send_signal(signal.SIGINT)
    assert night.wait() == 130


def test_a_night_whose_hours_are_over_is_paused_sealed_and_taken_up(targets: Path, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with SampleWeb() as web:
        write_targets(web, targets)
        environ = sample_environment(web, tmp_path / "home")
        run(environ, *YIGUANG, "init")
        interrupted_night(web, environ, targets)

        closed = {**environ, **hours(now, timedelta(hours=11), timedelta(hours=12))}
        paused = run(closed, sys.executable, "-c", OVERTIME)
        assert paused.returncode == 0, paused.stderr
        shown = json.loads(run(environ, *YIGUANG, "night", "show", "--json").stdout)
        assert (shown["state"], shown["ended_at"], shown["complaints"]) == ("paused", None, [])
        assert shown["waiting"] > 0
        told = run(environ, *YIGUANG, "night", "show").stdout
        assert f"已暂停（夜间时段已结束，余 {shown['waiting']} 页下次续做）" in told.splitlines()[0]
        refused = run(closed, *YIGUANG, "nightly")
        assert refused.returncode == 1
        assert "不在夜间时段" in refused.stderr

        opened = {**environ, **hours(now, timedelta(hours=-6), timedelta(hours=6))}
        night = run(opened, *YIGUANG, "nightly", "--json")
        assert night.returncode == 0, night.stderr
        assert f"接着做时段结束时停下的 {shown['night_id']} 一夜" in night.stderr
        row = json.loads(night.stdout)
        assert (row["night_id"], row["state"], row["waiting"]) == (shown["night_id"], "finished", 0)
        assert len(row["resumed_dates"]) == 1
        assert run(environ, *YIGUANG, "evidence", "verify", "--all").returncode == 0
