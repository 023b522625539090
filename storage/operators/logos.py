"""Signs of well-known hospitals in the database, by the source that the user had them from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Engine, delete, insert, select, tuple_

from domain.site_logos import OfficialLogo
from storage.database import writing
from storage.tables import registry_logos


@dataclass(frozen=True, slots=True)
class LogoCounts:
    """Signs that the source has now: not had before, had before; and how many it has no more."""

    new: int
    known: int
    gone: int


def import_logos(
    engine: Engine, logos: Sequence[OfficialLogo], source: str, unread_owners: Collection[str] = ()
) -> LogoCounts:
    """Take in one folder, all of it or nothing: what the source had and the folder has not, goes, but not what it had of owners of
    whom a file could not be read. An empty folder changes nothing."""
    if not logos:
        return LogoCounts(0, 0, 0)
    table = registry_logos
    rows = {(logo.owner, logo.sha256): logo for logo in logos}
    with writing(engine) as connection:
        query = select(table.c.owner, table.c.sha256).where(table.c.source == source)
        had = {(owner, sha256) for owner, sha256 in connection.execute(query)}
        kept = {place for place in had - rows.keys() if place[0] in unread_owners}
        place = tuple_(table.c.owner, table.c.sha256)
        connection.execute(delete(table).where(table.c.source == source, place.not_in(kept)))
        connection.execute(insert(table), [_row(logo, source) for logo in rows.values()])
    return LogoCounts(len(rows.keys() - had), len(rows.keys() & had), len(had - rows.keys() - kept))


def official_logos(engine: Engine) -> tuple[OfficialLogo, ...]:
    """Every known sign, by owner and source."""
    table = registry_logos.c
    query = select(registry_logos).order_by(table.owner, table.source, table.sha256)
    with engine.connect() as connection:
        return tuple(
            OfficialLogo(row.owner, row.sha256, tuple(row.marks), row.source, row.as_of)
            for row in connection.execute(query)
        )


def forget_logos(engine: Engine, source: str) -> int:
    """Forget what a source has; how many signs that were."""
    with writing(engine) as connection:
        return connection.execute(delete(registry_logos).where(registry_logos.c.source == source)).rowcount


def _row(logo: OfficialLogo, source: str) -> dict[str, str | date | list[str]]:
    return {
        "source": source,
        "sha256": logo.sha256,
        "owner": logo.owner,
        "marks": list(logo.marks),
        "as_of": logo.as_of,
    }
