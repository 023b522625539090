"""The queue of time stamps: every head waits for every authority until its token is there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, select, update

from domain.stamps import StampAuthority, StampUnavailable
from storage.database import writing
from storage.digests import sha256_hex
from storage.sealing.seals import read_seals, write_seal_files
from storage.tables import time_stamps


@dataclass(frozen=True, slots=True)
class StampTry:
    """What came of asking one authority for one head; `fault` is Chinese, empty when the token is stored."""

    seal_number: int
    authority: str
    fault: str


def request_stamps(
    engine: Engine, folder: Path, authorities: Sequence[StampAuthority], clock: Callable[[], datetime]
) -> list[StampTry]:
    """Ask for every token that is missing, oldest head first. An authority that fails once is not asked again in this call.

    A token is never asked for twice and never replaced; the time in it is the authority's, however late it came.
    """
    with writing(engine) as connection:
        _queue(connection, authorities)
    tries = []
    for authority in authorities:
        for stamp_id, seal_number, document in _waiting(engine, authority.name):
            attempt = _ask(engine, authority, stamp_id, seal_number, document, clock)
            tries.append(attempt)
            if attempt.fault:
                break
    write_seal_files(engine, folder)
    return tries


def _queue(connection: Connection, authorities: Sequence[StampAuthority]) -> None:
    rows = connection.execute(select(time_stamps.c.seal_number, time_stamps.c.authority))
    known = {(row.seal_number, row.authority) for row in rows}
    for seal in read_seals(connection):
        for authority in authorities:
            if (seal.number, authority.name) not in known:
                connection.execute(
                    insert(time_stamps).values(
                        seal_number=seal.number,
                        authority=authority.name,
                        token_file=f"{authority.name}.{authority.suffix}",
                        attempts=0,
                        detail="",
                    )
                )


def _waiting(engine: Engine, authority: str) -> list[tuple[int, int, str]]:
    with engine.connect() as connection:
        documents = {seal.number: seal.document for seal in read_seals(connection)}
        rows = connection.execute(
            select(time_stamps.c.id, time_stamps.c.seal_number)
            .where(time_stamps.c.authority == authority, time_stamps.c.token.is_(None))
            .order_by(time_stamps.c.seal_number)
        )
        return [(row.id, row.seal_number, documents[row.seal_number]) for row in rows]


def _ask(
    engine: Engine,
    authority: StampAuthority,
    stamp_id: int,
    seal_number: int,
    document: str,
    clock: Callable[[], datetime],
) -> StampTry:
    """Ask outside of any transaction, then store the token or why there is none."""
    data = document.encode()
    fault = ""
    token: bytes | None = None
    stamped_at = None
    try:
        token = authority.stamp(data)
        stamped_at = authority.read(data, token).stamped_at
    except StampUnavailable as unavailable:
        fault = str(unavailable)
    now = clock()
    with writing(engine) as connection:
        connection.execute(
            update(time_stamps)
            .where(time_stamps.c.id == stamp_id, time_stamps.c.token.is_(None))
            .values(
                attempts=time_stamps.c.attempts + 1,
                asked_at=now,
                received_at=None if token is None else now,
                stamped_at=stamped_at,
                token=token,
                token_sha256=None if token is None else sha256_hex(token),
                detail=fault,
            )
        )
    return StampTry(seal_number, authority.name, fault)
