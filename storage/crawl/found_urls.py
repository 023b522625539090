"""URLs that pages name, on their way to the frontier."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection

from domain.visits import Discovered
from storage.crawl.revisits import not_due
from storage.database import Upsert, insert_into
from storage.tables import frontier
from storage.url_keys import url_key


@dataclass(frozen=True, slots=True)
class FoundUrls:
    """URLs in scope that a page names; `found_on` is its frontier row, None for start URLs."""

    night_id: str
    target_id: int
    urls: Sequence[Discovered]
    due_at: datetime
    found_on: int | None = None


def add_urls(connection: Connection, found: Iterable[FoundUrls], *, as_given: bool = False) -> None:
    """Put URLs on the frontier that their night does not know yet; the first to name a URL owns it.

    Pages that are not due for another visit come after all others of their target: the budget goes first to what is new
    or changes often. Rows are numbered by their keys, or `as_given` by who is sure to be alone.
    """
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for some in found:
        for item in some.urls:
            key = url_key(item.url)
            if (some.night_id, key) not in rows:
                rows[some.night_id, key] = {
                    "night_id": some.night_id,
                    "target_id": some.target_id,
                    "url_key": key,
                    "url": item.url,
                    "depth": item.depth,
                    "due_at": some.due_at,
                    "found_on": some.found_on,
                    "priority": 0,
                }
    if not rows:
        return
    resting = set(not_due(connection, [key for _, key in rows], min(row["due_at"] for row in rows.values())))
    for (_, key), row in rows.items():
        row["priority"] = int(key in resting)
    # In the order of the keys: two shards that add the same URLs then wait for each other, but never in a circle.
    places = rows if as_given else sorted(rows)
    connection.execute(_insert_new(connection.dialect.name), [rows[place] for place in places])


@cache
def _insert_new(dialect_name: str) -> Upsert:
    """Built once: it is executed for every page."""
    return insert_into(dialect_name, frontier).on_conflict_do_nothing(index_elements=["night_id", "url_key"])
