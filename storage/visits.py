"""Where a visit becomes durable.

Order of writing: files first, on disk, then one transaction. A crash in between leaves bytes that no row vouches for;
`storage.orphans` takes them away again, and the URL, whose row is unfinished, is visited once more.
"""

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, exists, insert, select, update

from domain.findings import Judgement
from domain.page import ExtractedPage
from domain.visits import Rendering, Visit
from storage.bundle import StoredBundle, build_bundle, write_bundle
from storage.chain import SealedFile, append_entry
from storage.clusters import add_body
from storage.columns import storable_text
from storage.completeness import is_lead, require_complete, require_provenance
from storage.database import writing
from storage.frontier import add_urls
from storage.identity import add_identity
from storage.locks import writing_evidence
from storage.night_warc import ArchivedSlice, NightWarc
from storage.orphans import repair_warcs
from storage.pictures import add_pictures
from storage.revisits import remember_page
from storage.seal_key import SealKey
from storage.skips import add_skips
from storage.tables import bundles, findings, frontier, pages, visits
from storage.warc import records_of


class SqlVisitStore:
    """`domain.visits.VisitStore` over SQL, WARC files and evidence bundles below `folder`. Threads may share it.

    `provenance` must say `operator`, `tool` and `tool_version`; all of it goes into each bundle. Raises
    EvidenceIncomplete when one of the three is missing. Bundles are signed with `key`. Everything received is in the night's WARC files exactly once;
    the bundle of a flagged page has its own copy, because it must stand alone.
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
        self._warc = NightWarc(engine, folder, self._provenance, clock)
        repair_warcs(engine, folder)

    def record(self, visit: Visit) -> None:
        """Make a visit durable as a whole. See `domain.visits.VisitStore`.

        Raises ValueError when something other than content was judged and KeyError for an unknown frontier row.
        """
        require_complete(visit)
        with self._lock:
            with self._engine.connect() as connection:
                if _is_recorded(_frontier_row(connection, visit), visit, connection):
                    return
            if not is_lead(visit):
                self._append(visit, None)
                return
            with writing_evidence(self._folder):
                data = build_bundle(visit, self._provenance, self._clock(), self._key)
                bundle = write_bundle(self._folder, visit.frontier.night_id, data)
                if not self._append(visit, bundle):  # another worker was first
                    (self._folder / bundle.path).unlink()

    def close(self) -> None:
        """Seal the open WARC files."""
        with self._lock:
            self._warc.close()

    def _append(self, visit: Visit, bundle: StoredBundle | None) -> bool:
        """Archive what was received and write the rows; False, with nothing kept, when the visit is known already."""
        rendered = () if visit.rendering is None else visit.rendering.exchanges
        exchanges = (*visit.exchanges, *rendered, *visit.picture_exchanges, *visit.asides)
        night_id = visit.frontier.night_id
        with self._warc.appending(night_id, records_of(exchanges)) as part:
            with writing(self._engine) as connection:
                stored = _store(connection, visit, part, bundle, self._clock())
            if stored:
                self._warc.keep(night_id)
        return stored


def _frontier_row(connection: Connection, visit: Visit, *, lock: bool = False) -> Row[str, int]:
    query = select(frontier.c.state, frontier.c.attempts).where(frontier.c.id == visit.frontier.id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise KeyError(f"frontier row {visit.frontier.id}")
    return row


def _is_recorded(row: Row[str, int], visit: Visit, connection: Connection) -> bool:
    same_try = exists().where(visits.c.frontier_id == visit.frontier.id, visits.c.attempt == visit.frontier.attempts)
    return row.state == "done" or bool(connection.scalar(select(same_try)))


def _store(
    connection: Connection, visit: Visit, part: ArchivedSlice | None, bundle: StoredBundle | None, now: datetime
) -> bool:
    """Write all rows of a visit; False, with nothing written, when the row is finished or the try known already."""
    row = _frontier_row(connection, visit, lock=True)
    if _is_recorded(row, visit, connection):
        return False
    if part is not None:
        part.vouch(connection)
    visit_id = connection.execute(insert(visits).returning(visits.c.id), _visit_row(visit, part)).scalar_one()
    this_row = frontier.c.id == visit.frontier.id
    if visit.retry_at is not None:
        # A worker that lost its lease may not take the URL away from the one who has it now.
        if row.attempts == visit.frontier.attempts:
            again = update(frontier).where(this_row).values(state="waiting", due_at=visit.retry_at, worker=None)
            connection.execute(again)
        return True
    same = {} if visit.same_as is None else _columns_of_same(connection, visit.same_as)
    connection.execute(insert(pages), _page_row(visit, visit_id) | same)
    add_pictures(connection, visit)
    remember_page(connection, visit)
    add_body(connection, visit)
    add_identity(connection, visit)
    if visit.judgement is not None and visit.judgement.findings:
        connection.execute(insert(findings), _finding_rows(visit.frontier.id, visit.judgement))
    if bundle is not None:
        connection.execute(
            insert(bundles).values(
                path=bundle.path,
                sha256=bundle.sha256,
                bytes=bundle.bytes,
                page_id=visit.frontier.id,
                night_id=visit.frontier.night_id,
                created_at=now,
            )
        )
    place = (visit.frontier.night_id, visit.frontier.target_id)
    add_urls(connection, *place, visit.discovered, visit.ended_at, found_on=visit.frontier.id)
    add_skips(connection, visit)
    done = update(frontier).where(this_row).values(state="done", outcome=visit.outcome.value, worker=None)
    connection.execute(done)
    if bundle is not None:
        file = SealedFile("bundle", bundle.path, bundle.bytes, bundle.sha256, bundle.sm3)
        append_entry(connection, visit.frontier.night_id, file, now)
    return True


def _visit_row(visit: Visit, part: ArchivedSlice | None) -> dict[str, Any]:
    return {
        "frontier_id": visit.frontier.id,
        "attempt": visit.frontier.attempts,
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
        "outcome": visit.outcome.value,
        "detail": visit.outcome_detail,
        "status": visit.status,
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "final_url": visit.final_url,
        "robots": visit.robots,
        "retry_at": visit.retry_at,
        "shown": None if visit.rendering is None else _shown(visit.rendering),
        "warc_id": None if part is None else part.warc_id,
        "warc_offset": None if part is None else part.slice.offset,
        "warc_length": None if part is None else part.slice.length,
        "warc_sha256": None if part is None else part.slice.sha256,
    }


def _shown(rendering: Rendering) -> dict[str, Any]:
    actions = [asdict(action) | {"at": action.at.isoformat()} for action in rendering.actions]
    return {"why": rendering.why, "actions": actions}


def _page_row(visit: Visit, visit_id: int) -> dict[str, Any]:
    row = {
        "id": visit.frontier.id,
        "visit_id": visit_id,
        "night_id": visit.frontier.night_id,
        "target_id": visit.frontier.target_id,
        "url": visit.frontier.url,
        "final_url": visit.final_url,
        "outcome": visit.outcome.value,
        "detail": visit.outcome_detail,
        "captured_at": visit.ended_at,
        "flagged": False,
        "set_aside": visit.set_aside,
    }
    if visit.page is not None:
        row |= _content_columns(visit.page)
    if visit.judgement is not None:
        judgement = asdict(visit.judgement)
        del judgement["findings"]
        row |= {"judgement": judgement, "score": visit.judgement.score, "flagged": visit.judgement.flagged}
    return row


#: What a page that has not changed shares with the earlier one. Its text is not written again, and its findings stay with
#: the earlier page, which was no lead.
_SHARED = (
    "page_type", "title", "site_name", "account", "author", "published_at", "encoding", "text_sha256", "contacts",
    "identifiers", "institutions", "judgement", "score", "flagged",
)  # fmt: skip


def _columns_of_same(connection: Connection, page_id: int) -> dict[str, Any]:
    row = connection.execute(select(*(pages.c[name] for name in _SHARED)).where(pages.c.id == page_id)).one()
    return {**row._mapping, "same_as": page_id}


def _content_columns(page: ExtractedPage) -> dict[str, Any]:
    text = storable_text(page.text)
    return {
        "page_type": page.page_type,
        "title": page.title,
        "site_name": page.site_name,
        "account": page.account,
        "author": page.author,
        "published_at": page.published_at,
        "encoding": page.encoding,
        "text": text,
        "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
        "contacts": [asdict(contact) for contact in page.contacts],
        "identifiers": [asdict(number) for number in page.identifiers],
        "institutions": list(page.institutions),
    }


def _finding_rows(page_id: int, judgement: Judgement) -> list[dict[str, Any]]:
    return [
        {
            "page_id": page_id,
            "rule": finding.rule,
            "family": finding.family,
            "quote": finding.quote,
            "start_offset": finding.start,
            "end_offset": finding.end,
            "weight": finding.weight,
            "basis": list(finding.basis),
            "severity": finding.severity,
            "silenced": finding.silenced,
            "gates": list(finding.gates),
        }
        for finding in judgement.findings
    ]
