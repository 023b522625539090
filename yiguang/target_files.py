"""Targets files, whichever their format: CSV by the crawler's reader, YAML by the classifier's."""

from pathlib import Path

from classifier.errors import LexiconError
from classifier.yaml_file import load_yaml_rows
from crawler.target_file import BadRow, TargetFileError, parse_targets, read_targets_csv
from domain.targets import Target
from yiguang.errors import CommandFailed, UsageError


def read_targets(path: Path) -> tuple[list[Target], list[BadRow], tuple[str, ...]]:
    """Good targets, bad rows, and columns that mean nothing to us (CSV only).

    Raises UsageError when there is no such file, CommandFailed when it is no table at all.
    """
    if not path.is_file():
        raise UsageError(f"找不到目标文件：{path}")
    try:
        if path.suffix.lower() in {".yml", ".yaml"}:
            return *parse_targets(load_yaml_rows(path)), ()
        table = read_targets_csv(path)
    except (TargetFileError, LexiconError) as fault:
        raise CommandFailed(f"{path} 无法读取：{fault}") from fault
    return *parse_targets(table.rows), table.unknown_columns
