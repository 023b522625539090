"""What goes with one bundle to show, without our database, that it is under a signed and stamped head."""

import base64
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, select

from storage.canonical import canonical_json
from storage.digests import sha256_hex
from storage.sealing.chain import read_entries
from storage.sealing.merkle import merkle_paths
from storage.sealing.seals import Seal, read_seals
from storage.tables import chain_entries, time_stamps

FORMAT = "yiguang-proof-1"
SUFFIX = ".seal.json"  # after the name of the bundle


def proof_of(engine: Engine, path: str) -> bytes | None:
    """The proof for the file at `path` (relative to the data folder); None while no head covers it.

    `entry` and `head` are the exact lines that were hashed and signed; `merkle_path` leads from entry `index` of `count`
    to the root in the head; tokens are base64 as received. `sha256` is over the rest, in its canonical spelling.
    """
    return Proofs(engine).of(path)


@dataclass(frozen=True, slots=True)
class _SealedEntries:
    """What lies under one head: `paths` leads from each entry to its root."""

    seal: Seal
    entries: list[str]
    paths: list[list[bytes]]
    stamps: list[dict[str, str]]


class Proofs:
    """Proofs of many files. A head that covers thousands of them is read once, as long as its files are asked for together."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last: _SealedEntries | None = None

    def of(self, path: str) -> bytes | None:
        """See `proof_of`."""
        with self._engine.connect() as connection:
            number = connection.scalar(select(chain_entries.c.number).where(chain_entries.c.path == path))
            sealed = None if number is None else self._covering(connection, number)
        if number is None or sealed is None:
            return None
        index = number - sealed.seal.first_entry
        proof = {
            "format": FORMAT,
            "entry": sealed.entries[index],
            "index": index,
            "count": len(sealed.entries),
            "merkle_path": [digest.hex() for digest in sealed.paths[index]],
            "head": sealed.seal.document,
            "stamps": sealed.stamps,
        }
        return canonical_json(proof | {"sha256": sha256_hex(canonical_json(proof))})

    def _covering(self, connection: Connection, number: int) -> _SealedEntries | None:
        last = self._last
        if last is not None and last.seal.first_entry <= number <= last.seal.last_entry:
            return last
        covering = [seal for seal in read_seals(connection) if seal.first_entry <= number <= seal.last_entry]
        if not covering:
            return None
        seal = covering[0]
        entries = [entry.document for entry in read_entries(connection, seal.first_entry, seal.last_entry)]
        paths = merkle_paths([entry.encode() for entry in entries])
        self._last = _SealedEntries(seal, entries, paths, _stamps(connection, seal))
        return self._last


def _stamps(connection: Connection, seal: Seal) -> list[dict[str, str]]:
    rows = connection.execute(
        select(time_stamps.c.authority, time_stamps.c.token_file, time_stamps.c.token)
        .where(time_stamps.c.seal_number == seal.number, time_stamps.c.token.is_not(None))
        .order_by(time_stamps.c.id)
    )
    return [
        {
            "authority": row.authority,
            "file": row.token_file,
            "sha256": sha256_hex(row.token),
            "token": base64.b64encode(row.token).decode(),
        }
        for row in rows
    ]
