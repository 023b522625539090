"""Targets files, whichever their format: CSV by the crawler's reader, YAML by the classifier's."""

from pathlib import Path

from classifier.errors import LexiconError
from classifier.yaml_file import UNREAD_VALUE, load_yaml_rows
from crawler.addresses.target_file import BadRow, TargetFileError, parse_targets, read_targets_csv
from domain.targets import Target
from yiguang.errors import CommandFailed, UsageError
from yiguang.lexicon_words import in_words, place_of

#: What the reader of YAML says of a table, in Chinese; faults of its syntax are told by their line.
_OF_ROWS = {
    "expected a list of rows": "应是目标的列表，每项以 - 开头",
    "expected a row of `name: value`": "这一项应是“名称: 值”的若干行",
}


def read_targets(path: Path) -> tuple[list[Target], list[BadRow], tuple[str, ...]]:
    """Good targets, bad rows, and columns that mean nothing to us (CSV only).

    Raises UsageError when there is no such file, CommandFailed when it is no table at all.
    """
    if not path.is_file():
        raise UsageError(f"找不到目标文件：{path}")
    if path.suffix.lower() in {".xls", ".xlsx"}:
        raise CommandFailed(f"{path} 是 Excel 工作簿：请在其中另存为 CSV，再导入")
    try:
        if path.suffix.lower() in {".yml", ".yaml"}:
            return *parse_targets(load_yaml_rows(path)), ()
        table = read_targets_csv(path)
    except TargetFileError as fault:
        raise CommandFailed(f"{path} 无法读取：{fault}") from fault
    except LexiconError as fault:
        place = f"{place_of(fault)}：" if fault.line else ""
        raise CommandFailed(f"{path} 无法读取：{place}{_in_chinese(fault.message)}") from fault
    return *parse_targets(table.rows), table.unknown_columns


def _in_chinese(message: str) -> str:
    if message.startswith("not UTF-8"):
        return "YAML 文件须存为 UTF-8"
    if message.startswith(UNREAD_VALUE):
        return f"这一项中有读不懂的值，文字请加引号（{message.removeprefix(UNREAD_VALUE)}）"
    return _OF_ROWS.get(message) or in_words(message)
