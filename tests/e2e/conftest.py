"""The command line as a user calls it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.e2e.command_line import Run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A data folder that does not exist yet."""
    return tmp_path / "home"


@pytest.fixture
def yiguang(home: Path) -> Run:
    """`yiguang("scan", "-", stdin=b"...")` in the data folder `home`."""

    def run(
        *arguments: str | Path, stdin: bytes = b"", environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [Path(sys.executable).with_name("yiguang"), *arguments],
            input=stdin,
            env={**os.environ, "YIGUANG_HOME": str(home), **(environ or {})},
            capture_output=True,
            check=False,
            timeout=600,
        )

    return run
