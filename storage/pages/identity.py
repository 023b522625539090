"""What nights add to the identity graph. Links are stored as they were seen; which of them join is decided when they are read."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Select, bindparam, insert, select, update

from domain.identity import IdentityLink, Place
from domain.identity_links import links_of, subject_of
from domain.visits import Visit
from storage.columns import storable_text
from storage.database import insert_into
from storage.tables import identity_links, identity_pages

_SEEN_AGAIN_AFTER = timedelta(hours=12)
"""Within a night a link is not noted again."""
_NEW_SUBJECTS = insert(identity_pages)
_IN_TEXT = (Place.HOME, Place.AD, Place.BODY, Place.FINDING)
_KNOWN_LINKS = select(identity_links.c.link_key, identity_links.c.first_seen, identity_links.c.last_seen).where(
    identity_links.c.link_key.in_(bindparam("keys", expanding=True))
)


def add_identities(connection: Connection, visits: Sequence[Visit]) -> None:
    """Note what pages say of whoever runs them, after their rows in `pages` were written."""
    subjects: list[dict[str, Any]] = []
    sightings: defaultdict[str, list[tuple[Visit, IdentityLink]]] = defaultdict(list)
    for visit in visits:
        if visit.page is None or (subject := subject_of(visit.page)) is None:
            continue
        if visit.judgement is not None and any(not finding.silenced for finding in visit.judgement.findings):
            row = {"page_id": visit.frontier.id, "subject_kind": subject.kind.value, "subject_key": subject.key}
            subjects.append(row)
        for key, link in {_link_key(link): link for link in links_of(visit.page, visit.judgement)}.items():
            sightings[key].append((visit, link))
    if subjects:
        connection.execute(_NEW_SUBJECTS, subjects)
    if sightings:
        _note_links(connection, sightings)


def _note_links(connection: Connection, sightings: Mapping[str, Sequence[tuple[Visit, IdentityLink]]]) -> None:
    """Links in the order of their keys, so that two workers never wait for each other in a circle."""
    table = identity_links.c
    fresh, again, earlier = [], [], []
    known = {row.link_key: row for row in connection.execute(_KNOWN_LINKS, {"keys": sorted(sightings)})}
    for key in sorted(sightings):
        first_visit, first_link = min(sightings[key], key=lambda seen: seen[0].ended_at)
        last_visit, _ = max(sightings[key], key=lambda seen: seen[0].ended_at)
        row = known.get(key)
        if row is None:
            fresh.append(_row_of(key, first_link, first_visit, last_visit))
            continue
        if row.last_seen + _SEEN_AGAIN_AFTER < last_visit.ended_at:
            again.append({"of": key, "page": last_visit.frontier.id, "seen": last_visit.ended_at})
        if first_visit.ended_at < row.first_seen:  # recorded late
            of_first = _row_of(key, first_link, first_visit, first_visit)
            earlier.append({name: of_first[name] for name in ("link_key", "label", "quote", "page_id", "first_seen")})
    if fresh:
        connection.execute(
            insert_into(connection.dialect.name, identity_links).on_conflict_do_nothing(index_elements=["link_key"]),
            fresh,
        )
    if again:
        statement = update(identity_links).where(table.link_key == bindparam("of"))
        connection.execute(statement.values(last_page_id=bindparam("page"), last_seen=bindparam("seen")), again)
    for values in earlier:
        connection.execute(update(identity_links).where(table.link_key == values["link_key"]).values(values))


def forget_words(connection: Connection, page_ids: Sequence[int] | Select[Any]) -> None:
    """Of links first seen on some pages (or a query for their ids), drop the words around them that are text of the page. What a site states of itself in
    header, footer and metadata stays: without 技术支持 in front of it a vendor's number would join its customers."""
    table = identity_links.c
    in_text = table.place.in_([place.value for place in _IN_TEXT])
    longer = table.quote != table.label
    which = table.page_id.in_(page_ids), in_text, longer
    connection.execute(update(identity_links).where(*which).values(quote=table.label))


def _link_key(link: IdentityLink) -> str:
    parts = (link.subject.kind, link.subject.key, link.node.kind, link.node.key, link.place)
    return hashlib.sha256("\0".join(map(storable_text, parts)).encode()).hexdigest()


def _row_of(key: str, link: IdentityLink, visit: Visit, last: Visit) -> dict[str, Any]:
    return {
        "link_key": key,
        "subject_kind": link.subject.kind.value,
        "subject_key": link.subject.key,
        "kind": link.node.kind.value,
        "key": link.node.key,
        "place": link.place.value,
        "label": link.label,
        "quote": link.quote,
        "page_id": visit.frontier.id,
        "first_seen": visit.ended_at,
        "last_page_id": last.frontier.id,
        "last_seen": last.ended_at,
    }
