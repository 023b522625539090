"""What leaves the data folder with a case: the masked copy for everybody, the sealed original for those who may see it."""

import sys
from pathlib import Path

from domain.nights import Case
from yiguang.errors import CommandFailed
from yiguang.settings import Settings

VERIFIER = "verify.pyz"


def require_kept(settings: Settings, case: Case) -> None:
    """Raises CommandFailed naming the proof when the case's bundle was deleted by policy."""
    from domain.retention import RecordKind
    from storage.keep_records import read_records
    from yiguang.home import open_home

    with open_home(settings).connect() as connection:
        proofs = read_records(connection, RecordKind.DELETION, subject=case.bundle)
    if proofs:
        raise CommandFailed(f"线索 {case.id} 的证据包已依保存期限删除，见 {settings.home / proofs[0].path}")


def masked_files(settings: Settings, case: Case) -> dict[str, bytes]:
    """Name and content, the text first. Takes seconds: the words in the screenshot are read."""
    from storage.masked_copy import masked_copy
    from yiguang.keeping import load_masker
    from yiguang.screenshot_words import screenshot_words

    bundle = (settings.home / case.bundle).read_bytes()
    copy = masked_copy(bundle, load_masker(settings.lexicons), screenshot_words)
    return {Path(case.bundle).stem + suffix: data for suffix, data in copy.items()}


def original_files(settings: Settings, case: Case) -> dict[str, bytes]:
    """Name and content, the bundle first. Raises CommandFailed when the statement's template is broken."""
    from storage.boxed_shots import boxed_shots
    from storage.proof import SUFFIX, proof_of
    from storage.statement import StatementTemplateBroken, statement_of
    from yiguang.home import open_home
    from yiguang.verifier_file import build_verifier

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
    }
    proof = proof_of(open_home(settings), case.bundle)
    if proof is None:
        sys.stderr.write("尚未封存，未附封存证明\n")
    else:
        files[name + SUFFIX] = proof
    return files


def record_opening(settings: Settings, case: Case, by: str, reason: str) -> None:
    """Enter into the chain who takes the original out and why, before it is out."""
    from domain.retention import RecordKind
    from storage.keep_records import record_act
    from yiguang.home import open_home, utc_now

    facts = {"case": case.id, "sha256": case.bundle_sha256, "reason": reason}
    engine = open_home(settings)
    record_act(engine, settings.home, RecordKind.OPENING, case.bundle, case.night_id, by, facts, utc_now())
