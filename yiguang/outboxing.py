"""Steps of a package and statements about a lead, by a named account and on record."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from domain.outbox import Statement, StatementKind, Step, StepRefused, StepTaken
from domain.roles import Act
from referral.package import MANIFEST
from storage.digests import sha256_hex
from yiguang.errors import CommandFailed
from yiguang.home import open_home, utc_now
from yiguang.referring import person
from yiguang.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from storage.outbox import Package

#: Which act each step is; the rest are the officer's.
_ACTS = {Step.APPROVED: Act.APPROVE_PACKAGE, Step.RETURNED: Act.APPROVE_PACKAGE}


def note_step(settings: Settings, number: str, by: str, new: StepTaken, folder: Path | None = None) -> "Package":
    """Record a step by the account `by` (empty: the only one that may). `folder` holds the package: what is approved or sent is
    what lies there. Raises CommandFailed with the reason when the step may not be taken."""
    from storage.outbox import take_step

    engine = open_home(settings)
    name = person(settings, by, _ACTS.get(new.step, Act.REFER))
    digest = digest_of(folder) if folder is not None else new.manifest_sha256
    taken = replace(new, by=name, manifest_sha256=digest)
    detail = {"step": taken.step.value, "text": taken.text, "reference": taken.reference, "manifest_sha256": digest}
    try:
        return take_step(engine, number, taken, _log(engine, name, "package-step", f"package:{number}", detail))
    except KeyError:
        raise CommandFailed(f"没有编号为 {number} 的移送材料（见 yiguang outbox list）") from None
    except StepRefused as refused:
        raise CommandFailed(f"{number}：{refused}") from refused


def note_statement(settings: Settings, case_id: int, by: str, kind: StatementKind, text: str, at: datetime) -> None:
    """Raises CommandFailed when the lead is unknown or the account may not."""
    from storage.outbox import add_statement

    engine = open_home(settings)
    ours = kind in (StatementKind.WITHDRAWN, StatementKind.REINSTATED)
    name = person(settings, by, Act.WITHDRAW_LEAD if ours else Act.REFER)
    if not text.strip():
        raise CommandFailed("须写明内容或理由")
    said = Statement(kind, name, at, utc_now(), text.strip())
    log = _log(engine, name, "lead-statement", f"page:{case_id}", {"kind": kind.value, "text": said.text})
    try:
        add_statement(engine, case_id, said, log)
    except KeyError:
        raise CommandFailed(f"没有编号为 {case_id} 的线索") from None
    except StepRefused as refused:
        raise CommandFailed(f"线索 {case_id}：{refused}") from refused


def digest_of(folder: Path) -> str:
    """The SHA-256 of the list of files in the folder of a package. Raises CommandFailed when there is none."""
    path = folder / MANIFEST
    try:
        return sha256_hex(path.read_bytes())
    except OSError as fault:
        raise CommandFailed(f"无法读取 {path}：{fault.strerror}") from fault


def _log(engine: "Engine", name: str, act: str, subject: str, detail: dict[str, str]) -> "Callable[[Connection], None]":
    from review.audit_log import AuditLog

    said = {key: value for key, value in detail.items() if value}

    def record(connection: "Connection") -> None:
        AuditLog(engine, utc_now).record(connection, name, act, subject, said)

    return record
