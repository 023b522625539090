"""Processes that take shards of a night, and whether they are alive."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, delete, insert, select, update

from storage.database import writing
from storage.tables import workers

#: A worker says that it is there so often; one that could not say so for `FENCED_AFTER` stops by itself, before others take it for
#: dead after `DEAD_AFTER` and take its work over.
HEARD_EVERY = timedelta(seconds=5)
FENCED_AFTER = timedelta(seconds=15)
DEAD_AFTER = timedelta(seconds=30)
_LEFT = datetime(1970, 1, 1, tzinfo=UTC)


class NameTaken(Exception):
    """A worker of that name is alive."""


def announce(engine: Engine, name: str, capacity: int, now: datetime) -> None:
    """A worker begins. Raises NameTaken while one of that name is alive."""
    with writing(engine) as connection:
        known = connection.execute(select(workers).where(workers.c.name == name).with_for_update()).one_or_none()
        if known is not None and now - known.heard_at < DEAD_AFTER:
            raise NameTaken(name)
        connection.execute(delete(workers).where(workers.c.name == name))
        connection.execute(insert(workers).values(name=name, capacity=capacity, begun_at=now, heard_at=now))


def hear(engine: Engine, name: str, now: datetime) -> bool:
    """A worker is still there; False when it was taken for dead and may not go on."""
    with writing(engine) as connection:
        alive = workers.c.name == name, workers.c.heard_at > now - DEAD_AFTER
        return connection.execute(update(workers).where(*alive).values(heard_at=now)).rowcount == 1


def leave(engine: Engine, name: str) -> None:
    """A worker ends by itself: its work may be taken over at once."""
    with writing(engine) as connection:
        connection.execute(update(workers).where(workers.c.name == name).values(heard_at=_LEFT))


def live_capacity(engine: Engine, now: datetime) -> int:
    """Shards that the workers that are alive crawl at once, all together."""
    with engine.connect() as connection:
        alive = select(workers.c.capacity).where(workers.c.heard_at > now - DEAD_AFTER)
        return sum(connection.scalars(alive))


def dead_workers(engine: Engine, now: datetime) -> list[str]:
    """Names of those that have not been heard of, or that have left, and whose work nobody has taken over yet."""
    with engine.connect() as connection:
        silent = select(workers.c.name).where(workers.c.heard_at <= now - DEAD_AFTER).order_by(workers.c.name)
        return list(connection.scalars(silent))


def forget(engine: Engine, name: str, now: datetime) -> None:
    """Its work was taken over. One that has come back meanwhile stays."""
    with writing(engine) as connection:
        connection.execute(delete(workers).where(workers.c.name == name, workers.c.heard_at <= now - DEAD_AFTER))
