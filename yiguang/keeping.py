"""The operator's rules on keeping and masking, `lexicons/keeping/`, and the second place for evidence."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.masking import Masker, MaskWords
from domain.retention import KeepClass, RetentionPolicy, RetentionTerm
from yiguang.errors import CommandFailed, UsageError

if TYPE_CHECKING:
    from storage.keeping.object_store import ObjectStore


def load_policy(lexicons: Path) -> RetentionPolicy:
    """Raises CommandFailed naming the file when it does not hold every class with a lawful term."""
    file = lexicons / "keeping" / "retention.toml"
    data, tables = _read(file)
    try:
        terms = {KeepClass(name): _term(table) for name, table in tables.items()}
        return RetentionPolicy(terms, sha256(data).hexdigest())
    except (KeyError, TypeError, ValueError) as fault:
        raise CommandFailed(f"保存期限 {file} 有误：{fault}") from fault


def _term(table: Mapping[str, Any]) -> RetentionTerm:
    months, basis = table["months"], table["basis"]
    if not isinstance(months, int) or not isinstance(basis, list) or not basis:
        raise ValueError("months 应为整数，basis 应为非空列表")
    return RetentionTerm(str(table["title"]), months, str(table["since"]), tuple(map(str, basis)))


def load_masker(lexicons: Path) -> Masker:
    """Raises CommandFailed naming the file when a word list is missing or empty."""
    file = lexicons / "keeping" / "masking.toml"
    _, lists = _read(file)
    try:
        return Masker(MaskWords(**{field.name: _words(lists[field.name]) for field in fields(MaskWords)}))
    except (KeyError, TypeError, ValueError) as fault:
        raise CommandFailed(f"脱敏词表 {file} 有误：{fault}") from fault


def _words(value: object) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else value
    if not isinstance(words, list) or not all(isinstance(word, str) and word for word in words):
        raise ValueError("应为词的列表")
    return tuple(words)


def open_remote(url: str, options: Sequence[str]) -> "ObjectStore":
    """Options are `name=value` for fsspec. Raises UsageError for another form, StoreUnusable when it cannot be opened."""
    from storage.keeping.object_store import open_store

    pairs = [option.partition("=") for option in options]
    if any(not name or not equals for name, equals, _ in pairs):
        raise UsageError("--option 应为 NAME=VALUE 的形式")
    return open_store(url, {name: value for name, _, value in pairs})


def _read(file: Path) -> tuple[bytes, dict[str, Any]]:
    try:
        data = file.read_bytes()
        return data, tomllib.loads(data.decode())
    except (OSError, ValueError) as fault:
        raise CommandFailed(f"{file} 无法读取：{fault}") from fault
