"""Steps of packages and statements about leads, taken by a person and on record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from domain.outbox import Statement, StatementKind, Step, StepRefused, StepTaken
from domain.outbox_rules import require_told, writers
from domain.roles import Act
from yiguang.errors import CommandFailed, UsageError
from yiguang.home import open_home, utc_now
from yiguang.packages.referring import person, recipient_cards
from yiguang.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from referral.package_folder import PackageFolder
    from storage.leads.outbox import Package

#: Which act each step is; the rest are the officer's.
_ACTS = {Step.APPROVED: Act.APPROVE_PACKAGE, Step.RETURNED: Act.APPROVE_PACKAGE}


def note_step(settings: Settings, number: str, by: str, new: StepTaken, folder: Path | None = None) -> "Package":
    """Record a step by the account `by` (empty: the only one that may). `folder` holds the package: what is approved or sent is
    what lies there. The evidence of what is sent is kept as referred from then on. Raises UsageError for a step that is told wrong
    whatever the package, CommandFailed with the reason when it may not be taken."""
    from referral.package_folder import PackageDamaged, require_unchanged
    from review.keep_classes import class_referred
    from yiguang.keeping import load_policy

    _require_told(new)
    engine = open_home(settings)
    but_not = _writers(engine, number) if new.step is Step.APPROVED else ()
    name = person(settings, by, _ACTS.get(_meant(engine, number, new), Act.REFER), but_not)
    digest = new.manifest_sha256
    if folder is not None:
        package = _folder(folder, number)
        try:
            require_unchanged(package)
        except PackageDamaged as fault:
            raise CommandFailed(f"{number}：{fault}") from fault
        digest = package.manifest_sha256
    taken = replace(new, by=name, manifest_sha256=digest)
    if taken.step is not Step.SENT:
        return _take(engine, number, taken)
    policy = load_policy(settings.lexicons)  # before anything is on record
    package_sent = _take(engine, number, taken)
    try:
        class_referred(engine, settings.home, policy, utc_now())
    except OSError as fault:
        raise CommandFailed(
            f"{number}：寄送已登记；证据改按“已移送”保存没有写完（{fault.strerror}），下一夜结束时接着做"
        ) from fault
    return package_sent


def revise_letters(settings: Settings, number: str, by: str, new: StepTaken, folder: Path) -> "Package":
    """Register letters that an officer has edited in the folder, and write its lists and archives anew. They have to be approved
    again, by another. Raises UsageError and CommandFailed as `note_step` does."""
    from referral.package import MANIFEST, AttachmentTooLarge
    from referral.package_folder import PackageDamaged, left_over, revised
    from storage.digests import sha256_hex
    from storage.leads.outbox import find_package

    _require_told(new)
    engine = open_home(settings)
    name = person(settings, by, Act.REFER)
    package = _folder(folder, number)
    try:
        registered = find_package(engine, number)
        card = recipient_cards(settings)[registered.recipient]
        files = revised(package, card.attachments_bytes)
    except KeyError:
        raise _unknown(number) from None
    except (PackageDamaged, AttachmentTooLarge) as fault:
        raise CommandFailed(f"{number}：{fault}") from fault
    digest = sha256_hex(files[f"{folder.name}/{MANIFEST}"])
    # On record already when it broke off while files were written: then these are all that is left to do
    if digest != registered.manifest_now:
        registered = _take(engine, number, replace(new, by=name, manifest_sha256=digest))
    _write(folder.parent, files, left_over(package, files))
    return registered


def _write(out: Path, files: Mapping[str, bytes], superseded: Sequence[Path]) -> None:
    """The list of files last: until it is there, the folder is seen to be unfinished."""
    from storage.durable_file import write_whole

    try:
        for path in superseded:
            path.unlink()
        for name, data in files.items():
            write_whole(out / name, data)
    except OSError as fault:
        raise CommandFailed(f"无法写入 {out}：{fault.strerror}") from fault


def note_statement(
    settings: Settings, case_id: int, by: str, kind: StatementKind, text: str, at: datetime, file: Path | None = None
) -> "list[Package]":
    """Record what was said of a lead and return the packages that hold it. Raises UsageError for a statement without words, one of a
    time to come or a paper that cannot be read, CommandFailed when the lead is unknown, the account may not, or there is nothing to
    take back."""
    from storage.leads.outbox import add_statement, packages_with

    if not text.strip():
        raise UsageError("须写明内容或理由（--text）")
    if at > utc_now():
        raise UsageError("时间不能晚于现在")
    paper = digest_of(file)
    engine = open_home(settings)
    ours = kind in (StatementKind.WITHDRAWN, StatementKind.REINSTATED)
    name = person(settings, by, Act.WITHDRAW_LEAD if ours else Act.REFER)
    said = Statement(kind, name, at, utc_now(), text.strip(), *paper)
    detail = {"kind": kind.value, "text": said.text, "file": said.file_name, "file_sha256": said.file_sha256}
    try:
        add_statement(engine, case_id, said, _log(engine, name, "lead-statement", f"page:{case_id}", detail))
    except KeyError:
        raise CommandFailed(f"没有编号为 {case_id} 的线索") from None
    except StepRefused as refused:
        raise CommandFailed(f"线索 {case_id}：{refused}") from refused
    return packages_with(engine, case_id)


def digest_of(file: Path | None) -> tuple[str, str]:
    """Name and SHA-256 of a paper of the other side; empty for None. Raises UsageError when it cannot be read."""
    from storage.digests import sha256_hex

    if file is None:
        return "", ""
    try:
        return file.name, sha256_hex(file.read_bytes())
    except OSError as fault:
        raise UsageError(f"无法读取 {file}：{fault.strerror}") from fault


def _require_told(new: StepTaken) -> None:
    try:
        require_told(new)
    except StepRefused as refused:
        raise UsageError(str(refused)) from refused


def _writers(engine: "Engine", number: str) -> frozenset[str]:
    from storage.leads.outbox import find_package

    try:
        package = find_package(engine, number)
    except KeyError:
        raise _unknown(number) from None
    return writers(package.made_by, package.steps)


def _meant(engine: "Engine", number: str, new: StepTaken) -> Step:
    """The step itself or, when it strikes another, that one: who may take a step may take it back."""
    from storage.leads.outbox import find_package

    if new.step is not Step.STRUCK:
        return new.step
    try:
        entered = find_package(engine, number).entered
    except KeyError:
        raise _unknown(number) from None
    return next((taken.step for taken in entered if taken.id == new.corrects), new.step)


def _take(engine: "Engine", number: str, taken: StepTaken) -> "Package":
    from storage.leads.outbox import take_step

    detail = {
        "step": taken.step.value,
        "text": taken.text,
        "reference": taken.reference,
        "manifest_sha256": taken.manifest_sha256,
        "corrects": "" if taken.corrects is None else str(taken.corrects),
        "file": taken.file_name,
        "file_sha256": taken.file_sha256,
    }
    try:
        return take_step(engine, number, taken, _log(engine, taken.by, "package-step", f"package:{number}", detail))
    except KeyError:
        raise _unknown(number) from None
    except StepRefused as refused:
        raise CommandFailed(f"{number}：{refused}") from refused


def _folder(folder: Path, number: str) -> "PackageFolder":
    from referral.package_folder import PackageDamaged, read_folder

    try:
        return read_folder(folder, number)
    except PackageDamaged as fault:
        raise CommandFailed(str(fault)) from fault


def _unknown(number: str) -> CommandFailed:
    return CommandFailed(f"没有编号为 {number} 的移送材料（见 yiguang outbox list）")


def _log(engine: "Engine", name: str, act: str, subject: str, detail: dict[str, str]) -> "Callable[[Connection], None]":
    from review.audit_log import AuditLog

    said = {key: value for key, value in detail.items() if value}

    def record(connection: "Connection") -> None:
        AuditLog(engine, utc_now).record(connection, name, act, subject, said)

    return record
