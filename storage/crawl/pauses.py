"""Nights that their hours cut short: paused, and resumed when the hours come again."""

from datetime import datetime

from sqlalchemy import Connection, Engine, func, insert, select, update

from domain.beijing import BEIJING
from storage.database import writing
from storage.tables import night_pauses, nights


def pause_night(engine: Engine, night_id: str, now: datetime) -> None:
    """Say that the hours of an unfinished night are over. One that is paused already, or finished, stays as it is.

    Raises KeyError for no such night.
    """
    with writing(engine) as connection:
        # Several shards end at the closing hour; the row of the night lets one after another in
        night = connection.execute(select(nights).where(nights.c.id == night_id).with_for_update()).one_or_none()
        if night is None:
            raise KeyError(night_id)
        if night.ended_at is not None or paused_since(connection, night_id) is not None:
            return
        before = connection.scalar(select(func.max(night_pauses.c.number)).where(night_pauses.c.night_id == night_id))
        connection.execute(insert(night_pauses).values(night_id=night_id, number=(before or 0) + 1, paused_at=now))


def resume_night(engine: Engine, night_id: str, now: datetime) -> None:
    """Say that a paused night is at work again; nothing happens to one that is not paused."""
    with writing(engine) as connection:
        connection.execute(
            update(night_pauses)
            .where(night_pauses.c.night_id == night_id, night_pauses.c.resumed_at.is_(None))
            .values(resumed_at=now)
        )


def is_paused(engine: Engine, night_id: str) -> bool:
    with engine.connect() as connection:
        return paused_since(connection, night_id) is not None


def paused_since(connection: Connection, night_id: str) -> datetime | None:
    """None for a night that is not paused."""
    return connection.scalar(
        select(night_pauses.c.paused_at).where(night_pauses.c.night_id == night_id, night_pauses.c.resumed_at.is_(None))
    )


def resumed_at(engine: Engine, night_id: str) -> datetime | None:
    """When a night was last taken up again after a pause, None for one that never was."""
    times = select(night_pauses.c.resumed_at).where(
        night_pauses.c.night_id == night_id, night_pauses.c.resumed_at.is_not(None)
    )
    with engine.connect() as connection:
        return connection.scalar(times.order_by(night_pauses.c.number.desc()).limit(1))


def resumed_dates(connection: Connection, night_id: str) -> tuple[str, ...]:
    """The dates in Beijing, as ISO 8601, on which a night was resumed, oldest first."""
    times = connection.scalars(
        select(night_pauses.c.resumed_at)
        .where(night_pauses.c.night_id == night_id, night_pauses.c.resumed_at.is_not(None))
        .order_by(night_pauses.c.number)
    )
    return tuple(dict.fromkeys(time.astimezone(BEIJING).date().isoformat() for time in times if time is not None))
