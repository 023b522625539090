"""Where a visit becomes durable.

Order of writing: files first, on disk, then one transaction. A crash in between leaves bytes that no row vouches for;
`storage.archive.orphans` takes them away again, and the URL, whose row is unfinished, is visited once more.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert

from domain.nights import NightKind
from domain.page import Exchange
from domain.visits import Visit
from storage.archive.night_warc import NightWarc
from storage.archive.orphans import repair_warcs
from storage.archive.warc import Record, records_of
from storage.crawl.nights import night_kind
from storage.crawl.visit_writing import known_visits, store_visits
from storage.database import writing
from storage.evidence.bundle import StoredBundle, build_bundle, write_bundle
from storage.evidence.completeness import is_lead, require_complete, require_provenance
from storage.evidence.visit_sheet import sheet_record
from storage.locks import writing_evidence
from storage.sealing.chain import SealedFile, append_entry
from storage.sealing.seal_key import SealKey
from storage.tables import bundles


class SqlVisitStore:
    """`domain.visits.VisitStore` over SQL, WARC files and evidence bundles below `folder`. Threads may share it.

    `provenance` must say `operator`, `tool` and `tool_version`; all of it goes into each bundle. Raises
    EvidenceIncomplete when one of the three is missing. Bundles are signed with `key`. Everything received is in the night's WARC files, once for each
    page that it was received or, as pictures of leads are, kept for; the bundle of a flagged page has its own copy, because it must stand alone.
    """

    def __init__(
        self,
        engine: Engine,
        folder: Path,
        provenance: Mapping[str, str],
        clock: Callable[[], datetime],
        key: SealKey,
    ) -> None:
        require_provenance(provenance)
        self._key = key
        self._engine = engine
        self._folder = folder
        self._provenance = dict(provenance)
        self._clock = clock
        self._lock = threading.Lock()
        self._kinds: dict[str, NightKind] = {}
        self._warc = NightWarc(engine, folder, self._provenance, clock)
        repair_warcs(engine, folder)

    def record(self, visit: Visit) -> None:
        """Make a visit durable as a whole. See `domain.visits.VisitStore`.

        Raises ValueError when something other than content was judged and KeyError for an unknown frontier row.
        """
        self.record_all((visit,))

    def record_all(self, visits: Sequence[Visit]) -> None:
        """Make visits durable, leads each on its own, the others of a night in one transaction: its cost and the waiting
        for the disk is then for all of them. Raises as `record` does; EvidenceIncomplete before a byte of any is written."""
        for visit in visits:
            require_complete(visit)
        with self._lock:
            by_night: defaultdict[str, list[Visit]] = defaultdict(list)
            for visit in visits:
                if not is_lead(visit):
                    by_night[visit.frontier.night_id].append(visit)
            for plain in by_night.values():
                self._record_plain(plain)
            for visit in visits:
                if is_lead(visit):
                    self._record_lead(visit)

    def close(self) -> None:
        """Seal the open WARC files."""
        with self._lock:
            self._warc.close()

    def _record_plain(self, visits: Sequence[Visit]) -> None:
        new = self._unknown(visits)
        if new and not self._append(new, None):
            for visit in new:  # another worker was first with one of them; only that one is to be left out
                self._append([visit], None)

    def _record_lead(self, visit: Visit) -> None:
        if not self._unknown([visit]):
            return
        with writing_evidence(self._folder):
            data = build_bundle(visit, self._provenance, self._clock(), self._key)
            bundle = write_bundle(self._folder, visit.frontier.night_id, data)
            if not self._append([visit], bundle):  # another worker was first
                (self._folder / bundle.path).unlink()

    def _unknown(self, visits: Sequence[Visit]) -> list[Visit]:
        """Those of the visits that are not recorded yet, the first of two to one frontier row."""
        distinct = {visit.frontier.id: visit for visit in reversed(visits)}
        with self._engine.connect() as connection:
            known = known_visits(connection, visits)
        return [visit for visit in visits if visit.frontier.id not in known and distinct[visit.frontier.id] is visit]

    def _append(self, visits: Sequence[Visit], bundle: StoredBundle | None) -> bool:
        """Archive what was received and write the rows; False, with nothing kept, when one of the visits is known already."""
        night_id = visits[0].frontier.night_id
        with self._warc.appending(night_id, [self._records(visit) for visit in visits]) as parts:
            with writing(self._engine) as connection:
                stored = store_visits(connection, visits, parts)
                if stored and bundle is not None:
                    _vouch_for_bundle(connection, visits[0], bundle, self._clock())
            if stored:
                self._warc.keep(night_id)
        return stored

    def _records(self, visit: Visit) -> list[Record]:
        """What was received and, of a visit to a referred page, all else that its evidence will say."""
        records = records_of(_received(visit))
        if self._is_recheck(visit.frontier.night_id):
            records.append(sheet_record(visit, self._provenance, records))
        return records

    def _is_recheck(self, night_id: str) -> bool:
        if night_id not in self._kinds:
            self._kinds[night_id] = night_kind(self._engine, night_id)
        return self._kinds[night_id] is NightKind.RECHECK


def _received(visit: Visit) -> tuple[Exchange, ...]:
    rendered = () if visit.rendering is None else visit.rendering.exchanges
    return (*visit.exchanges, *rendered, *visit.picture_exchanges, *visit.asides)


def _vouch_for_bundle(connection: Connection, visit: Visit, bundle: StoredBundle, now: datetime) -> None:
    row = {
        "path": bundle.path,
        "sha256": bundle.sha256,
        "bytes": bundle.bytes,
        "page_id": visit.frontier.id,
        "night_id": visit.frontier.night_id,
        "created_at": now,
    }
    connection.execute(insert(bundles), row)
    file = SealedFile("bundle", bundle.path, bundle.bytes, bundle.sha256, bundle.sm3)
    append_entry(connection, visit.frontier.night_id, file, now)
