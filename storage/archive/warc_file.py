"""Append-only WARC files: one per writing process and night, so that no two processes ever share one."""

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from uuid import uuid4

from storage.archive.warc import Record
from storage.durable_file import sync_folder


@dataclass(frozen=True, slots=True)
class Slice:
    """Where some consecutive records lie; `sha256` is over these bytes as they are in the file."""

    offset: int
    length: int
    sha256: str


class WarcFile:
    """A WARC file of this process. It is held by a lock that ends with the process: an unlocked file is nobody's."""

    def __init__(self, path: Path, head: Record) -> None:
        """Create the file with its warcinfo record and put both on disk. Raises FileExistsError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: BinaryIO = path.open("xb")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        self.length = 0
        self.head = self.append([head])
        sync_folder(path.parent)

    def append(self, records: Iterable[Record]) -> Slice:
        """Write records and return when they are on disk."""
        return self.append_all([records])[0]

    def append_all(self, groups: Iterable[Iterable[Record]]) -> list[Slice]:
        """Write groups of records, each a slice of its own, and return when all are on disk: waiting costs the most."""
        parts = [b"".join(record.data for record in records) for records in groups]
        slices = []
        for data in parts:
            slices.append(Slice(self.length, len(data), hashlib.sha256(data).hexdigest()))
            self._file.write(data)
            self.length += len(data)
        self._file.flush()
        os.fsync(self._file.fileno())
        return slices

    def cut_back(self, length: int) -> None:
        """Forget everything after `length` bytes: the database did not take it."""
        self._file.flush()
        self._file.truncate(length)
        self._file.seek(length)
        self.length = length

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "WarcFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def new_warc_path(night_id: str, started_at: datetime) -> str:
    """A name no other process can choose, relative to the data folder."""
    return f"warc/{night_id}/{started_at:%Y%m%dT%H%M%SZ}-{os.getpid()}-{uuid4().hex[:8]}.warc.gz"


@contextmanager
def abandoned(path: Path) -> Iterator[BinaryIO | None]:
    """The file, held, if the process that wrote it is gone; None while it lives."""
    with path.open("r+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file


def cut_file(file: BinaryIO, length: int) -> None:
    """Cut what lies beyond `length` bytes, on disk too; a shorter file is left as it is for verification to report."""
    if os.fstat(file.fileno()).st_size > length:
        file.truncate(length)
        os.fsync(file.fileno())
