"""How long evidence is kept follows from what was decided: what two people or one dismissed is not kept as long as a lead, what was
sent to an authority longer.

Recorded act by act in the chain of evidence, as `yiguang evidence retain` does, by the name of who decided or sent.
"""

from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from domain.outbox import Step, StepTaken
from domain.retention import KeepClass, RecordKind, RetentionPolicy
from domain.reviews import ItemState, Verdict
from storage.database import writing
from storage.keeping.custody import NothingToDo, assign_class, kept_items
from storage.leads.outbox import list_packages
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


def class_referred(engine: Engine, folder: Path, policy: RetentionPolicy, now: datetime) -> int:
    """Put the bundles of leads whose package was sent into the class for that; how many.

    To be called when a package was sent, and again later for what broke off then. No term is shortened, what somebody assigned by hand
    after the package was sent stays, and what was deleted is gone. A package that comes back leaves them where they are: the authority
    had them. Raises OSError when a record's file cannot be written; the next call writes it.
    """
    if not (sent := _sent(engine)):
        return 0
    with engine.connect() as connection:
        last = {record.subject: record for record in read_records(connection, RecordKind.RETENTION)}
        case_of = {row.path: row.page_id for row in connection.execute(select(bundles.c.path, bundles.c.page_id))}
        kept = [item for item in kept_items(connection, policy) if case_of.get(item.path) in sent]
    changes = 0
    for item in kept:
        number, step = sent[case_of[item.path]]
        word = last.get(item.path)
        by_hand = word is not None and "desk_item" not in word.facts and word.recorded_at > step.noted_at
        shorter = policy.due_at(KeepClass.REFERRED, now) < item.due_at
        if item.keep_class is KeepClass.REFERRED or by_hand or shorter:
            continue
        try:
            assign_class(engine, folder, item.path, item.night_id, KeepClass.REFERRED, step.by, f"已寄送 {number}", now)
        except NothingToDo:  # somebody else did it at this moment
            continue
        changes += 1
    return changes


def _sent(engine: Engine) -> dict[int, tuple[str, StepTaken]]:
    """By lead: the number of the package that it was last sent in, and the step by which it was."""
    return {
        case: (package.number, step)
        for package in list_packages(engine)
        for step in package.steps
        if step.step is Step.SENT
        for case in package.cases
    }


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
    what = f"审核台排除（{last.reason}）" if last.superseded_at is None and last.reason else "审核台重新打开或确认"
    return str(last.name), f"{what}，条目 {item_id}"
