"""Checking evidence: one bundle by itself, or every file against what the database and the chain of digests know of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select

from domain.evidence import Check, VerifyReport
from domain.system_words import file_fault
from storage.canonical import MAX_ARCHIVE_BYTES
from storage.checking.verify_bundle import bundle_checks, stated_limits
from storage.checking.verify_look import look_row_check
from storage.checking.verify_warc import failed, verify_warc
from storage.digests import sha256_hex, sm3_hex
from storage.keeping.expiry import deletion_report, deletions
from storage.sealing.chain import entry_facts
from storage.sealing.keep_records import KeepRecord, verify_records
from storage.tables import bundles, chain_entries, look_bundles, takedown_looks, visits, warc_files

CHAIN = "哈希链"
_LOOKS = (
    select(
        *(look_bundles.c[name] for name in ("path", "night_id", "sha256")),
        *(takedown_looks.c[name] for name in ("case_id", "page_id", "outcome", "grade", "reappeared", "copies")),
    )
    .join(takedown_looks, takedown_looks.c.id == look_bundles.c.look_id)
    .order_by(look_bundles.c.id)
)


def verify_bundle(path: Path, trusted_key: str | None = None) -> VerifyReport:
    """Check one bundle by itself: its form to the last byte, its digests, its signature, and that its parts agree.

    `trusted_key` is the fingerprint of the key that must have signed it. Without it a bundle forged as a whole, signed by
    the forger, is consistent in itself; `verify_all`, which knows the digest from the night of the capture, or a time
    stamp from outside, tells it apart.
    """
    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            return failed(path, "文件", "文件过大，不是本系统生成的证据包")
        data = path.read_bytes()
    except OSError as error:
        return failed(path, "文件", f"无法读取文件：{file_fault(error)}")
    checks = tuple(bundle_checks(data, trusted_key))
    sound = all(check.ok for check in checks)
    return VerifyReport(str(path), checks, tuple(f"限制：{limit}" for limit in stated_limits(data)) if sound else ())


def verify_all(engine: Engine, folder: Path, night_id: str | None = None) -> list[VerifyReport]:
    """Check every bundle and WARC file that the database knows, of one night or of all, against its digests there.

    A file that was deleted by policy is reported with its proof. The records of acts on evidence are checked when all is.
    The chain itself is checked by `storage.checking.verify_chain`.
    """
    known = KnownEvidence.load(engine, folder)
    reports = [known.report(path) for path in known.paths(night_id)]
    return reports if night_id is not None else reports + verify_records(engine, folder)


@dataclass(frozen=True, slots=True)
class KnownEvidence:
    """What the database knows of the files of evidence, to check them one by one."""

    engine: Engine
    folder: Path
    bundles: Mapping[str, Row[Any]]
    looks: Mapping[str, Row[Any]]
    warcs: Mapping[str, Row[Any]]
    entries: Mapping[str, str]
    gone: Mapping[str, KeepRecord]

    @classmethod
    def load(cls, engine: Engine, folder: Path) -> "KnownEvidence":
        with engine.connect() as connection:
            return cls(
                engine,
                folder,
                {row.path: row for row in connection.execute(select(bundles).order_by(bundles.c.id))},
                {row.path: row for row in connection.execute(_LOOKS)},
                {row.path: row for row in connection.execute(select(warc_files).order_by(warc_files.c.id))},
                _chain_documents(connection),
                deletions(connection),
            )

    def paths(self, night_id: str | None = None) -> list[str]:
        """Relative to the data folder, bundles first; those of one night, or all."""
        files = (*self.bundles.values(), *self.looks.values(), *self.warcs.values())
        return [row.path for row in files if night_id is None or row.night_id == night_id]

    def report(self, path: str) -> VerifyReport:
        """Read the file whole. Raises KeyError for a path that is not evidence."""
        entry = self.entries.get(path)
        if path in self.gone:
            return deletion_report(self.folder, path, self.gone[path], entry)
        if path in self.bundles:
            return _verify_known_bundle(self.folder, self.bundles[path], entry)
        if path in self.looks:
            report = _verify_known_bundle(self.folder, self.looks[path], entry)
            same = look_row_check(self.folder / path, self.looks[path]._asdict())
            return replace(report, checks=(*report.checks, same))
        row = self.warcs[path]
        # A night file enters the chain when its night is sealed; `storage.checking.verify_chain` asks whether it did.
        more = [] if entry is None else [_chain_check(self.folder / path, "warc", path, entry)]
        with self.engine.connect() as connection:
            slices = _slices(connection, row)
        return verify_warc(self.folder / path, row.length, row.sealed, slices, more)


def _chain_documents(connection: Connection) -> dict[str, str]:
    """The chain's entry for each path."""
    rows = connection.execute(select(chain_entries.c.path, chain_entries.c.document))
    return {row.path: row.document for row in rows}


def _slices(connection: Connection, warc: Row[Any]) -> list[tuple[int, int, str]]:
    rows = connection.execute(
        select(visits.c.warc_offset, visits.c.warc_length, visits.c.warc_sha256)
        .where(visits.c.warc_id == warc.id)
        .order_by(visits.c.warc_offset)
    )
    return [(0, warc.head_length, warc.head_sha256), *((row[0], row[1], row[2]) for row in rows)]


def _verify_known_bundle(folder: Path, row: Row[Any], entry: str | None) -> VerifyReport:
    path = folder / row.path
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return failed(path, "文件", f"证据包缺失或无法读取：{file_fault(error)}")
    same = digest == row.sha256
    message = (
        "整包 SHA-256 与取证时登记的一致" if same else f"整包 SHA-256 与登记不符：登记 {row.sha256}，实际 {digest}"
    )
    checks = [Check("整包", same, message)]
    if entry is None:
        checks.append(Check(CHAIN, False, "证据包没有登记在哈希链中"))
    else:
        checks.append(_chain_check(path, "bundle", row.path, entry))
    return VerifyReport(str(path), (*checks, *verify_bundle(path).checks))


def _chain_check(path: Path, kind: str, relative: str, entry: str) -> Check:
    """Whether the file is the one that entered the chain."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return Check(CHAIN, False, f"文件无法读取：{file_fault(error)}")
    said = entry_facts(entry)
    same = said == (kind, relative, len(data), sha256_hex(data), sm3_hex(data))
    return Check(CHAIN, same, "与哈希链中登记的一致" if same else "与哈希链中登记的长度、SHA-256 或 SM3 不符")


@dataclass(frozen=True, slots=True)
class EvidenceCounts:
    """Visits and bundles in the database, ever."""

    visits: int
    bundles: int


def count_evidence(engine: Engine) -> EvidenceCounts:
    """Zero bundles after visits is a failure that no report would show: there is nothing to report on."""
    with engine.connect() as connection:
        return EvidenceCounts(
            visits=connection.scalar(select(func.count()).select_from(visits)) or 0,
            bundles=connection.scalar(select(func.count()).select_from(bundles)) or 0,
        )
