"""What a night found becomes items of the desk: its leads, and a random sample of what the machine let pass."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, func, insert, select, text

from domain.nights import NightKind
from domain.outcome import Outcome
from domain.reviews import ItemKind
from review.audit_log import MACHINE, AuditLog
from review.draws import choose, new_seed, record_draw
from review.intake_items import Intake, in_parts, page_rows
from review.settings import DeskSettings
from storage.database import writing
from storage.tables import desk_items, desk_nights, findings, nights, pages

_TENTHS = 10
_INTAKE_LOCK = 0x5969496E  # any fixed number of ours


def take_in(engine: Engine, night_id: str, now: datetime, settings: DeskSettings | None = None, seed: str = "") -> int:
    """Make items of a night's leads and, once it is finished, of a random sample of its other pages; how many are new.

    Called again it adds what has come since: what is an item already, or was one in an earlier night with the same text
    and no new rule, makes none. With an empty `seed` one is made up; it is recorded.
    """
    settings, seed = settings or DeskSettings(), seed or new_seed()
    with writing(engine) as connection:
        _take_turn(connection)
        ended_at = connection.scalar(select(nights.c.ended_at).where(nights.c.id == night_id))
        known = select(desk_items.c.page_id)
        leads = page_rows(connection, pages.c.flagged & (pages.c.night_id == night_id) & pages.c.id.not_in(known))
        new = Intake(connection, night_id, now).add_leads(leads, seed, settings.read_twice_share)
        if new:
            population = [item["page_id"] for item in new]
            chosen = [item["page_id"] for item in new if item["read_twice"]]
            record_draw(connection, "read-twice", night_id, seed, population, chosen, now, MACHINE)
        taken = connection.scalar(select(desk_nights.c.night_id).where(desk_nights.c.night_id == night_id)) is not None
        if ended_at is not None and not taken:
            figures = _night_figures(connection, night_id, now, len(new))
            drawn = _draw_audit(connection, night_id, seed, settings.audit_pages, now)
            new += Intake(connection, night_id, now).add_drawn(drawn, _priorities(connection, night_id), seed)
            connection.execute(insert(desk_nights), figures)
        if new:
            log = AuditLog(engine, lambda: now)
            detail = {"leads": len(leads), "items": len(new), "seed": seed}
            log.record(connection, MACHINE, "taken-in", f"night:{night_id}", detail)
    return len(new)


def take_in_rescored(engine: Engine, scores: Mapping[int, float], now: datetime, rescore_id: int) -> int:
    """Make items of pages that became leads after their nights, by their ids with their scores as they are now; how many are new.

    Their findings are stored already. Nobody reads them twice unknowing, and no draw counts them: they are not of a night's leads.
    """
    new = 0
    with writing(engine) as connection:
        _take_turn(connection)
        known = select(desk_items.c.page_id)
        for some in in_parts(sorted(scores)):
            rows = page_rows(connection, pages.c.id.in_(some) & pages.c.id.not_in(known))
            for night_id in sorted({row.night_id for row in rows}):
                of_night = [row for row in rows if row.night_id == night_id]
                new += Intake(connection, night_id, now).add_rescored(of_night, scores)
        if new:
            detail = {"leads": len(scores), "items": new}
            AuditLog(engine, lambda: now).record(connection, MACHINE, "taken-in", f"rescore:{rescore_id}", detail)
    return new


def _take_turn(connection: Connection) -> None:
    """A night's end, a desk that opens and a rescore may take in the same pages."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _INTAKE_LOCK})


def take_in_missing(engine: Engine, now: datetime, settings: DeskSettings | None = None) -> int:
    """Take in every finished night that was not, oldest first."""
    query = select(nights.c.id).where(
        nights.c.ended_at.is_not(None),
        nights.c.kind == NightKind.NIGHT.value,
        nights.c.id.not_in(select(desk_nights.c.night_id)),
    )
    with engine.connect() as connection:
        missing = connection.scalars(query.order_by(nights.c.started_at)).all()
    return sum(take_in(engine, night_id, now, settings) for night_id in missing)


def _priorities(connection: Connection, night_id: str) -> Sequence[float]:
    """Of the night's leads in the order in which they came: also of those that came before it ended, as when it was paused."""
    items = desk_items.c
    leads = select(items.priority).where(items.night_id == night_id, items.kind == ItemKind.LEAD.value)
    return connection.scalars(leads.order_by(items.id)).all()


def _draw_audit(connection: Connection, night_id: str, seed: str, size: int, now: datetime) -> list[Any]:
    """Pages of content below the threshold, each with the same chance."""
    below = (
        (pages.c.night_id == night_id)
        & pages.c.flagged.is_(False)
        & (pages.c.outcome == Outcome.CONTENT.value)
        & pages.c.score.is_not(None)
    )
    population = connection.scalars(select(pages.c.id).where(below).order_by(pages.c.id)).all()
    drawn = choose(seed, population, size)
    if population:
        record_draw(connection, "audit", night_id, seed, population, drawn, now, MACHINE)
    known = set(connection.scalars(select(desk_items.c.page_id).where(desk_items.c.page_id.in_(drawn))))
    return [row for row in page_rows(connection, pages.c.id.in_(drawn)) if row.id not in known]


def _night_figures(connection: Connection, night_id: str, now: datetime, items: int) -> dict[str, Any]:
    """What later nights are compared with."""
    judged = (pages.c.night_id == night_id) & pages.c.score.is_not(None)
    scores = [0] * _TENTHS
    leads = 0
    reached = (case((pages.c.score >= number / _TENTHS, 1), else_=0) for number in range(2, _TENTHS))
    tenth = sum(reached, start=case((pages.c.score >= 1 / _TENTHS, 1), else_=0))  # databases round in different ways
    query = select(tenth.label("tenth"), pages.c.flagged, func.count().label("pages")).where(judged)
    for row in connection.execute(query.group_by(tenth, pages.c.flagged)):
        scores[min(max(int(row.tenth), 0), _TENTHS - 1)] += row.pages
        leads += row.pages if row.flagged else 0
    hits = (
        select(findings.c.rule, func.count(findings.c.page_id.distinct()).label("pages"))
        .join(pages, pages.c.id == findings.c.page_id)
        .where(pages.c.night_id == night_id, findings.c.silenced.is_(False))
        .group_by(findings.c.rule)
    )
    return {
        "night_id": night_id,
        "taken_at": now,
        "pages": sum(scores),
        "leads": leads,
        "items": items,
        "scores": scores,
        "rule_hits": {row.rule: row.pages for row in connection.execute(hits)},
    }
