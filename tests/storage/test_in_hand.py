"""The notes of what a crawl process has in hand, read after its end."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.crawl.in_hand import InHandFile, broken_off, excuse_in_hand, forget_in_hand

NIGHT = "2026-11-25"


def opened(home: Path) -> InHandFile:
    return InHandFile(home, NIGHT, "shard-000")


def counts(home: Path) -> dict[int, int]:
    return dict(broken_off(home, NIGHT, "shard-000"))


def test_what_was_in_hand_at_the_end_counts_at_each_start(tmp_path: Path) -> None:
    for times in range(3):
        notes = opened(tmp_path)
        assert (notes.broken_off(7), notes.broken_off(8)) == (times, 0)
        notes.begin(8)
        notes.begin(7)
        notes.end(8)
        notes.close()
    assert counts(tmp_path) == {7: 3}


def test_a_fault_counts_though_the_process_lives(tmp_path: Path) -> None:
    notes = opened(tmp_path)
    notes.begin(5)
    assert [notes.note_fault(5), notes.note_fault(5)] == [1, 2]
    notes.end(5)
    notes.close()
    assert counts(tmp_path) == {5: 2}


def test_a_stop_from_outside_blames_nobody_but_keeps_what_is_known(tmp_path: Path) -> None:
    notes = opened(tmp_path)
    notes.note_fault(5)
    notes.begin(6)
    notes.close()
    excuse_in_hand(tmp_path, NIGHT)
    assert counts(tmp_path) == {5: 1}
    excuse_in_hand(tmp_path, "2026-11-26")
    forget_in_hand(tmp_path, NIGHT)
    assert counts(tmp_path) == {}


def test_a_file_of_something_else_is_not_read_as_notes(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "in-hand" / f"{NIGHT}.shard-000.log").write_text("? 1\n", encoding="ascii")
    with pytest.raises(ValueError, match="not a line"):
        opened(tmp_path)


@given(st.lists(st.tuples(st.sampled_from("+-!"), st.integers(1, 5)), max_size=30))
def test_opening_again_changes_no_count(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]) -> None:
    home = tmp_path_factory.mktemp("home")
    notes = opened(home)
    for mark, number in steps:
        {"+": notes.begin, "-": notes.end, "!": notes.note_fault}[mark](number)
    notes.close()
    before = counts(home)
    opened(home).close()
    assert counts(home) == before
