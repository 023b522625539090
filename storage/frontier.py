"""The crawl frontier in the database: what is to be visited this night, who holds it, and until when."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Integer,
    Select,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    union_all,
    update,
)

from domain.visits import Discovered, FrontierUrl
from storage.database import writing
from storage.found_urls import FoundUrls, add_urls
from storage.tables import frontier, night_targets

# A leased URL has been tried, so these two are all that is open. Kept apart: each is one range of the claim index.
_UNTRIED = and_(frontier.c.state == "waiting", frontier.c.attempts == 0)
_TRIED = and_(frontier.c.state.in_(("waiting", "leased")), frontier.c.attempts > 0)
_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)  # whatever the time is, this has passed
_LONGEST_WAIT = timedelta(hours=2)  # twice the longest Retry-After that is obeyed
_TARGETS_AT_ONCE = 200  # two parts each of one compound SELECT, of which SQLite allows 500
_QUERY_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, _TARGETS_AT_ONCE)
_NO_TARGET = 0
_BUDGET_LEFT = night_targets.c.started < night_targets.c.max_pages


def _same_target() -> ColumnElement[bool]:
    return and_(
        night_targets.c.night_id == frontier.c.night_id,
        night_targets.c.target_id == frontier.c.target_id,
    )


# The statements of a claim, built once: a crawl claims for every few pages.
_DUE = frontier.c.due_at <= bindparam("now")
_WITH_WORK = (
    select(night_targets.c.target_id, night_targets.c.started, night_targets.c.max_pages)
    .where(
        night_targets.c.night_id == bindparam("night"),
        night_targets.c.target_id.in_(bindparam("targets", expanding=True)),
        or_(
            exists().where(_same_target(), _DUE, _TRIED),
            and_(_BUDGET_LEFT, exists().where(_same_target(), _DUE, _UNTRIED)),
        ),
    )
    .order_by(night_targets.c.started, night_targets.c.target_id)
    .with_for_update(of=night_targets)
)
_EARLIEST = (
    select(night_targets.c.target_id, func.min(frontier.c.due_at).label("due_at"))
    .select_from(night_targets)
    .join(frontier, _same_target())
    .where(
        night_targets.c.night_id == bindparam("night"),
        night_targets.c.target_id.in_(bindparam("targets", expanding=True)),
    )
    .group_by(night_targets.c.target_id)
)
_NEXT_TRIED, _NEXT_UNTRIED = _EARLIEST.where(_TRIED), _EARLIEST.where(_UNTRIED, _BUDGET_LEFT)
_CLAIMABLE = and_(frontier.c.id.in_(bindparam("ids", expanding=True)), or_(_TRIED, _UNTRIED), _DUE)
_UNLOCKED = select(frontier.c.id).where(_CLAIMABLE).with_for_update(skip_locked=True)
_LEASED = (
    update(frontier)
    .where(_CLAIMABLE)
    .values(
        state="leased",
        worker=bindparam("holder"),
        due_at=bindparam("until"),
        attempts=frontier.c.attempts + 1,
    )
    .returning(frontier)
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


class SqlFrontier:
    """`domain.visits.Frontier` over SQL. A URL is leased to one worker at a time, by whichever process asks first.

    A target's `max_pages` is its budget of URLs a night: a URL costs one when it is claimed for the first time, further
    tries of it are free. Rows never tried once the budget is spent are surplus: they stay in the table, are not
    claimed, keep no night waiting, and are counted by `storage.nights`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def seed(self, night_id: str, seeds: Sequence[tuple[int, str]], now: datetime) -> None:
        """Put the start URLs of a night, as (target id, URL), on the frontier at depth 0; known ones stay as they are."""
        with writing(self._engine) as connection:
            for target_id, url in seeds:  # one after another: their rows are numbered in this order
                add_urls(connection, [FoundUrls(night_id, target_id, [Discovered(url, 0)], now)])

    def claim(
        self,
        night_id: str,
        target_ids: Sequence[int],
        worker: str,
        limit: int,
        now: datetime,
        lease_seconds: float,
        each: int | None = None,
    ) -> list[FrontierUrl]:
        """Lease up to `limit` URLs that are waiting and due, or whose lease ran out, at most `each` of one target; targets
        with fewest URLs first."""
        if limit < 1 or not target_ids:
            return []
        with writing(self._engine) as connection:
            budgets = _lock_targets_with_work(connection, night_id, target_ids, now)
            budgets = dict(list(budgets.items())[: min(limit, _TARGETS_AT_ONCE)])
            candidates = _candidates(connection, night_id, budgets, min(limit, each or limit), now)
            chosen = _fairest(candidates, budgets, limit, each or limit)
            return _lease(connection, chosen, worker, now, now + timedelta(seconds=lease_seconds))

    def heartbeat(self, ids: Sequence[int], worker: str, now: datetime, lease_seconds: float) -> None:
        """Extend the leases that `worker` still holds; those it lost stay lost."""
        with writing(self._engine) as connection:
            connection.execute(
                update(frontier)
                .where(frontier.c.id.in_(ids), frontier.c.worker == worker, frontier.c.state == "leased")
                .values(due_at=now + timedelta(seconds=lease_seconds))
            )

    def next_dues(self, night_id: str, target_ids: Sequence[int], now: datetime) -> dict[int, datetime]:
        """When the next URL of each target becomes claimable, `now` if one is already; targets without work are left out.

        A lease held counts with the time it runs out: its URL may come back. URLs that seem to wait for longer than any is ever
        made to were put there by a clock that has been set back since; they become claimable now.
        """
        dues: dict[int, datetime] = {}
        with self._engine.connect() as connection:
            for some in _in_parts(target_ids):
                asked = {"night": night_id, "targets": some}
                for query in (_NEXT_TRIED, _NEXT_UNTRIED):
                    for row in connection.execute(query, asked):
                        dues[row.target_id] = min(row.due_at, dues.get(row.target_id, row.due_at))
        late = [target_id for target_id, due_at in dues.items() if due_at > now + _LONGEST_WAIT]
        forward = self._brought_forward(night_id, late, now) if late else frozenset()
        return {target_id: now if target_id in forward else max(due_at, now) for target_id, due_at in dues.items()}

    def _brought_forward(self, night_id: str, target_ids: Sequence[int], now: datetime) -> frozenset[int]:
        late = and_(
            frontier.c.night_id == night_id,
            frontier.c.state == "waiting",
            frontier.c.due_at > now + _LONGEST_WAIT,
        )
        moved: set[int] = set()
        with writing(self._engine) as connection:
            for some in _in_parts(target_ids):
                which = and_(late, frontier.c.target_id.in_(some))
                rows = update(frontier).where(which).values(due_at=_AT_ONCE).returning(frontier.c.target_id)
                moved.update(connection.scalars(rows))
        return frozenset(moved)

    def release_leases(self, night_id: str, workers: Sequence[str] | None = None) -> int:
        """Give back at once what dead workers (None: all workers) of a night hold; returns how many URLs.

        The broken-off try stays counted in `attempts`.
        """
        held = and_(frontier.c.night_id == night_id, frontier.c.state == "leased")
        if workers is not None:
            held = and_(held, frontier.c.worker.in_(workers))
        with writing(self._engine) as connection:
            return connection.execute(
                update(frontier).where(held).values(state="waiting", worker=None, due_at=_AT_ONCE)
            ).rowcount

    def withdraw_leases(self, night_id: str, workers: Sequence[str] | None = None) -> int:
        """Take back every lease of a night that was stopped from outside, or those of some of its workers, as if they had not
        been given; how many URLs.

        Unlike a crash, which a page may have caused, the stop says nothing about the pages that were under way: their
        broken-off tries are not counted, neither in `attempts` nor against the budget. None of these workers may be alive.
        """
        held = frontier.c.night_id == night_id
        if workers is not None:
            held = and_(held, frontier.c.worker.in_(workers))
        with writing(self._engine) as connection:
            return _withdraw(connection, held, _AT_ONCE)

    def give_back(self, ids: Sequence[int], worker: str, due_at: datetime) -> None:
        """Return URLs that `worker` holds and did not try, until `due_at`; nothing of the try is counted."""
        with writing(self._engine) as connection:
            _withdraw(connection, and_(frontier.c.id.in_(ids), frontier.c.worker == worker), due_at)


def _in_parts(target_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at a time as one statement may name."""
    for start in range(0, len(target_ids), _TARGETS_AT_ONCE):
        yield target_ids[start : start + _TARGETS_AT_ONCE]


def _withdraw(connection: Connection, which: ColumnElement[bool], due_at: datetime) -> int:
    rows = connection.execute(
        update(frontier)
        .where(which, frontier.c.state == "leased")
        .values(state="waiting", worker=None, due_at=due_at, attempts=frontier.c.attempts - 1)
        .returning(frontier.c.night_id, frontier.c.target_id, frontier.c.attempts)
    ).all()
    never_tried = Counter((row.night_id, row.target_id) for row in rows if row.attempts == 0)
    for (night_id, target_id), count in never_tried.items():
        of_target = and_(night_targets.c.night_id == night_id, night_targets.c.target_id == target_id)
        connection.execute(update(night_targets).where(of_target).values(started=night_targets.c.started - count))
    return len(rows)


def _lock_targets_with_work(
    connection: Connection, night_id: str, target_ids: Sequence[int], now: datetime
) -> dict[int, tuple[int, int]]:
    """(started, max_pages) of the targets that have a claimable URL, fewest started first, locked against a second
    claimer, who would otherwise spend the same budget."""
    rows = connection.execute(_WITH_WORK, {"night": night_id, "targets": list(target_ids), "now": now})
    return {row.target_id: (row.started, row.max_pages) for row in rows}


def _candidates(
    connection: Connection, night_id: str, budgets: Mapping[int, tuple[int, int]], each: int, now: datetime
) -> list[_Candidate]:
    """Claimable rows, at most `each` further tries and `each` first tries a target, within its budget."""
    if not budgets:
        return []
    asked: dict[str, Any] = {"night": night_id, "now": now, "tried": each}
    places = next(size for size in _QUERY_SIZES if size >= len(budgets))
    for place in range(places):  # those left over ask for a target that there is not
        asked |= {f"target_{place}": _NO_TARGET, f"untried_{place}": 0}
    for place, (target_id, (started, max_pages)) in enumerate(budgets.items()):
        asked |= {f"target_{place}": target_id, f"untried_{place}": max(0, min(each, max_pages - started))}
    rows = connection.execute(_candidate_query(places), asked)
    return [_Candidate(row.id, row.target_id, bool(row.tried)) for row in rows]


@cache  # one for each of `_QUERY_SIZES`: to build and compile one costs more than to ask it a hundred times
def _candidate_query(targets: int) -> CompoundSelect[Any]:
    parts: list[Select[Any]] = []
    for place in range(targets):
        for kind, most in ((_TRIED, "tried"), (_UNTRIED, f"untried_{place}")):
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
    connection: Connection,
    chosen: Sequence[_Candidate],
    worker: str,
    now: datetime,
    lease_until: datetime,
) -> list[FrontierUrl]:
    first_tries: dict[int, int] = {}
    ids = [candidate.id for candidate in chosen]
    if connection.dialect.name == "postgresql":
        # Rows that another transaction is just finishing are left alone instead of waited for.
        ids = list(connection.scalars(_UNLOCKED, {"ids": ids, "now": now}))
    leased = connection.execute(_LEASED, {"ids": ids, "now": now, "holder": worker, "until": lease_until}).all()
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
    return [FrontierUrl(row.id, row.night_id, row.target_id, row.url, row.depth, row.attempts) for row in leased]
