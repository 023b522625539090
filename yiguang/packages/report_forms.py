"""Filling public report forms: from cases to folders that a person reports from, on record."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from yiguang.errors import CommandFailed, UsageError
from yiguang.packages.export import masked_copies, require_bundles_kept, require_free, write_files
from yiguang.packages.look_files import look_sheet_files
from yiguang.packages.referring import confirmed_leads, officer
from yiguang.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from referral.report_forms import ReportForm


def make_report_forms(settings: Settings, cases: Sequence[int], to: str, by: str, out: Path) -> list[Path]:
    """One folder a case. Raises UsageError for a form that there is not, and CommandFailed, naming the case when one may not
    leave, or the file of an earlier form that says something else."""
    from referral.report_forms import fill, form_text
    from yiguang.home import open_home

    form = _form(settings, to)
    engine = open_home(settings)
    name = officer(settings, by)
    leads = confirmed_leads(settings, engine, cases)
    require_bundles_kept(settings, engine, {lead.case_id: lead.bundle for lead in leads})
    made = []
    with masked_copies(settings, engine) as copies:
        for lead in leads:
            stem = Path(lead.bundle).stem
            found = copies.of(lead.case_id, lead.bundle)
            copy = {f"附件{file.removeprefix(stem)}": data for file, data in found.items()}
            copy |= look_sheet_files(settings, engine, lead.case_id, "附件.")
            text = form_text(form, lead, fill(form, lead, list(copy)))
            folder = out / f"{form.code}-线索{lead.case_id}"
            files = {f"{form.code}举报内容.txt": text.encode(), **copy}
            require_free(folder, files)
            write_files(folder, files)
            _log(engine, name, form.code, lead.case_id, text)
            made.append(folder)
    return made


def _form(settings: Settings, code: str) -> "ReportForm":
    from referral.report_forms import ReportFormsBroken, load_report_forms

    try:
        forms = load_report_forms(settings.lexicons / "letters")
    except ReportFormsBroken as fault:
        raise CommandFailed(str(fault)) from fault
    if code not in forms:
        raise UsageError(f"没有 {code} 的表单，有：{'、'.join(forms)}")
    return forms[code]


def _log(engine: "Engine", by: str, code: str, case_id: int, text: str) -> None:
    from review.audit_log import AuditLog
    from storage.database import writing
    from storage.digests import sha256_hex
    from yiguang.home import utc_now

    detail = {"form": code, "text_sha256": sha256_hex(text.encode())}
    with writing(engine) as connection:
        AuditLog(engine, utc_now).record(connection, by, "report-form-made", f"page:{case_id}", detail)
