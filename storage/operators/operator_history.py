"""What was found over the nights on the sites and accounts of one operator, and which of it persons have confirmed."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select, tuple_

from domain.identity import Node, public_account, site_of
from domain.institutions import name_key
from domain.reviews import ItemState
from domain.risk import ConfirmedCase, SeenFinding
from storage.leads.outbox import rescinded_pages, was_rescinded
from storage.pages.stored_texts import STORED_TEXT, earlier_pages
from storage.tables import desk_item_parties, desk_items, findings, identity_pages, nights, pages

_AT_ONCE = 400
_MOST_TEXTS = 200
_NEWEST_NIGHTS = 3


def findings_of(engine: Engine, subjects: Sequence[Node]) -> tuple[SeenFinding, ...]:
    """Live findings of every night, newest night first; of pages stored before sites were noted none."""
    with engine.connect() as connection:
        found = [item for some in _conditions(subjects) for item in _findings(connection, some)]
    merged: dict[tuple[str, str], SeenFinding] = {}
    for item in found:
        key = (item.night_id, item.rule)
        merged[key] = item if key not in merged else _together(merged[key], item)
    return tuple(sorted(merged.values(), key=lambda item: (item.seen_at, item.severity, item.rule), reverse=True))


def confirmed_cases(engine: Engine, subjects: Sequence[Node]) -> tuple[ConfirmedCase, ...]:
    """Leads on their pages that two persons have confirmed, newest decision first."""
    query = _CONFIRMED.join(identity_pages, identity_pages.c.page_id == desk_items.c.page_id)
    with engine.connect() as connection:
        return _cases(row for some in _conditions(subjects) for row in connection.execute(query.where(some)))


def cases_of_names(engine: Engine, names: Sequence[str]) -> tuple[ConfirmedCase, ...]:
    """Confirmed leads at the desk whose institution is known by one of these names, newest decision first."""
    query = _CONFIRMED.join(desk_item_parties, desk_item_parties.c.item_id == desk_items.c.id).distinct()
    keys = sorted({key for name in names if (key := name_key(name))})[:_AT_ONCE]
    with engine.connect() as connection:
        return _cases(connection.execute(query.where(desk_item_parties.c.party.in_(keys))))


def texts_of(engine: Engine, subjects: Sequence[Node], seen_on: Iterable[int]) -> list[tuple[str, str]]:
    """(address, text) of the subjects' pages of the newest nights that give somebody a doctor's title, the newest first.

    They are looked for among the targets that the pages `seen_on` (ids) belong to. A page without findings counts too.
    """
    wanted, text = set(subjects), STORED_TEXT
    newest_nights = select(nights.c.id).order_by(nights.c.id.desc()).limit(_NEWEST_NIGHTS)
    targets = select(pages.c.target_id).where(pages.c.id.in_(sorted(set(seen_on))[:_AT_ONCE]))
    query = (
        select(pages.c.final_url, pages.c.account, text.label("text"))
        .outerjoin(earlier_pages, earlier_pages.c.id == pages.c.same_as)
        .where(
            pages.c.night_id.in_(newest_nights),
            pages.c.target_id.in_(targets),
            text.contains("医师") | text.contains("医生") | text.contains("大夫"),
        )
        .order_by(pages.c.id.desc())
        .limit(_MOST_TEXTS)
    )
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for row in connection.execute(query):
            account = {public_account(row.account)} if row.account else set()
            if {site_of(urlsplit(row.final_url).hostname or ""), *account} & wanted:
                found.setdefault(row.final_url, row.text)
    return list(found.items())


_CONFIRMED = select(
    desk_items.c.id, desk_items.c.page_id, desk_items.c.url, desk_items.c.decided_at, desk_items.c.families
).where(desk_items.c.state == ItemState.CONFIRMED.value, desk_items.c.page_id.not_in(rescinded_pages()))


def _cases(rows: Iterable[Row[Any, Any, Any, Any, Any]]) -> tuple[ConfirmedCase, ...]:
    cases = (ConfirmedCase(row.id, row.page_id, row.url, row.decided_at, tuple(row.families)) for row in rows)
    return tuple(sorted(cases, key=lambda case: (case.decided_at, case.item_id), reverse=True))


def _findings(connection: Connection, of_subjects: ColumnElement[bool]) -> Iterator[SeenFinding]:
    """One row for each night, rule and whether its pages are leads, then the quote that stands on the newest page."""
    query = (
        select(
            pages.c.night_id,
            findings.c.rule,
            findings.c.family,
            pages.c.flagged,
            func.max(findings.c.severity).label("severity"),
            func.count(pages.c.id.distinct()).label("page_count"),
            func.max(pages.c.captured_at).label("seen_at"),
            func.max(findings.c.id).label("finding_id"),
        )
        .join(findings, findings.c.page_id == pages.c.id)
        .join(identity_pages, identity_pages.c.page_id == pages.c.id)
        .where(findings.c.silenced.is_(False), ~was_rescinded(pages.c.id, pages.c.same_as), of_subjects)
        .group_by(pages.c.night_id, findings.c.rule, findings.c.family, pages.c.flagged)
    )
    rows = connection.execute(query).all()
    quotes = _quotes(connection, [row.finding_id for row in rows])
    for row in rows:
        quote, page_id = quotes[row.finding_id]
        yield SeenFinding(
            row.night_id, row.seen_at, row.rule, row.family, row.severity, row.page_count, row.flagged, quote, page_id
        )


def _quotes(connection: Connection, ids: Sequence[int]) -> dict[int, tuple[str, int]]:
    found: dict[int, tuple[str, int]] = {}
    for first in range(0, len(ids), _AT_ONCE):
        query = select(findings.c.id, findings.c.quote, findings.c.page_id)
        some: Any = connection.execute(query.where(findings.c.id.in_(ids[first : first + _AT_ONCE])))
        found |= {row.id: (row.quote, row.page_id) for row in some}
    return found


def _together(one: SeenFinding, other: SeenFinding) -> SeenFinding:
    """The same rule in the same night: on leads and on other pages, or on another batch of sites."""
    newest = max(one, other, key=lambda item: (item.flagged, item.seen_at, item.page_id))
    return SeenFinding(
        one.night_id,
        max(one.seen_at, other.seen_at),
        one.rule,
        one.family,
        max(one.severity, other.severity),
        one.pages + other.pages,
        one.flagged or other.flagged,
        newest.quote,
        newest.page_id,
    )


def _conditions(subjects: Sequence[Node]) -> Iterator[ColumnElement[bool]]:
    columns = tuple_(identity_pages.c.subject_key, identity_pages.c.subject_kind)
    wanted = [(subject.key, subject.kind.value) for subject in subjects]
    for first in range(0, len(wanted), _AT_ONCE):
        yield columns.in_(wanted[first : first + _AT_ONCE])
