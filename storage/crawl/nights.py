"""One night from opening to its summary."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    func,
    literal,
    select,
    update,
)

from domain.beijing import BEIJING
from domain.evidence import VerifyReport
from domain.nights import NightKind
from domain.outcome import Outcome
from domain.visits import TargetInNight
from storage.crawl.claiming import TO_SHOW
from storage.crawl.night_figures import (
    keep_figures,
)
from storage.crawl.skips import forget_old_skips, keep_surplus
from storage.database import insert_into, writing
from storage.tables import frontier, night_targets, nights, pages

_UNTRIED = and_(frontier.c.state == "waiting", frontier.c.attempts == 0)


@dataclass(frozen=True, slots=True)
class NightProgress:
    """Counts of URLs of a night. `waiting` are those still to visit, `surplus` those beyond a target's `max_pages`."""

    waiting: int
    leased: int
    done: int
    surplus: int
    leads: int
    outcomes: Mapping[Outcome, int]


def open_night(
    engine: Engine,
    now: datetime,
    targets: Sequence[TargetInNight],
    kind: NightKind = NightKind.NIGHT,
    of: date | None = None,
) -> str:
    """The id of the night to work on: the newest unfinished one of its kind, or a new one named by the day that it is `of`, else by today's
    date in Beijing. One that was due before midnight may begin after it.

    Targets are added to it; settings a target already has in that night stay as they were.
    """
    with writing(engine) as connection:
        night_id = connection.scalar(
            select(nights.c.id)
            .where(nights.c.ended_at.is_(None), nights.c.kind == kind.value)
            .order_by(nights.c.started_at.desc())
            .limit(1)
        )
        if night_id is None:
            day = (of or now.astimezone(BEIJING).date()).isoformat()
            night_id = _free_id(connection, day if kind is NightKind.NIGHT else f"{day}-{kind.value}")
            connection.execute(nights.insert().values(id=night_id, started_at=now, kind=kind.value))
        _add_targets(connection, night_id, targets)
    return str(night_id)


def has_unfinished_night(engine: Engine) -> bool:
    """Whether a night of targets was begun and not ended, be it paused or broken off."""
    open_nights = select(func.count()).where(nights.c.ended_at.is_(None), nights.c.kind == NightKind.NIGHT.value)
    with engine.connect() as connection:
        return bool(connection.scalar(open_nights.select_from(nights)))


def night_kind(engine: Engine, night_id: str) -> NightKind:
    """Raises KeyError for a night that does not exist."""
    with engine.connect() as connection:
        kind = connection.scalar(select(nights.c.kind).where(nights.c.id == night_id))
    if kind is None:
        raise KeyError(night_id)
    return NightKind(kind)


def is_finished(engine: Engine, night_id: str) -> bool:
    """Whether a night has been closed. Raises KeyError for a night that does not exist."""
    with engine.connect() as connection:
        night = connection.execute(select(nights.c.ended_at).where(nights.c.id == night_id)).one_or_none()
    if night is None:
        raise KeyError(night_id)
    return night.ended_at is not None


def targets_of(engine: Engine, night_id: str) -> frozenset[int]:
    """The ids of the targets of a night; none of a night that does not exist."""
    with engine.connect() as connection:
        return frozenset(
            connection.scalars(select(night_targets.c.target_id).where(night_targets.c.night_id == night_id))
        )


def _free_id(connection: Connection, stem: str) -> str:
    taken = set(connection.scalars(select(nights.c.id).where(nights.c.id.startswith(stem))))
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name


def _add_targets(connection: Connection, night_id: str, targets: Sequence[TargetInNight]) -> None:
    if not targets:
        return
    connection.execute(
        insert_into(connection.dialect.name, night_targets).on_conflict_do_nothing(),
        [
            {
                "night_id": night_id,
                "target_id": row.id,
                "name": row.target.name,
                "url": row.target.url,
                "min_pages": row.target.min_pages,
                "max_pages": row.target.max_pages,
            }
            for row in targets
        ],
    )


def finish_night(engine: Engine, night_id: str, now: datetime, reports: Sequence[VerifyReport] = ()) -> None:
    """Close a night with the verification of its evidence; the summary shows both. Raises KeyError for no such night.

    Surplus URLs are counted and dropped from the frontier: there may be a hundred of them for each URL visited.
    """
    with writing(engine) as connection:
        # Closed again by whoever takes up what a killed process had not noted as done, it ended when it did
        ended_at = func.coalesce(nights.c.ended_at, literal(now, nights.c.ended_at.type))
        _note(connection, night_id, reports, ended_at=ended_at)
        keep_figures(connection, night_id)
        _drop_surplus(connection, night_id)
        forget_old_skips(connection)


def _drop_surplus(connection: Connection, night_id: str) -> None:
    """For all targets at once: everybody else waits on SQLite meanwhile."""
    spent = and_(night_targets.c.night_id == night_id, night_targets.c.started >= night_targets.c.max_pages)
    of_target = select(func.count()).where(
        frontier.c.night_id == night_id, frontier.c.target_id == night_targets.c.target_id, _UNTRIED
    )
    connection.execute(
        update(night_targets).where(spent).values(surplus=night_targets.c.surplus + of_target.scalar_subquery())
    )
    surplus = and_(
        frontier.c.night_id == night_id,
        frontier.c.target_id.in_(select(night_targets.c.target_id).where(spent)),
        _UNTRIED,
    )
    keep_surplus(connection, surplus)
    connection.execute(delete(frontier).where(surplus))


def note_reports(engine: Engine, night_id: str, reports: Sequence[VerifyReport]) -> None:
    """Keep the verification of the evidence of a night that is not finished. Raises KeyError for no such night."""
    with writing(engine) as connection:
        _note(connection, night_id, reports)


def _note(
    connection: Connection, night_id: str, reports: Sequence[VerifyReport], **values: ColumnElement[datetime]
) -> None:
    failed = [report.path for report in reports if not report.ok]
    noted = connection.execute(
        update(nights)
        .where(nights.c.id == night_id)
        .values(bundles_verified=len(reports), bundles_failed=failed, **values)
    )
    if noted.rowcount != 1:
        raise KeyError(night_id)


def night_progress(engine: Engine, night_id: str) -> NightProgress:
    """Counts for a progress bar: one pass over an index."""
    with engine.connect() as connection:
        rows = connection.execute(
            select(frontier.c.state, frontier.c.outcome, func.count().label("urls"))
            .where(frontier.c.night_id == night_id)
            .group_by(frontier.c.state, frontier.c.outcome)
        ).all()
        surplus = sum(surplus_urls(connection, night_id).values())
        leads = connection.scalar(
            select(func.count()).select_from(pages).where(pages.c.flagged, pages.c.night_id == night_id)
        )
    states: dict[str, int] = defaultdict(int)
    for row in rows:
        states[row.state] += row.urls
    outcomes = {Outcome(row.outcome): row.urls for row in rows if row.outcome is not None}
    return NightProgress(
        waiting=states["waiting"] + states[TO_SHOW] - surplus,
        leased=states["leased"],
        done=states["done"],
        surplus=surplus,
        leads=leads or 0,
        outcomes=outcomes,
    )


def surplus_urls(connection: Connection, night_id: str) -> dict[int, int]:
    """Per target whose budget is spent: URLs never tried."""
    rows = connection.execute(
        select(frontier.c.target_id, func.count().label("urls"))
        .join(
            night_targets,
            and_(night_targets.c.night_id == frontier.c.night_id, night_targets.c.target_id == frontier.c.target_id),
        )
        .where(
            frontier.c.night_id == night_id,
            frontier.c.state == "waiting",
            frontier.c.attempts == 0,
            night_targets.c.started >= night_targets.c.max_pages,
        )
        .group_by(frontier.c.target_id)
    )
    return {row.target_id: row.urls for row in rows}


def list_nights(engine: Engine) -> list[tuple[str, datetime, datetime | None]]:
    """(id, start, end) of every night of targets, newest first; the end is None for one that has none yet."""
    newest_first = (
        select(nights)
        .where(nights.c.kind == NightKind.NIGHT.value)
        .order_by(nights.c.started_at.desc(), nights.c.id.desc())
    )
    with engine.connect() as connection:
        return [(row.id, row.started_at, row.ended_at) for row in connection.execute(newest_first)]
