"""The figures of finished nights, against which a night is compared."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from domain.nights import NightKind
from domain.outcome import Outcome
from storage.tables import night_targets, nights, pages

#: Finished nights over which the usual number of pages is taken, and the fewest that make a usual number.
USUAL_NIGHTS = 10
USUAL_MIN_NIGHTS = 3
#: A page of fewer characters has next to no text; the shortest real pages (an address, a notice) have more.
MIN_TEXT_CHARACTERS = 10
#: Pages expected of a target that was never crawled before.
_PAGES_OF_A_NEWCOMER = 50


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one target in one night."""

    content_pages: int = 0
    leads: int = 0
    empty_titles: int = 0
    empty_texts: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """Of one target before a night. `usual_pages` and `previous` are as in `TargetResult`."""

    usual_pages: float | None = None
    previous: Figures | None = None


def figures_of(connection: Connection, night_id: str) -> defaultdict[int, Figures]:
    """The figures of a night by target, counted from its pages."""
    flagged: Any = func.sum(case((pages.c.flagged, 1), else_=0))
    without_title: Any = func.sum(case((or_(pages.c.title.is_(None), pages.c.title == ""), 1), else_=0))
    # A page that has not changed has its text elsewhere, and is never one of these: it was read before
    short = (pages.c.same_as.is_(None)) & (func.length(func.coalesce(pages.c.text, "")) < MIN_TEXT_CHARACTERS)
    without_text: Any = func.sum(case((short, 1), else_=0))
    rows = connection.execute(
        select(pages.c.target_id, func.count(), flagged, without_title, without_text)
        .where(pages.c.night_id == night_id, pages.c.outcome == Outcome.CONTENT.value)
        .group_by(pages.c.target_id)
    )
    found: defaultdict[int, Figures] = defaultdict(Figures)
    found.update({target_id: Figures(*map(int, figures)) for target_id, *figures in rows})
    return found


def keep_figures(connection: Connection, night_id: str) -> None:
    """Write the figures of a night that ends beside its targets."""
    found = figures_of(connection, night_id)
    target_ids = connection.scalars(select(night_targets.c.target_id).where(night_targets.c.night_id == night_id)).all()
    if not target_ids:
        return
    connection.execute(
        update(night_targets)
        .where(night_targets.c.night_id == night_id, night_targets.c.target_id == bindparam("of_target"))
        .values({name: bindparam(name) for name in Figures.__slots__}),
        [
            {"of_target": target_id} | {name: getattr(found[target_id], name) for name in Figures.__slots__}
            for target_id in target_ids
        ],
    )


def histories(connection: Connection, night: Row[Any]) -> Mapping[int, History]:
    """What the finished nights before `night` say of its targets; those without any are left out."""
    rows = connection.execute(_results_before(night, night_targets).order_by(nights.c.started_at.desc()))
    by_target: defaultdict[int, list[Figures]] = defaultdict(list)
    for row in rows:
        if len(by_target[row.target_id]) < USUAL_NIGHTS:
            by_target[row.target_id].append(Figures(row.content_pages, row.leads, row.empty_titles, row.empty_texts))
    return {target_id: _history(newest_first) for target_id, newest_first in by_target.items()}


def pages_to_come(engine: Engine, night_id: str, target_ids: Sequence[int]) -> int:
    """How many pages of content some targets are expected to give yet in a night: as many as in the night before, or a
    moderate site's where there was none, without those that they have given already. Raises KeyError for an unknown night."""
    with engine.connect() as connection:
        night = connection.execute(select(nights).where(nights.c.id == night_id)).one_or_none()
        if night is None:
            raise KeyError(night_id)
        before, given = _newest_content_pages(connection, night), _content_pages(connection, night_id)
        of_night = select(night_targets.c.target_id, night_targets.c.max_pages).where(
            night_targets.c.night_id == night_id
        )
        wanted = frozenset(target_ids)  # compared here: a shard may have more of them than a statement may name
        budgets = [row for row in connection.execute(of_night) if row.target_id in wanted]
    expected = {row.target_id: min(row.max_pages, before.get(row.target_id, _PAGES_OF_A_NEWCOMER)) for row in budgets}
    return sum(max(0, pages - given.get(target_id, 0)) for target_id, pages in expected.items())


def _results_before(night: Row[Any], *columns: Any) -> Select[Any]:
    """What the targets of a night came to in the finished nights before it, newest of which are enough."""
    mine = select(night_targets.c.target_id).where(night_targets.c.night_id == night.id)
    before = (
        select(nights.c.id)
        .where(_comparable(night))
        .order_by(nights.c.started_at.desc())
        .limit(USUAL_NIGHTS * 3)  # a target may not be in every night
    )
    return (
        select(*columns)
        .join(nights, nights.c.id == night_targets.c.night_id)
        .where(night_targets.c.night_id.in_(before), night_targets.c.target_id.in_(mine))
        .where(night_targets.c.content_pages.is_not(None))
    )


def _newest_content_pages(connection: Connection, night: Row[Any]) -> dict[int, int]:
    """By target, how many pages of content it gave when it was last visited: a number each, however many nights there were."""
    place = func.row_number().over(partition_by=night_targets.c.target_id, order_by=nights.c.started_at.desc())
    columns = (night_targets.c.target_id, night_targets.c.content_pages, place.label("place"))
    numbered = _results_before(night, *columns).subquery()
    newest = select(numbered.c.target_id, numbered.c.content_pages).where(numbered.c.place == 1)
    return {row.target_id: row.content_pages for row in connection.execute(newest)}


def _content_pages(connection: Connection, night_id: str) -> dict[int, int]:
    rows = connection.execute(
        select(pages.c.target_id, func.count().label("urls"))
        .where(pages.c.night_id == night_id, pages.c.outcome == Outcome.CONTENT.value)
        .group_by(pages.c.target_id)
    )
    return {row.target_id: row.urls for row in rows}


def _history(newest_first: list[Figures]) -> History:
    enough = len(newest_first) >= USUAL_MIN_NIGHTS
    usual = median(figures.content_pages for figures in newest_first) if enough else None
    return History(usual, newest_first[0])


def previous_night(connection: Connection, night: Row[Any]) -> str | None:
    """The finished night before; None for a recheck."""
    return connection.scalar(
        select(nights.c.id).where(_comparable(night)).order_by(nights.c.started_at.desc()).limit(1)
    )


def _comparable(night: Row[Any]) -> ColumnElement[bool]:
    """Which nights a night may be compared with; a recheck visits single pages and is like no other."""
    return and_(
        nights.c.ended_at.is_not(None),
        nights.c.started_at < night.started_at,
        nights.c.kind == NightKind.NIGHT.value,
        literal(night.kind == NightKind.NIGHT.value),
    )


def dates_between(earlier_night: str, later_night: str) -> tuple[str, ...]:
    """The dates, as ISO 8601, between those that two nights are named by, both excluded."""
    first, last = (date.fromisoformat(night_id[:10]) for night_id in (earlier_night, later_night))
    return tuple((first + timedelta(days=days)).isoformat() for days in range(1, (last - first).days))
