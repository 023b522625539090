"""Tables as text: whether a file of rows was read to its end, and what its reader says of it, in Chinese."""

from collections.abc import Iterable, Iterator, Sequence

_END = "\x00"


class TableLines:
    """The lines of a table for a reader of CSV, with one more behind the last.

    That one comes out as a row of its own only if every quotation mark is closed; else it is part of the cell that holds all
    rows behind the mark, of which readers say nothing.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self._are_out = False

    def __iter__(self) -> Iterator[str]:
        yield from self._lines
        self._are_out = True
        yield _END

    def end_in(self, cells: Sequence[str]) -> bool:
        """Whether this row, the last that was read, is the one behind the table."""
        return self._are_out and list(cells) == [_END]


def csv_fault(said: str) -> str:
    """For the message of a reader of CSV, which comes last where it is none of those that people meet."""
    if "field larger than field limit" in said:
        return "一格的内容过长，多半是其中的引号没有闭合"
    if "new-line character seen in unquoted field" in said:
        return "行内有单独的回车符，请另存为 CSV UTF-8"
    return f"不是有效的 CSV（{said}）"
