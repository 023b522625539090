"""Checking the chain of digests, its signed heads and their time stamps, in the database and in `seals/`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from domain.evidence import Check, VerifyReport
from domain.stamps import StampAuthority
from domain.system_words import file_fault
from storage.archive.all_bundles import all_bundles
from storage.canonical import canonical_json
from storage.checking.verify_bundle import SIGNATURE, SIGNER
from storage.checking.verify_warc import UNREADABLE
from storage.digests import sha256_hex
from storage.sealing.chain import ChainEntry, all_entries, chain_faults, read_entries
from storage.sealing.key_rotation import key_at, signing_periods
from storage.sealing.seal_key import key_fingerprint, signature_problem
from storage.sealing.seals import ENTRIES, HEAD, NO_HEAD, Seal, entry_lines, head_document, head_of, read_seals
from storage.tables import chain_entries, nights, time_stamps, warc_files

CHAIN = "哈希链"


def verify_chain(
    engine: Engine, folder: Path, trusted_key: str, authorities: Sequence[StampAuthority] = ()
) -> list[VerifyReport]:
    """One report for the chain and one for each head, oldest first; none when nothing has entered the chain.

    `trusted_key` is the fingerprint of the key in use. A head must be signed by the key of its time: that one, or one
    that handed over to it.
    """
    by_name = {authority.name: authority for authority in authorities}
    with engine.connect() as connection:
        seals = read_seals(connection)
        length = connection.scalar(select(func.max(chain_entries.c.number))) or 0
        if not length and not seals:
            return []
        chain_checks, chain_notes = _chain_checks(connection, length, seals)
        keys, key_checks = signing_periods(connection, trusted_key)
        reports = [VerifyReport(str(folder / "seals"), (*chain_checks, *key_checks), chain_notes)]
        previous = NO_HEAD
        for seal in seals:
            under = read_entries(connection, seal.first_entry, seal.last_entry)
            stamps = connection.execute(
                select(time_stamps).where(time_stamps.c.seal_number == seal.number).order_by(time_stamps.c.id)
            ).all()
            checks = [*_seal_checks(folder, seal, under, previous, key_at(keys, seal.last_entry))]
            notes = [] if stamps else ["没有时间戳：封存时间只有本系统自己的时钟为证"]
            for stamp in stamps:
                check, note = _stamp_check(folder, seal, stamp, by_name)
                checks += [check] if check else []
                notes += [note] if note else []
            reports.append(VerifyReport(str(folder / seal.folder), tuple(checks), tuple(notes)))
            previous = seal.digest
    return reports


def _chain_checks(
    connection: Connection, length: int, seals: Sequence[Seal]
) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    checks = [
        Check(f"{CHAIN}第 {number} 条", False, message) for number, message in chain_faults(all_entries(connection))
    ]
    if not checks:
        checks.append(Check(CHAIN, True, f"哈希链 {length} 条首尾相接"))
    covered = seals[-1].last_entry if seals else 0
    if covered > length:
        message = f"哈希链只有 {length} 条，而封存摘要已盖到第 {covered} 条：后面的被删去"
        checks.append(Check(CHAIN, False, message))
    for path in connection.scalars(_paths_outside_the_chain()):
        checks.append(Check(CHAIN, False, f"{path} 没有登记在哈希链中"))
    open_entries = length - covered
    notes = (f"哈希链最后 {open_entries} 条尚未封存，待夜间巡查结束时封存",) if open_entries > 0 else ()
    return tuple(checks), notes


def _paths_outside_the_chain() -> Any:
    """Bundles, and night files of nights that have ended, that never entered."""
    inside = select(chain_entries.c.path)
    ended = select(nights.c.id).where(nights.c.ended_at.is_not(None))
    made = all_bundles().subquery()
    lost_bundles = select(made.c.path).where(made.c.path.not_in(inside))
    lost_warcs = select(warc_files.c.path).where(warc_files.c.path.not_in(inside), warc_files.c.night_id.in_(ended))
    return lost_bundles.union(lost_warcs)


def _seal_checks(folder: Path, seal: Seal, under: list[ChainEntry], previous: str, trusted_key: str) -> Iterator[Check]:
    try:
        yield from _head_checks(seal, under, previous, trusted_key)
    except UNREADABLE as error:
        yield Check(HEAD, False, f"封存摘要无法解析（{type(error).__name__}）")
    files = {HEAD: seal.document.encode(), ENTRIES: entry_lines(under)}
    for name, expected in files.items():
        yield _file_check(folder / seal.folder / name, expected)


def _head_checks(seal: Seal, under: list[ChainEntry], previous: str, trusted_key: str) -> Iterator[Check]:
    given = json.loads(seal.document)
    head, signature = given["head"], given["signature"]
    consistent = sha256_hex(seal.document.encode()) == seal.digest and head_document(head, signature).decode() == (
        seal.document
    )
    yield Check(HEAD, consistent, "封存摘要与登记一致" if consistent else "封存摘要与登记的 SHA-256 不符")
    again = head_of(seal.number, seal.night_id, previous, under, head["public_key"], seal.created_at) if under else {}
    wrong = "、".join(name for name in sorted({*again, *head}) if again.get(name) != head.get(name))
    yield Check(
        HEAD,
        not wrong,
        f"盖有哈希链第 {seal.first_entry} 至 {seal.last_entry} 条，默克尔根相符"
        if not wrong
        else f"封存摘要与哈希链不符：{wrong}",
    )
    fault = signature_problem(head["public_key"], canonical_json(head), signature)
    yield Check(SIGNATURE, not fault, f"封存摘要的{fault}" if fault else "封存摘要的签名有效")
    fingerprint = key_fingerprint(head["public_key"])
    known = fingerprint == trusted_key
    yield Check(SIGNER, known, "由当时的密钥签名" if known else f"签名公钥 {fingerprint} 不是当时的密钥 {trusted_key}")


def _file_check(path: Path, expected: bytes) -> Check:
    try:
        same = path.read_bytes() == expected
    except OSError as error:
        return Check(path.name, False, f"文件缺失或无法读取：{file_fault(error)}")
    return Check(path.name, same, "文件与数据库一致" if same else "文件与数据库不一致")


def _stamp_check(
    folder: Path, seal: Seal, stamp: Row[Any], authorities: Mapping[str, StampAuthority]
) -> tuple[Check | None, str]:
    """The check of a token, and what is no failure but should be known."""
    if stamp.token is None:
        return None, f"{stamp.authority}：尚未取得时间戳，已排队（试过 {stamp.attempts} 次）{stamp.detail}"
    if sha256_hex(stamp.token) != stamp.token_sha256:
        return Check(stamp.token_file, False, f"{stamp.authority}：令牌与登记的 SHA-256 不符"), ""
    on_disk = _file_check(folder / seal.folder / stamp.token_file, stamp.token)
    if not on_disk.ok:
        return on_disk, ""
    authority = authorities.get(stamp.authority)
    if authority is None:
        return on_disk, f"{stamp.authority}：未配置该机构，时间戳只与数据库比对，未核验其签名"
    reading = authority.read(seal.document.encode(), stamp.token)
    if not reading.ok or reading.stamped_at is None:
        return Check(stamp.token_file, False, f"{stamp.authority}：{reading.message}"), ""
    late = reading.stamped_at - seal.created_at
    message = f"{stamp.authority}：{reading.message}，时间 {reading.stamped_at.isoformat()}，距封存 {late}"
    return Check(stamp.token_file, True, message), message
