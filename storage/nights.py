"""One night from opening to its summary."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    and_,
    case,
    delete,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from domain.beijing import BEIJING
from domain.evidence import VerifyReport
from domain.nights import NightKind, NightSummary, TargetResult
from domain.outcome import Outcome
from domain.pictures import PictureFate
from domain.visits import TargetInNight
from storage.claiming import TO_SHOW
from storage.database import writing
from storage.night_care import care_of
from storage.night_figures import (
    History,
    dates_between,
    histories,
    keep_figures,
    previous_night,
)
from storage.pauses import paused_since, resumed_dates
from storage.skips import forget_old_skips, keep_surplus
from storage.tables import findings, frontier, night_targets, nights, page_pictures, pages

FAILURES_SHOWN = 20
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
    engine: Engine, now: datetime, targets: Sequence[TargetInNight], kind: NightKind = NightKind.NIGHT
) -> str:
    """The id of the night to work on: the newest unfinished one of its kind, or a new one named by its date in Beijing.

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
            date = now.astimezone(BEIJING).date().isoformat()
            night_id = _free_id(connection, date if kind is NightKind.NIGHT else f"{date}-{kind.value}")
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


def _free_id(connection: Connection, stem: str) -> str:
    taken = set(connection.scalars(select(nights.c.id).where(nights.c.id.startswith(stem))))
    number = 1
    while (name := stem if number == 1 else f"{stem}-{number}") in taken:
        number += 1
    return name


def _add_targets(connection: Connection, night_id: str, targets: Sequence[TargetInNight]) -> None:
    if not targets:
        return
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(night_targets).on_conflict_do_nothing(),
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
        _note(connection, night_id, reports, ended_at=now)
        keep_figures(connection, night_id)
        for target_id, urls in _surplus(connection, night_id).items():
            connection.execute(
                update(night_targets)
                .where(night_targets.c.night_id == night_id, night_targets.c.target_id == target_id)
                .values(surplus=night_targets.c.surplus + urls)
            )
            keep_surplus(connection, night_id, target_id, _UNTRIED)
            connection.execute(
                delete(frontier).where(frontier.c.night_id == night_id, frontier.c.target_id == target_id, _UNTRIED)
            )
        forget_old_skips(connection)


def note_reports(engine: Engine, night_id: str, reports: Sequence[VerifyReport]) -> None:
    """Keep the verification of the evidence of a night that is not finished. Raises KeyError for no such night."""
    with writing(engine) as connection:
        _note(connection, night_id, reports)


def _note(connection: Connection, night_id: str, reports: Sequence[VerifyReport], **values: datetime) -> None:
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
        surplus = sum(_surplus(connection, night_id).values())
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


def _surplus(connection: Connection, night_id: str) -> dict[int, int]:
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


def night_summary(engine: Engine, night_id: str) -> NightSummary:
    """The figures of a night, finished or running. Raises KeyError for a night that does not exist."""
    with engine.connect() as connection:
        night = connection.execute(select(nights).where(nights.c.id == night_id)).one_or_none()
        if night is None:
            raise KeyError(night_id)
        rows = connection.execute(
            select(night_targets).where(night_targets.c.night_id == night_id).order_by(night_targets.c.target_id)
        ).all()
        outcomes, leads = _outcomes_and_leads(connection, night_id)
        open_urls = _open_urls(connection, night_id)
        surplus = _surplus(connection, night_id)
        failures, set_aside = _failures(connection, night_id), _set_aside(connection, night_id)
        before = histories(connection, night)
        previous = previous_night(connection, night)
        results = tuple(
            TargetResult(
                target_id=row.target_id,
                name=row.name,
                url=row.url,
                min_pages=row.min_pages,
                content_pages=outcomes[row.target_id].get(Outcome.CONTENT, 0),
                leads=leads[row.target_id],
                waiting=open_urls.get(row.target_id, 0) - surplus.get(row.target_id, 0),
                outcomes=outcomes[row.target_id],
                failures=failures.get(row.target_id, ()),
                set_aside=set_aside.get(row.target_id, ()),
                surplus=surplus.get(row.target_id, 0) + row.surplus,
                empty_titles=row.empty_titles or 0,  # counted when the night ends
                empty_texts=row.empty_texts or 0,
                **_compared(before.get(row.target_id, History()), row.max_pages),
            )
            for row in rows
        )
        return NightSummary(
            night_id=night_id,
            started_at=night.started_at,
            ended_at=night.ended_at,
            targets=results,
            families=_families(connection, night_id),
            bundles_verified=night.bundles_verified,
            bundles_failed=tuple(night.bundles_failed),
            previous_night=previous,
            missed_dates=() if previous is None else _missed(connection, previous, night_id),
            paused_at=paused_since(connection, night_id),
            resumed_dates=resumed_dates(connection, night_id),
            care=care_of(connection, night_id),
            to_show=_waiting_for_browser(connection, night_id),
            unshown=_unshown(connection, night_id),
            unread_pictures=_without_reader(connection, night_id),
        )


def _missed(connection: Connection, previous: str, night_id: str) -> tuple[str, ...]:
    """The dates between two nights on which neither the earlier one was taken up again."""
    resumed = resumed_dates(connection, previous)
    return tuple(date for date in dates_between(previous, night_id) if date not in resumed)


def list_nights(engine: Engine) -> list[tuple[str, datetime, datetime | None]]:
    """(id, start, end) of every night of targets, newest first; the end is None for one that has none yet."""
    newest_first = (
        select(nights)
        .where(nights.c.kind == NightKind.NIGHT.value)
        .order_by(nights.c.started_at.desc(), nights.c.id.desc())
    )
    with engine.connect() as connection:
        return [(row.id, row.started_at, row.ended_at) for row in connection.execute(newest_first)]


def _compared(history: History, max_pages: int) -> dict[str, Any]:
    """More pages than tonight's budget cannot be expected, however many were usual."""
    figures = history.previous
    return {
        "usual_pages": None if history.usual_pages is None else min(history.usual_pages, max_pages),
        "previous_pages": None if figures is None else figures.content_pages,
        "previous_leads": None if figures is None else figures.leads,
    }


def _outcomes_and_leads(
    connection: Connection, night_id: str
) -> tuple[defaultdict[int, dict[Outcome, int]], defaultdict[int, int]]:
    outcomes: defaultdict[int, dict[Outcome, int]] = defaultdict(dict)
    leads: defaultdict[int, int] = defaultdict(int)
    flagged: Any = func.sum(case((pages.c.flagged, 1), else_=0)).label("leads")
    rows = connection.execute(
        select(pages.c.target_id, pages.c.outcome, func.count().label("urls"), flagged)
        .where(pages.c.night_id == night_id)
        .group_by(pages.c.target_id, pages.c.outcome)
    )
    for row in rows:
        outcomes[row.target_id][Outcome(row.outcome)] = row.urls
        leads[row.target_id] += row.leads
    return outcomes, leads


def _open_urls(connection: Connection, night_id: str) -> dict[int, int]:
    rows = connection.execute(
        select(frontier.c.target_id, func.count().label("urls"))
        .where(frontier.c.night_id == night_id, frontier.c.state != "done")
        .group_by(frontier.c.target_id)
    )
    return {row.target_id: row.urls for row in rows}


def _waiting_for_browser(connection: Connection, night_id: str) -> int:
    return _count(connection, select(frontier.c.id).where(frontier.c.night_id == night_id, frontier.c.state == TO_SHOW))


def _unshown(connection: Connection, night_id: str) -> int:
    return _count(connection, select(pages.c.id).where(pages.c.night_id == night_id, pages.c.unshown))


def _without_reader(connection: Connection, night_id: str) -> int:
    # Written out, not bound: only then is the index of these pictures used
    fate: ColumnElement[str] = literal_column(f"'{PictureFate.NO_READER.value}'")
    of_night = (
        select(page_pictures.c.place)
        .join(pages, pages.c.id == page_pictures.c.page_id)
        .where(page_pictures.c.fate == fate, pages.c.night_id == night_id)
    )
    return _count(connection, of_night)


def _count(connection: Connection, rows: Select[Any]) -> int:
    return connection.scalar(select(func.count()).select_from(rows.subquery())) or 0


def _failures(connection: Connection, night_id: str) -> dict[int, tuple[tuple[str, Outcome, str], ...]]:
    """The first pages of each target that gave no content, those set aside before others."""
    rows = _first_of_each(connection, night_id, pages.c.outcome != Outcome.CONTENT.value, pages.c.set_aside.desc())
    return {target: tuple((row.url, Outcome(row.outcome), row.detail) for row in some) for target, some in rows.items()}


def _set_aside(connection: Connection, night_id: str) -> dict[int, tuple[tuple[str, str], ...]]:
    rows = _first_of_each(connection, night_id, pages.c.set_aside)
    return {target: tuple((row.url, row.detail) for row in some) for target, some in rows.items()}


def _first_of_each(
    connection: Connection, night_id: str, which: ColumnElement[bool], *order: ColumnElement[Any]
) -> defaultdict[int, list[Any]]:
    """Some pages of each target, in one query: a night may have tens of thousands of targets."""
    place = func.row_number().over(partition_by=pages.c.target_id, order_by=[*order, pages.c.captured_at, pages.c.id])
    columns = (pages.c.target_id, pages.c.url, pages.c.outcome, pages.c.detail, place.label("place"))
    numbered = select(*columns).where(pages.c.night_id == night_id, which).subquery()
    first = select(numbered).where(numbered.c.place <= FAILURES_SHOWN)
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(first.order_by(numbered.c.target_id, numbered.c.place)):
        found[row.target_id].append(row)
    return found


def _families(connection: Connection, night_id: str) -> dict[str, int]:
    lead_pages = func.count(findings.c.page_id.distinct())
    rows = connection.execute(
        select(findings.c.family, lead_pages.label("urls"))
        .join(pages, pages.c.id == findings.c.page_id)
        .where(pages.c.night_id == night_id, pages.c.flagged, findings.c.silenced.is_(False))
        .group_by(findings.c.family)
        .order_by(lead_pages.desc(), findings.c.family)
    )
    return {row.family: row.urls for row in rows}
