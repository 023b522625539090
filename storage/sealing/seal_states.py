"""Under which signed head a file lies, since when, and whether an authority stamped that."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, select

from storage.columns import UtcDateTime
from storage.tables import chain_entries, seals, time_stamps


@dataclass(frozen=True, slots=True)
class SealState:
    """`number` is the head's, `sealed_at` by our clock; `stamps` are tokens received, the earliest of them by its authority's clock at
    `stamped_at`, None without one."""

    number: int
    sealed_at: datetime
    stamps: int
    stamped_at: datetime | None


def seal_states(engine: Engine, paths: Sequence[str]) -> dict[str, SealState]:
    """By path, relative to the data folder. Files that no head covers yet are left out; some hundreds at a time."""
    stamped = (
        select(
            time_stamps.c.seal_number,
            func.count().label("stamps"),
            func.min(time_stamps.c.stamped_at, type_=UtcDateTime()).label("stamped_at"),
        )
        .where(time_stamps.c.token.is_not(None))
        .group_by(time_stamps.c.seal_number)
        .subquery()
    )
    query = (
        select(chain_entries.c.path, seals.c.number, seals.c.created_at, stamped.c.stamps, stamped.c.stamped_at)
        .join(seals, chain_entries.c.number.between(seals.c.first_entry, seals.c.last_entry))
        .outerjoin(stamped, stamped.c.seal_number == seals.c.number)
        .where(chain_entries.c.path.in_(paths))
    )
    with engine.connect() as connection:
        return {
            row.path: SealState(row.number, row.created_at, row.stamps or 0, row.stamped_at)
            for row in connection.execute(query)
        }
