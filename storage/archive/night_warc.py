"""The WARC files that one process writes, one a night, and the rows by which the database vouches for their bytes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, bindparam, insert, update

from storage.archive.warc import Record, warcinfo_record
from storage.archive.warc_file import Slice, WarcFile, new_warc_path
from storage.database import writing
from storage.locks import writing_evidence
from storage.tables import warc_files

MAX_WARC_BYTES = 1 << 28  # verification holds a file in memory
_VOUCHED = update(warc_files).where(warc_files.c.id == bindparam("file")).values(length=bindparam("vouched"))


@dataclass(frozen=True, slots=True)
class ArchivedSlice:
    """Records of one visit, on disk but not vouched for yet."""

    warc_id: int
    slice: Slice

    def vouch(self, connection: Connection) -> None:
        """Make the bytes count, with whatever else the transaction writes."""
        length = self.slice.offset + self.slice.length
        connection.execute(_VOUCHED, {"file": self.warc_id, "vouched": length})


@dataclass(slots=True)
class _Open:
    warc_id: int
    file: WarcFile
    kept: bool = False


class NightWarc:
    """The open WARC files of this process by night."""

    def __init__(
        self, engine: Engine, folder: Path, provenance: Mapping[str, str], clock: Callable[[], datetime]
    ) -> None:
        self._engine = engine
        self._folder = folder
        self._provenance = provenance
        self._clock = clock
        self._open: dict[str, _Open] = {}

    @contextmanager
    def appending(self, night_id: str, groups: Sequence[Sequence[Record]]) -> Iterator[list[ArchivedSlice | None]]:
        """Write the records of some visits and hand over where those of each lie; unless `keep` is called inside, all are
        cut off again.

        None for a visit without any. When the body raises, nobody knows whether its transaction took effect:
        the file is then given up as it is, and repaired later by what the database says.
        """
        filled = [group for group in groups if group]
        if not filled:
            yield [None] * len(groups)
            return
        warc = self._file_for(night_id)
        before = warc.file.length
        warc.kept = False
        try:
            slices = iter(warc.file.append_all(filled))
            yield [ArchivedSlice(warc.warc_id, next(slices)) if group else None for group in groups]
        except BaseException:
            self._open.pop(night_id).file.close()
            raise
        if not warc.kept:
            warc.file.cut_back(before)

    def keep(self, night_id: str) -> None:
        """Say that the database has taken what was appended last."""
        if night_id in self._open:
            self._open[night_id].kept = True

    def close(self) -> None:
        """Seal every open file."""
        for night_id in list(self._open):
            self._seal(night_id)

    def _file_for(self, night_id: str) -> _Open:
        if night_id in self._open and self._open[night_id].file.length >= MAX_WARC_BYTES:
            self._seal(night_id)
        if night_id not in self._open:
            self._open[night_id] = self._create(night_id)
        return self._open[night_id]

    def _create(self, night_id: str) -> _Open:
        now = self._clock()
        path = new_warc_path(night_id, now.astimezone(UTC))
        software = f"{self._provenance['tool']}/{self._provenance['tool_version']}"
        head = warcinfo_record(
            now, {"software": software, "operator": self._provenance["operator"], "filename": path.rpartition("/")[2]}
        )
        with writing_evidence(self._folder):
            file = WarcFile(self._folder / path, head)
            row = {
                "night_id": night_id,
                "path": path,
                "head_sha256": file.head.sha256,
                "head_length": file.head.length,
                "length": file.length,
                "sealed": False,
            }
            with writing(self._engine) as connection:
                warc_id = connection.execute(insert(warc_files).values(row).returning(warc_files.c.id)).scalar_one()
        return _Open(warc_id, file)

    def _seal(self, night_id: str) -> None:
        warc = self._open.pop(night_id)
        with writing(self._engine) as connection:
            connection.execute(update(warc_files).where(warc_files.c.id == warc.warc_id).values(sealed=True))
        warc.file.close()
