"""Links that are not followed: some of them with their URL, all of them counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, literal, select

from domain.nights import NightKind
from domain.visits import SkipRule, Visit
from storage.database import Upsert, insert_into
from storage.tables import frontier, nights, skipped_counts, skipped_links
from storage.url_keys import url_key

#: Rule of URLs that were in scope but beyond the page budget of the night.
SURPLUS = "surplus"
#: Surplus URLs kept with their URL a target and night.
SURPLUS_KEPT = 100
#: Nights whose skipped URLs are kept; of older ones only the counts are.
NIGHTS_KEPT = 7


def add_skips(connection: Connection, visits: Sequence[Visit]) -> None:
    """Write what visits did not follow. Counts are of one run of a shard: a run after a crash counts again."""
    rows: dict[tuple[str, str, int], dict[str, Any]] = {}
    counts: Counter[tuple[str, int, str]] = Counter()
    for visit in visits:
        night_id, target_id = visit.frontier.night_id, visit.frontier.target_id
        for link in visit.skipped:
            rows.setdefault((night_id, key := url_key(link.url), target_id), {
                "night_id": night_id,
                "target_id": target_id,
                "url_key": key,
                "url": link.url,
                "rule": link.rule.value,
                "reason": link.reason,
                "found_on": visit.frontier.id,
            })  # fmt: skip
        for rule, links in visit.skip_counts.items():
            counts[night_id, target_id, rule.value] += links
    if rows:
        connection.execute(_insert_links(connection.dialect.name), [rows[place] for place in sorted(rows)])
    if counts:
        connection.execute(
            _add_counts(connection.dialect.name),
            [
                {"night_id": night_id, "target_id": target_id, "rule": rule, "links": links}
                for (night_id, target_id, rule), links in sorted(counts.items())
            ],
        )


@cache
def _insert_links(dialect_name: str) -> Upsert:
    return insert_into(dialect_name, skipped_links).on_conflict_do_nothing()


@cache
def _add_counts(dialect_name: str) -> Upsert:
    counted = insert_into(dialect_name, skipped_counts)
    return counted.on_conflict_do_update(
        index_elements=["night_id", "target_id", "rule"],
        set_={"links": skipped_counts.c.links + counted.excluded.links},
    )


def keep_surplus(connection: Connection, surplus: ColumnElement[bool]) -> None:
    """Remember the first URLs of each target among those, chosen by `surplus`, that are about to be dropped from the frontier untried."""
    place = func.row_number().over(
        partition_by=(frontier.c.night_id, frontier.c.target_id),
        order_by=(frontier.c.priority, frontier.c.depth, frontier.c.id),
    )
    columns = (frontier.c.night_id, frontier.c.url_key, frontier.c.target_id, frontier.c.url, frontier.c.found_on)
    placed = select(*columns, place.label("place")).where(surplus).subquery()
    names = [column.name for column in columns]
    rows = select(
        *(placed.c[name] for name in names), literal(SURPLUS), literal("本夜的页数预算（max_pages）已用完")
    ).where(placed.c.place <= SURPLUS_KEPT)
    connection.execute(
        insert_into(connection.dialect.name, skipped_links)
        .from_select([*names, "rule", "reason"], rows)
        .on_conflict_do_nothing()
    )


def forget_old_skips(connection: Connection) -> None:
    """Drop the skipped URLs of all but the newest nights and the rechecks since."""
    since = (
        select(nights.c.started_at)
        .where(nights.c.kind == NightKind.NIGHT.value)
        .order_by(nights.c.started_at.desc(), nights.c.id.desc())
        .offset(NIGHTS_KEPT - 1)
        .limit(1)
        .scalar_subquery()
    )
    older = select(nights.c.id).where(nights.c.started_at < since)
    connection.execute(delete(skipped_links).where(skipped_links.c.night_id.in_(older)))


def skip_counts(connection: Connection, night_id: str, target_id: int | None = None) -> Mapping[SkipRule, int]:
    """Links not followed in a night by rule, of one target or of all."""
    query = (
        select(skipped_counts.c.rule, func.sum(skipped_counts.c.links).label("links"))
        .where(skipped_counts.c.night_id == night_id)
        .group_by(skipped_counts.c.rule)
    )
    if target_id is not None:
        query = query.where(skipped_counts.c.target_id == target_id)
    return {SkipRule(row.rule): int(row.links) for row in connection.execute(query)}
