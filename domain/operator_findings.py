"""A lead where a page that no medical institution runs offers medical acts, added to a judgement after its score."""

from collections.abc import Sequence
from dataclasses import replace

from domain.findings import Document, Judgement
from domain.institutions import RegisteredInstitution
from domain.name_findings import FindingKinds, added
from domain.operator_scope import LEAD_FROM, REMARK_FROM, ScopeBook, ScopeJudgement, judge_scope

_SPEAKS_OF_OTHERS = frozenset({"news", "regulatory", "research", "recruitment", "science", "forum"})
"""Genres of pages that speak of shops and treatments rather than for a shop."""


def with_operator_findings(
    judgement: Judgement,
    document: Document,
    book: ScopeBook,
    kinds: FindingKinds,
    registered: Sequence[RegisteredInstitution] | None = None,
) -> Judgement:
    """The judgement with a lead for each kind of act, or with a remark (待核) when the evidence is thin or the page no advertisement.

    `registered` are rows of the page's operator, None when there is no registry to ask.
    """
    if judgement.genre in _SPEAKS_OF_OTHERS:
        return judgement
    judged = judge_scope(document, book, registered or ())
    if judged is None or judged.score < REMARK_FROM:
        return judgement
    said = _in_words(judged, registered)
    if judged.score < LEAD_FROM or not judgement.is_ad:
        return replace(judgement, reasons=(*judgement.reasons, f"待核：{said}"))
    first_of_kind = {act.kind: act for act in reversed(judged.acts)}
    found = [kinds["operator-not-medical"].at(document.text, act.start, act.end) for act in first_of_kind.values()]
    reasons = (*judgement.reasons, f"经营主体线索：{said}")
    return replace(judgement, findings=added(judgement.findings, found), reasons=reasons)


def _in_words(judged: ScopeJudgement, registered: Sequence[RegisteredInstitution] | None) -> str:
    pro = "；".join(item.text for item in judged.evidence_for)
    contra = "；".join(item.text for item in judged.evidence_against)
    against = f"。相反：{contra}" if contra else ""
    asked = (
        "" if registered else "；名录中未见该主体（未见记载不等于未登记）" if registered is not None else "；未比对名录"
    )
    return f"{pro}{against}{asked}，是否具有医疗机构资格待核"
