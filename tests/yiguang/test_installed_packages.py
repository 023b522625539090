"""What is installed is what there is: a folder that is not listed would be missing on users' machines only."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("domain", "crawler", "classifier", "storage", "review", "referral", "yiguang")


def test_every_folder_of_modules_is_installed() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    there = {file.parent.relative_to(ROOT) for part in PARTS for file in (ROOT / part).rglob("*.py")}
    assert sorted(listed) == sorted(str(folder).replace("/", ".") for folder in there)
