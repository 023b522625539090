"""Crawl processes: started again after a crash, never outliving the night."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from yiguang.nights.night_lock import night_lock
from yiguang.nights.shard_processes import ShardJob, ShardProcesses

CRASH_TWICE = """
import os, sys
from pathlib import Path
from yiguang.nights.shard_processes import ShardJob
job = ShardJob.load(sys.stdin.buffer.readline())
starts = Path(os.environ["STARTS"])
with starts.open("a") as file:
    file.write(f"{job.worker} {job.target_ids}\\n")
ending = os.environ["ENDING"]
if ending == "crash twice" and len(starts.read_text().splitlines()) < 3:
    os.kill(os.getpid(), 9)
sys.exit(0 if ending == "crash twice" else int(ending))
"""

PARENT = """
import os, sys
from pathlib import Path
from yiguang.nights.night_lock import night_lock
from yiguang.nights.shard_processes import ShardJob, ShardProcesses
home = Path(sys.argv[1])
command = (sys.executable, "-c", Path(sys.argv[2]).read_text())
with night_lock(home / "lock") as descriptor:
    ShardProcesses(descriptor, home, command).run(ShardJob("night", 0, [1], os.getpid()), 0)
"""

CHILD = """
import os, sys, time
from pathlib import Path
from yiguang.nights.shard_processes import ShardJob, die_with_parent
job = ShardJob.load(sys.stdin.buffer.readline())
die_with_parent(job.parent, 0, lambda: None)
Path(os.environ["STARTS"]).write_text(str(os.getpid()))
time.sleep(60)
"""


def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> tuple[str, list[str]]:
    starts = tmp_path / "starts"
    monkeypatch.setenv("STARTS", str(starts))
    monkeypatch.setenv("ENDING", ending)
    with night_lock(tmp_path / "lock") as descriptor:
        processes = ShardProcesses(descriptor, tmp_path, (sys.executable, "-c", CRASH_TWICE))
        fault = processes.run(ShardJob("2026-11-25", 7, [3, 5], os.getpid()), restarts=3)
    return fault, starts.read_text(encoding="utf-8").splitlines()


def test_a_crashed_process_is_started_again_with_the_same_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault, starts = run(tmp_path, monkeypatch, "crash twice")
    assert fault == ""
    assert starts == ["shard-007 [3, 5]"] * 3


def test_a_process_that_always_fails_is_given_up_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, starts = run(tmp_path, monkeypatch, "1")
    assert len(starts) == 4
    assert "退出码 1" in fault
    assert str(tmp_path / "2026-11-25-shard-007.log") in fault


def test_a_process_that_cannot_work_is_not_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fault, starts = run(tmp_path, monkeypatch, "2")
    assert len(starts) == 1
    assert "退出码 2" in fault


def test_no_process_outlives_a_killed_night(tmp_path: Path) -> None:
    started = tmp_path / "started"
    (tmp_path / "child.py").write_text(CHILD, encoding="utf-8")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), str(tmp_path / "child.py")],
        env={**os.environ, "STARTS": str(started)},
    )
    while not started.exists() or not started.read_text(encoding="utf-8"):
        time.sleep(0.02)
    child = int(started.read_text(encoding="utf-8"))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    with night_lock(tmp_path / "lock"):  # waits until the child has let go of it
        assert not Path(f"/proc/{child}/cmdline").exists() or not Path(f"/proc/{child}/cmdline").read_bytes()


def test_crashes_that_are_one_pages_doing_do_not_cost_the_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = tmp_path / "starts"
    monkeypatch.setenv("STARTS", str(starts))
    monkeypatch.setenv("ENDING", "crash twice")
    with night_lock(tmp_path / "lock") as descriptor:
        processes = ShardProcesses(descriptor, tmp_path, (sys.executable, "-c", CRASH_TWICE))
        job = ShardJob("2026-11-25", 7, [3, 5], os.getpid())
        assert processes.run(job, 0, lambda: 2) == ""
        starts.unlink()
        assert "被信号 9 终止" in processes.run(job, 0, lambda: 1)
    assert len(starts.read_text(encoding="utf-8").splitlines()) == 2


def test_losses_of_the_database_are_waited_out_and_do_not_count(tmp_path: Path) -> None:
    """Gone five times, with not one restart allowed."""
    starts, waits = tmp_path / "starts", []
    script = f"import sys\nfrom pathlib import Path\nstarts = Path({str(starts)!r})\n" + (
        "text = starts.read_text() if starts.exists() else ''\n"
        "starts.write_text(text + 'x')\nsys.exit(3 if len(text) < 5 else 0)\n"
    )
    with night_lock(tmp_path / "lock") as descriptor:
        processes = ShardProcesses(descriptor, tmp_path, (sys.executable, "-c", script))
        job = ShardJob("2026-11-25", 7, [3], os.getpid())
        assert processes.run(job, 0, wait_for_database=lambda: waits.append(len(starts.read_text()))) == ""
    assert waits == [1, 2, 3, 4, 5]


FINISHING = """
import os, sys, threading, time
from pathlib import Path
from yiguang.nights.shard_processes import ShardJob, die_with_parent
job, told = ShardJob.load(sys.stdin.buffer.readline()), threading.Event()
die_with_parent(job.parent, 0, told.set)
starts = Path(os.environ["STARTS"])
starts.write_text("begun")
told.wait()
if os.environ["ENDING"] == "finishes":
    starts.write_text("finished")
    sys.exit(0)
time.sleep(600)
"""


@pytest.mark.parametrize("ending", ["finishes", "hangs", "hurried"])
def test_processes_asked_to_finish_have_time_for_it_and_are_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    starts = tmp_path / "starts"
    monkeypatch.setenv("STARTS", str(starts))
    monkeypatch.setenv("ENDING", ending)
    at_once, results = threading.Event(), []
    if ending == "hurried":
        at_once.set()
    with night_lock(tmp_path / "lock") as descriptor:
        processes = ShardProcesses(descriptor, tmp_path, (sys.executable, "-c", FINISHING))
        job = ShardJob("2026-11-25", 7, [3], os.getpid())
        threading.Thread(target=lambda: results.append(processes.run(job, restarts=3)), daemon=True).start()
        while not starts.exists() or not starts.read_text(encoding="utf-8"):
            time.sleep(0.02)
        processes.finish(60.0 if ending != "hangs" else 0.5, at_once)
    # the lock is free only when the child, which inherited it, is gone
    assert starts.read_text(encoding="utf-8") == ("finished" if ending == "finishes" else "begun")
    assert results == [], "the job is left unfinished for the next run"


def test_a_crawl_process_loads_what_it_uses_only() -> None:
    program = "import sys, yiguang.nights.shard_main; print(sorted({'dbos', 'sklearn', 'fastapi'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
