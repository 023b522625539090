"""Clearing what the database holds of pages that are kept for no reason any more: words, contacts, quotes and words in pictures.

These are pages that were no lead, once their term is over, and leads whose evidence was deleted by policy. Title, address, score and
the digest of the text stay, so that it can be told what was judged, and so does what ties sites to each other. One record
says how many, of when, and under which digest.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, exists, or_, select, update

from domain.outcome import Outcome
from domain.retention import KeepClass, RecordKind, RetentionPolicy, add_months
from storage.archive.warc import warc_date
from storage.database import writing
from storage.pages.identity import forget_words
from storage.pages.stored_texts import STORED_TEXT, earlier_pages
from storage.sealing.keep_records import append_record, read_records
from storage.tables import bundles, findings, nights, page_memory, page_pictures, pages, pictures, rescore_pages

_AT_A_TIME = 500  # SQLite allows 32,766 variables in a statement
#: Columns of a page beside its text, also of one that has its text from an earlier page.
_NOTHING: dict[str, Any] = {
    "author": None, "contacts": [], "identifiers": [], "institutions": [], "judged_as": None,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DueText:
    """A page whose words are to go; `text_sha256` is of the text that was judged."""

    page_id: int
    captured_at: datetime
    text_sha256: str


def due_texts(
    connection: Connection, policy: RetentionPolicy, now: datetime, going: Collection[str] = ()
) -> list[DueText]:
    """In order of id. A text that a later page shares, or that was seen again within the term, is not due; nor is one of a night
    that has not ended. `going` are paths of evidence to be counted as deleted already."""
    cutoff = add_months(now, -policy.terms[KeepClass.TEXT].months)
    later = pages.alias("later")
    # Joined, not asked for page by page: neither column has an index, and that would read the whole table for each page
    shared = select(later.c.same_as.label("page_id")).where(later.c.same_as.is_not(None), later.c.captured_at > cutoff)
    seen = select(page_memory.c.page_id).where(page_memory.c.seen_at > cutoff)
    in_use = shared.union(seen).subquery("in_use")
    gone = {record.subject for record in read_records(connection, RecordKind.DELETION)} | set(going)
    rows = connection.execute(
        select(pages.c.id, pages.c.captured_at, pages.c.text_sha256, pages.c.flagged, bundles.c.path)
        .join(nights, nights.c.id == pages.c.night_id)
        .outerjoin(bundles, bundles.c.page_id == pages.c.id)
        .outerjoin(in_use, in_use.c.page_id == pages.c.id)
        .where(pages.c.text.is_not(None), nights.c.ended_at.is_not(None))
        .where(or_(pages.c.flagged, (pages.c.captured_at <= cutoff) & in_use.c.page_id.is_(None)))
        .order_by(pages.c.id)
    )
    return [
        DueText(row.id, row.captured_at, row.text_sha256 or "")
        for row in rows
        if (row.path in gone if row.flagged else policy.due_at(KeepClass.TEXT, row.captured_at) <= now)
    ]


@dataclass(frozen=True, slots=True)
class ClearedTexts:
    """What one run cleared. `left_in_files` is true when words that this or an earlier run cleared may stand still in the files of
    an SQLite database, because somebody read or wrote it all the while; another run takes them out."""

    due: Sequence[DueText]
    left_in_files: bool = False


def clear_texts(engine: Engine, policy: RetentionPolicy, by: str, now: datetime) -> ClearedTexts:
    """Clear what is due and record it, in one transaction. On SQLite the bytes are then overwritten, for which others that read are waited
    for as long as for any lock (`BUSY_TIMEOUT_SECONDS`); PostgreSQL frees them with its next vacuum."""
    sqlite = engine.dialect.name == "sqlite"
    with writing(engine) as connection:
        if sqlite:
            connection.exec_driver_sql("PRAGMA secure_delete=ON")
        due = due_texts(connection, policy, now)
        if due:
            for start in range(0, len(due), _AT_A_TIME):
                _clear(connection, [text.page_id for text in due[start : start + _AT_A_TIME]])
            _clear_the_rest(connection)
            _forget_pictures(connection)
            append_record(connection, RecordKind.TEXTS, "", "", by, _facts(due, policy), now)
        cleared = bool(due) or bool(read_records(connection, RecordKind.TEXTS))
    return ClearedTexts(due, left_in_files=sqlite and cleared and not _empty_log(engine))


def _empty_log(engine: Engine) -> bool:
    """Write what SQLite's log of writes holds into the database and cut the log to nothing; until then both have what was there before.
    False when others did not let it."""
    with engine.connect() as connection:
        # Outside of a transaction, which would be in its own way
        raw = connection.connection.driver_connection
        assert raw is not None
        busy, *_ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _clear(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(update(pages).where(pages.c.id.in_(ids)).values({"text": None, **_NOTHING}))
    connection.execute(update(findings).where(findings.c.page_id.in_(ids)).values(quote=""))
    unread: dict[str, Any] = {"picture_sha256": None, "spans": [], "code_kinds": []}
    connection.execute(update(page_pictures).where(page_pictures.c.page_id.in_(ids)).values(unread))


def _clear_the_rest(connection: Connection) -> None:
    """What else there is of pages without words, and of later ones that had the same. One statement a table: none of these has an
    index by page."""
    wordless = (
        select(pages.c.id)
        .outerjoin(earlier_pages, earlier_pages.c.id == pages.c.same_as)
        .where(pages.c.outcome == Outcome.CONTENT.value, STORED_TEXT.is_(None))
    )
    copies = and_(pages.c.same_as.is_not(None), pages.c.id.in_(wordless))
    left = or_(
        pages.c.author.is_not(None), *(pages.c[name] != [] for name in ("contacts", "identifiers", "institutions"))
    )
    connection.execute(update(pages).where(copies, left).values(_NOTHING))
    judged = rescore_pages.c.judgement.is_not(None)
    connection.execute(
        update(rescore_pages).where(judged, rescore_pages.c.page_id.in_(wordless)).values(judgement=None)
    )
    forget_words(connection, wordless)
    # What is remembered of the page would let it go unread while its server says that it has not changed
    connection.execute(delete(page_memory).where(page_memory.c.page_id.in_(wordless)))


def _forget_pictures(connection: Connection) -> None:
    """Words read in pictures that no page shows any more whose words are kept."""
    shown = exists().where(page_pictures.c.picture_sha256 == pictures.c.sha256)
    connection.execute(delete(pictures).where(~shown))


def _facts(due: Sequence[DueText], policy: RetentionPolicy) -> dict[str, object]:
    term = policy.terms[KeepClass.TEXT]
    digest = hashlib.sha256()
    for text in due:
        digest.update(f"{text.page_id} {text.text_sha256}\n".encode())
    moments = [text.captured_at for text in due]
    return {
        "what": "texts",
        "pages": len(due),
        "first_captured_at": warc_date(min(moments)),
        "last_captured_at": warc_date(max(moments)),
        "texts_sha256": digest.hexdigest(),
        "class": KeepClass.TEXT.value,
        "policy": {"title": term.title, "months": term.months, "since": term.since, "basis": list(term.basis)},
        "policy_sha256": policy.sha256,
    }
