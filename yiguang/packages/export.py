"""What leaves the data folder with a case: the masked copy for everybody, the sealed original for those who may see it."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from domain.beijing import beijing_time
from domain.nights import Case
from yiguang.errors import CommandFailed
from yiguang.packages.look_files import bundled_looks, look_originals, look_proofs, look_sheet_files
from yiguang.settings import Settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from domain.masking import Masker
    from storage.evidence.masked_shot import ReadWords

VERIFIER = "verify.pyz"


def require_kept(settings: Settings, case: Case) -> None:
    """Raises CommandFailed naming the proof when the case's bundle was deleted by policy."""
    from yiguang.home import open_home

    require_bundles_kept(settings, open_home(settings), {case.id: case.bundle})


def require_bundles_kept(settings: Settings, engine: "Engine", bundles: Mapping[int, str]) -> None:
    """`require_kept` for the bundles of many cases, by number."""
    from domain.retention import RecordKind
    from storage.sealing.keep_records import read_records

    with engine.connect() as connection:
        for case_id, bundle in bundles.items():
            if proofs := read_records(connection, RecordKind.DELETION, subject=bundle):
                raise CommandFailed(f"线索 {case_id} 的证据包已依保存期限删除，见 {settings.home / proofs[0].path}")


@dataclass(frozen=True, slots=True)
class MaskedCopies:
    """Masked copies of any number of bundles, with what has to be opened only once."""

    engine: "Engine"
    folder: Path
    masker: "Masker"
    read: "ReadWords"

    def of(self, case_id: int, bundle: str) -> dict[str, bytes]:
        """Name and content, the text first. Takes seconds: the words in the screenshot are read."""
        from storage.evidence.masked_copy import masked_copy

        copy = masked_copy((self.folder / bundle).read_bytes(), self.masker, self.read)
        said = _statements(self.engine, case_id, lambda text: self.masker.mask(text).text)
        return {Path(bundle).stem + suffix: data for suffix, data in (copy | said).items()}


@contextmanager
def masked_copies(settings: Settings, engine: "Engine") -> Iterator[MaskedCopies]:
    from yiguang.keeping import load_masker
    from yiguang.packages.screenshot_words import screenshot_reader

    with screenshot_reader() as read:
        yield MaskedCopies(engine, settings.home, load_masker(settings.lexicons), read)


def warn_without_shot(names: Iterable[str], of: str) -> None:
    """On stderr, when a masked copy came without its screenshot; the sheet in it says so too, but is not always looked at."""
    if not any(name.endswith(".png") for name in names):
        sys.stderr.write(f"{of}：没有附截图，其中的文字未能识别，无法确认已遮盖个人信息（原因见 .masked.txt）\n")


def masked_files(settings: Settings, case: Case) -> dict[str, bytes]:
    """The masked copy of one case."""
    from storage.sealing.proof import Proofs
    from yiguang.home import open_home

    engine = open_home(settings)
    with masked_copies(settings, engine) as copies:
        copy = copies.of(case.id, case.bundle)
    sheet = look_sheet_files(settings, engine, case.id, f"{Path(case.bundle).stem}.")
    return copy | sheet | look_proofs(engine, case.id, "", Proofs(engine).of)


def original_files(settings: Settings, case: Case) -> dict[str, bytes]:
    """Name and content, the bundle first. Raises CommandFailed when the statement's template is broken."""
    from storage.evidence.boxed_shots import boxed_shots
    from storage.evidence.statement import StatementTemplateBroken, statement_of
    from storage.sealing.proof import SUFFIX, Proofs
    from yiguang.home import open_home
    from yiguang.packages.verifier_file import build_verifier

    engine = open_home(settings)
    name = Path(case.bundle).name
    bundle = (settings.home / case.bundle).read_bytes()
    try:
        template = (settings.lexicons / "letters" / "evidence-statement.txt").read_text(encoding="utf-8")
        statement = statement_of(bundle, template)
    except (StatementTemplateBroken, OSError, UnicodeDecodeError) as fault:
        raise CommandFailed(f"取证说明无法生成：{fault}") from fault
    files = {
        name: bundle,
        f"{name}.sha256": f"{case.bundle_sha256}  {name}\n".encode(),
        f"{name}.statement.txt": statement.encode(),
        VERIFIER: build_verifier(),
        **{name + suffix: picture for suffix, picture in boxed_shots(bundle).items()},
        **{name + suffix: data for suffix, data in _statements(engine, case.id, str).items()},
    }
    proofs = Proofs(engine)
    files |= look_sheet_files(settings, engine, case.id, f"{name}.")
    files |= look_originals(settings, engine, case.id) | look_proofs(engine, case.id, "", proofs.of)
    proof = proofs.of(case.bundle)
    if proof is None:
        sys.stderr.write("尚未封存，未附封存证明\n")
    else:
        files[name + SUFFIX] = proof
    return files


def _statements(engine: "Engine", case_id: int, shown: Callable[[str], str]) -> dict[str, bytes]:
    """What was said against the lead and whether it was taken back, by suffix; nothing when nothing was."""
    from domain.outbox import STATEMENT_ZH
    from storage.leads.outbox import statements_of

    lines = [
        f"{STATEMENT_ZH[said.kind]}（{beijing_time(said.at)}）：{printable(shown(said.text))}\n"
        for said in statements_of(engine, [case_id]).get(case_id, ())
    ]
    return {".意见.txt": "".join(lines).encode()} if lines else {}


def role_of_opener(settings: Settings, by: str) -> str:
    """The role under which somebody takes an original out: empty while no account of the desk may open evidence.

    Raises CommandFailed for who has no account then, a disabled one, or one whose role may not. Nobody is asked for a password: the
    command line is the data folder's owner's, and what it says of him goes on record.
    """
    from domain.roles import ROLE_ZH, Act, may
    from review.accounts import Accounts, fold_name
    from yiguang.home import open_home, utc_now

    accounts = [account for account in Accounts(open_home(settings), utc_now).list() if account.disabled_at is None]
    if not any(may(account.role, Act.OPEN_EVIDENCE) for account in accounts):
        return ""
    for account in accounts:
        if account.name == fold_name(by):
            if may(account.role, Act.OPEN_EVIDENCE):
                return account.role
            raise CommandFailed(f"{ROLE_ZH[account.role]} {account.name} 不得调阅原件")
    raise CommandFailed(f"审核台没有可用的账号 {by.strip()}；--by 须为有权调阅原件的账号（见 yiguang accounts list）")


def record_opening(settings: Settings, case: Case, by: str, role: str, reason: str) -> None:
    """Enter into the chain, and into the desk's log, who takes the original out and why, before it is out."""
    from domain.retention import RecordKind
    from review.audit_log import AuditLog
    from storage.database import writing
    from storage.sealing.keep_records import append_record, write_record_files
    from yiguang.home import open_home, utc_now

    engine = open_home(settings)
    facts = {"case": case.id, "sha256": case.bundle_sha256, "reason": reason, **({"role": role} if role else {})}
    if looks := [each.bundle_sha256 for each in bundled_looks(engine, case.id)]:
        facts["looks"] = looks
    with writing(engine) as connection:
        kind = RecordKind.OPENING
        record = append_record(connection, kind, case.bundle, case.night_id, by, facts, utc_now())
        detail = {**facts, "record": record.path}
        AuditLog(engine, utc_now).record(connection, by.strip(), "original-exported", f"case:{case.id}", detail)
    write_record_files(engine, settings.home)


def write_files(out: Path, files: Mapping[str, bytes]) -> None:
    """Put the files in place, each whole or not at all, the first one last: it is there only when all are. One that is there already
    stays when it is the same, so that an export that broke off can be repeated.

    Raises CommandFailed. Ask `require_free` first.
    """
    from storage.durable_file import write_whole

    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in reversed(list(files)):
            if name == VERIFIER or not (out / name).exists():
                write_whole(out / name, files[name])
    except OSError as fault:
        raise CommandFailed(f"无法写入 {out}：{fault.strerror}") from fault


def require_free(out: Path, files: Mapping[str, bytes]) -> None:
    """Raises CommandFailed when a file of other content bears one of the names, so that nothing goes on record in vain."""
    for name, data in files.items():
        path = out / name
        if name != VERIFIER and path.exists() and path.read_bytes() != data:
            raise CommandFailed(f"{path} 已存在，不覆盖")
