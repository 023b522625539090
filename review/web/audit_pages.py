"""The audit log: looked at, verified, and taken away as a file."""

from collections.abc import Iterator
from typing import Any

from starlette.responses import Response, StreamingResponse

from domain.roles import Act
from review.audit_log import count_entries
from review.draws import draws
from review.sealed_heads import sealed_heads
from review.web.audit_words import ACT_ZH, line_of, subject_code, subject_words
from review.web.desk import reasons_of
from review.web.guard import Page
from review.web.problems import bad_request
from review.web.visit import Visit, whole

_AT_ONCE = 60


def log(visit: Visit) -> Response:
    faults, head, count = visit.told() or (None, None, None)
    return visit.page("audit.html", **_listed(visit), faults=faults, head=head, count=count)


def verify(visit: Visit) -> Response:
    """The whole chain again, from the first entry."""
    head, count = visit.desk.log.head(), count_entries(visit.desk.engine)
    faults = visit.desk.log.verify(*sealed_heads(visit.desk.engine))
    visit.desk.log.record_alone(visit.account.name, "log-verified", "audit-log", {"faults": len(faults)})
    return visit.go_and_tell("/audit", (faults, head, count))


def export(visit: Visit) -> Response:
    """All entries as JSON lines; the file's name is ours."""
    number, _ = visit.desk.log.head()
    visit.desk.log.record_alone(visit.account.name, "log-exported", "audit-log", {"entries": number})
    name = f"audit-log-{visit.desk.settings.today(visit.desk.clock()):%Y%m%d}.jsonl"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_bytes(visit.desk.log.lines()), media_type="application/x-ndjson", headers=headers)


def _bytes(lines: Iterator[str]) -> Iterator[bytes]:
    for line in lines:
        yield line.encode()


def _listed(visit: Visit) -> dict[str, Any]:
    chosen = {name: visit.query(name, 64) for name in ("actor", "act", "subject")}
    chosen["subject"] = subject_code(chosen["subject"].strip())
    before = visit.query("before", 20)
    entries = visit.desk.log.entries(whole(before) if before else None, _AT_ONCE, **chosen)
    if before and not entries and whole(before) > visit.desk.log.head()[0] + 1:
        raise bad_request("没有这一条")
    reasons, time = reasons_of(visit.desk.lexicon.reasons), visit.renderer.time
    return {
        "lines": [line_of(entry, reasons, time) for entry in entries],
        "chosen": chosen,
        "acts": ACT_ZH,
        "subject": subject_words(chosen["subject"]),
        "more": len(entries) == _AT_ONCE,
        "draws": draws(visit.desk.engine, 20),
    }


PAGES = (
    Page("GET", "/audit", log, Act.SEE_AUDIT_LOG),
    Page("POST", "/audit/verify", verify, Act.SEE_AUDIT_LOG, cost=20.0),
    Page("POST", "/audit/export", export, Act.EXPORT_AUDIT_LOG, cost=20.0),
)
