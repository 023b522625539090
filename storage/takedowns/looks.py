"""Looks at referred pages: graded once the visits of a recheck are over, and recorded with their sealed evidence or not at all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select

from domain.evidence import EvidenceIncomplete
from domain.masking import Masker
from domain.outcome import Outcome
from domain.system_words import file_fault
from domain.takedown import Claim, Look, grade
from storage.database import insert_into, writing
from storage.digests import sha256_hex
from storage.evidence.bundle import StoredBundle, write_bundle
from storage.locks import writing_evidence
from storage.pages.clusters import copies_of
from storage.sealing.chain import SealedFile, append_entry
from storage.sealing.seal_key import SealKey
from storage.tables import bundles, frontier, look_bundles, pages, takedown_looks, visits, warc_files
from storage.takedowns.look_bundle import ArchivedVisit, build_look_bundle, read_visit
from storage.takedowns.look_record import FirstCapture, NewLook, look_record
from storage.takedowns.takedown import FoundClaims, ReferredCase, claims_of, referred_cases
from storage.url_keys import url_key

#: A copy seen longer before the look than this may be gone as well.
_COPIES_SEEN_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LookSealing:
    """What the evidence of looks is made with; `folder` is the data folder."""

    folder: Path
    key: SealKey
    masker: Masker
    clock: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class LooksRecorded:
    """How many looks are new, and in Chinese why others have no evidence; those are not recorded, and their pages stay due."""

    new: int
    faults: tuple[str, ...]


def record_looks(engine: Engine, night_id: str, sealing: LookSealing) -> LooksRecorded:
    """Grade what the visits of a recheck found, and keep each look with a bundle of its own in the chain of digests.

    Call it before the night is sealed. Called again it adds what is missing, and nothing else. Raises OSError when a bundle cannot be written.
    """
    with engine.connect() as connection:
        rows = connection.execute(
            select(pages, frontier.c.url_key)
            .join(frontier, frontier.c.id == pages.c.id)
            .where(pages.c.night_id == night_id)
        ).all()
        visited = {row.url_key: row for row in rows}
        found = claims_of(connection, [row.id for row in rows])
    new, faults = 0, []
    for case in referred_cases(engine):
        page = visited.get(url_key(case.url))
        if page is None or any(each.page_id == page.id for each in case.looks):
            continue
        try:
            new += _record(engine, case, page, found, sealing)
        except EvidenceIncomplete as fault:
            faults.append(f"线索 {case.case_id} 的复测没有记录：{fault}")
    return LooksRecorded(new, tuple(faults))


def _record(engine: Engine, case: ReferredCase, page: Row[Any], found: FoundClaims, sealing: LookSealing) -> bool:
    look = _look_of(engine, case, page, found)
    graded = grade(case.claims, [*(each.look for each in case.looks), look])
    is_content = look.outcome is Outcome.CONTENT
    with engine.connect() as connection:
        visit = _archived(connection, sealing.folder, page.id)
        first = _first_capture(connection, case)
        shot = connection.scalar(select(bundles.c.sha256).where(bundles.c.page_id == page.id)) or ""
    new = NewLook(look, graded, (page.text or "") if is_content else None, shot)
    document = look_record(case, new, first, visit.sheet, sealing.masker)
    now = sealing.clock()
    data = build_look_bundle(visit, document, page.title or "", new.text or "", now, sealing.key)
    row = {
        "case_id": case.case_id,
        "page_id": page.id,
        "night_id": page.night_id,
        "looked_at": look.at,
        "outcome": look.outcome.value,
        "detail": page.detail,
        "flagged": look.flagged,
        "claims": [[claim.rule, claim.quote] for claim in look.claims],
        "copies": list(look.copies),
        "grade": graded.grade.value,
        "reappeared": graded.reappeared,
    }
    with writing_evidence(sealing.folder):
        bundle = write_bundle(sealing.folder, page.night_id, data)
        with writing(engine) as connection:
            recorded = _insert(connection, row, bundle, now)
        if not recorded:  # another process was first
            (sealing.folder / bundle.path).unlink()
    return recorded


def _insert(connection: Connection, row: dict[str, Any], bundle: StoredBundle, now: datetime) -> bool:
    statement = insert_into(connection.dialect.name, takedown_looks).on_conflict_do_nothing(
        index_elements=["case_id", "page_id"]
    )
    look_id = connection.scalar(statement.values(row).returning(takedown_looks.c.id))
    if look_id is None:
        return False
    facts = {"path": bundle.path, "sha256": bundle.sha256, "bytes": bundle.bytes}
    connection.execute(insert(look_bundles).values(look_id=look_id, night_id=row["night_id"], created_at=now, **facts))
    file = SealedFile("bundle", bundle.path, bundle.bytes, bundle.sha256, bundle.sm3)
    append_entry(connection, row["night_id"], file, now)
    return True


def _archived(connection: Connection, folder: Path, page_id: int) -> ArchivedVisit:
    """What the night file holds of a visit. Raises EvidenceIncomplete when it is not what was vouched for."""
    tries = connection.execute(
        select(warc_files.c.path, visits.c.warc_offset, visits.c.warc_length, visits.c.warc_sha256)
        .outerjoin_from(visits, warc_files, warc_files.c.id == visits.c.warc_id)
        .where(visits.c.frontier_id == page_id)
        .order_by(visits.c.attempt)
    ).all()
    slices = []
    for row in tries:
        if row.path is None:
            raise EvidenceIncomplete("有一次访问没有存档")
        try:
            with (folder / row.path).open("rb") as file:
                file.seek(row.warc_offset)
                data = file.read(row.warc_length)
        except OSError as fault:
            raise EvidenceIncomplete(f"{row.path} 无法读取：{file_fault(fault)}") from fault
        if sha256_hex(data) != row.warc_sha256:
            raise EvidenceIncomplete(f"{row.path} 与登记的 SHA-256 不符")
        slices.append(data)
    return read_visit(slices)


def _first_capture(connection: Connection, case: ReferredCase) -> FirstCapture:
    row = connection.execute(
        select(pages.c.captured_at, pages.c.text, pages.c.text_sha256, bundles.c.sha256)
        .join(bundles, bundles.c.page_id == pages.c.id)
        .where(pages.c.id == case.case_id)
    ).one_or_none()
    if row is None:
        raise EvidenceIncomplete("首次取证没有证据包")
    return FirstCapture(row.captured_at, row.text, row.text_sha256 or "", row.sha256)


def _look_of(engine: Engine, case: ReferredCase, page: Row[Any], found: FoundClaims) -> Look:
    outcome = Outcome(page.outcome)
    claims = _standing(case, page, found) if outcome is Outcome.CONTENT else ()
    return Look(page.captured_at, outcome, claims, page.flagged, _copies(engine, case, page.captured_at))


def _standing(case: ReferredCase, page: Row[Any], found: FoundClaims) -> tuple[Claim, ...]:
    """The claims that the page makes now: what is found in it, and what was referred and still stands there word for word,
    though today's rules may be others. What a gate silences today does not stand."""
    text = page.text or ""
    same = bool(case.text_sha256) and page.text_sha256 == case.text_sha256
    silenced = found.silenced.get(page.id, frozenset())
    kept = (claim for claim in case.claims if same or (claim.quote in text and claim not in silenced))
    return tuple(dict.fromkeys((*found.live.get(page.id, ()), *kept)))


def _copies(engine: Engine, case: ReferredCase, at: datetime) -> tuple[str, ...]:
    """Where the text stands as well, as far as that was seen lately."""
    try:
        copies = copies_of(engine, case.url)
    except KeyError:  # its text was never noted
        return ()
    return tuple(copy.url for copy in copies if copy.last_seen >= at - _COPIES_SEEN_WITHIN)
