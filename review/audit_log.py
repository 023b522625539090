"""The audit log: every act at the desk, each entry holding the digest of the one before.

An entry is written in the transaction of the act it tells of: neither is there without the other. Its document is one
canonical JSON line, its digest the SHA-256 of that line, line feed included. Whoever knows the newest digest (`head`) can
tell that nothing was changed, taken out or cut off before it.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Select, func, insert, select, text

from storage.canonical import canonical_json
from storage.columns import storable_text
from storage.database import writing
from storage.digests import sha256_hex
from storage.tables import audit_entries

NO_ENTRY = "0" * 64
#: Who acted when no person did.
MACHINE = "系统"
_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. `subject` names what it was done to, as `item:12`; `detail` is JSON."""

    number: int
    at: datetime
    actor: str
    act: str
    subject: str
    detail: Mapping[str, Any]
    digest: str


@dataclass(frozen=True, slots=True)
class AuditFault:
    """An entry that does not follow from the one before; `message` is Chinese for the auditor."""

    number: int
    message: str


class AuditLog:
    """The log of one database. Times are the clock's, aware."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock

    def record(
        self, connection: Connection, actor: str, act: str, subject: str, detail: Mapping[str, Any] | None = None
    ) -> int:
        """Append an act in the caller's transaction and return its number.

        Call it last in the transaction: all other writers of the log wait for the commit from here on.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(text("LOCK TABLE audit_entries IN EXCLUSIVE MODE"))
        last = connection.execute(_newest()).one_or_none()
        number, previous = (1, NO_ENTRY) if last is None else (last.number + 1, last.digest)
        at = self._clock()
        actor, act, subject = (
            storable_text(actor),
            storable_text(act),
            storable_text(subject),
        )  # as the document has them
        document = canonical_json(
            {
                "number": number,
                "previous": previous,
                "at": at.isoformat(),
                "actor": actor,
                "act": act,
                "subject": subject,
                "detail": dict(detail or {}),
            }
        )
        connection.execute(
            insert(audit_entries).values(
                number=number,
                at=at,
                actor=actor,
                act=act,
                subject=subject,
                document=document.decode(),
                digest=sha256_hex(document),
            )
        )
        return int(number)

    def record_alone(self, actor: str, act: str, subject: str, detail: Mapping[str, Any] | None = None) -> int:
        """Append an act that changes nothing else, as looking at evidence."""
        with writing(self._engine) as connection:
            return self.record(connection, actor, act, subject, detail)

    def entries(
        self,
        before: int | None = None,
        limit: int = 50,
        actor: str = "",
        act: str = "",
        subject: str = "",
    ) -> list[AuditEntry]:
        """The newest entries first, from the one before number `before` on; empty strings do not filter."""
        query = select(audit_entries).order_by(audit_entries.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit_entries.c.number < before)
        for column, value in ((audit_entries.c.actor, actor), (audit_entries.c.act, act)):
            if value:
                query = query.where(column == value)
        if subject:
            query = query.where(audit_entries.c.subject == subject)
        with self._engine.connect() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def entry(self, number: int) -> AuditEntry | None:
        """The entry of that number; None when there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(select(audit_entries).where(audit_entries.c.number == number)).one_or_none()
        return None if row is None else _entry(row)

    def head(self) -> tuple[int, str]:
        """Number and digest of the newest entry; (0, NO_ENTRY) of an empty log."""
        with self._engine.connect() as connection:
            last = connection.execute(_newest()).one_or_none()
        return (0, NO_ENTRY) if last is None else (int(last.number), str(last.digest))

    def verify(self, *heads: tuple[int, str]) -> tuple[AuditFault, ...]:
        """Every entry that does not follow from the one before, and every earlier head of `heads` that is not there any more."""
        faults: list[AuditFault] = []
        previous, expected = NO_ENTRY, 1
        sought = {head for head in heads if head != (0, NO_ENTRY)}
        for row in self._rows():
            if row.number != expected:
                faults.append(AuditFault(expected, f"审计日志缺第 {expected} 至 {row.number - 1} 条"))
            fault = _fault(row, previous)
            if fault:
                faults.append(AuditFault(row.number, f"审计日志第 {row.number} 条{fault}"))
            sought.discard((row.number, row.digest))
            previous, expected = row.digest, row.number + 1
        return (*faults, *_heads_missing(sought))

    def export(self, path: Path) -> int:
        """Write the documents, one a line, oldest first, and return how many. Raises OSError; FileExistsError when the file is there."""
        count = 0
        with path.open("x", encoding="utf-8", newline="\n") as file:
            for line in self.lines():
                file.write(line)
                count += 1
        return count

    def lines(self) -> Iterator[str]:
        """The documents, each with its line feed, oldest first."""
        for row in self._rows():
            yield row.document

    def _rows(self) -> Iterator[Any]:
        """Some thousand in memory at a time; the log may grow meanwhile."""
        last = 0
        while True:
            query = select(audit_entries).where(audit_entries.c.number > last)
            with self._engine.connect() as connection:
                rows = connection.execute(query.order_by(audit_entries.c.number).limit(_AT_A_TIME)).all()
            if not rows:
                return
            yield from rows
            last = rows[-1].number


def export_faults(lines: Iterable[str], *heads: tuple[int, str]) -> tuple[AuditFault, ...]:
    """The same check over an exported file, without the database; `lines` with their line feeds."""
    faults: list[AuditFault] = []
    previous = NO_ENTRY
    sought = {head for head in heads if head != (0, NO_ENTRY)}
    for expected, line in enumerate(lines, 1):
        try:
            fields = json.loads(line)
            sound = fields["number"] == expected and fields["previous"] == previous
        except (ValueError, LookupError, TypeError, RecursionError):
            sound = False
        if not sound:
            faults.append(AuditFault(expected, f"审计日志第 {expected} 行与前一行不相接"))
        previous = sha256_hex(line.encode())
        sought.discard((expected, previous))
    return (*faults, *_heads_missing(sought))


def _heads_missing(heads: Iterable[tuple[int, str]]) -> list[AuditFault]:
    return [
        AuditFault(number, f"审计日志中找不到先前记下的第 {number} 条（摘要 {digest[:16]}…）")
        for number, digest in sorted(heads)
    ]


def count_entries(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(audit_entries)) or 0)


def _newest() -> Select[Any]:
    return select(audit_entries.c.number, audit_entries.c.digest).order_by(audit_entries.c.number.desc()).limit(1)


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(
        row.number, row.at, row.actor, row.act, row.subject, json.loads(row.document).get("detail", {}), row.digest
    )


def _fault(row: Any, previous: str) -> str:
    """What is wrong with an entry, Chinese; empty when nothing is. The columns must say what the document says."""
    if sha256_hex(row.document.encode()) != row.digest:
        return "内容与其摘要不符"
    try:
        fields = json.loads(row.document)
        said = tuple(fields[name] for name in ("number", "actor", "act", "subject"))
        at = datetime.fromisoformat(fields["at"])
        follows = fields["previous"] == previous
    except (ValueError, LookupError, TypeError, RecursionError):
        return "无法解析"
    if said != (row.number, row.actor, row.act, row.subject) or at != row.at:
        return "各栏与其内容不符"
    return "" if follows else "与前一条不相接"
