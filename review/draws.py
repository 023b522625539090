"""Choosing at random so that anybody can choose again: what from, how many, and with which seed (双随机)."""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select

from storage.tables import desk_draws


@dataclass(frozen=True, slots=True)
class Draw:
    """One draw as it is recorded. `population_sha256` is of the ids drawn from, one a line, in that order."""

    kind: str
    night_id: str | None
    seed: str
    population: int
    population_sha256: str
    drawn: tuple[int, ...]
    drawn_at: datetime
    drawn_by: str


def new_seed() -> str:
    return secrets.token_hex(8)


def choose(seed: str, population: Sequence[int], size: int) -> tuple[int, ...]:
    """`size` of the population, or all of it, in the order drawn: by the digest of seed and id, smallest first.

    No random number generator whose algorithm another version or language may change: SHA-256 of `seed:id`.
    """
    return tuple(sorted(population, key=lambda number: _lot(seed, number))[:size])


def choose_share(seed: str, population: Iterable[int], share: float) -> frozenset[int]:
    """Each with the same chance, whatever else is in the population: those whose digest is below the share."""
    limit = round(share * (1 << 64))
    return frozenset(number for number in population if int(_lot(seed, number)[:16], 16) < limit)


def shuffled(seed: str, values: Iterable[int]) -> list[int]:
    """In the order of their lots."""
    return sorted(values, key=lambda value: _lot(seed, value))


def population_sha256(population: Iterable[int]) -> str:
    digest = hashlib.sha256()
    for number in population:
        digest.update(b"%d\n" % number)
    return digest.hexdigest()


def record_draw(
    connection: Connection,
    kind: str,
    night_id: str | None,
    seed: str,
    population: Sequence[int],
    drawn: Sequence[int],
    now: datetime,
    by: str,
) -> None:
    connection.execute(
        insert(desk_draws),
        {
            "kind": kind,
            "night_id": night_id,
            "seed": seed,
            "population": len(population),
            "population_sha256": population_sha256(population),
            "drawn": list(drawn),
            "drawn_at": now,
            "drawn_by": by,
        },
    )


def draws(engine: Engine, limit: int = 50) -> list[Draw]:
    """The newest first."""
    query = select(desk_draws).order_by(desk_draws.c.id.desc()).limit(limit)
    with engine.connect() as connection:
        return [
            Draw(
                row.kind,
                row.night_id,
                row.seed,
                row.population,
                row.population_sha256,
                tuple(row.drawn),
                row.drawn_at,
                row.drawn_by,
            )
            for row in connection.execute(query)
        ]


def _lot(seed: str, number: int) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
