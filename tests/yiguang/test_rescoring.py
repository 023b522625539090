"""Judging stored pages again in processes of their own, killed on the way."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from domain.roles import Role
from review.accounts import Accounts
from review.item import load_item
from storage.pages.rescores import JudgedBy, Rejudged, Scope, finish_rescore, open_rescore, read_batch, store_batch
from storage.pages.stored_texts import stored_pages
from storage.tables import desk_items, pages, rescore_pages
from tests.review.desk import PASSWORDS
from tests.storage.crawl import open_store
from tests.storage.text_nights import CLAIMS, CLINIC, OTHER, night, when
from yiguang.cli import run
from yiguang.errors import CommandFailed
from yiguang.home import make_home, open_home
from yiguang.night_judge import page_judge
from yiguang.nights.rescoring import enqueue_gained, run_rescore
from yiguang.settings import Settings, read_settings
from yiguang.wiring import load_classifier

#: Stops by itself, as a power cut would, when so many pages are done.
_RUN = """
import os, signal, sys
from storage.pages.rescores import Scope, open_rescore
from yiguang.nights import rescoring
from yiguang.home import open_home
from yiguang.settings import read_settings

def open_in_small_parts(engine, scope, judged_by, now):
    return open_rescore(engine, scope, judged_by, now, batch_pages=3)

def show(done, in_all):
    if done >= int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

rescoring.open_rescore = open_in_small_parts
rescoring.PROGRESS_SECONDS = 0.01
if __name__ == "__main__":
    settings = read_settings()
    run = rescoring.run_rescore(settings, open_home(settings), Scope(), 1, show, print)
    print(run.digest)
"""


#: Begins a process that holds a lock, on this system or as on macOS, whose library knows no prctl, and waits for it.
_PARENT = """
import ctypes, fcntl, multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from yiguang.nights.rescoring_worker import stay_with

def begin(parent, system):
    sys.platform = system
    if system != "linux":
        ctypes.CDLL = lambda *_, **__: object()
    stay_with(parent)

def hold(path):
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write("held")
        file.flush()
        time.sleep(600)

if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(1, context, begin, (os.getpid(), sys.argv[2]))
    pool.submit(hold, sys.argv[1]).result()
"""


def _settings(home: Path) -> Settings:
    return read_settings({"YIGUANG_HOME": str(home)})


def _home(home: Path) -> Settings:
    settings = _settings(home)
    make_home(settings)
    engine = open_home(settings)
    texts = {f"{CLINIC}{number}": (CLAIMS if number % 2 else OTHER) + f"第 {number} 页。" for number in range(12)}
    night(engine, open_store(engine, home), 0, texts)
    engine.dispose()
    return settings


def _run(home: Path, die_at: int, script: Path) -> subprocess.CompletedProcess[str]:
    script.write_text(_RUN, encoding="utf-8")
    environ = {**os.environ, "YIGUANG_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, script, str(die_at)], env=environ, capture_output=True, text=True, check=False, timeout=120
    )


def test_killed_twice_it_comes_out_as_if_it_never_was(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = _home(home)
    script = tmp_path / "run.py"
    assert _run(home, 3, script).returncode == -signal.SIGKILL
    assert _run(home, 6, script).returncode == -signal.SIGKILL
    last = _run(home, 99, script)
    assert last.returncode == 0, last.stderr
    notice, digest = last.stdout.splitlines()
    assert "接着做未完成的重评 1（" in notice

    # What an uninterrupted one gives: the judge of a night on the same pages
    engine = open_home(settings)
    judge = page_judge(load_classifier(settings), settings, engine, lambda: when(0))
    with engine.connect() as connection:
        rows = connection.execute(rescore_pages.select().order_by(rescore_pages.c.page_id)).all()
        for row, stored in zip(rows, stored_pages(connection), strict=True):
            assert (row.page_id, row.new_score) == (stored.id, judge(stored.page).score)
    assert any(row.new_flagged for row in rows) and not all(row.new_flagged for row in rows)
    engine.dispose()

    command = [sys.executable, "-c", "from yiguang.cli import main; main()", "rescore", "--processes", "1", "--json"]
    environ = {**os.environ, "YIGUANG_HOME": str(home)}
    again = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert (told["rescore_id"], told["digest"]) == (2, digest)
    assert (told["pages"], told["leads_before"], told["partial"], told["lost"]) == (12, 0, 0, [])
    assert len(told["gained"]) == told["leads_after"] > 0
    assert all(change["findings"] for change in told["gained"])


def test_wrong_calls_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    make_home(_settings(home))
    monkeypatch.setenv("YIGUANG_HOME", str(home))
    monkeypatch.setattr("yiguang.logging.set_up_logging", lambda: None)  # it would hold on to the captured stream
    assert run(["rescore", "--night", "1999-01-01"]) == 1
    assert capsys.readouterr().err == "错误：没有 1999-01-01 这一夜的记录（见 yiguang night list）\n"
    assert run(["rescore", "--night", "2026-11-26", "--since", "2026-11-01"]) == 2
    assert run(["rescore", "--since", "2026-13-01"]) == 2
    assert run(["rescore", "--since", "0001-01-01"]) == 2


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_no_process_of_a_killed_rescore_goes_on(tmp_path: Path, system: str) -> None:
    """The lock is had again when the process that holds it is gone."""
    script, lock = tmp_path / "run.py", tmp_path / "lock"
    script.write_text(_PARENT, encoding="utf-8")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, script, lock, system], env=environ)
    while not lock.exists() or not lock.read_text(encoding="utf-8"):
        assert parent.poll() is None
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)


def test_only_one_at_a_time(tmp_path: Path) -> None:
    settings = _home(tmp_path / "home")
    engine = open_home(settings)
    with (settings.home / "rescore.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(CommandFailed, match="已有一次重评正在进行"):
            run_rescore(settings, engine, Scope(), 1, lambda _done, _all: None, print)
    engine.dispose()


def test_what_goes_wrong_in_a_rescore_is_not_taken_for_another_one(tmp_path: Path) -> None:
    """As from a terminal or a pipe that takes no more at the moment."""
    settings = _home(tmp_path / "home")
    engine = open_home(settings)

    def show(_done: int, _all: int) -> None:
        raise BlockingIOError("full")

    with pytest.raises(BlockingIOError, match="full"):
        run_rescore(settings, engine, Scope(), 1, show, print)
    engine.dispose()


def test_gained_leads_go_to_the_desk_and_say_how_old_they_are(tmp_path: Path) -> None:
    home = tmp_path / "home"
    settings = _home(home)
    engine = open_home(settings)
    judge = page_judge(load_classifier(settings), settings, engine, lambda: when(0))
    run_by_hand, _ = open_rescore(engine, Scope(), JudgedBy("r", "m", "n"), when(1))
    judged = [Rejudged(one, before, judge(one.page)) for one, before in read_batch(engine, run_by_hand.id, 0)]
    store_batch(engine, run_by_hand.id, 0, judged, when(1))
    with pytest.raises(ValueError, match="has not ended"):
        enqueue_gained(engine, run_by_hand)
    done = finish_rescore(engine, run_by_hand.id, when(1))
    assert enqueue_gained(engine, done) == 6
    assert enqueue_gained(engine, done) == 0
    with engine.connect() as connection:
        items = connection.execute(desk_items.select().order_by(desk_items.c.id)).all()
        stored = connection.execute(pages.select().where(pages.c.id == items[0].page_id)).one()
    assert all(item.kind == "lead" and item.probability > 0.5 and item.rules and not item.read_twice for item in items)
    assert (stored.flagged, stored.score) == (False, 0.1)  # as the night said
    reader, _ = Accounts(engine, lambda: when(1), PASSWORDS).create("zhao", Role.ANALYST, "admin")
    view = load_item(engine, home, items[0].id, reader, when(1))
    assert view.judgement.reasons[0].startswith("重评新增：页面取得于 2026-11-26 02:00，当夜未列为线索；2026-11-27")
    assert view.bundle is None and view.evidence_fault == ""
    assert {one.finding.rule for one in view.live} == set(items[0].rules)
    assert all(view.page.text[one.finding.start : one.finding.end] == one.finding.quote for one in view.live)
    again, _ = open_rescore(engine, Scope(), JudgedBy("r2", "m", "n"), when(2))
    assert all(before.findings == () for _, before in read_batch(engine, again.id, 0))  # those of the night
    engine.dispose()
