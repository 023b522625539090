"""What is installed is what there is: a folder that is not listed would be missing on users' machines only."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("domain", "crawler", "classifier", "storage", "review", "referral", "yiguang")


def test_every_folder_of_modules_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    there = {file.parent.relative_to(ROOT) for part in PARTS for file in (ROOT / part).rglob("*.py")}
    assert sorted(listed) == sorted(str(folder).replace("/", ".") for folder in there)


def test_what_is_said_to_belong_to_a_release_is_one_of_its_steps() -> None:
    (command,) = re.findall(
        r"`(pip-audit [^`]+)` belongs to a release", (ROOT / "docs/threat-model.md").read_text("utf-8")
    )
    release = (ROOT / "CONTRIBUTING.md").read_text("utf-8").partition("## A release")[2]
    assert command in release
    locks = re.findall(r"pip-audit -r (\S+) ", release)
    assert {str(path.relative_to(ROOT)) for path in (ROOT / "requirements.lock", *ROOT.glob("deploy/*.lock"))} == set(
        locks
    )
