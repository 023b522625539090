"""Killed without warning while the end of a night cares for the evidence: the next run has it whole, twice is once."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from storage.crawl.night_summary import night_summary
from storage.keeping.object_store import is_whole
from tests.yiguang.test_evidence_care import NIGHT, _care, _night

_DIE_CARING = """
import os, signal, sys
from pathlib import Path
from storage.database import open_engine
from tests.storage.writes import crash_at
from tests.yiguang.test_evidence_care import _care

def die():
    os.kill(os.getpid(), signal.SIGKILL)

home = Path(sys.argv[1])
engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
with crash_at(engine, int(sys.argv[3]), die):
    _care(engine, home, Path(sys.argv[2]))
"""


@pytest.mark.parametrize("number", [0, 3, 8])
def test_the_next_run_completes_it(tmp_path: Path, number: int) -> None:
    home, second = tmp_path / "home", tmp_path / "second"
    engine = _night(home)
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    died = subprocess.run([sys.executable, "-c", _DIE_CARING, home, second, str(number)], env=environ, check=False)
    assert died.returncode == -signal.SIGKILL
    _care(engine, home, second)
    objects = [path for path in second.glob("objects/*/*") if path.suffix != ".part"]
    assert len(objects) == 3
    assert all(is_whole(f"objects/{path.parent.name}/{path.name}", path.read_bytes()) for path in objects)
    care = night_summary(engine, NIGHT).care
    assert care is not None and care.copy_faults == ()
    engine.dispose()
