"""Figures of the newest night for a monitoring system, counted by the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, extract, func, select

from domain.nights import NightKind
from storage.archive.all_bundles import all_bundles
from storage.tables import findings, frontier, nights, pages, rescores, time_stamps, visits

_SECONDS_A_DAY = 86_400


@dataclass(frozen=True, slots=True)
class NightMetrics:
    """`ended_at` is None while it runs. `pages` counts finished URLs by outcome, `queue` frontier rows by state, `findings` live ones
    by family. `visit_seconds` is the sum over `visits` tries."""

    night_id: str
    started_at: datetime
    ended_at: datetime | None
    pages: Mapping[str, int]
    leads: int
    queue: Mapping[str, int]
    findings: Mapping[str, int]
    visits: int
    visit_seconds: float
    evidence_verified: int
    evidence_failed: int


@dataclass(frozen=True, slots=True)
class StoreMetrics:
    """Of all nights: bundles and their bytes, stamps that have not come, rescores that have not ended."""

    bundles: int
    bundle_bytes: int
    waiting_stamps: int
    open_rescores: int


def night_metrics(engine: Engine) -> NightMetrics | None:
    """None before the first night."""
    newest = (
        select(nights)
        .where(nights.c.kind == NightKind.NIGHT.value)
        .order_by(nights.c.started_at.desc(), nights.c.id.desc())
        .limit(1)
    )
    with engine.connect() as connection:
        night = connection.execute(newest).one_or_none()
        return None if night is None else _of_night(connection, night)


def _of_night(connection: Connection, night: Any) -> NightMetrics:
    # By way of the frontier, which has an index by night: read for itself, the table of visits is that of all nights
    tries, seconds = connection.execute(
        select(func.count(), func.sum(_seconds(connection)))
        .join_from(frontier, visits, visits.c.frontier_id == frontier.c.id)
        .where(frontier.c.night_id == night.id)
    ).one()
    leads = select(func.count()).where(pages.c.night_id == night.id, pages.c.flagged)
    live = (
        select(findings.c.family, func.count())
        .join(pages, pages.c.id == findings.c.page_id)
        .where(pages.c.night_id == night.id, findings.c.silenced.is_(False), findings.c.rescore_id.is_(None))
    )
    return NightMetrics(
        night_id=night.id,
        started_at=night.started_at,
        ended_at=night.ended_at,
        pages=_counts(connection, _by(pages, "outcome", night.id)),
        leads=connection.scalar(leads) or 0,
        queue=_counts(connection, _by(frontier, "state", night.id)),
        findings=_counts(connection, live.group_by(findings.c.family)),
        visits=tries,
        visit_seconds=float(seconds or 0.0),
        evidence_verified=night.bundles_verified,
        evidence_failed=len(night.bundles_failed),
    )


def _by(table: Any, column: str, night_id: str) -> Any:
    return select(table.c[column], func.count()).where(table.c.night_id == night_id).group_by(table.c[column])


def _counts(connection: Connection, query: Any) -> dict[str, int]:
    return {str(name): int(number) for name, number in connection.execute(query)}


def _seconds(connection: Connection) -> Any:
    """How long a visit took; the databases reckon with times in ways of their own."""
    if connection.dialect.name == "postgresql":
        return extract("epoch", visits.c.ended_at - visits.c.started_at)
    return (func.julianday(visits.c.ended_at) - func.julianday(visits.c.started_at)) * _SECONDS_A_DAY


def store_metrics(engine: Engine) -> StoreMetrics:
    with engine.connect() as connection:
        made = all_bundles().subquery()
        count, size = connection.execute(select(func.count(), func.sum(made.c.bytes))).one()
        stamps = select(func.count()).select_from(time_stamps).where(time_stamps.c.token.is_(None))
        runs = select(func.count()).select_from(rescores)
        unfinished = runs.where(rescores.c.ended_at.is_(None), rescores.c.abandoned.is_(False))
        return StoreMetrics(count, int(size or 0), connection.scalar(stamps) or 0, connection.scalar(unfinished) or 0)
