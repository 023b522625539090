"""The nightly timetable in the database."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, insert, select, update

from domain.timetable import Closure, Due, RunState
from storage.database import writing
from storage.tables import timetable_closures, timetable_runs


@dataclass(frozen=True, slots=True)
class Run:
    """A time by the timetable and what became of it. `exit_code` is None until it has ended."""

    due_at: datetime
    state: RunState
    begun_at: datetime | None
    ended_at: datetime | None
    exit_code: int | None
    why: str


def runs(engine: Engine, limit: int = 30) -> list[Run]:
    """The newest times, newest first."""
    query = select(timetable_runs).order_by(timetable_runs.c.due_at.desc()).limit(limit)
    with engine.connect() as connection:
        return [
            Run(row.due_at, RunState(row.state), row.begun_at, row.ended_at, row.exit_code, row.why)
            for row in connection.execute(query)
        ]


def handled_until(engine: Engine, now: datetime) -> datetime:
    """The newest time that is on record; `now` when there is none, so that a new timetable has missed nothing."""
    with engine.connect() as connection:
        return connection.scalar(select(func.max(timetable_runs.c.due_at))) or now


def note_due(engine: Engine, due: Due, now: datetime) -> None:
    """Put a time on record as begun, missed or left out; one that is on record already stays as it is."""
    with writing(engine) as connection:
        if connection.scalar(select(timetable_runs.c.id).where(timetable_runs.c.due_at == due.at)) is None:
            begun_at = now if due.state is RunState.BEGUN else None
            connection.execute(
                insert(timetable_runs).values(due_at=due.at, state=due.state.value, begun_at=begun_at, why=due.why)
            )


def note_end(engine: Engine, due_at: datetime, state: RunState, exit_code: int, now: datetime) -> None:
    """Say how the night of that time ended."""
    with writing(engine) as connection:
        connection.execute(
            update(timetable_runs)
            .where(timetable_runs.c.due_at == due_at)
            .values(state=state.value, exit_code=exit_code, ended_at=now)
        )


def unfinished_run(engine: Engine) -> Run | None:
    """The newest time, when its night was begun and did not come to its end."""
    newest = runs(engine, 1)
    return newest[0] if newest and newest[0].state in (RunState.BEGUN, RunState.BROKEN_OFF) else None


def closures(engine: Engine) -> list[Closure]:
    """Those that hold, oldest first."""
    query = select(timetable_closures).where(timetable_closures.c.lifted_at.is_(None)).order_by(timetable_closures.c.id)
    with engine.connect() as connection:
        return [Closure(row.since, row.until, row.why) for row in connection.execute(query)]


def add_closure(engine: Engine, closure: Closure) -> None:
    with writing(engine) as connection:
        connection.execute(insert(timetable_closures).values(since=closure.since, until=closure.until, why=closure.why))


def lift_closures(engine: Engine, now: datetime) -> int:
    """End every pause, and every window that covers `now`; how many."""
    table = timetable_closures.c
    covers = (table.since <= now) & (table.until.is_(None) | (table.until > now))
    with writing(engine) as connection:
        return connection.execute(
            update(timetable_closures).where(table.lifted_at.is_(None), covers).values(lifted_at=now)
        ).rowcount
