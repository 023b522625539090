"""Nights that are killed, interrupted or started twice."""

import csv
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.kill_night import YIGUANG, kill_night, sample_environment
from examples.web.server import SampleWeb

SITES = ("ankang-nanke", "qiputang", "yunbu-xiehe", "hexiaoman-baike")


@pytest.fixture
def web() -> Iterator[SampleWeb]:
    with SampleWeb() as web:
        yield web


@pytest.fixture
def targets(web: SampleWeb, tmp_path: Path) -> Path:
    """A targets file of a few sites only."""
    file = tmp_path / "targets.csv"
    rows = [row for row in web.target_rows() if any(site in row["url"] for site in SITES)]
    with file.open("w", encoding="utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_a_killed_night_is_taken_up_and_whole(web: SampleWeb, targets: Path, tmp_path: Path) -> None:
    night = kill_night(sample_environment(web, tmp_path / "home"), targets, 4, random.Random())
    assert night.hits, "every start ended before it was hit: too few pages to tell anything"
    assert night.faults == (), night.hits


def test_one_night_at_a_time_and_an_interrupt_ends_it_at_once(web: SampleWeb, targets: Path, tmp_path: Path) -> None:
    environ = sample_environment(web, tmp_path / "home")
    subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
    command = [*YIGUANG, "nightly", "--targets", str(targets)]
    night = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not web.requests:
        assert night.poll() is None
        time.sleep(0.05)
    second = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert f"进程 {night.pid}" in second.stderr
    night.send_signal(signal.SIGINT)
    out, complaint = night.communicate()
    assert night.returncode == 130
    assert out == ""
    assert "再次运行" in complaint
    asked = len(web.requests)
    time.sleep(1.0)
    assert len(web.requests) == asked, "a crawl process went on after the interrupt"
