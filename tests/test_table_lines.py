"""A table is read to its end, or it is said that it was not."""

import csv

import pytest

from domain.table_lines import TableLines, csv_fault


def read(text: str) -> tuple[list[list[str]], bool]:
    lines = TableLines(text.splitlines(keepends=True))
    rows: list[list[str]] = []
    for cells in csv.reader(lines):
        if lines.end_in(cells):
            return rows, True
        rows.append(cells)
    return rows, False


@pytest.mark.parametrize("text", ["a,b\nc,d\n", 'a,b\nc,"d\ne"', ""])
def test_a_table_whose_marks_are_closed_ends(text: str) -> None:
    assert read(text) == (list(csv.reader(text.splitlines(keepends=True))), True)


def test_a_mark_left_open_takes_the_end_with_it() -> None:
    assert not read('a,b\nc,"d\ne,f\n')[1]


def test_a_row_that_looks_like_the_end_does_not_end_a_table() -> None:
    assert read("a,b\n\x00\nc,d\n") == ([["a", "b"], ["\x00"], ["c", "d"]], True)


def test_the_words_of_the_reader_come_last_if_at_all() -> None:
    with pytest.raises(csv.Error) as long:
        list(csv.reader(['a,"' + "b" * 200_000]))
    with pytest.raises(csv.Error) as returned:
        list(csv.reader(["a\rb"]))
    assert [csv_fault(str(fault.value)).isascii() for fault in (long, returned)] == [False, False]
    assert "field" not in csv_fault(str(long.value)) + csv_fault(str(returned.value))
    assert csv_fault("something new") == "不是有效的 CSV（something new）"
