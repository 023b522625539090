"""The figures of a night, finished or running."""

from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, case, func, literal_column, select

from domain.nights import NightSummary, TargetResult
from domain.outcome import Outcome
from domain.pictures import PictureFate
from storage.crawl.claiming import TO_SHOW
from storage.crawl.night_care import care_of
from storage.crawl.night_figures import History, dates_between, histories, previous_night
from storage.crawl.nights import surplus_urls
from storage.crawl.pauses import paused_since, resumed_dates
from storage.tables import findings, frontier, night_targets, nights, page_pictures, pages

FAILURES_SHOWN = 20


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
        surplus = surplus_urls(connection, night_id)
        failures, set_aside = _failures(connection, night_id), _set_aside(connection, night_id)
        set_aside_pages = _set_aside_pages(connection, night_id)
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
                set_aside_pages=set_aside_pages.get(row.target_id, 0),
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


def _set_aside_pages(connection: Connection, night_id: str) -> dict[int, int]:
    rows = connection.execute(
        select(pages.c.target_id, func.count().label("urls"))
        .where(pages.c.night_id == night_id, pages.c.set_aside)
        .group_by(pages.c.target_id)
    )
    return {row.target_id: row.urls for row in rows}


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
