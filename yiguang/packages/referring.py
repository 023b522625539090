"""Making a package: from cases and a recipient to files in a folder, on record."""

import shutil
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.roles import ROLE_ZH, Act, may, who_may
from domain.routing import Recipient, Route, RouteChange, changed, routes_of
from yiguang.errors import CommandFailed, UsageError
from yiguang.packages.export import require_bundles_kept, write_files
from yiguang.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from referral.lead import ReferredLead
    from referral.recipients import RecipientCard


@dataclass(frozen=True, slots=True)
class Made:
    """A complete package. `parts` are the archives for sending, `missing` how many of the things asked for are not known."""

    number: str
    folder: Path
    parts: tuple[Path, ...]
    checklist: Path
    manifest_sha256: str
    missing: int


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for. `note` is the reason for a recipient that is not proposed, empty without one. `transfer`: the sender is an authority that
    transfers cases itself, so that the papers for that are drafted too."""

    cases: Sequence[int]
    recipient: Recipient
    by: str
    sender: str
    note: str
    told: Mapping[str, str]
    transfer: bool = False


def make_package(settings: Settings, request: Request, out: Path, progress: Callable[[str], None]) -> Made:
    """Raises CommandFailed, naming the case, when one may not leave or a file cannot be made. A number that was given for a
    package that failed is not used again."""
    from referral.checklist import check
    from referral.letter import Consignment
    from referral.package import (
        MANIFEST,
        AttachmentTooLarge,
        checklist_text,
        listings,
        rows_of,
        sizes_of,
        transmissions,
    )
    from referral.register import record_package, reserve_number
    from storage.digests import sha256_hex
    from storage.files_on_demand import files_in
    from yiguang.home import open_home, utc_now
    from yiguang.packages.package_files import package_files

    card = recipient_cards(settings)[request.recipient]
    if request.transfer and not card.papers:
        raise UsageError(f"{card.name}没有须另拟的移送文书，--transfer 只用于有此文书的部门")
    engine = open_home(settings)
    leads = confirmed_leads(settings, engine, request.cases, card)
    routes = [_route(lead, request) for lead in leads]
    require_bundles_kept(settings, engine, {lead.case_id: lead.bundle for lead in leads})
    made_at = utc_now()
    number = reserve_number(engine, request.recipient, request.cases, request.by, request.told, made_at)
    consignment = Consignment(number, card, leads, routes, request.sender, made_at, request.told)
    folder = out / number
    checklist = f"{number} 核对单.txt"
    with _unfinished(folder) as begun:
        rows: list[dict[str, Any]] = []
        for made in package_files(settings, engine, consignment, progress, drafts=request.transfer):
            write_files(begun, made)
            rows += rows_of(made)
        lists = listings(rows, consignment)
        write_files(begun, lists)
        files = files_in(begun, [row["name"] for row in rows]).then(lists)
        try:
            parts = transmissions(files, sizes_of(rows, lists), card.attachments_bytes, number)
        except AttachmentTooLarge as fault:
            raise CommandFailed(str(fault)) from fault
        write_files(out, parts.then({checklist: checklist_text(consignment, transfer=request.transfer).encode()}))
    digest = sha256_hex(lists[MANIFEST])
    record_package(engine, number, digest)
    _log(engine, request, number, digest, made_at)
    missing = sum(not item.value for lead in leads for item in check(lead, card, request.told))
    return Made(number, folder, tuple(out / name for name in parts), out / checklist, digest, missing)


def recipient_cards(settings: Settings) -> "Mapping[Recipient, RecipientCard]":
    """Raises CommandFailed when the file that describes the recipients is broken."""
    from classifier.errors import LexiconError
    from referral.checklist import FIELDS
    from referral.recipients import RecipientsBroken, load_recipients
    from yiguang.lexicon_words import said_of

    try:
        return load_recipients(settings.lexicons, frozenset(FIELDS))
    except (LexiconError, RecipientsBroken) as fault:
        raise CommandFailed(said_of(fault)) from fault


def officer(settings: Settings, by: str) -> str:
    """The account that answers for a package: the one named or, for an empty name, the only one that may refer.

    Raises CommandFailed when there is none or several, or the one named may not.
    """
    return person(settings, by, Act.REFER)


def person(settings: Settings, by: str, act: Act, but_not: Collection[str] = ()) -> str:
    """The same for any act. `but_not` may not do it this time, and so are not chosen or offered."""
    from review.accounts import Accounts, fold_name
    from yiguang.home import open_home, utc_now

    usable = [item for item in Accounts(open_home(settings), utc_now).list() if item.disabled_at is None]
    if not by.strip():
        able = [item.name for item in usable if may(item.role, act) and item.name not in but_not]
        if len(able) == 1:
            return able[0]
        many = f"有多个账号可以办理（{'、'.join(able)}），用 --by 指明经办人"
        none = f"除{'、'.join(sorted(but_not))}以外没有可以办理的账号" if but_not else "没有可以办理的账号"
        raise CommandFailed(many if able else f"{none}，先用 yiguang accounts add 建立{who_may(act)}账号")
    account = next((item for item in usable if item.name == fold_name(by)), None)
    if account is None:
        raise CommandFailed(f"审核台没有可用的账号 {by.strip()}（见 yiguang accounts list）")
    if not may(account.role, act):
        raise CommandFailed(f"{ROLE_ZH[account.role]} {account.name} 不得办理此事，须是{who_may(act)}")
    return account.name


def confirmed_leads(
    settings: Settings, engine: "Engine", cases: Sequence[int], card: "RecipientCard | None" = None
) -> "list[ReferredLead]":
    """Each case once, as it goes to the recipient of `card`. Raises CommandFailed naming the one that is not there or may not leave."""
    from classifier.errors import LexiconError
    from classifier.reference import load_reference
    from referral.lead import NotReferable, gather
    from yiguang.keeping import load_masker
    from yiguang.lexicon_words import said_of

    masker = load_masker(settings.lexicons)
    try:
        reference = load_reference(settings.lexicons)
        leads = [gather(engine, case, reference, masker) for case in dict.fromkeys(cases)]
    except KeyError as fault:
        raise CommandFailed(f"没有编号为 {fault.args[0]} 的线索") from fault
    except (NotReferable, LexiconError) as fault:
        raise CommandFailed(said_of(fault)) from fault
    plain = None if card is None else card.plain
    if plain is None:
        return leads
    return [lead if lead.is_ad else lead.as_plain(plain.without, reference.cite(plain.basis)) for lead in leads]


def _route(lead: "ReferredLead", request: Request) -> Route:
    """The proposed route to that recipient, or the one that a person chose with a reason."""
    proposed = routes_of(lead.routed(), lead.is_ad, lead.subject, lead.publication)
    found = next((route for route in proposed if route.recipient is request.recipient), None)
    if found is not None and not request.note:
        return found
    if not request.note:
        names = "、".join(route.recipient for route in proposed) or "无"
        raise CommandFailed(
            f"线索 {lead.case_id} 依规则不送 {request.recipient}（建议：{names}）；确需移送的，用 --note 写明理由"
        )
    choice = RouteChange((request.recipient,), request.by, request.note)
    return changed(proposed, choice, lead.subject, lead.publication)[0]


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A hidden folder beside `folder`, which gets its name when all went well and is gone otherwise. Raises CommandFailed."""
    from storage.durable_file import sync_folder

    if folder.exists():
        raise CommandFailed(f"{folder} 已存在，不覆盖")
    begun = folder.with_name(f".{folder.name}")
    try:
        yield begun
        begun.replace(folder)
        sync_folder(folder.parent)
    except BaseException as fault:
        shutil.rmtree(begun, ignore_errors=True)
        if isinstance(fault, OSError):
            raise CommandFailed(f"无法写入 {folder}：{fault.strerror}") from fault
        raise


def _log(engine: "Engine", request: Request, number: str, digest: str, now: datetime) -> None:
    from review.audit_log import AuditLog
    from storage.database import writing

    detail = {"cases": list(request.cases), "recipient": request.recipient.value, "manifest_sha256": digest}
    if request.note:
        detail["note"] = request.note
    with writing(engine) as connection:
        AuditLog(engine, lambda: now).record(connection, request.by, "package-made", f"package:{number}", detail)
