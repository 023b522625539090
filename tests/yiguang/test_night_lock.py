"""One night at a time; the leftovers of a killed one are waited for."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yiguang.errors import CommandFailed
from yiguang.nights.night_lock import night_lock

HOLD_AND_LEAVE_A_CHILD = """
import os, subprocess, sys
from pathlib import Path
from yiguang.nights.night_lock import night_lock
with night_lock(Path(sys.argv[1])) as descriptor:
    subprocess.Popen(["sleep", sys.argv[2]], pass_fds=(descriptor,))
    os._exit(9)
"""


def test_a_second_night_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with night_lock(path), pytest.raises(CommandFailed, match=str(os.getpid())), night_lock(path):
        pass
    with night_lock(path):
        assert path.read_text() == str(os.getpid())


def test_the_crawl_process_of_a_killed_night_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    subprocess.run([sys.executable, "-c", HOLD_AND_LEAVE_A_CHILD, str(path), "1"], check=False)
    with pytest.raises(BlockingIOError):
        _lock_now(path)  # the child still holds it
    before = time.monotonic()
    with night_lock(path):
        assert time.monotonic() > before


def _lock_now(path: Path) -> None:
    import fcntl

    with path.open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
