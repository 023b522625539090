"""What goes with one bundle to show, without our database, that it is under a signed and stamped head."""

import base64
import json

from sqlalchemy import Connection, Engine, select

from storage.canonical import canonical_json
from storage.chain import read_entries
from storage.digests import sha256_hex
from storage.merkle import merkle_path
from storage.seals import Seal, read_seals
from storage.tables import chain_entries, time_stamps

FORMAT = "yiguang-proof-1"
SUFFIX = ".seal.json"  # after the name of the bundle


def proof_of(engine: Engine, path: str) -> bytes | None:
    """The proof for the file at `path` (relative to the data folder); None while no head covers it.

    `entry` and `head` are the exact lines that were hashed and signed; `merkle_path` leads from entry `index` of `count`
    to the root in the head; tokens are base64 as received. `sha256` is over the rest, in its canonical spelling.
    """
    with engine.connect() as connection:
        number = connection.scalar(select(chain_entries.c.number).where(chain_entries.c.path == path))
        covering = [seal for seal in read_seals(connection) if number and seal.first_entry <= number <= seal.last_entry]
        if number is None or not covering:
            return None
        seal = covering[0]
        entries = [entry.document for entry in read_entries(connection, seal.first_entry, seal.last_entry)]
        stamps = _stamps(connection, seal)
    index = number - seal.first_entry
    leaves = [entry.encode() for entry in entries]
    proof = {
        "format": FORMAT,
        "entry": entries[index],
        "index": index,
        "count": len(entries),
        "merkle_path": [digest.hex() for digest in merkle_path(leaves, index)],
        "head": seal.document,
        "stamps": stamps,
    }
    return canonical_json(proof | {"sha256": sha256_hex(canonical_json(proof))})


def head_in(proof: bytes) -> bytes:
    """The `head.json` inside a proof: what its tokens are over."""
    return str(json.loads(proof)["head"]).encode()


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
