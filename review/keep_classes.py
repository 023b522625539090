"""How long evidence is kept follows from what was decided: what two people or one dismissed is not kept as long as a lead.

Recorded act by act in the chain of evidence, as `yiguang evidence retain` does, by the name of who decided.
"""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from domain.retention import KeepClass, RecordKind
from domain.reviews import ItemState, Verdict
from storage.database import writing
from storage.sealing.chain import lock_chain
from storage.sealing.keep_records import append_record, read_records, write_record_files
from storage.tables import bundles, desk_accounts, desk_decisions, desk_items

#: A decision may be undone, or reopened the next morning, without a trace in the chain.
SETTLED_AFTER = timedelta(days=3)


def class_evidence(engine: Engine, folder: Path, night_id: str, now: datetime) -> int:
    """Put the bundles of items dismissed three days ago or more into the class for that, and those of items that were opened
    again back among the leads; how many. What a person assigned (`evidence retain`, a referral) stays, and what is no
    advertisement is kept as a lead: the health commission may want it. Raises OSError when a record's file cannot be written; the next call writes it.
    """
    with writing(engine) as connection:
        lock_chain(connection)  # a referral from now on waits, and comes last
        last = {record.subject: record.facts for record in read_records(connection, RecordKind.RETENTION)}
        gone = {record.subject for record in read_records(connection, RecordKind.DELETION)}
        changes = 0
        for path, item_id, dismissed in _bundles(connection, now):
            facts = last.get(path, {})
            before, after = KeepClass(facts.get("class", KeepClass.LEAD)), _class_of(dismissed)
            by_hand = bool(facts) and "desk_item" not in facts  # what a person assigned is that person's to change
            if before is after or by_hand or path in gone:
                continue
            by, reason = _last_word(connection, item_id)
            facts = {"reason": reason, "class": after.value, "before": before.value, "desk_item": item_id}
            append_record(connection, RecordKind.RETENTION, path, night_id, by, facts, now)
            changes += 1
    if changes:
        write_record_files(engine, folder)
    return changes


def _class_of(dismissed: bool) -> KeepClass:
    return KeepClass.DISMISSED if dismissed else KeepClass.LEAD


def _bundles(connection: Connection, now: datetime) -> list[tuple[str, int, bool]]:
    """Path, item, and whether it was dismissed; without those decided too lately to tell."""
    items = desk_items.c
    query = (
        select(bundles.c.path, items.id, items.state, items.decided_at)
        .join(desk_items, items.page_id == bundles.c.page_id)
        .order_by(items.id)
    )
    found = []
    for row in connection.execute(query):
        dismissed = row.state == ItemState.DISMISSED.value
        if not dismissed or row.decided_at <= now - SETTLED_AFTER:
            found.append((row.path, row.id, dismissed))
    return found


def _last_word(connection: Connection, item_id: int) -> tuple[str, str]:
    """Who decided last, and why as the desk has it."""
    made = desk_decisions.c
    last = connection.execute(
        select(desk_accounts.c.name, made.reason, made.superseded_at)
        .join(desk_accounts, desk_accounts.c.id == made.account_id)
        .where(made.item_id == item_id, made.undone_at.is_(None), made.verdict != Verdict.LATER.value)
        .order_by(made.id.desc())
        .limit(1)
    ).one()
    what = f"复核台排除（{last.reason}）" if last.superseded_at is None and last.reason else "复核台重新打开或确认"
    return str(last.name), f"{what}，条目 {item_id}"
