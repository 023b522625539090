"""Handing the signing over from one key to the next.

The old key signs a head over everything so far, then signs the new public key; that hand-over enters the chain. From its
entry on heads are signed by the new key. The old private key is gone afterwards: nothing more is to be signed with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from domain.evidence import Check
from domain.retention import RecordKind
from storage.canonical import canonical_json
from storage.database import writing
from storage.durable_file import sync_folder
from storage.sealing.chain import lock_chain
from storage.sealing.keep_records import KeepRecord, append_record, files_after_record, read_records, write_record_files
from storage.sealing.seal_key import SealKey, key_fingerprint, make_key_file, signature_problem
from storage.sealing.seals import sign_head, write_seal_files
from storage.tables import chain_entries, nights

FORMAT = "yiguang-key-1"
NEXT_NAME = "seal.next.pem"  # beside the key in use, until it takes its place
HANDED_OVER = "密钥更换"


class NightIsOpen(Exception):
    """A night has begun and not ended: its bundles are signed by the old key, its head would be by the new one."""


@dataclass(frozen=True, slots=True)
class SigningPeriod:
    """The key that signs heads whose last entry is at least `first_entry` (and below the next period's)."""

    fingerprint: str
    first_entry: int


def rotate_key(engine: Engine, folder: Path, key_path: Path, by: str, reason: str, now: datetime) -> SealKey:
    """Make a new key file, hand over to it, put it in place; gives the new one. May be called again after a crash.

    Call it while no crawl is at work. Raises NightIsOpen, SealKeyUnusable, RecordIncomplete, and OSError for the new key's file;
    nothing is changed then. Raises FileAfterRecord when the hand-over is recorded and a file that follows cannot be written.
    """
    finish_rotation(engine, key_path)
    old = SealKey.load(key_path)
    next_path = key_path.with_name(NEXT_NAME)
    make_key_file(next_path)  # one that a crash left behind, handed over to by nobody, will do
    new = SealKey.load(next_path)
    hand_over(engine, folder, old, new, by, reason, now)
    with files_after_record():
        finish_rotation(engine, key_path)
    return new


def hand_over(
    engine: Engine, folder: Path, old: SealKey, new: SealKey, by: str, reason: str, now: datetime
) -> KeepRecord:
    """Sign a head over everything so far and the new public key with the old one, wherever the two are kept.

    Raises NightIsOpen, SealKeyUnusable, RecordIncomplete; nothing is changed then. Raises FileAfterRecord when it is recorded and a
    file cannot be written.
    """
    with writing(engine) as connection:
        lock_chain(connection)
        if connection.scalar(select(func.count()).select_from(nights).where(nights.c.ended_at.is_(None))):
            raise NightIsOpen
        last_night = select(chain_entries.c.night_id).order_by(chain_entries.c.number.desc()).limit(1)
        sign_head(connection, connection.scalar(last_night) or "", old, now)
        facts = _hand_over(old.public_key, new.public_key)
        signature = old.sign(canonical_json(facts))
        record = append_record(
            connection, RecordKind.KEY, "", "", by, {"hand_over": facts, "signature": signature, "reason": reason}, now
        )
    with files_after_record():
        write_seal_files(engine, folder)
    write_record_files(engine, folder)
    return record


def handed_over_to(engine: Engine, fingerprint: str) -> str:
    """The key that a key has handed over to, after which nothing more is to be signed with it; empty while it is in use."""
    with engine.connect() as connection:
        pairs = [_keys_of(record) for record in read_records(connection, RecordKind.KEY)]
    return next((_fingerprint(new) for old, new in pairs if _fingerprint(old) == fingerprint), "")


def finish_rotation(engine: Engine, key_path: Path) -> bool:
    """Put a new key in place whose hand-over is recorded; true when there was one waiting."""
    next_path = key_path.with_name(NEXT_NAME)
    if not next_path.exists():
        return False
    waiting = SealKey.load(next_path).public_key
    with engine.connect() as connection:
        handed_over = {new for _, new in map(_keys_of, read_records(connection, RecordKind.KEY))}
    if waiting not in handed_over:
        return False
    next_path.replace(key_path)
    sync_folder(key_path.parent)
    return True


def signing_periods(connection: Connection, current: str) -> tuple[list[SigningPeriod], list[Check]]:
    """Which key signs from which entry on, and the checks of the hand-overs. `current` is the fingerprint in use."""
    records = read_records(connection, RecordKind.KEY)
    if not records:
        return [SigningPeriod(current, 0)], []
    paths = [record.path for record in records]
    rows = connection.execute(
        select(chain_entries.c.path, chain_entries.c.number).where(chain_entries.c.path.in_(paths))
    )
    numbers = {row.path: row.number for row in rows}
    periods = [SigningPeriod(_fingerprint(_keys_of(records[0])[0]), 0)]
    checks = []
    for record in records:
        fault = _hand_over_fault(record, periods[-1].fingerprint)
        checks.append(Check(HANDED_OVER, not fault, fault or f"{record.path}：旧密钥签名移交，有效"))
        if fault or record.path not in numbers:
            continue
        periods.append(SigningPeriod(_fingerprint(_keys_of(record)[1]), numbers[record.path]))
    if periods[-1].fingerprint != current:
        checks.append(Check(HANDED_OVER, False, f"现用密钥 {current} 不是最后移交到的 {periods[-1].fingerprint}"))
    return periods, checks


def key_at(periods: Sequence[SigningPeriod], last_entry: int) -> str:
    """The fingerprint of the key that has to sign a head up to `last_entry`."""
    return [period.fingerprint for period in periods if period.first_entry <= last_entry][-1]


def _hand_over(old: str, new: str) -> dict[str, str]:
    return {"format": FORMAT, "old_public_key": old, "new_public_key": new}


def _keys_of(record: KeepRecord) -> tuple[str, str]:
    hand_over: Any = record.facts.get("hand_over")
    if not isinstance(hand_over, dict):
        return "", ""
    return str(hand_over.get("old_public_key", "")), str(hand_over.get("new_public_key", ""))


def _hand_over_fault(record: KeepRecord, signer: str) -> str:
    old, new = _keys_of(record)
    if _fingerprint(old) != signer:
        return f"{record.path}：移交的不是当时的密钥"
    if not _fingerprint(new):
        return f"{record.path}：新公钥无法解析"
    fault = signature_problem(old, canonical_json(_hand_over(old, new)), str(record.facts.get("signature", "")))
    return f"{record.path}：{fault}" if fault else ""


def _fingerprint(public_key: str) -> str:
    """Empty for what is no public key."""
    try:
        return key_fingerprint(public_key) if public_key else ""
    except ValueError:
        return ""
