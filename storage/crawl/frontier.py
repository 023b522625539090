"""The crawl frontier in the database: what is to be visited this night, who holds it, and until when."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Engine, and_, select, update

from domain.visits import Discovered, FrontierUrl
from storage.crawl.claiming import TARGETS_AT_ONCE, TO_SHOW, Claim, claim_urls, earliest_dues
from storage.crawl.found_urls import FoundUrls, add_urls
from storage.database import writing
from storage.tables import frontier, night_targets

_AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)  # whatever the time is, this has passed
_SEEDS_TOGETHER = 500
_LONGEST_WAIT = timedelta(hours=2)  # twice the longest Retry-After that is obeyed


class SqlFrontier:
    """`domain.visits.Frontier` over SQL. A URL is leased to one worker at a time, by whichever process asks first.

    A target's `max_pages` is its budget of URLs a night: a URL costs one when it is claimed for the first time, further
    tries of it are free. Rows never tried once the budget is spent are surplus: they stay in the table, are not
    claimed, keep no night waiting, and are counted by `storage.crawl.nights`.

    URLs that were left to a process with a browser are given only to those that ask `to_show` them.
    """

    def __init__(self, engine: Engine, *, to_show: bool = False) -> None:
        self._engine = engine
        self._to_show = to_show

    def seed(self, night_id: str, seeds: Sequence[tuple[int, str]], now: datetime) -> None:
        """Put the start URLs of a night, as (target id, URL), on the frontier at depth 0, in this order; known ones stay as
        they are. Called again it completes what was broken off."""
        for begin in range(0, len(seeds), _SEEDS_TOGETHER):  # others write in between
            part = seeds[begin : begin + _SEEDS_TOGETHER]
            with writing(self._engine) as connection:
                found = (FoundUrls(night_id, target_id, [Discovered(url, 0)], now) for target_id, url in part)
                add_urls(connection, found, as_given=True)

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
            asked = Claim(night_id, target_ids, worker, limit, min(limit, each or limit), now, self._to_show)
            return claim_urls(connection, asked, now + timedelta(seconds=lease_seconds))

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
                dues |= earliest_dues(connection, night_id, some, to_show=self._to_show)
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

    def hand_on(self, frontier_id: int, worker: str) -> None:
        """Leave a URL that `worker` holds to a process that has a browser; the try counts for nothing but the budget."""
        held = (frontier.c.id == frontier_id, frontier.c.worker == worker, frontier.c.state == "leased")
        with writing(self._engine) as connection:
            connection.execute(
                update(frontier)
                .where(*held)
                .values(state=TO_SHOW, worker=None, due_at=_AT_ONCE, handed_on=frontier.c.handed_on + 1)
            )

    def waits_for_browser(self, night_id: str, target_ids: Sequence[int]) -> bool:
        """Whether URLs of some targets were left to a process that has a browser."""
        left = select(frontier.c.id).where(frontier.c.night_id == night_id, frontier.c.state == TO_SHOW).limit(1)
        with self._engine.connect() as connection:
            return any(
                connection.scalar(left.where(frontier.c.target_id.in_(some))) is not None
                for some in _in_parts(target_ids)
            )

    def give_back(self, ids: Sequence[int], worker: str, due_at: datetime) -> None:
        """Return URLs that `worker` holds and did not try, until `due_at`; nothing of the try is counted."""
        with writing(self._engine) as connection:
            _withdraw(connection, and_(frontier.c.id.in_(ids), frontier.c.worker == worker), due_at)


def _in_parts(target_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at a time as one statement may name."""
    for start in range(0, len(target_ids), TARGETS_AT_ONCE):
        yield target_ids[start : start + TARGETS_AT_ONCE]


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
