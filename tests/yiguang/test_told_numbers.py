"""A number that no database holds is refused in one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("command", [("cases", "show"), ("refer", "--to", "amr"), ("tips", "show")])
@pytest.mark.parametrize("number", ["0", "99999999999999999999"])
def test_a_number_out_of_range(tmp_path: Path, command: tuple[str, ...], number: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("yiguang"), *command, number],
        env={**os.environ, "YIGUANG_HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "Traceback" not in done.stderr.decode()
