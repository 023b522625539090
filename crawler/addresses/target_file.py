"""Targets files: rows in, targets out, with a Chinese reason for every row that cannot be used."""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TypeVar

from crawler.addresses.guard import AddressRefused, UrlRefused, check_url
from domain.licence_numbers import credit_code_key, parse_credit_code
from domain.table_lines import TableLines, csv_fault
from domain.targets import RenderMode, Target, TargetKind
from domain.urls import canonical_url

#: Column names as analysts write them. The English ones are the contract of the targets file.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("名称", "目标名称", "网站名称"),
    "url": ("网址", "链接", "地址链接"),
    "kind": ("类型", "种类"),
    "institution": ("机构", "机构名称", "统一社会信用代码"),
    "region": ("地区", "属地"),
    "render": ("渲染", "渲染方式"),
    "max_pages": ("最多页数", "页数上限"),
    "min_pages": ("最少页数", "页数下限"),
    "delay_seconds": ("间隔秒数", "间隔"),
    "depth": ("深度", "链接深度"),
    "include": ("包含", "包含规则"),
    "exclude": ("排除", "排除规则"),
    "owner": ("负责人",),
    "note": ("备注", "说明"),
    "local": ("本地", "内网"),
    "every_days": ("每几天", "巡查间隔天数"),
}

_KIND_ZH = {"网站": "site", "公众号": "wechat", "微信": "wechat", "订阅": "feed", "合集": "album", "列表": "list"}
_RENDER_ZH = {"自动": "auto", "总是": "always", "从不": "never"}
_TRUE = frozenset({"true", "1", "yes", "y", "是", "√"})
_FALSE = frozenset({"", "false", "0", "no", "n", "否"})
_SHOWN = 200
#: So many rows may stand above the header: what the table is, by whom, of what day.
_TITLE_ROWS = 5
#: What no database of ours can hold, or no address.
_UNFIT = re.compile(r"[\x00\ud800-\udfff]")
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that gave no target: its line number in the file (from 1), its name if it has one, and why (Chinese)."""

    line: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class TargetTable:
    """A targets file as read: rows with their line numbers, and columns that mean nothing to us."""

    rows: tuple[tuple[int, dict[str, object]], ...]
    unknown_columns: tuple[str, ...]
    encoding: str


class TargetFileError(ValueError):
    """The whole file cannot be read as a table. The message is Chinese."""


class _RowError(ValueError):
    pass


class _CellError(_RowError):
    """What is wrong with one column of a row; it is told under the column's name as the file writes it."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def canonical_column(name: str) -> str | None:
    """The contract's name of a column, None when it is unknown."""
    plain = name.strip().lstrip("\ufeff").strip().lower().replace(" ", "_").replace("-", "_")
    for column, aliases in COLUMNS.items():
        if plain == column or plain in aliases:
            return column
    return None


def parse_targets(rows: Iterable[tuple[int, Mapping[str, object]]]) -> tuple[list[Target], list[BadRow]]:
    """Targets of all good rows, and the bad rows. Keys may be English or Chinese; unknown keys are passed over here
    (`TargetTable.unknown_columns` lists them). A URL seen before is a bad row."""
    targets: list[Target] = []
    bad: list[BadRow] = []
    first_line: dict[str, int] = {}
    for line, row in rows:
        written = {column: str(key) for key in row if (column := canonical_column(str(key))) is not None}
        fields = {column: row[key] for column, key in written.items()}
        try:
            target = _target(fields)
            address = canonical_url(target.url)  # as they are told apart where they are stored
            if address in first_line:
                raise _RowError(f"网址与第 {first_line[address]} 行重复")
        except _RowError as error:
            name = fields.get("name")
            place = f"{written.get(error.column, error.column)} " if isinstance(error, _CellError) else ""
            bad.append(BadRow(line, name.strip() if isinstance(name, str) else "", f"{place}{error}"))
            continue
        first_line[address] = line
        targets.append(target)
    return targets, bad


def read_targets_csv(path: Path) -> TargetTable:
    """Read a CSV file in UTF-8 (with or without BOM) or GB18030, separated by comma, semicolon or tab.

    The header is the first row with a `url` column, with titles above it at most (`_TITLE_ROWS`): spreadsheets carry them.

    Raises `TargetFileError` when the bytes are text in neither encoding, there is no such row, or a quotation mark is not
    closed: all rows behind it would be part of one cell.
    """
    text, encoding = decode_text(path.read_bytes())
    lines = TableLines(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=_delimiter(_first_lines(text)), skipinitialspace=True)
    header: list[str] | None = None
    rows: list[tuple[int, dict[str, object]]] = []
    titles = 0
    line, is_closed = 1, False
    try:
        for cells in reader:
            start, line = line, reader.line_num + 1
            if is_closed := lines.end_in(cells):
                break
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                if any(canonical_column(cell) == "url" for cell in cells):
                    header = [cell.strip() for cell in cells]
                elif (titles := titles + 1) > _TITLE_ROWS:
                    break
                continue
            # Cells beyond the header would silently shift meaning: an unquoted comma in a note is the usual cause.
            surplus = [cell for cell in cells[len(header) :] if cell.strip()]
            row: dict[str, object] = dict(zip(header, cells, strict=False))
            if surplus:
                row["note"] = " ".join([_text(row, "note") or _text(row, "备注"), *surplus]).strip()
            rows.append((start, row))
    except csv.Error as error:
        raise TargetFileError(f"第 {line} 行起不能按 CSV 读取：{csv_fault(str(error))}") from error
    if header is None:
        raise TargetFileError(_no_header(_first_lines(text)))
    if not is_closed:
        raise TargetFileError(f"第 {start} 行起有引号没有闭合，其后各行会并成一格")
    unknown = tuple(name for name in header if name and canonical_column(name) is None)
    return TargetTable(tuple(rows), unknown, encoding)


def decode_text(raw: bytes) -> tuple[str, str]:
    """Text and the name of its encoding, UTF-8 or what Chinese spreadsheets save. Raises TargetFileError."""
    for encoding in ("utf-8-sig",) if raw.startswith(codecs.BOM_UTF8) else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if (place := text.find("\x00")) >= 0:
            line = text.count("\n", 0, place) + 1
            raise TargetFileError(f"第 {line} 行有 NUL 字符：不是文本文件，或编码不是 UTF-8 与 GB18030")
        return text, encoding
    raise TargetFileError("文件既不是 UTF-8 也不是 GB18030 文本")


def _first_lines(text: str) -> list[str]:
    """The lines that are not blank among which the header stands; none in an empty file."""
    return list(islice((line for line in text.splitlines() if line.strip()), _TITLE_ROWS + 1))


def _delimiter(lines: Sequence[str]) -> str:
    """The separator that the header uses most; csv.Sniffer guesses letters on short files."""
    for line in lines:
        mark = max((",", ";", "\t"), key=line.count)
        if any(canonical_column(cell.strip().strip('"')) == "url" for cell in line.split(mark)):
            return mark
    return ","


def _no_header(lines: Sequence[str]) -> str:
    if not lines:
        return "文件是空的"
    said = f"前几行中没有表头：须有一列叫 url 或网址。第一行是“{lines[0].strip()[:_SHOWN]}”"
    is_wide = any("网址" in line and "，" in line for line in lines)
    return f"{said}；各列之间须用半角逗号，而不是全角的“，”" if is_wide else said


def _text(fields: Mapping[str, object], column: str) -> str:
    """Raises _RowError for a list or mapping of YAML, and for characters that cannot be stored."""
    value = fields.get(column)
    if isinstance(value, (list, dict, set, tuple, bytes)):
        raise _CellError(column, "应是一个值，不能是列表或另一层内容")
    text = "" if value is None else str(value).strip()
    if _UNFIT.search(text):
        raise _CellError(column, "中有不能存储的字符（NUL 或不成对的代理字符）")
    return text


def _target(fields: Mapping[str, object]) -> Target:
    url = _text(fields, "url")
    local = _flag(fields, "local")
    if not url:
        raise _RowError("缺少网址")
    if re.search(r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]", url):  # those that nobody sees come with copies from chats
        raise _RowError("网址中有空白字符（也可能看不见）")
    if "://" not in url:
        raise _RowError(f"网址须以 http:// 或 https:// 开头，而不是“{url[:_SHOWN]}”")
    try:
        check_url(url, local=local)
    except UrlRefused as error:
        raise _RowError(str(error)) from error
    except AddressRefused as error:
        raise _RowError(f"{error}；确属内网目标时请把 local（本地）列填为“是”") from error
    name = _text(fields, "name")
    if not name:
        raise _RowError("缺少名称")
    max_pages = _whole(fields, "max_pages", 200, 1, 100_000)
    min_pages = _whole(fields, "min_pages", 1, 0, 100_000)
    if min_pages > max_pages:
        raise _RowError(f"min_pages（{min_pages}）大于 max_pages（{max_pages}）")
    return Target(
        name=name,
        url=url,
        kind=_choice(fields, "kind", TargetKind, _KIND_ZH, TargetKind.SITE),
        institution=_institution(_text(fields, "institution")),
        region=_text(fields, "region"),
        render=_choice(fields, "render", RenderMode, _RENDER_ZH, RenderMode.AUTO),
        max_pages=max_pages,
        min_pages=min_pages,
        delay_seconds=_number(fields, "delay_seconds", 2.0, 0.0, 3600.0),
        depth=_whole(fields, "depth", 3, 0, 50),
        include=_patterns(fields, "include"),
        exclude=_patterns(fields, "exclude"),
        owner=_text(fields, "owner"),
        note=_text(fields, "note"),
        local=local,
        every_days=_whole(fields, "every_days", 1, 1, 365),
    )


def _institution(text: str) -> str:
    """A name as it is written, a credit code in plain digits and capitals, without blanks and hyphens."""
    code = parse_credit_code(credit_code_key(text))
    return text if code is None else code.code


def _choice(
    fields: Mapping[str, object], column: str, kind: type[_Choice], chinese: Mapping[str, str], default: _Choice
) -> _Choice:
    text = _text(fields, column).lower()
    if not text:
        return default
    try:
        return kind(chinese.get(text, text))
    except ValueError:
        names: dict[str, str] = {}
        for name, value in chinese.items():
            names.setdefault(value, name)
        allowed = "、".join(f"{member.value}（{names[member.value]}）" for member in kind)
        raise _CellError(column, f"不能是“{text}”，只能是 {allowed}") from None


def _flag(fields: Mapping[str, object], column: str) -> bool:
    text = _text(fields, column).lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise _CellError(column, f"不能是“{text}”，只能是 是 或 否")


def _number(fields: Mapping[str, object], column: str, default: float, low: float, high: float) -> float:
    text = _text(fields, column)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise _CellError(column, f"不是数字：{text}") from None
    if not low <= value <= high:  # also refuses nan
        raise _CellError(column, f"须在 {low:g} 到 {high:g} 之间：{text}")
    return value


def _whole(fields: Mapping[str, object], column: str, default: int, low: int, high: int) -> int:
    value = _number(fields, column, default, low, high)
    if value != int(value):  # spreadsheets save 200 as 200.0, which is fine; 2.5 pages are not
        raise _CellError(column, f"须是整数：{value:g}")
    return int(value)


def _patterns(fields: Mapping[str, object], column: str) -> tuple[str, ...]:
    """Regular expressions: a list in YAML, separated by white space in CSV (a URL holds none)."""
    value = fields.get(column)
    if isinstance(value, list):
        patterns = [_text({column: item}, column) for item in value]
    else:
        patterns = _text(fields, column).split()
    for pattern in patterns:
        try:
            re.compile(pattern)
        except (
            re.error,
            OverflowError,
            RecursionError,
        ) as error:  # a{99999999999}, thousands of brackets in one another
            shown = pattern if len(pattern) <= _SHOWN else f"{pattern[:_SHOWN]}…"
            raise _CellError(column, f"不是有效的正则表达式：{shown}（{error}）") from error
    return tuple(pattern for pattern in patterns if pattern)
