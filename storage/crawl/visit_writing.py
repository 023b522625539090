"""All rows of some visits, in the transaction that finishes their frontier rows.

Several visits are written by one statement a table where possible: most of what a statement costs is the same for one
row and for twenty. Where workers may write the same rows, they do so in one order, so that none waits in a circle.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Insert, bindparam, insert, select, update

from domain.visits import Visit
from storage.archive.night_warc import ArchivedSlice
from storage.crawl.found_urls import FoundUrls, add_urls
from storage.crawl.revisits import remember_pages
from storage.crawl.skips import add_skips
from storage.pages.clusters import add_bodies
from storage.pages.identity import add_identities
from storage.pages.pictures import add_pictures
from storage.pages.visit_rows import finding_rows, page_row, visit_row
from storage.tables import findings, frontier, pages, visits

_OF_VISITS = frontier.c.id.in_(bindparam("ids", expanding=True))
_ROWS = select(frontier.c.id, frontier.c.state, frontier.c.attempts).where(_OF_VISITS).order_by(frontier.c.id)
_LOCKED_ROWS = _ROWS.with_for_update()
_TRIES = select(visits.c.frontier_id, visits.c.attempt).where(
    visits.c.frontier_id.in_(bindparam("ids", expanding=True))
)
_NEW_TRIES = insert(visits).returning(visits.c.frontier_id, visits.c.id)
_NEW_PAGES, _NEW_FINDINGS = insert(pages), insert(findings)
_DONE = (
    update(frontier)
    .where(frontier.c.id == bindparam("row"))
    .values(state="done", outcome=bindparam("result"), worker=None)
)
_AGAIN = (
    update(frontier)
    .where(frontier.c.id == bindparam("row"), frontier.c.attempts == bindparam("tried"))
    .values(state="waiting", due_at=bindparam("then"), worker=None)
)


def known_visits(connection: Connection, some: Sequence[Visit], *, lock: bool = False) -> frozenset[int]:
    """The frontier rows, of those visited, that are finished or whose try is recorded. Raises KeyError for an unknown row."""
    ids = {"ids": sorted({visit.frontier.id for visit in some})}
    done = {row.id: row.state == "done" for row in connection.execute(_LOCKED_ROWS if lock else _ROWS, ids)}
    tries = {(row.frontier_id, row.attempt) for row in connection.execute(_TRIES, ids)}
    return frozenset(
        visit.frontier.id
        for visit in some
        if done[visit.frontier.id] or (visit.frontier.id, visit.frontier.attempts) in tries
    )


def store_visits(connection: Connection, some: Sequence[Visit], parts: Sequence[ArchivedSlice | None]) -> bool:
    """Write all rows of visits of one night, whose frontier rows differ; False, with nothing written, when one of them is
    known already. `parts` are the slices of each in the file that is open, in its order."""
    if known_visits(connection, some, lock=True):
        return False
    if archived := [part for part in parts if part is not None]:
        archived[-1].vouch(connection)
    tries = [visit_row(visit, part) for visit, part in zip(some, parts, strict=True)]
    visit_ids = {row.frontier_id: row.id for row in connection.execute(_NEW_TRIES, tries)}
    # A worker that lost its lease may not take the URL away from the one who has it now.
    again = [
        {"row": visit.frontier.id, "tried": visit.frontier.attempts, "then": visit.retry_at}
        for visit in some
        if visit.retry_at is not None
    ]
    if again:
        connection.execute(_AGAIN, again)
    if finished := [visit for visit in some if visit.retry_at is None]:
        _finish(connection, finished, visit_ids)
    return True


def _finish(connection: Connection, some: Sequence[Visit], visit_ids: Mapping[int, int]) -> None:
    _insert_alike(
        connection,
        _NEW_PAGES,
        (
            page_row(visit, visit_ids[visit.frontier.id])
            | ({} if visit.same_as is None else _columns_of_same(connection, visit.same_as))
            for visit in some
        ),
    )
    add_pictures(connection, some)
    remember_pages(connection, some)
    add_bodies(connection, some)
    add_identities(connection, some)
    if found := [row for visit in some for row in finding_rows(visit)]:
        connection.execute(_NEW_FINDINGS, found)
    add_urls(connection, map(_found, some))
    add_skips(connection, some)
    connection.execute(_DONE, [{"row": visit.frontier.id, "result": visit.outcome.value} for visit in some])


def _found(visit: Visit) -> FoundUrls:
    row = visit.frontier
    return FoundUrls(row.night_id, row.target_id, visit.discovered, visit.ended_at, row.id)


def _insert_alike(connection: Connection, statement: Insert, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows of the same columns by one statement."""
    alike: defaultdict[Collection[str], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        alike[tuple(row)].append(row)
    for group in alike.values():
        connection.execute(statement, group)


#: What a page that has not changed shares with the earlier one. Its text is not written again, and its findings stay with
#: the earlier page, which was no lead.
_SHARED = (
    "page_type", "title", "site_name", "account", "author", "published_at", "encoding", "text_sha256", "contacts",
    "identifiers", "institutions", "judgement", "score", "flagged",
)  # fmt: skip


def _columns_of_same(connection: Connection, page_id: int) -> dict[str, Any]:
    row = connection.execute(select(*(pages.c[name] for name in _SHARED)).where(pages.c.id == page_id)).one()
    return {**row._mapping, "same_as": page_id}
