"""The files of a package, a lead's at a time."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from yiguang.errors import CommandFailed
from yiguang.packages.export import VERIFIER, MaskedCopies, masked_copies
from yiguang.packages.look_files import look_proofs, look_sheet_files
from yiguang.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from referral.lead import ReferredLead
    from referral.letter import Consignment
    from storage.sealing.proof import Proofs

LETTERS = "referral"


def package_files(
    settings: Settings,
    engine: "Engine",
    consignment: "Consignment",
    progress: Callable[[str], None],
    *,
    drafts: bool = False,
) -> Iterator[dict[str, bytes]]:
    """The letter, with `drafts` the papers of a transfer, and the lists, then a lead's files at a time: thousands of leads are more than memory holds.

    Raises CommandFailed, naming the lead or the template.
    """
    from referral.package import lists_of
    from storage.sealing.proof import Proofs
    from yiguang.packages.verifier_file import build_verifier

    progress("正在写函")
    papers = _drafts(settings, consignment) if drafts else {}
    yield _letters(settings, consignment) | papers | lists_of(consignment)
    template, proofs = _statement_template(settings), Proofs(engine)
    with masked_copies(settings, engine) as copies:
        for place, lead in enumerate(consignment.leads, 1):
            progress(f"正在遮盖第 {place} 条，共 {len(consignment.leads)} 条")
            before = f"线索{lead.case_id}-复测"
            later = look_sheet_files(settings, engine, lead.case_id, f"线索{lead.case_id}-")
            later |= look_proofs(engine, lead.case_id, before, proofs.of)
            yield _attachments(settings, lead, copies, proofs, template) | later
    yield {VERIFIER: build_verifier()}


def _letters(settings: Settings, consignment: "Consignment") -> dict[str, bytes]:
    from referral.letter import letter_values, title_of
    from referral.letter_files import template_for

    folder = settings.lexicons / "letters" / LETTERS
    recipient = consignment.card.recipient.value
    word, print_ = (template_for(folder, recipient, suffix) for suffix in (".docx", ".html"))
    return _both_forms(settings, title_of(consignment), word, print_, letter_values(consignment))


def _drafts(settings: Settings, consignment: "Consignment") -> dict[str, bytes]:
    """The papers of an authority's own transfer."""
    from referral.transfer_papers import DRAFT, paper_values

    folder = settings.lexicons / "letters" / LETTERS
    files: dict[str, bytes] = {}
    for key, title in consignment.card.papers:
        word, print_ = (folder / f"paper-{key}{suffix}" for suffix in (".docx", ".html"))
        name = title + DRAFT
        files |= _both_forms(settings, name, word, print_, paper_values(consignment) | {"paper": name})
    return files


def _both_forms(settings: Settings, name: str, word: Path, print_: Path, values: dict[str, Any]) -> dict[str, bytes]:
    from crawler.rendering.browser import BrowserUnavailable
    from crawler.rendering.print_page import print_pdf
    from referral.letter_files import LetterTemplateBroken, letter_docx, letter_html

    try:
        html = letter_html(print_, values)
        return {
            f"{name}.docx": letter_docx(word, values),
            f"{name}.pdf": print_pdf(html, settings.chromium, sandbox=settings.chromium_sandbox),
        }
    except (LetterTemplateBroken, BrowserUnavailable) as fault:
        raise CommandFailed(str(fault)) from fault


def _statement_template(settings: Settings) -> str:
    try:
        return (settings.lexicons / "letters" / "evidence-statement.txt").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise CommandFailed(f"取证说明的模板无法读取：{fault}") from fault


def _attachments(
    settings: Settings, lead: "ReferredLead", copies: MaskedCopies, proofs: "Proofs", template: str
) -> dict[str, bytes]:
    """Of one lead: the masked copy with its pictures, the statement, and the proof that its bundle is sealed."""
    from storage.evidence.statement import StatementTemplateBroken, statement_of
    from storage.sealing.proof import SUFFIX

    try:
        statement = statement_of((settings.home / lead.bundle).read_bytes(), template)
        copy = copies.of(lead.case_id, lead.bundle)
    except StatementTemplateBroken as fault:
        raise CommandFailed(f"线索 {lead.case_id} 的取证说明无法生成：{fault}") from fault
    except OSError as fault:
        raise CommandFailed(f"线索 {lead.case_id} 的证据包无法读取：{fault.strerror}") from fault
    before = f"线索{lead.case_id}-"
    stem = Path(lead.bundle).stem  # the digest that the bundle is called by; the case's number says more
    files = {before + "脱敏" + name.removeprefix(stem).removeprefix(".masked"): data for name, data in copy.items()}
    files[f"{before}电子数据取证说明.txt"] = statement.encode()
    proof = proofs.of(lead.bundle)
    return files if proof is None else {**files, before + Path(lead.bundle).name + SUFFIX: proof}
