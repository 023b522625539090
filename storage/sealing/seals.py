"""Signed heads of the chain: one digest, made every night, that stands for all that was captured.

A head covers the entries since the head before it. What belongs to it lies in `seals/<number>/`: `head.json`, which is
what authorities stamp, `entries.jsonl`, the entries under its Merkle root, and a file for each token.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from storage.archive.orphans import repair_warcs
from storage.archive.warc import warc_date
from storage.canonical import canonical_json
from storage.database import writing
from storage.digests import sha256_hex, sm3_hex
from storage.durable_file import write_whole
from storage.locks import writing_evidence
from storage.sealing.chain import ChainEntry, SealedFile, append_entry, lock_chain, read_entries
from storage.sealing.keep_records import write_record_files
from storage.sealing.merkle import merkle_root
from storage.sealing.seal_key import SealKey
from storage.tables import chain_entries, seals, time_stamps, warc_files

FORMAT = "yiguang-seal-1"
HEAD = "head.json"
ENTRIES = "entries.jsonl"
NO_HEAD = "0" * 64  # what the first head has for a predecessor


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed head as it is stored; `document` is `head.json`, `digest` its SHA-256."""

    number: int
    night_id: str
    first_entry: int
    last_entry: int
    document: str
    digest: str
    created_at: datetime

    @property
    def folder(self) -> str:
        """Relative to the data folder."""
        return f"seals/{self.number:06}"


def seal_night(engine: Engine, folder: Path, night_id: str, key: SealKey, now: datetime) -> int | None:
    """Enter the night's WARC files into the chain and sign a head over all new entries; None when there are none.

    To be called when no crawl of the night is at work. May be called again after a crash: what is done stays done.
    """
    repair_warcs(engine, folder)
    with engine.connect() as connection:
        files = [_sealed_warc(folder, path) for path in _new_warcs(connection, folder, night_id)]
    with writing(engine) as connection:
        lock_chain(connection)
        known = set(connection.scalars(select(chain_entries.c.path)))
        for file in files:
            if file.path not in known:
                append_entry(connection, night_id, file, now)
        number = sign_head(connection, night_id, key, now)
    write_seal_files(engine, folder)
    write_record_files(engine, folder)
    return number


def _new_warcs(connection: Connection, folder: Path, night_id: str) -> list[str]:
    """Those that are as the database has them; any other is left for verification to report."""
    rows = connection.execute(
        select(warc_files.c.path, warc_files.c.length)
        .where(warc_files.c.night_id == night_id, warc_files.c.sealed)
        .where(warc_files.c.path.not_in(select(chain_entries.c.path)))
        .order_by(warc_files.c.id)
    )
    return [
        row.path for row in rows if (folder / row.path).is_file() and (folder / row.path).stat().st_size == row.length
    ]


def _sealed_warc(folder: Path, path: str) -> SealedFile:
    data = (folder / path).read_bytes()
    return SealedFile("warc", path, len(data), sha256_hex(data), sm3_hex(data))


def sign_head(connection: Connection, night_id: str, key: SealKey, now: datetime) -> int | None:
    """Sign a head over the entries that have none, in a transaction that holds the chain; None when there are none."""
    before = connection.execute(select(seals).order_by(seals.c.number.desc()).limit(1)).one_or_none()
    number, first, previous = (1, 1, NO_HEAD)
    if before is not None:
        number, first, previous = before.number + 1, before.last_entry + 1, before.digest
    last = connection.scalar(select(chain_entries.c.number).order_by(chain_entries.c.number.desc()).limit(1)) or 0
    if last < first:
        return None
    head = head_of(number, night_id, previous, read_entries(connection, first, last), key.public_key, now)
    document = head_document(head, key.sign(canonical_json(head)))
    seal = Seal(number, night_id, first, last, document.decode(), sha256_hex(document), now)
    connection.execute(insert(seals).values(asdict(seal)))
    return number


def head_of(
    number: int, night_id: str, previous: str, entries: list[ChainEntry], public_key: str, created_at: datetime
) -> dict[str, Any]:
    """What is signed. `entries` are all entries under this head, at least one."""
    return {
        "format": FORMAT,
        "number": number,
        "night": night_id,
        "created_at": warc_date(created_at),
        "first": entries[0].number,
        "last": entries[-1].number,
        "tip": entries[-1].digest,
        "merkle_root": merkle_root([entry.document.encode() for entry in entries]).hex(),
        "previous": previous,
        "public_key": public_key,
    }


def head_document(head: dict[str, Any], signature: str) -> bytes:
    return canonical_json({"head": head, "signature": signature})


def read_seals(connection: Connection) -> list[Seal]:
    """All heads, oldest first."""
    return [
        Seal(
            number=row.number,
            night_id=row.night_id,
            first_entry=row.first_entry,
            last_entry=row.last_entry,
            document=row.document,
            digest=row.digest,
            created_at=row.created_at,
        )
        for row in connection.execute(select(seals).order_by(seals.c.number))
    ]


def has_seals(engine: Engine) -> bool:
    """Whether any evidence was ever sealed."""
    with engine.connect() as connection:
        return connection.scalar(select(seals.c.number).limit(1)) is not None


def write_seal_files(engine: Engine, folder: Path) -> list[str]:
    """Write what is missing on disk of any head; returns the paths. A file that is there is never written again."""
    written = []
    with writing_evidence(folder), engine.connect() as connection:
        for seal in read_seals(connection):
            for name, content in _seal_files(connection, seal):
                path = folder / seal.folder / name
                if not path.exists():
                    write_whole(path, content())
                    written.append(f"{seal.folder}/{name}")
    return written


def _seal_files(connection: Connection, seal: Seal) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Name and content of every file that belongs to a head; the content is read only when asked for."""
    yield HEAD, seal.document.encode
    yield ENTRIES, lambda: entry_lines(read_entries(connection, seal.first_entry, seal.last_entry))
    tokens = (
        select(time_stamps.c.id, time_stamps.c.token_file)
        .where(time_stamps.c.seal_number == seal.number, time_stamps.c.token.is_not(None))
        .order_by(time_stamps.c.id)
    )
    for row in connection.execute(tokens).all():
        yield row.token_file, partial(_token, connection, row.id)


def _token(connection: Connection, stamp_id: int) -> bytes:
    return bytes(connection.execute(select(time_stamps.c.token).where(time_stamps.c.id == stamp_id)).scalar_one())


def entry_lines(entries: Iterable[ChainEntry]) -> bytes:
    """The entries as `entries.jsonl` has them."""
    return b"".join(entry.document.encode() for entry in entries)
