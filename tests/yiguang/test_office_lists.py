"""What officers keep in the lexicons is checked as rules are, by `yiguang lexicon check`."""

from pathlib import Path
from shutil import copy, copytree

import pytest

from yiguang.judgement.lexicon_check import office_faults

LEXICONS = Path(__file__).parents[2] / "lexicons"


@pytest.fixture
def lexicons(tmp_path: Path) -> Path:
    copytree(LEXICONS / "calendar", tmp_path / "calendar")
    copy(LEXICONS / "recipients.yml", tmp_path)
    return tmp_path


def test_the_lists_that_are_shipped_are_sound(lexicons: Path) -> None:
    assert list(office_faults(lexicons)) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("calendar/clocks.toml", "length = 48", "length = 0", "calendar/clocks.toml：期限 first-response 的长度不对"),
        ("calendar/clocks.toml", 'begins = "received"', 'begins = "heard"', "期限 case-filing 写得不对"),
        ("calendar/prc-2026.toml", "year = 2026", "", "calendar/prc-*.toml：节假日安排缺少或写错"),
        ("calendar/prc-2026.toml", "year = 2026", "year = 2025", "2025 年的节假日安排出现了两次"),
        ("calendar/escalation.toml", 'whose = "own"', 'whose = "mine"', "calendar/escalation.toml："),
        ("recipients.yml", "attachments_mb: 20", "attachments_mb: 0", "recipients.yml："),
        ("recipients.yml", "amr:", "amr: [", "recipients.yml："),
    ],
)
def test_a_fault_is_told_with_its_file(lexicons: Path, name: str, old: str, new: str, words: str) -> None:
    text = (lexicons / name).read_text("utf-8")
    assert old in text
    (lexicons / name).write_text(text.replace(old, new, 1), "utf-8")
    (fault,) = office_faults(lexicons)
    assert words in fault
