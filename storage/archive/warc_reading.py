"""Records read back from a slice of a night file, each with the gzip member that it is, so that they can be kept as they are."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from storage.archive.warc import Record

_GZIP = 31  # zlib's window bits for a gzip member


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """`record.data` is the member as it lies in the file, `block` what the record carries."""

    record: Record
    block: bytes


def read_back(data: bytes) -> Iterator[StoredRecord]:
    """All records of some bytes that this system wrote. Raises ValueError for others."""
    place = 0
    while place < len(data):
        unpacker = zlib.decompressobj(_GZIP)
        try:
            content = unpacker.decompress(memoryview(data)[place:])
        except zlib.error as fault:
            raise ValueError(f"no gzip member at byte {place}") from fault
        if not unpacker.eof:
            raise ValueError("record cut off")
        end = len(data) - len(unpacker.unused_data)
        yield _read(content, data[place:end])
        place = end


def _read(content: bytes, member: bytes) -> StoredRecord:
    head, _, rest = content.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
    block = rest[: int(fields["Content-Length"])]
    status, mime = None, ""
    if fields["WARC-Type"] == "response":
        status, mime = _status_and_mime(block)
    record = Record(
        fields["WARC-Record-ID"],
        fields["WARC-Type"],
        fields.get("WARC-Target-URI", ""),
        datetime.fromisoformat(fields["WARC-Date"]),
        member,
        fields.get("WARC-Payload-Digest", "").removeprefix("sha256:"),
        mime,
        status,
    )
    return StoredRecord(record, block)


def _status_and_mime(block: bytes) -> tuple[int, str]:
    first, *lines = block.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    kinds = (line.partition(":")[2] for line in lines if line.lower().startswith("content-type:"))
    return int(first.split(" ", 2)[1]), next(kinds, "").partition(";")[0].strip().lower()
