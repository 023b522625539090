"""Lists of institutions as they are published: CSV in UTF-8 or GB 18030, or XLSX; read row by row, never whole."""

import codecs
import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from domain.table_lines import TableLines, csv_fault

_HEADER_WITHIN_ROWS = 12
_SNIFFED_BYTES = 1 << 20
#: What openpyxl lets through of a file that is none of its kind, or damaged; the faults of both its XML readers are SyntaxErrors.
_UNREADABLE = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, EOFError, SyntaxError, KeyError, IndexError, ValueError,
    TypeError,
)  # fmt: skip


class RegistryFileError(ValueError):
    """The file cannot be read as a list of institutions. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class RegistryTable:
    """`columns` gives the field of each mapped column index; `unknown` are headings that mean nothing to us.

    `rows` yields (row number in the file from 1, cells as text); it can be walked once, while the file is open.
    """

    columns: Mapping[int, str]
    unknown: tuple[str, ...]
    rows: Iterator[tuple[int, Sequence[str]]]


def heading_key(heading: str) -> str:
    """A heading without spaces, brackets with what stands in them, stars and letter case."""
    return re.sub(r"[(（\[【].*?[)）\]】]|[\s*＊:：_-]", "", heading).lower()


@contextmanager
def open_registry_file(path: Path, headings: Mapping[str, str], required: str = "机构名称") -> Iterator[RegistryTable]:
    """The table in a file; `headings` maps heading keys to fields, `required` says what `name` is in Chinese.

    Raises RegistryFileError when there is none.
    """
    if path.suffix.lower() in {".xlsx", ".xlsm"}:
        with _xlsx_rows(path) as rows:
            yield _table(rows, headings, required)
        return
    with _open_text(path) as file:
        yield _table(_csv_rows(file), headings, required)


def _csv_rows(file: IO[str]) -> Iterator[tuple[int, Sequence[str]]]:
    """Raises RegistryFileError for what is no CSV, and at the end where a quotation mark was not closed: its cell holds all rows
    behind it."""
    lines = TableLines(file)
    reader, place, is_closed = csv.reader(lines), 0, False
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as fault:
            raise RegistryFileError(f"第 {place + 1} 行起不能按 CSV 读取：{csv_fault(str(fault))}") from fault
        except UnicodeDecodeError as fault:  # the file is decoded some lines ahead
            said = "其后有读不懂的字符：文件应全为 UTF-8，或全为 GB 18030"
            raise RegistryFileError(f"读到第 {reader.line_num} 行，{said}") from fault
        if cells is None or (is_closed := lines.end_in(cells)):
            break
        place = reader.line_num
        yield place, [cell.strip() for cell in cells]
    if not is_closed:
        raise RegistryFileError(f"有引号没有闭合，其后各行并成了一格，到第 {place} 行为止")


def _open_text(path: Path) -> IO[str]:
    """By the first megabyte: UTF-8 when it decodes (a character cut at the end is fine), else GB 18030."""
    with path.open("rb") as file:
        head = file.read(_SNIFFED_BYTES)
    encoding = "utf-8-sig"
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        encoding = "gb18030"
    return path.open(encoding=encoding, newline="")


@contextmanager
def _xlsx_rows(path: Path) -> Iterator[Iterator[tuple[int, Sequence[str]]]]:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except _UNREADABLE as fault:
        raise RegistryFileError(f"不是可读的 XLSX，或已损坏（{fault}）") from fault
    try:
        if not book.worksheets:
            raise RegistryFileError("XLSX 中没有工作表")
        yield _sheet_rows(book.worksheets[0])
    finally:
        book.close()


def _sheet_rows(sheet: Any) -> Iterator[tuple[int, Sequence[str]]]:
    """The sheet is unpacked while it is walked: what is damaged in it shows only then."""
    number = 0
    try:
        sheet.reset_dimensions()  # what the file says of its own size is often wrong
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_cell_text(value) for value in cells]
    except _UNREADABLE as fault:
        raise RegistryFileError(f"XLSX 自第 {number + 1} 行起已损坏（{fault}）") from fault


def _cell_text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value).strip()


def _table(rows: Iterator[tuple[int, Sequence[str]]], headings: Mapping[str, str], required: str) -> RegistryTable:
    """Titles above the heading row are passed over: it is the first row that names the institution's name."""
    for number, cells in rows:
        if number > _HEADER_WITHIN_ROWS:
            break
        columns = {
            index: field for index, cell in enumerate(cells) if (field := headings.get(heading_key(cell))) is not None
        }
        if "name" in columns.values() and len(columns) > 1:
            unknown = tuple(cell for index, cell in enumerate(cells) if cell and index not in columns)
            known = {index: field for index, field in columns.items() if field != "ignored"}
            return RegistryTable(known, unknown, (row for row in rows if any(row[1])))
    raise RegistryFileError(f"前 {_HEADER_WITHIN_ROWS} 行中没有表头：至少要有{required}和另一个认识的列")
