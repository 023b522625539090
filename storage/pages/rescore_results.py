"""What came of a run that judged stored pages again: how many leads, which pages differ, and the leads it hands on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from domain.findings import Finding, Judgement
from storage.database import writing
from storage.pages.rescores import BATCH_PAGES, Rejudged, read_rescore, with_before
from storage.pages.stored_texts import stored_pages
from storage.pages.visit_rows import finding_row
from storage.tables import findings, pages, rescore_pages, rescores


@dataclass(frozen=True, slots=True)
class RescoreFigures:
    """Over all pages of a run. `partial` are those whose nights did not store all that they judged by."""

    pages: int
    leads_before: int
    leads_after: int
    partial: int


def rescore_figures(engine: Engine, rescore_id: int) -> RescoreFigures:
    table = rescore_pages
    query = select(table.c.old_flagged, table.c.new_flagged, table.c.partial, func.count().label("pages"))
    grouped = query.where(table.c.rescore_id == rescore_id).group_by(
        table.c.old_flagged, table.c.new_flagged, table.c.partial
    )
    with engine.connect() as connection:
        rows = connection.execute(grouped).all()
    return RescoreFigures(
        pages=sum(row.pages for row in rows),
        leads_before=sum(row.pages for row in rows if row.old_flagged),
        leads_after=sum(row.pages for row in rows if row.new_flagged),
        partial=sum(row.pages for row in rows if row.partial),
    )


def differing(engine: Engine, rescore_id: int) -> Iterator[Rejudged]:
    """The pages with a difference that counts, in order of id."""
    table = rescore_pages
    query = select(table.c.page_id, table.c.judgement).where(
        table.c.rescore_id == rescore_id, table.c.judgement.is_not(None)
    )
    with engine.connect() as connection:
        rows = connection.execute(query.order_by(table.c.page_id).execution_options(yield_per=BATCH_PAGES))
        for some in rows.partitions():
            now = {row.page_id: _judgement(row.judgement) for row in some}
            with engine.connect() as other:
                stored = list(stored_pages(other, pages.c.id.in_(list(now))))
                yield from (Rejudged(page, before, now[page.id]) for page, before in with_before(other, stored))


def hand_over_gained(engine: Engine, rescore_id: int, now: datetime) -> dict[int, float]:
    """The leads that a run gained, by page, with their scores; their new findings are put beside those of the nights, marked.

    Called again it adds nothing. Raises ValueError for a run that has not ended.
    """
    if read_rescore(engine, rescore_id).ended_at is None:
        raise ValueError(f"rescore {rescore_id} has not ended")
    gained = [one for one in differing(engine, rescore_id) if one.now.flagged and not one.before.flagged]
    with writing(engine) as connection:
        for one in gained:
            place = findings.c.page_id == one.stored.findings_of
            known = {
                (row.rule, row.start_offset, row.end_offset)
                for row in connection.execute(select(findings).where(place))
            }
            rows = [
                finding_row(one.stored.findings_of, finding) | {"rescore_id": rescore_id}
                for finding in one.now.findings
                if not finding.silenced and (finding.rule, finding.start, finding.end) not in known
            ]
            if rows:
                connection.execute(insert(findings), rows)
        connection.execute(update(rescores).where(rescores.c.id == rescore_id).values(enqueued_at=now))
    return {one.stored.id: one.now.score for one in gained}


def rescored_at(connection: Connection, page_id: int) -> datetime | None:
    """When the rescore began that made a lead of a page whose findings these are; None for a page that needed none."""
    runs = select(findings.c.rescore_id).where(findings.c.page_id == page_id)
    query = select(rescores.c.started_at).where(rescores.c.id.in_(runs)).order_by(rescores.c.id.desc()).limit(1)
    return connection.scalars(query).one_or_none()


def _judgement(document: dict[str, Any]) -> Judgement:
    found = tuple(
        Finding(**(item | {"basis": tuple(item["basis"]), "gates": tuple(item["gates"])}))
        for item in document["findings"]
    )
    lists = {name: tuple(document[name]) for name in ("ad_basis", "reasons")}
    return Judgement(**(document | lists | {"findings": found}))
