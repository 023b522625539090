"""The page on settings names every variable, and no other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_variable_is_documented() -> None:
    named = re.compile(r"YIGUANG_[A-Z_]+")
    code = set(named.findall((ROOT / "yiguang" / "settings.py").read_text(encoding="utf-8")))
    page = set(named.findall((ROOT / "docs" / "settings.md").read_text(encoding="utf-8")))
    assert page == code
