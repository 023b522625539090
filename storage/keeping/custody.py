"""What is kept, in which class, until when, and what is on hold; read from the records of acts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, select, union

from domain.retention import KeepClass, RecordKind, RetentionPolicy
from storage.database import writing
from storage.sealing.chain import lock_chain
from storage.sealing.keep_records import KeepRecord, append_record, read_records, write_record_files
from storage.tables import bundles, look_bundles, nights, takedown_looks, visits, warc_files


class NothingToDo(Exception):
    """The act would change nothing, as releasing what is not on hold; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class KeptItem:
    """A file of evidence that has not been deleted. `kind` is `bundle` or `warc`; `path` is relative to the data folder.

    `held_by` are the records of the holds on it, by number: its own and, for a night file, those of the leads it holds.
    """

    kind: str
    path: str
    night_id: str
    keep_class: KeepClass
    since: datetime
    due_at: datetime
    held_by: tuple[int, ...]

    def may_go(self, now: datetime) -> bool:
        return now >= self.due_at and not self.held_by


def hold(engine: Engine, folder: Path, path: str, night_id: str, by: str, reason: str, now: datetime) -> KeepRecord:
    """Nothing on hold is deleted, however old. Several people may hold the same, each for a reason of theirs.

    Raises NothingToDo when it was deleted: a hold that waited for a deletion to be recorded must not look as if it held.
    """
    with writing(engine) as connection:
        lock_chain(connection)
        if read_records(connection, RecordKind.DELETION, subject=path):
            raise NothingToDo("此证据已依保存期限删除")
        record = append_record(connection, RecordKind.HOLD, path, night_id, by, {"reason": reason}, now)
    write_record_files(engine, folder)
    return record


def release(
    engine: Engine,
    folder: Path,
    path: str,
    night_id: str,
    by: str,
    reason: str,
    now: datetime,
    named: Sequence[int] = (),
) -> KeepRecord:
    """End the holds on a bundle whose records are `named` by number, every one when none is. Its `releases` are those that it ended.

    Raises NothingToDo, and ends none, when there is none or one of those named is not among them.
    """
    with writing(engine) as connection:
        lock_chain(connection)  # a hold set from now on waits, and is not ended by this
        held = standing_holds(read_records(connection, RecordKind.HOLD, RecordKind.RELEASE, subject=path)).get(path, ())
        if not held:
            raise NothingToDo("此证据没有被留置")
        if others := [number for number in named if number not in held]:
            raise NothingToDo(f"此证据没有第 {others[0]} 号留置；现有的是第 {'、'.join(map(str, held))} 号")
        facts = {"reason": reason, "releases": sorted(set(named or held))}
        record = append_record(connection, RecordKind.RELEASE, path, night_id, by, facts, now)
    write_record_files(engine, folder)
    return record


def holds_on(engine: Engine, path: str) -> tuple[int, ...]:
    """The numbers of the standing holds on a bundle."""
    with engine.connect() as connection:
        records = read_records(connection, RecordKind.HOLD, RecordKind.RELEASE, subject=path)
    return standing_holds(records).get(path, ())


def assign_class(
    engine: Engine, folder: Path, path: str, night_id: str, keep_class: KeepClass, by: str, reason: str, now: datetime
) -> KeepRecord:
    """Put a bundle into another class; its term runs anew from `now`. Raises NothingToDo for the class it is in.

    A referred case stays referred: nobody shortens its term by dismissing it. Raises ValueError for such a change, and
    for CAPTURE and TEXT, which are for night files and for pages that were no lead.
    """
    if keep_class in (KeepClass.CAPTURE, KeepClass.TEXT):
        raise ValueError("线索的证据包不能按巡查原始记录或非线索页面的文字保存")
    with writing(engine) as connection:
        lock_chain(connection)  # a referral from now on waits, and comes last
        before = assigned_classes(read_records(connection, RecordKind.RETENTION, subject=path)).get(path)
        current = KeepClass.LEAD if before is None else before[0]
        if current is KeepClass.REFERRED and keep_class is not KeepClass.REFERRED:
            raise ValueError("已移送的证据不能改用较短的期限")
        if current is keep_class:
            raise NothingToDo("此证据已在该类中")
        facts = {"reason": reason, "class": keep_class.value, "before": current.value}
        record = append_record(connection, RecordKind.RETENTION, path, night_id, by, facts, now)
    write_record_files(engine, folder)
    return record


def kept_items(connection: Connection, policy: RetentionPolicy) -> list[KeptItem]:
    """Everything not yet deleted, bundles first. Night files count once their night has ended and they are complete. What a look found
    is kept in the class of its lead and held with it."""
    records = read_records(connection)
    gone = {record.subject for record in records if record.kind is RecordKind.DELETION}
    held = standing_holds(records)
    classes = assigned_classes(records)
    items = []
    for row in connection.execute(select(bundles).order_by(bundles.c.id)):
        keep_class, since = classes.get(row.path, (KeepClass.LEAD, row.created_at))
        items.append(_item(policy, "bundle", row.path, row.night_id, keep_class, since, held.get(row.path, ())))
    for row in connection.execute(_looks()):
        keep_class, since = classes.get(row.path) or classes.get(row.lead) or (KeepClass.LEAD, row.created_at)
        both = {*held.get(row.path, ()), *held.get(row.lead, ())}
        since = max(since, row.created_at)
        items.append(_item(policy, "bundle", row.path, row.night_id, keep_class, since, both))
    ended = (
        select(warc_files.c.id, warc_files.c.path, warc_files.c.night_id, nights.c.started_at)
        .join(nights, nights.c.id == warc_files.c.night_id)
        .where(warc_files.c.sealed, nights.c.ended_at.is_not(None))
        .order_by(warc_files.c.id)
    )
    holds_inside = _holds_by_warc(connection, held)
    for row in connection.execute(ended):
        holds = holds_inside.get(row.id, ())
        items.append(_item(policy, "warc", row.path, row.night_id, KeepClass.CAPTURE, row.started_at, holds))
    return [item for item in items if item.path not in gone]


def _looks() -> Any:
    """The bundles of looks, each with that of its lead."""
    return (
        select(
            look_bundles.c.path,
            look_bundles.c.night_id,
            look_bundles.c.created_at,
            bundles.c.path.label("lead"),
            takedown_looks.c.page_id,
        )
        .join(takedown_looks, takedown_looks.c.id == look_bundles.c.look_id)
        .join(bundles, bundles.c.page_id == takedown_looks.c.case_id)
        .order_by(look_bundles.c.id)
    )


def _item(
    policy: RetentionPolicy,
    kind: str,
    path: str,
    night_id: str,
    keep_class: KeepClass,
    since: datetime,
    held_by: Iterable[int],
) -> KeptItem:
    due_at = policy.due_at(keep_class, since)
    return KeptItem(kind, path, night_id, keep_class, since, due_at, tuple(sorted(held_by)))


def standing_holds(records: Sequence[KeepRecord]) -> dict[str, tuple[int, ...]]:
    """The numbers of the holds on each path that no later record released."""
    held: dict[str, tuple[int, ...]] = {}
    for record in records:
        if record.kind is RecordKind.HOLD:
            held[record.subject] = (*held.get(record.subject, ()), record.number)
        elif record.kind is RecordKind.RELEASE:
            # Of one that cannot be read nothing is known, so that what was held stays
            ended = record.facts.get("releases", ())
            left = tuple(number for number in held.pop(record.subject, ()) if number not in ended)
            held |= {record.subject: left} if left else {}
    return held


def assigned_classes(records: Sequence[KeepRecord]) -> dict[str, tuple[KeepClass, datetime]]:
    """The class each path was last put into, and when."""
    return {
        record.subject: (KeepClass(record.facts["class"]), record.recorded_at)
        for record in records
        if record.kind is RecordKind.RETENTION
    }


def _holds_by_warc(connection: Connection, held: dict[str, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """The holds on leads whose visits, or later looks at whose pages, lie in a night file: to delete it would delete half of what is held."""
    if not held:
        return {}
    looks = _looks().subquery()
    pages_of = union(
        select(bundles.c.page_id, bundles.c.path).where(bundles.c.path.in_(held)),
        select(looks.c.page_id, looks.c.path).where(looks.c.path.in_(held)),
        select(looks.c.page_id, looks.c.lead).where(looks.c.lead.in_(held)),
    ).subquery()
    rows = connection.execute(
        select(visits.c.warc_id, pages_of.c.path)
        .join(pages_of, pages_of.c.page_id == visits.c.frontier_id)
        .where(visits.c.warc_id.is_not(None))
        .distinct()
    )
    found: dict[int, tuple[int, ...]] = {}
    for row in rows:
        found[row.warc_id] = (*found.get(row.warc_id, ()), *held[row.path])
    return found
