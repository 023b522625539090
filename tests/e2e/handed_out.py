"""What a recipient gets of the looks at a case, and checks without us."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tests.e2e.command_line import Run


def handed_out(yiguang: Run, case: int, out: Path, by: str = "甲") -> dict[str, dict[str, Any]]:
    """The looks at a case as their recipient finds them, checked by plain Python with nothing of ours. `by` is who may open originals."""
    reason = ("--original", "--by", by, "--reason", "移送")
    exported = yiguang("evidence", "export", str(case), "--out", out, *reason)
    assert exported.returncode == 0, exported.stderr.decode()
    bundles = sorted(out.glob("*.wacz"))
    assert all(bundle.with_name(f"{bundle.name}.seal.json").exists() for bundle in bundles)
    key = yiguang("init").stdout.decode().splitlines()[1].rpartition("：")[2]
    for bundle in (
        bundles
    ):  # each by itself: these tests put the clock of the database back, which the bundles together would tell
        command = [sys.executable, "-I", "-S", str(out / "verify.pyz"), str(bundle), "--key", key]
        alone = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, timeout=120)
        assert (alone.returncode, alone.stderr) == (0, ""), alone.stdout
        assert "[不符]" not in alone.stdout
    (sheet,) = out.glob("*复测记录.txt")
    looks = {}
    for bundle in bundles:
        with ZipFile(bundle) as archive:
            if "evidence/look.json" in archive.namelist():
                looks[bundle.name] = json.loads(archive.read("evidence/look.json"))
                assert bundle.stem in sheet.read_text("utf-8")
    assert len(looks) == len(bundles) - 1
    return looks
