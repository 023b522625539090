"""Records of an archive are read one by one, in time that grows with the archive and not with its square."""

import gzip
import hashlib
import random
import zlib
from typing import Any

import pytest

from storage.verifier import warc
from storage.verifier.warc import read_records


def _member(block: bytes) -> bytes:
    digest = hashlib.sha256(block).hexdigest()
    head = (
        f"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: {len(block)}\r\nWARC-Block-Digest: sha256:{digest}\r\n\r\n"
    )
    return gzip.compress(head.encode() + block + b"\r\n\r\n", 1)


BLOCKS = [random.Random(size).randbytes(size) for size in (0, 10, 65_536, 70_000, 300_000)] + [bytes(1_000_000)]
ARCHIVE = b"".join(map(_member, BLOCKS))


def test_no_record_copies_what_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    fed: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, *settings: Any) -> None:
            self._own = real(*settings)

        def decompress(self, data: Any, limit: int) -> bytes:
            fed.append(len(data))
            taken: bytes = self._own.decompress(data, limit)
            return taken

        def __getattr__(self, name: str) -> Any:
            return getattr(self._own, name)

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    assert [record.block for record in read_records(ARCHIVE)] == BLOCKS
    assert max(fed) <= 65_536
    assert b"".join(record.member for record in read_records(ARCHIVE)) == ARCHIVE


def test_an_archive_that_is_cut_off_or_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="cut off"):
        list(read_records(ARCHIVE[:-1]))
    monkeypatch.setattr(warc, "MAX_RECORD_BYTES", 1_000_000)
    with pytest.raises(ValueError, match="too large"):
        list(read_records(ARCHIVE))
