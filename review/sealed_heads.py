"""The audit log's head goes into the chain of evidence each night: signed and time-stamped with it, it cannot be made again."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from domain.retention import RecordKind
from review.audit_log import MACHINE, AuditLog
from storage.sealing.keep_records import read_records, record_act


def record_log_head(engine: Engine, folder: Path, night_id: str, now: datetime) -> bool:
    """Record the head unless it is recorded already, or the log is empty; whether it was. Call it before the night is sealed."""
    head = AuditLog(engine, lambda: now).head()
    if not head[0] or head in sealed_heads(engine):
        return False
    facts = {"entries": head[0], "digest": head[1]}
    record_act(engine, folder, RecordKind.DESK_LOG, "", night_id, MACHINE, facts, now)
    return True


def sealed_heads(engine: Engine) -> tuple[tuple[int, str], ...]:
    """Heads recorded so far, oldest first, for `AuditLog.verify`. One that cannot be read is for the verification of records."""
    with engine.connect() as connection:
        records = read_records(connection, RecordKind.DESK_LOG)
    return tuple((int(record.facts["entries"]), str(record.facts["digest"])) for record in records if record.facts)
