"""Deleting evidence and words, the only way there is: what is due by policy and not on hold, with a proof that stays.

The proof enters the chain first, then the file goes. A crash in between leaves a file that has a proof of its deletion;
verification says so, and the next run takes it away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, select

from domain.evidence import Check, VerifyReport
from domain.retention import RecordKind, RetentionPolicy
from domain.system_words import file_fault
from storage.archive.warc import warc_date
from storage.database import writing
from storage.digests import sha256_hex, sm3_hex
from storage.durable_file import sync_folder
from storage.keeping.custody import KeptItem, kept_items
from storage.keeping.expired_texts import clear_texts, due_texts
from storage.sealing.chain import entry_facts, lock_chain
from storage.sealing.keep_records import KeepRecord, append_record, read_records, write_record_files
from storage.tables import chain_entries

DELETED = "删除"
#: Deletions recorded in one transaction, for which other writers of the chain wait.
_AT_A_TIME = 200
#: Kind, path, bytes, SHA-256 and SM3 of a file.
_Facts = tuple[str, str, int, str, str]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was due and stays: it is not what the chain says it is, so nobody may declare it deleted."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Expiry:
    """What one run did. `finished` are files whose deletion an earlier run recorded and did not live to carry out; `texts`
    counts pages whose words were cleared from the database, `texts_left_in_files` says that cleared words may stand in its files still
    (see `ClearedTexts`)."""

    deleted: tuple[KeptItem, ...]
    finished: tuple[str, ...]
    refused: tuple[Refusal, ...]
    texts: int = 0
    texts_left_in_files: bool = False


def due_text_count(engine: Engine, policy: RetentionPolicy, now: datetime) -> int:
    """Of how many pages `expire` would clear the words now."""
    with engine.connect() as connection:
        going = {item.path for item in kept_items(connection, policy) if item.may_go(now)}
        return len(due_texts(connection, policy, now, going))


def due_items(engine: Engine, policy: RetentionPolicy, now: datetime) -> list[KeptItem]:
    """What `expire` would delete now."""
    with engine.connect() as connection:
        return [item for item in kept_items(connection, policy) if item.may_go(now)]


def expire(engine: Engine, folder: Path, policy: RetentionPolicy, by: str, now: datetime) -> Expiry:
    """Delete what is due and not held, each with its proof; what is missing or altered is refused and stays for people."""
    finished = _carry_out(engine, folder)
    deleted, refused = [], []
    due = due_items(engine, policy, now)
    for start in range(0, len(due), _AT_A_TIME):
        some = due[start : start + _AT_A_TIME]
        faults = _record_deletions(engine, folder, policy, some, by, now)
        refused += [Refusal(item.path, faults[item.path]) for item in some if item.path in faults]
        deleted += [item for item in some if item.path not in faults]
    cleared = clear_texts(engine, policy, by, now)
    write_record_files(engine, folder)
    _carry_out(engine, folder)
    return Expiry(tuple(deleted), tuple(finished), tuple(refused), len(cleared.due), cleared.left_in_files)


def _record_deletions(
    engine: Engine, folder: Path, policy: RetentionPolicy, some: Sequence[KeptItem], by: str, now: datetime
) -> dict[str, str]:
    """The proofs of some files, unless one is not the one that entered the chain; gives the reasons then, by path."""
    faults: dict[str, str] = {}
    read: list[tuple[KeptItem, _Facts]] = []
    for item in some:
        try:
            data = (folder / item.path).read_bytes()
        except OSError as error:
            faults[item.path] = f"文件缺失或无法读取：{file_fault(error)}"
        else:
            read.append((item, (item.kind, item.path, len(data), sha256_hex(data), sm3_hex(data))))
    with writing(engine) as connection:
        lock_chain(connection)  # a hold set from now on waits, and finds the file gone
        # Read once for all of them: it is everything that is kept
        current = {known.path: known for known in kept_items(connection, policy)}
        for item, facts in read:
            if fault := _record_deletion(connection, policy, item, current.get(item.path), facts, by, now):
                faults[item.path] = fault
    return faults


def _record_deletion(
    connection: Connection,
    policy: RetentionPolicy,
    item: KeptItem,
    current: KeptItem | None,
    facts: _Facts,
    by: str,
    now: datetime,
) -> str:
    if current is None or not current.may_go(now):
        return "已被留置，或期限已变"
    entry = connection.scalar(select(chain_entries.c.document).where(chain_entries.c.path == item.path))
    if entry is None:
        return "没有登记在哈希链中"
    if entry_facts(entry) != facts:
        return "与哈希链中登记的不符，应先查明"
    term = policy.terms[item.keep_class]
    proof = {
        **dict(zip(("what", "path", "bytes", "sha256", "sm3"), facts, strict=True)),
        "class": item.keep_class.value,
        "since": warc_date(item.since),
        "due_at": warc_date(item.due_at),
        "policy": {"title": term.title, "months": term.months, "since": term.since, "basis": list(term.basis)},
        "policy_sha256": policy.sha256,
    }
    append_record(connection, RecordKind.DELETION, item.path, item.night_id, by, proof, now)
    return ""


def _carry_out(engine: Engine, folder: Path) -> list[str]:
    """Remove the files whose deletion is recorded; returns those that were still there."""
    with engine.connect() as connection:
        paths = [record.subject for record in read_records(connection, RecordKind.DELETION)]
    removed = []
    for path in paths:
        file = folder / path
        if file.exists():
            file.unlink()
            sync_folder(file.parent)
            removed.append(path)
    return removed


def deletions(connection: Connection) -> dict[str, KeepRecord]:
    """The proof of each path that was deleted."""
    return {record.subject: record for record in read_records(connection, RecordKind.DELETION)}


def deletion_report(folder: Path, path: str, proof: KeepRecord, entry: str | None) -> VerifyReport:
    """A deleted file as verification shows it: sound when the proof names what entered the chain and the file is gone."""
    facts = proof.facts
    stated = tuple(facts.get(name) for name in ("what", "path", "bytes", "sha256", "sm3"))
    same = entry is not None and entry_facts(entry) == stated
    told = _deletion_in_words(proof) if same else "删除记录所写的与哈希链中登记的不符"
    checks = [Check(DELETED, same, told)]
    if (folder / path).exists():
        checks.append(Check(DELETED, False, "已登记删除而文件仍在，请再运行 yiguang evidence expire"))
    return VerifyReport(str(folder / path), tuple(checks), (told,) if same else ())


def _deletion_in_words(proof: KeepRecord) -> str:
    facts, policy = proof.facts, proof.facts.get("policy")
    if not isinstance(policy, dict):
        return f"依保存期限删除，期限未写明，记录 {proof.path}"
    basis = "、".join(map(str, policy.get("basis", ())))
    done = f"{facts.get('recorded_at')}，经办 {facts.get('by')}"
    return f"依保存期限删除（{policy.get('title')}，{basis}，{done}），记录 {proof.path}"
