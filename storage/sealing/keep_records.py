"""Acts on evidence, recorded for good: who held, released, deleted or opened what, when and why.

A record is one canonical JSON line. It enters the chain of digests in the transaction that makes it count, so that the
signed heads and their time stamps cover it like the evidence itself; its file in `records/` can be written again at any time.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select

from domain.evidence import Check, VerifyReport
from domain.retention import RecordKind
from domain.system_words import file_fault
from storage.archive.warc import warc_date
from storage.canonical import canonical_json
from storage.columns import storable_text
from storage.database import writing
from storage.digests import sha256_hex, sm3_hex
from storage.durable_file import write_whole
from storage.locks import writing_evidence
from storage.sealing.chain import SealedFile, append_entry, entry_facts, lock_chain
from storage.tables import chain_entries, keep_records

FORMAT = "yiguang-record-1"


class RecordIncomplete(Exception):
    """An act without a name or a reason; nothing was done. The message is Chinese."""


class FileAfterRecord(OSError):
    """The act is recorded and counts; a file that is to follow could not be written or moved, which a later act or night makes up for."""


@contextmanager
def files_after_record() -> Iterator[None]:
    """For what is done to files once an act is recorded: an OSError inside is raised as FileAfterRecord."""
    try:
        yield
    except OSError as fault:
        raise FileAfterRecord(fault.errno or 0, fault.strerror or str(fault), fault.filename) from fault


@dataclass(frozen=True, slots=True)
class KeepRecord:
    """A record as it is stored. `subject` is the path of the evidence concerned, empty for a key."""

    number: int
    kind: RecordKind
    path: str
    subject: str
    document: str
    recorded_at: datetime

    @property
    def facts(self) -> dict[str, Any]:
        """What the document says; empty when it cannot be read, which verification reports."""
        try:
            facts = json.loads(self.document)
        except (ValueError, RecursionError):
            return {}
        return facts if isinstance(facts, dict) else {}


def append_record(
    connection: Connection,
    kind: RecordKind,
    subject: str,
    night_id: str,
    by: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> KeepRecord:
    """Record an act by somebody. Last in its transaction, as `append_entry` is; the file follows after the commit.

    Raises RecordIncomplete when `by`, or a `reason` among the facts, is blank.
    """
    if not by.strip():
        raise RecordIncomplete("须写明经办人")
    if not str(facts.get("reason", "-")).strip():
        raise RecordIncomplete("须写明理由")
    lock_chain(connection)
    number = (connection.scalar(select(func.max(keep_records.c.number))) or 0) + 1
    path = f"records/{number:06}-{kind}.json"
    base = {"format": FORMAT, "number": number, "kind": kind, "subject": subject, "by": by.strip()}
    document = canonical_json({**facts, **base, "recorded_at": warc_date(now)})
    record = KeepRecord(number, kind, path, storable_text(subject), document.decode(), now)
    connection.execute(
        insert(keep_records).values(
            number=number, kind=kind.value, path=path, subject=subject, document=record.document, recorded_at=now
        )
    )
    file = SealedFile("record", path, len(document), sha256_hex(document), sm3_hex(document))
    append_entry(connection, night_id, file, now)
    return record


def record_act(
    engine: Engine,
    folder: Path,
    kind: RecordKind,
    subject: str,
    night_id: str,
    by: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> KeepRecord:
    """Record an act in a transaction of its own and write its file. Raises RecordIncomplete, and FileAfterRecord for the file."""
    with writing(engine) as connection:
        record = append_record(connection, kind, subject, night_id, by, facts, now)
    write_record_files(engine, folder)
    return record


def read_records(connection: Connection, *kinds: RecordKind, subject: str | None = None) -> list[KeepRecord]:
    """Records of these kinds, or of all, oldest first."""
    query: Select[Any] = select(keep_records).order_by(keep_records.c.number)
    if kinds:
        query = query.where(keep_records.c.kind.in_([kind.value for kind in kinds]))
    if subject is not None:
        query = query.where(keep_records.c.subject == subject)
    return [
        KeepRecord(row.number, RecordKind(row.kind), row.path, row.subject, row.document, row.recorded_at)
        for row in connection.execute(query)
    ]


def write_record_files(engine: Engine, folder: Path) -> list[str]:
    """Write what is missing in `records/`; returns the paths. Raises FileAfterRecord."""
    with engine.connect() as connection:
        missing = [record for record in read_records(connection) if not (folder / record.path).exists()]
    with files_after_record(), writing_evidence(folder):
        for record in missing:
            write_whole(folder / record.path, record.document.encode())
    return [record.path for record in missing]


def verify_records(engine: Engine, folder: Path) -> list[VerifyReport]:
    """Hold every record's file against the database, and both against the chain."""
    with engine.connect() as connection:
        records = read_records(connection)
        rows = connection.execute(
            select(chain_entries.c.path, chain_entries.c.document).where(
                chain_entries.c.path.in_(select(keep_records.c.path))
            )
        )
        entries = {row.path: row.document for row in rows}
        entered = connection.scalars(select(chain_entries.c.path).where(chain_entries.c.path.like("records/%"))).all()
    reports = [_record_report(folder, record, entries.get(record.path, "")) for record in records]
    known = {record.path for record in records}
    reports += [
        VerifyReport(str(folder / path), (Check("记录", False, "哈希链中有此记录，数据库中没有：被删去"),))
        for path in entered
        if path not in known
    ]
    return reports


def _record_report(folder: Path, record: KeepRecord, entry: str) -> VerifyReport:
    data = record.document.encode()
    facts = record.facts
    stated = tuple(facts.get(name) for name in ("number", "kind", "subject"))
    try:
        same = (folder / record.path).read_bytes() == data and stated == (record.number, record.kind, record.subject)
        message = "记录与数据库一致" if same else "记录与数据库不一致"
    except OSError as error:
        same, message = False, f"记录缺失或无法读取：{file_fault(error)}"
    chained = entry_facts(entry) == ("record", record.path, len(data), sha256_hex(data), sm3_hex(data))
    return VerifyReport(
        str(folder / record.path),
        (
            Check("记录", same, message),
            Check("哈希链", chained, "与哈希链中登记的一致" if chained else "与哈希链中登记的不符，或没有登记"),
        ),
    )
