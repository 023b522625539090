"""The rows that a visit becomes, as far as they follow from the visit alone, and what is made of such rows again."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Row

from domain.findings import Finding
from domain.page import Contact, ContactKind, ExtractedPage, Identifier
from domain.visits import Rendering, Visit
from storage.archive.night_warc import ArchivedSlice
from storage.columns import storable_text


def visit_row(visit: Visit, part: ArchivedSlice | None) -> dict[str, Any]:
    return {
        "frontier_id": visit.frontier.id,
        "attempt": visit.frontier.attempts,
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
        "outcome": visit.outcome.value,
        "detail": visit.outcome_detail,
        "status": visit.status,
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "final_url": visit.final_url,
        "robots": visit.robots,
        "retry_at": visit.retry_at,
        "shown": None if visit.rendering is None else _shown(visit.rendering),
        "warc_id": None if part is None else part.warc_id,
        "warc_offset": None if part is None else part.slice.offset,
        "warc_length": None if part is None else part.slice.length,
        "warc_sha256": None if part is None else part.slice.sha256,
    }


def _shown(rendering: Rendering) -> dict[str, Any]:
    actions = [asdict(action) | {"at": action.at.isoformat()} for action in rendering.actions]
    return {"why": rendering.why, "actions": actions}


def page_row(visit: Visit, visit_id: int) -> dict[str, Any]:
    row = {
        "id": visit.frontier.id,
        "visit_id": visit_id,
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
        "url": visit.frontier.url,
        "final_url": visit.final_url,
        "outcome": visit.outcome.value,
        "detail": visit.outcome_detail,
        "captured_at": visit.ended_at,
        "flagged": False,
        "set_aside": visit.set_aside,
        "unshown": visit.unshown,
    }
    if visit.page is not None:
        row |= _content_columns(visit.page)
    if visit.judgement is not None:
        judgement = asdict(replace(visit.judgement, findings=()))
        del judgement["findings"]
        row |= {"judgement": judgement, "score": visit.judgement.score, "flagged": visit.judgement.flagged}
    return row


def _content_columns(page: ExtractedPage) -> dict[str, Any]:
    text = storable_text(page.text)
    return {
        "page_type": page.page_type,
        "title": page.title,
        "site_name": page.site_name,
        "account": page.account,
        "author": page.author,
        "published_at": page.published_at,
        "encoding": page.encoding,
        "text": text,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "contacts": [asdict(contact) for contact in page.contacts],
        "identifiers": [asdict(number) for number in page.identifiers],
        "institutions": list(page.institutions),
        "judged_as": judged_as(page),
    }


def judged_as(page: ExtractedPage) -> Mapping[str, Any]:
    """What the judge sees of a page and no other column has."""
    said_too = {
        "keywords": page.keywords,
        "description": page.description,
        "logo": None if page.logo is None else asdict(page.logo),
    }
    return {
        "body": [page.body_start, page.body_end],
        "widgets": list(page.widgets),
        "cta": list(page.cta),
        "images": len(page.images),
    } | {name: said for name, said in said_too.items() if said}


def contacts_of(row: Row[*tuple[Any, ...]]) -> tuple[Contact, ...]:
    """Those of a row with the pages' column `contacts`; none where nothing was stored."""
    return tuple(Contact(**(item | {"kind": ContactKind(item["kind"])})) for item in row.contacts or ())


def identifiers_of(row: Row[*tuple[Any, ...]]) -> tuple[Identifier, ...]:
    """Those of a row with the pages' column `identifiers`; none where nothing was stored."""
    return tuple(Identifier(**item) for item in row.identifiers or ())


def finding_rows(visit: Visit) -> list[dict[str, Any]]:
    found = () if visit.judgement is None else visit.judgement.findings
    return [finding_row(visit.frontier.id, finding) for finding in found]


def finding_row(page_id: int, finding: Finding) -> dict[str, Any]:
    return {
        "page_id": page_id,
        "rule": finding.rule,
        "family": finding.family,
        "quote": finding.quote,
        "start_offset": finding.start,
        "end_offset": finding.end,
        "weight": finding.weight,
        "basis": list(finding.basis),
        "severity": finding.severity,
        "silenced": finding.silenced,
        "gates": list(finding.gates),
    }


def finding_of(row: Row[*tuple[Any, ...]]) -> Finding:
    """The finding of a row that has the columns of `findings`."""
    return Finding(
        rule=row.rule,
        family=row.family,
        quote=row.quote,
        start=row.start_offset,
        end=row.end_offset,
        weight=row.weight,
        basis=tuple(row.basis),
        severity=row.severity,
        silenced=row.silenced,
        gates=tuple(row.gates),
    )
