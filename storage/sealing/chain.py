"""The append-only chain of digests: each entry holds the digest of the one before, so none can go or change unnoticed.

An entry is written in the transaction that makes its file count. Its document is one canonical JSON line; the digest of
an entry is the SHA-256 of that line, line feed included.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from storage.archive.warc import warc_date
from storage.canonical import canonical_json
from storage.digests import sha256_hex
from storage.tables import chain_entries

_AT_A_TIME = 1000
NO_ENTRY = "0" * 64  # what the first entry has for a predecessor


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A file entering the chain. `kind` is `bundle`, `warc` or `record`; `path` is relative to the data folder."""

    kind: str
    path: str
    bytes: int
    sha256: str
    sm3: str


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """An entry as it is stored."""

    number: int
    document: str
    digest: str

    @property
    def fields(self) -> dict[str, Any]:
        """What the document says. Raises ValueError when it is no JSON object."""
        fields = json.loads(self.document)
        if not isinstance(fields, dict):
            raise ValueError("an entry is a JSON object")
        return fields


def lock_chain(connection: Connection) -> None:
    """Let no other writer of the chain pass until this transaction ends. SQLite's writers wait for each other anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE chain_entries IN EXCLUSIVE MODE"))


def append_entry(connection: Connection, night_id: str, file: SealedFile, now: datetime) -> ChainEntry:
    """Append a file. Call it last in a transaction: from here on all other writers of the chain wait for the commit."""
    lock_chain(connection)
    last = connection.execute(
        select(chain_entries.c.number, chain_entries.c.digest).order_by(chain_entries.c.number.desc()).limit(1)
    ).one_or_none()
    number, previous = (1, NO_ENTRY) if last is None else (last.number + 1, last.digest)
    entry = make_entry(number, previous, night_id, file, now)
    connection.execute(insert(chain_entries).values(asdict(entry) | {"path": file.path, "night_id": night_id}))
    return entry


def make_entry(number: int, previous: str, night_id: str, file: SealedFile, now: datetime) -> ChainEntry:
    fields = {"number": number, "previous": previous, "night": night_id, "recorded_at": warc_date(now), **asdict(file)}
    document = canonical_json(fields)
    return ChainEntry(number, document.decode(), sha256_hex(document))


def read_entries(connection: Connection, first: int, last: int) -> list[ChainEntry]:
    """Entries `first` to `last`, both included."""
    rows = connection.execute(
        select(chain_entries.c.number, chain_entries.c.document, chain_entries.c.digest)
        .where(chain_entries.c.number.between(first, last))
        .order_by(chain_entries.c.number)
    )
    return [ChainEntry(row.number, row.document, row.digest) for row in rows]


def all_entries(connection: Connection) -> Iterator[ChainEntry]:
    """The whole chain, some thousand entries in memory at a time."""
    last = connection.scalar(select(func.max(chain_entries.c.number))) or 0
    for first in range(1, last + 1, _AT_A_TIME):
        yield from read_entries(connection, first, min(last, first + _AT_A_TIME - 1))


def chain_faults(entries: Iterable[ChainEntry], previous: str = NO_ENTRY, first: int = 1) -> Iterator[tuple[int, str]]:
    """Number and fault (Chinese) of each entry that does not follow from the one before."""
    expected = first
    for entry in entries:
        if entry.number != expected:
            yield expected, f"哈希链缺第 {expected} 至 {entry.number - 1} 条"
        fault = _entry_fault(entry, previous)
        if fault:
            yield entry.number, f"哈希链第 {entry.number} 条{fault}"
        previous, expected = entry.digest, entry.number + 1


def _entry_fault(entry: ChainEntry, previous: str) -> str:
    if sha256_hex(entry.document.encode()) != entry.digest:
        return "内容与其摘要不符"
    try:
        fields = entry.fields
    except (ValueError, RecursionError):
        return "无法解析"
    if canonical_json(fields) != entry.document.encode():
        return "不是规范写法"
    if fields.get("number") != entry.number:
        return "编号不符"
    return "" if fields.get("previous") == previous else "与前一条不相接"


def entry_facts(document: str) -> tuple[object, ...]:
    """Kind, path, bytes, SHA-256 and SM3 that an entry states; empty when it cannot be read."""
    try:
        fields = json.loads(document)
        return tuple(fields[name] for name in ("kind", "path", "bytes", "sha256", "sm3"))
    except (ValueError, TypeError, LookupError, RecursionError):
        return ()
