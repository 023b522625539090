"""Which URLs of the frontier a crawl process is given next, and the statements that lease them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    Update,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
    update,
)

from domain.visits import FrontierUrl
from storage.tables import frontier, night_targets

#: Waits for a process that has a browser.
TO_SHOW = "to-show"
# A leased URL has been tried, so these two are all that is open. Kept apart: each is one range of the claim index.
_UNTRIED = and_(frontier.c.state == "waiting", frontier.c.attempts == 0)
TARGETS_AT_ONCE = 200  # two parts each of one compound SELECT, of which SQLite allows 500
_QUERY_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, TARGETS_AT_ONCE)
_NO_TARGET = 0
_BUDGET_LEFT = night_targets.c.started < night_targets.c.max_pages
_DUE = frontier.c.due_at <= bindparam("now")


def _tried(to_show: bool) -> ColumnElement[bool]:
    states = ("waiting", "leased", TO_SHOW) if to_show else ("waiting", "leased")
    return and_(frontier.c.state.in_(states), frontier.c.attempts > 0)


def _same_target() -> ColumnElement[bool]:
    return and_(
        night_targets.c.night_id == frontier.c.night_id,
        night_targets.c.target_id == frontier.c.target_id,
    )


@dataclass(frozen=True, slots=True)
class _Statements:
    """Built once: a crawl claims for every few pages."""

    with_work: Select[Any]
    next_tried: Select[Any]
    next_untried: Select[Any]
    unlocked: Select[Any]
    leased: Update


@cache
def _statements(to_show: bool) -> _Statements:
    tried = _tried(to_show)
    of_targets = (
        night_targets.c.night_id == bindparam("night"),
        night_targets.c.target_id.in_(bindparam("targets", expanding=True)),
    )
    with_work = (
        select(night_targets.c.target_id, night_targets.c.started, night_targets.c.max_pages)
        .where(
            *of_targets,
            or_(
                exists().where(_same_target(), _DUE, tried),
                and_(_BUDGET_LEFT, exists().where(_same_target(), _DUE, _UNTRIED)),
            ),
        )
        .order_by(night_targets.c.started, night_targets.c.target_id)
        .with_for_update(of=night_targets)
    )
    earliest = (
        select(night_targets.c.target_id, func.min(frontier.c.due_at).label("due_at"))
        .select_from(night_targets)
        .join(frontier, _same_target())
        .where(*of_targets)
        .group_by(night_targets.c.target_id)
    )
    claimable = and_(frontier.c.id.in_(bindparam("ids", expanding=True)), or_(tried, _UNTRIED), _DUE)
    leased = (
        update(frontier)
        .where(claimable)
        .values(
            state="leased",
            worker=bindparam("holder"),
            due_at=bindparam("until"),
            attempts=frontier.c.attempts + 1,
        )
        .returning(frontier)
    )
    return _Statements(
        with_work,
        earliest.where(tried),
        earliest.where(_UNTRIED, _BUDGET_LEFT),
        select(frontier.c.id).where(claimable).with_for_update(skip_locked=True),
        leased,
    )


_STARTED = (
    update(night_targets)
    .where(night_targets.c.night_id == bindparam("night"), night_targets.c.target_id == bindparam("target"))
    .values(started=night_targets.c.started + bindparam("count"))
)


@dataclass(frozen=True, slots=True, order=True)
class _Candidate:
    id: int
    target_id: int
    tried: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """What is asked for: at most `limit` URLs and `each` of one target, with `to_show` also those that wait for a browser."""

    night_id: str
    target_ids: Sequence[int]
    worker: str
    limit: int
    each: int
    now: datetime
    to_show: bool


def claim_urls(connection: Connection, asked: Claim, lease_until: datetime) -> list[FrontierUrl]:
    """Lease URLs that are claimable now."""
    budgets = _lock_targets_with_work(connection, asked)
    budgets = dict(list(budgets.items())[: min(asked.limit, TARGETS_AT_ONCE)])
    chosen = _fairest(_candidates(connection, asked, budgets), budgets, asked.limit, asked.each)
    return _lease(connection, asked, chosen, lease_until)


def earliest_dues(
    connection: Connection, night_id: str, target_ids: Sequence[int], *, to_show: bool
) -> dict[int, datetime]:
    """When the first URL of each target that may be claimed comes due; those without any are left out."""
    dues: dict[int, datetime] = {}
    statements = _statements(to_show)
    for query in (statements.next_tried, statements.next_untried):
        for row in connection.execute(query, {"night": night_id, "targets": target_ids}):
            dues[row.target_id] = min(row.due_at, dues.get(row.target_id, row.due_at))
    return dues


def _lock_targets_with_work(connection: Connection, asked: Claim) -> dict[int, tuple[int, int]]:
    """(started, max_pages) of the targets that have a claimable URL, fewest started first, locked against a second
    claimer, who would otherwise spend the same budget."""
    of = {"night": asked.night_id, "targets": list(asked.target_ids), "now": asked.now}
    rows = connection.execute(_statements(asked.to_show).with_work, of)
    return {row.target_id: (row.started, row.max_pages) for row in rows}


def _candidates(connection: Connection, asked: Claim, budgets: Mapping[int, tuple[int, int]]) -> list[_Candidate]:
    """Claimable rows, at most `each` further tries and `each` first tries a target, within its budget."""
    if not budgets:
        return []
    values: dict[str, Any] = {"night": asked.night_id, "now": asked.now, "tried": asked.each}
    places = next(size for size in _QUERY_SIZES if size >= len(budgets))
    for place in range(places):  # those left over ask for a target that there is not
        values |= {f"target_{place}": _NO_TARGET, f"untried_{place}": 0}
    for place, (target_id, (started, max_pages)) in enumerate(budgets.items()):
        values |= {f"target_{place}": target_id, f"untried_{place}": max(0, min(asked.each, max_pages - started))}
    rows = connection.execute(_candidate_query(places, asked.to_show), values)
    return [_Candidate(row.id, row.target_id, bool(row.tried)) for row in rows]


@cache  # a few for each of `_QUERY_SIZES`: to build and compile one costs more than to ask it a hundred times
def _candidate_query(targets: int, to_show: bool) -> CompoundSelect[Any]:
    parts: list[Select[Any]] = []
    for place in range(targets):
        for kind, most in ((_tried(to_show), "tried"), (_UNTRIED, f"untried_{place}")):
            rows = (
                select(frontier.c.id, frontier.c.target_id, (frontier.c.attempts > 0).label("tried"))
                .where(
                    frontier.c.night_id == bindparam("night"),
                    frontier.c.target_id == bindparam(f"target_{place}"),
                    kind,
                )
                .where(_DUE)
                .order_by(frontier.c.priority, frontier.c.depth, frontier.c.id)
                .limit(bindparam(most, type_=Integer))
            )
            part = rows.subquery(f"part_{len(parts)}")
            parts.append(select(part.c.id, part.c.target_id, part.c.tried))
    return union_all(*parts)


def _fairest(
    candidates: Sequence[_Candidate], budgets: Mapping[int, tuple[int, int]], limit: int, each: int
) -> list[_Candidate]:
    """Choose rows so that the target with the fewest URLs started gets the next one, at most `each` of one target."""
    turn = {target_id: started for target_id, (started, _) in budgets.items()}
    turns: list[tuple[int, int, _Candidate]] = []
    for order, candidate in enumerate(candidates):
        if turn[candidate.target_id] < budgets[candidate.target_id][0] + each:
            turns.append((turn[candidate.target_id], order, candidate))
            turn[candidate.target_id] += 1
    return [candidate for _, _, candidate in sorted(turns)[:limit]]


def _lease(
    connection: Connection, asked: Claim, chosen: Sequence[_Candidate], lease_until: datetime
) -> list[FrontierUrl]:
    statements = _statements(asked.to_show)
    first_tries: dict[int, int] = {}
    ids = [candidate.id for candidate in chosen]
    if connection.dialect.name == "postgresql":
        # Rows that another transaction is just finishing are left alone instead of waited for.
        ids = list(connection.scalars(statements.unlocked, {"ids": ids, "now": asked.now}))
    values = {"ids": ids, "now": asked.now, "holder": asked.worker, "until": lease_until}
    leased = connection.execute(statements.leased, values).all()
    for row in leased:
        if row.attempts == 1:
            first_tries[row.target_id] = first_tries.get(row.target_id, 0) + 1
    if first_tries:
        connection.execute(
            _STARTED,
            [
                {"night": leased[0].night_id, "target": target_id, "count": count}
                for target_id, count in first_tries.items()
            ],
        )
    order = {candidate.id: place for place, candidate in enumerate(chosen)}
    leased = sorted(leased, key=lambda row: order[row.id])
    return [
        FrontierUrl(row.id, row.night_id, row.target_id, row.url, row.depth, row.attempts, row.handed_on)
        for row in leased
    ]
