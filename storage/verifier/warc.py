"""Reading WARC 1.1 records, one gzip member each, with every digest in them held against the bytes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

MAX_RECORD_BYTES = 1 << 28  # a small member may unpack to anything
_PIECE_BYTES = 1 << 16


@dataclass(frozen=True)
class Record:
    """`fields` have names in lower case; `block` is what follows the header; `member` is the compressed whole."""

    fields: dict[str, str]
    block: bytes
    member: bytes

    @property
    def kind(self) -> str:
        return self.fields.get("warc-type", "")


def read_records(data: bytes) -> Iterator[Record]:
    """All records. Raises ValueError or zlib.error at the first that is broken or whose digest does not hold."""
    place = 0
    while place < len(data):
        content, end = _unpack(memoryview(data), place)
        yield _record(content, data[place:end])
        place = end


def _unpack(data: memoryview, place: int) -> tuple[bytes, int]:
    """The member that begins at `place`, and where it ends; fed by pieces, for zlib copies all that is left over behind a member."""
    unpacker, content = zlib.decompressobj(31), bytearray()
    while not unpacker.eof:
        piece = data[place : place + _PIECE_BYTES]
        content += unpacker.decompress(piece, MAX_RECORD_BYTES + 1 - len(content))
        if not piece or len(content) > MAX_RECORD_BYTES:
            raise ValueError("record cut off or too large")
        place += len(piece)
    return bytes(content), place - len(unpacker.unused_data)


def _record(content: bytes, member: bytes) -> Record:
    head, found, rest = content.partition(b"\r\n\r\n")
    lines = head.decode("utf-8").split("\r\n")
    if not found or lines[0] != "WARC/1.1":
        raise ValueError("not a WARC 1.1 record")
    pairs = (line.partition(":") for line in lines[1:])
    fields = {name.lower(): value.strip() for name, _, value in pairs}
    length = int(fields["content-length"])
    block = rest[:length]
    if len(block) != length or rest[length:] != b"\r\n\r\n":
        raise ValueError("length of a record does not fit")
    record = Record(fields, block, member)
    _require_digest(fields["warc-block-digest"], block)
    if "warc-payload-digest" in fields:
        _require_digest(fields["warc-payload-digest"], payload_of(record))
    return record


def payload_of(record: Record) -> bytes:
    """What a response carried after its HTTP header; the whole block of any other record."""
    return record.block.partition(b"\r\n\r\n")[2] if record.kind == "response" else record.block


def _require_digest(stated: str, data: bytes) -> None:
    if stated != f"sha256:{hashlib.sha256(data).hexdigest()}":
        raise ValueError("digest of a record does not hold")
