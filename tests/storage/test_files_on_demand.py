"""Files that are read when they are looked at."""

from pathlib import Path

import pytest

from storage.files_on_demand import FilesOnDemand, files_in


def test_content_is_asked_for_anew_and_in_the_order_given(tmp_path: Path) -> None:
    (tmp_path / "乙.txt").write_bytes(b"2")
    (tmp_path / "甲.txt").write_bytes(b"1")
    files = files_in(tmp_path, ["乙.txt", "甲.txt"]).then({"丙.txt": b"3"})
    assert list(files.items()) == [("乙.txt", b"2"), ("甲.txt", b"1"), ("丙.txt", b"3")]
    (tmp_path / "甲.txt").write_bytes(b"changed")
    assert files["甲.txt"] == b"changed" and len(files) == 3


def test_nothing_is_looked_at_before_it_is_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []

    def made() -> bytes:
        asked.append("made")
        return b"x"

    files = FilesOnDemand({"甲": made}).then(files_in(tmp_path, ["missing"]))
    assert list(files) == ["甲", "missing"] and not asked
    assert files["甲"] == b"x" and asked == ["made"]
    with pytest.raises(FileNotFoundError):
        files["missing"]
