"""Reading evidence again, long after its night: what has not been looked at for longest comes first, as long as there is time.

All of it every night would take hours after some years. So a night checks its own files, the chain and every act on evidence whole,
again what was not sound the last time, and of the older files as many as its time allows; the report says how many were left and since when.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, select

from domain.evidence import VerifyReport
from storage.checking.verify import KnownEvidence
from storage.database import writing
from storage.sealing.keep_records import verify_records
from storage.tables import evidence_checks


@dataclass(frozen=True, slots=True)
class Recheck:
    """`records` are acts on evidence that were checked, `rechecked` files of earlier nights, `unreached` those for which there
    was no time; `oldest_check_at` is when the longest unchecked of these was last checked, None for never or when all were reached.
    """

    reports: tuple[VerifyReport, ...]
    records: int
    rechecked: int
    unreached: int
    oldest_check_at: datetime | None


def recheck(engine: Engine, folder: Path, night_id: str, seconds: float, clock: Callable[[], datetime]) -> Recheck:
    """Check the night's files, all acts on evidence and what was not sound the last time, then older files for at most `seconds`."""
    until = clock() + timedelta(seconds=seconds)
    known = KnownEvidence.load(engine, folder)
    checked: dict[str, VerifyReport] = {path: known.report(path) for path in known.paths(night_id)}
    own = len(checked)
    with engine.connect() as connection:
        before = _checked_before(connection)
        unsound = frozenset(
            connection.scalars(select(evidence_checks.c.path).where(evidence_checks.c.sound.is_(False)))
        )
    # Whatever time there is: a night that did not come round to it would call it sound
    checked |= {path: known.report(path) for path in known.paths() if path in unsound and path not in checked}
    older = sorted((path for path in known.paths() if path not in checked), key=lambda path: _age(before, path))
    waiting = list(older)
    while waiting and clock() < until:
        path = waiting.pop(0)
        checked[path] = known.report(path)
    with writing(engine) as connection:
        _note(connection, checked, clock())
    records = verify_records(engine, folder)
    return Recheck(
        reports=(*checked.values(), *records),
        records=len(records),
        rechecked=len(checked) - own,
        unreached=len(waiting),
        oldest_check_at=before.get(waiting[0]) if waiting else None,
    )


def check_everything(engine: Engine, folder: Path, clock: Callable[[], datetime]) -> list[VerifyReport]:
    """Check all files and all acts on evidence at once; the nights that follow begin with what was read first."""
    known = KnownEvidence.load(engine, folder)
    checked = {path: known.report(path) for path in known.paths()}
    with writing(engine) as connection:
        _note(connection, checked, clock())
    return [*checked.values(), *verify_records(engine, folder)]


def _checked_before(connection: Connection) -> dict[str, datetime]:
    rows = connection.execute(select(evidence_checks.c.path, evidence_checks.c.checked_at))
    return {row.path: row.checked_at for row in rows}


def _age(before: dict[str, datetime], path: str) -> tuple[bool, float, str]:
    at = before.get(path)
    return at is not None, 0.0 if at is None else at.timestamp(), path


def _note(connection: Connection, checked: dict[str, VerifyReport], now: datetime) -> None:
    paths: Sequence[str] = list(checked)
    for start in range(0, len(paths), 500):  # SQLite allows 32,766 variables in a statement
        some = paths[start : start + 500]
        connection.execute(delete(evidence_checks).where(evidence_checks.c.path.in_(some)))
        rows = [{"path": path, "checked_at": now, "sound": checked[path].ok} for path in some]
        connection.execute(insert(evidence_checks), rows)
