"""Processes that take part in a night, what they are set up for, and whether they are alive.

All times are by the clock that they share (`storage.database.shared_clock`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from domain.abilities import EVERYTHING, Ability, abilities_in, written
from storage.database import writing
from storage.tables import workers

#: A worker says that it is there so often; one that could not say so for `FENCED_AFTER` stops by itself, before others take it for
#: dead after `DEAD_AFTER` and take its work over.
HEARD_EVERY = timedelta(seconds=5)
FENCED_AFTER = timedelta(seconds=15)
DEAD_AFTER = timedelta(seconds=30)
#: Limit of a transaction of whoever takes part in a night: rows of a few pages at most.
TRANSACTION_OF_A_NIGHT_AT_MOST = timedelta(minutes=1)
_LEFT = datetime(1970, 1, 1, tzinfo=UTC)


class NameTaken(Exception):
    """A worker of that name is alive."""


@dataclass(frozen=True, slots=True)
class Worker:
    """`capacity` is how many shards it crawls at once."""

    name: str
    capacity: int
    can: frozenset[Ability]
    begun_at: datetime
    heard_at: datetime


def announce(
    engine: Engine,
    name: str,
    capacity: int,
    now: datetime,
    can: Collection[Ability] = EVERYTHING,
    *,
    in_place: bool = False,
) -> None:
    """A worker begins. Raises NameTaken while one of that name is alive, unless it takes the place of one that cannot be."""
    with writing(engine) as connection:
        known = connection.execute(select(workers).where(workers.c.name == name).with_for_update()).one_or_none()
        if known is not None and not in_place and now - known.heard_at < DEAD_AFTER:
            raise NameTaken(name)
        connection.execute(delete(workers).where(workers.c.name == name))
        row = {"name": name, "capacity": capacity, "begun_at": now, "heard_at": now, "can": written(can)}
        connection.execute(insert(workers), row)


def hear(engine: Engine, name: str, now: datetime) -> bool:
    """A worker is still there; False when it was taken for dead and may not go on."""
    with writing(engine) as connection:
        alive = workers.c.name == name, workers.c.heard_at > now - DEAD_AFTER
        return connection.execute(update(workers).where(*alive).values(heard_at=now)).rowcount == 1


def leave(engine: Engine, name: str) -> None:
    """A worker ends by itself: its work may be taken over at once."""
    with writing(engine) as connection:
        connection.execute(update(workers).where(workers.c.name == name).values(heard_at=_LEFT))


def lose(engine: Engine, name: str, ability: Ability) -> None:
    """A worker turns out not to be set up for something."""
    with writing(engine) as connection:
        row = connection.execute(select(workers.c.can).where(workers.c.name == name).with_for_update()).one_or_none()
        if row is not None:
            left = abilities_in(row.can) - {ability}
            connection.execute(update(workers).where(workers.c.name == name).values(can=written(left)))


def live_workers(engine: Engine, now: datetime) -> list[Worker]:
    """Those that are alive, by name."""
    alive = select(workers).where(workers.c.heard_at > now - DEAD_AFTER).order_by(workers.c.name)
    with engine.connect() as connection:
        return [
            Worker(row.name, row.capacity, abilities_in(row.can), row.begun_at, row.heard_at)
            for row in connection.execute(alive)
        ]


def dead_workers(engine: Engine, now: datetime) -> list[str]:
    """Names of those that have not been heard of, or that have left, and whose work nobody has taken over yet."""
    with engine.connect() as connection:
        silent = select(workers.c.name).where(workers.c.heard_at <= now - DEAD_AFTER).order_by(workers.c.name)
        return list(connection.scalars(silent))


def forget(engine: Engine, name: str, now: datetime) -> None:
    """Its work was taken over. One that has come back meanwhile stays."""
    with writing(engine) as connection:
        connection.execute(delete(workers).where(workers.c.name == name, workers.c.heard_at <= now - DEAD_AFTER))
