"""Pages that say the same or nearly: each main text belongs to one cluster, whichever the night and the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, insert, select
from sqlalchemy.sql.dml import ReturningInsert

from domain.outcome import NO_LONGER_THERE, Outcome
from domain.page import ExtractedPage
from domain.sameness import BANDS, NEAR_SHARE, band_keys, likenesses, sketch_of, text_digest
from domain.visits import Visit
from storage.columns import storable_text
from storage.database import insert_into
from storage.tables import cluster_keys, frontier, nights, page_bodies, pages, text_clusters
from storage.url_keys import url_key

#: Texts shorter than this ("暂无内容") are the same by accident.
MIN_CHARACTERS = 16
_IDS_AT_ONCE = 500
#: Clusters that a text is compared with: those that share most keys with it. Texts that are alike share four of 16; sites
#: written from one mould share one with thousands by accident, and comparing with all would slow a night down more and more.
_COMPARED = 64
_BAND_NAMES = [f"band_{band}" for band in range(BANDS)]
_BODY = select(
    page_bodies.c.body_start, page_bodies.c.body_end, page_bodies.c.body_sha256, page_bodies.c.cluster_id
).where(page_bodies.c.page_id == bindparam("page"))
_NEW_BODIES, _NEW_KEYS = insert(page_bodies), insert(cluster_keys)
_OF_DIGESTS = (
    select(page_bodies.c.body_sha256, func.min(page_bodies.c.cluster_id).label("cluster_id"))
    .where(page_bodies.c.body_sha256.in_(bindparam("digests", expanding=True)), page_bodies.c.cluster_id.is_not(None))
    .group_by(page_bodies.c.body_sha256)
)
_MOST_SHARED = (
    select(cluster_keys.c.cluster_id)
    # A parameter for each: an expanding one is spelled out anew for every text
    .where(cluster_keys.c.key.in_([bindparam(name) for name in _BAND_NAMES]))
    .group_by(cluster_keys.c.cluster_id)
    .order_by(func.count().desc(), cluster_keys.c.cluster_id)
    .limit(_COMPARED)
)
_CANDIDATES = (
    select(text_clusters.c.id, text_clusters.c.sketch)
    .where(text_clusters.c.id.in_(_MOST_SHARED))
    .order_by(text_clusters.c.id)
)


@dataclass(frozen=True, slots=True)
class _Body:
    """The main text of a page as it is stored, and where in the page it stands."""

    start: int
    end: int
    text: str
    digest: str


@dataclass(frozen=True, slots=True)
class TextCluster:
    """`urls` are the addresses (as first met) at which its texts were seen, in order of first sight."""

    id: int
    urls: tuple[str, ...]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class PageCopy:
    """The same or nearly the same text at another address. `exact` says that its newest text there is the very same as the
    newest of the page asked for; `moved` that it was first seen there after that page was last seen, and that page is gone.
    `page_id` is the newest page there."""

    url: str
    title: str
    page_id: int
    first_seen: datetime
    last_seen: datetime
    exact: bool
    moved: bool
    flagged: bool


def add_bodies(connection: Connection, visits: Sequence[Visit]) -> None:
    """Note the main texts of pages of content, after their rows in `pages` were written."""
    bodies = {visit.frontier.id: _body_of(visit.page) for visit in visits if visit.page is not None}
    clusters = _clusters(connection, list(bodies.values()))
    rows: list[dict[str, Any]] = []
    for visit in visits:
        if (body := bodies.get(visit.frontier.id)) is not None:
            columns: dict[str, Any] = {
                "body_start": body.start,
                "body_end": body.end,
                "body_sha256": body.digest,
                "cluster_id": clusters.get(body.digest),
            }
        elif visit.same_as is not None:
            earlier = connection.execute(_BODY, {"page": visit.same_as}).one_or_none()
            if earlier is None:  # read before bodies were noted
                continue
            columns = dict(earlier._mapping)
        else:
            continue
        place = {"page_id": visit.frontier.id, "url_key": url_key(visit.frontier.url), "seen_at": visit.ended_at}
        rows.append({**place, **columns})
    if rows:
        connection.execute(_NEW_BODIES, rows)


def cluster_of(engine: Engine, page_id: int) -> TextCluster | None:
    """The cluster of a page's main text; None for a page of next to no text, or of no content. Raises KeyError for an
    unknown page."""
    with engine.connect() as connection:
        if connection.scalar(select(pages.c.id).where(pages.c.id == page_id)) is None:
            raise KeyError(page_id)
        mine = select(page_bodies.c.cluster_id).where(page_bodies.c.page_id == page_id).scalar_subquery()
        rows = connection.execute(
            select(page_bodies.c.cluster_id, page_bodies.c.seen_at, pages.c.url)
            .join(pages, pages.c.id == page_bodies.c.page_id)
            .where(page_bodies.c.cluster_id == mine)
            .order_by(page_bodies.c.seen_at, page_bodies.c.page_id)
        ).all()
    if not rows:
        return None
    return TextCluster(
        rows[0].cluster_id, tuple(dict.fromkeys(row.url for row in rows)), rows[0].seen_at, rows[-1].seen_at
    )


def cluster_ids(engine: Engine, page_ids: Sequence[int]) -> dict[int, int]:
    """The clusters of those of the pages that have one."""
    found: dict[int, int] = {}
    query = select(page_bodies.c.page_id, page_bodies.c.cluster_id).where(page_bodies.c.cluster_id.is_not(None))
    with engine.connect() as connection:
        for start in range(0, len(page_ids), _IDS_AT_ONCE):
            some = page_ids[start : start + _IDS_AT_ONCE]
            found |= {
                row.page_id: row.cluster_id for row in connection.execute(query.where(page_bodies.c.page_id.in_(some)))
            }
    return found


def copies_of(engine: Engine, url: str) -> tuple[PageCopy, ...]:
    """Other addresses of the newest text of a page, in order of first sight; none of next to no text. Raises KeyError when
    the page was never read."""
    bodies, key = page_bodies.c, url_key(url)
    with engine.connect() as connection:
        newest = connection.execute(
            select(page_bodies)
            .where(bodies.url_key == key)
            .order_by(bodies.seen_at.desc(), bodies.page_id.desc())
            .limit(1)
        ).one_or_none()
        if newest is None:
            raise KeyError(url)
        if newest.cluster_id is None:  # next to no text, and all others of that are in no cluster either
            return ()
        rows = connection.execute(
            select(page_bodies, pages.c.url, pages.c.title, pages.c.flagged)
            .join(pages, pages.c.id == bodies.page_id)
            .where(bodies.cluster_id == newest.cluster_id, bodies.url_key != key)
            .order_by(bodies.seen_at, bodies.page_id)
        ).all()
        gone = _is_gone(connection, key, newest.seen_at)
    places: dict[str, list[Any]] = {}
    for row in rows:
        places.setdefault(row.url_key, []).append(row)
    return tuple(
        PageCopy(
            url=seen[-1].url,
            title=seen[-1].title or "",
            page_id=seen[-1].page_id,
            first_seen=seen[0].seen_at,
            last_seen=seen[-1].seen_at,
            exact=seen[-1].body_sha256 == newest.body_sha256,
            moved=gone and seen[0].seen_at > newest.seen_at,
            flagged=seen[-1].flagged,
        )
        for seen in places.values()
    )


def _is_gone(connection: Connection, key: str, seen_at: datetime) -> bool:
    """Whether the last that was found at an address, after its last content, is that the page is gone."""
    running_since = select(nights.c.id).where(nights.c.ended_at.is_(None) | (nights.c.ended_at > seen_at))
    outcomes = connection.scalars(
        select(pages.c.outcome)
        .join(frontier, frontier.c.id == pages.c.id)
        .where(frontier.c.night_id.in_(running_since), frontier.c.url_key == key, pages.c.captured_at > seen_at)
        .order_by(pages.c.captured_at)
    ).all()
    telling = [
        outcome for outcome in map(Outcome, outcomes) if outcome in NO_LONGER_THERE or outcome is Outcome.CONTENT
    ]
    return bool(telling) and telling[-1] in NO_LONGER_THERE


def _body_of(page: ExtractedPage) -> _Body:
    start, end = (page.body_start, page.body_end) if page.body_end > page.body_start else (0, len(page.text))
    text = storable_text(page.text[start:end])
    return _Body(start, end, text, text_digest(text))


def _clusters(connection: Connection, bodies: Sequence[_Body]) -> dict[str, int]:
    """The clusters of texts by their digests; those of next to no text have none.

    In the order of the digests: two workers that begin the same clusters then wait for each other, but never in a circle.
    """
    texts = {body.digest: body.text for body in bodies if len(body.text.strip()) >= MIN_CHARACTERS}
    if not texts:
        return {}
    known = connection.execute(_OF_DIGESTS, {"digests": list(texts)})
    clusters = {row.body_sha256: int(row.cluster_id) for row in known}
    for digest in sorted(texts.keys() - clusters.keys()):
        clusters[digest] = _cluster(connection, texts[digest], digest)
    return clusters


def _cluster(connection: Connection, body: str, digest: str) -> int:
    """The cluster of the text most like a text that is new, else a new one.

    Texts are compared with the text a cluster began with only: a chain of small changes does not lead from one text to
    quite another.
    """
    sketch = sketch_of(body)
    keys = band_keys(sketch)
    if keys:
        candidates = connection.execute(_CANDIDATES, _by_band(keys)).all()
        alike = list(likenesses(sketch, [candidate.sketch for candidate in candidates]))
        if alike and (most := max(alike)) >= NEAR_SHARE:
            return int(candidates[alike.index(most)].id)  # of equal ones the oldest
    return _new_cluster(connection, digest, sketch, keys)


def _by_band(keys: Sequence[int]) -> dict[str, int]:
    return dict(zip(_BAND_NAMES, keys, strict=True))


def _new_cluster(connection: Connection, digest: str, sketch: str, keys: Sequence[int]) -> int:
    created = connection.scalar(_begin_cluster(connection.dialect.name), {"body_sha256": digest, "sketch": sketch})
    if created is None:  # another worker met the same text at the same moment
        same_text = select(text_clusters.c.id).where(text_clusters.c.body_sha256 == digest)
        return int(connection.execute(same_text).scalar_one())
    if keys:
        connection.execute(_NEW_KEYS, [{"key": key, "cluster_id": created} for key in sorted(set(keys))])
    return int(created)


@cache
def _begin_cluster(dialect_name: str) -> ReturningInsert[int]:
    statement = insert_into(dialect_name, text_clusters).on_conflict_do_nothing(index_elements=["body_sha256"])
    return statement.returning(text_clusters.c.id)
