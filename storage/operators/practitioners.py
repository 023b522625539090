"""Registered practitioners in the database: who may practise at which institution, by name; numbers as keyed digests only.

A plain digest of a licence number could be found by trying all numbers. The key lies in a file of the data folder, made when
it is first needed; numbers digested under another key are simply other numbers.
"""

import hashlib
import hmac
import secrets
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, func, select, update

from domain.institutions import name_key
from domain.practitioners import PractitionerLists
from storage.columns import storable_text
from storage.database import insert_into, writing
from storage.durable_file import make_secret
from storage.operators.registry_file import RegistryTable, heading_key
from storage.operators.registry_rows import BadRow
from storage.tables import registry_practitioners

KEY_FILE = Path("keys") / "practitioners.key"
FIELDS = ("name", "institution", "number", "ignored")
_BATCH_ROWS = 2000
_LOOKED_UP = 40
_LONGEST_NAME = 30
_NOT_LISTED = date.min
"""The day of rows that a list has not confirmed yet; never seen outside of the import."""


class PractitionerKeyUnusable(ValueError):
    """The key is open to others or none. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class RegisteredPractitioner:
    name: str
    institution: str
    number_digest: str = ""


class _Row(NamedTuple):
    """What tells the rows of one source apart; `institution` is its key."""

    institution: str
    name: str
    number_digest: str


@dataclass(frozen=True, slots=True)
class PractitionerCounts:
    """Practitioners that the source's list has now, how many it had before and has no more, and how many stand on it with another
    number than before.

    `key_may_differ` when no number of those digested before is among them: either all were written otherwise, or the key is
    another one.
    """

    listed: int = 0
    gone: int = 0
    renumbered: int = 0
    key_may_differ: bool = False


def practitioner_headings(written: Mapping[str, str]) -> dict[str, str]:
    """Fields by heading key."""
    return {heading_key(heading): field for heading, field in written.items()}


def read_practitioners(table: RegistryTable, key: bytes) -> Iterator[RegisteredPractitioner | BadRow]:
    """Every row of a table, read or refused, in order. Columns but name, institution and number are not looked at."""
    for number, cells in table.rows:
        values: dict[str, str] = {}
        for index, field in table.columns.items():
            if index < len(cells) and cells[index]:
                values.setdefault(field, cells[index])
        name, institution = "".join(values.get("name", "").split()), " ".join(values.get("institution", "").split())
        if not name or len(name) > _LONGEST_NAME:
            yield BadRow(number, name[:_LONGEST_NAME], "没有姓名" if not name else f"姓名超过 {_LONGEST_NAME} 字")
        elif not institution:
            yield BadRow(number, name, "没有执业机构")
        else:
            yield RegisteredPractitioner(name, institution, number_digest(values.get("number", ""), key))


def number_digest(number: str, key: bytes) -> str:
    """HMAC-SHA-256 (hex) of a licence number without spaces, empty for none."""
    plain = "".join(number.split()).upper()
    return hmac.new(key, plain.encode("utf-8", "replace"), hashlib.sha256).hexdigest() if plain else ""


def practitioner_key(home: Path) -> bytes:
    """32 random bytes, made when first asked for. Raises PractitionerKeyUnusable, or OSError when the folder cannot be written."""
    path = home / KEY_FILE
    make_secret(path, secrets.token_bytes(32))
    if path.stat().st_mode & 0o077:
        raise PractitionerKeyUnusable(f"{path} 可被他人读取，应为 0600")
    key = path.read_bytes()
    if len(key) != 32:
        raise PractitionerKeyUnusable(f"{path} 不是有效的密钥")
    return key


def has_digests(connection: Connection) -> bool:
    """Whether numbers are digested under a key."""
    table = registry_practitioners.c
    return connection.scalar(select(table.source).where(table.number_digest != "").limit(1)) is not None


def import_practitioners(
    engine: Engine, rows: Iterable[RegisteredPractitioner], source: str, as_of: date
) -> PractitionerCounts:
    """Take in one list, all of it or nothing; doing it twice changes nothing. Whoever the source's list no longer has goes: no
    history of people is kept. A list of nobody changes nothing either."""
    # Read before the turn to write, for which everybody waits: a spreadsheet of a province takes longer than they would
    listed = list(rows)
    if not listed:
        return PractitionerCounts()
    table = registry_practitioners
    of_source = table.c.source == source
    counted = select(func.count()).select_from(table).where(of_source)
    with writing(engine) as connection:
        before = {
            _Row(*row)
            for row in connection.execute(
                select(table.c.institution_key, table.c.name, table.c.number_digest).where(of_source)
            )
        }
        connection.execute(update(table).where(of_source).values(as_of=_NOT_LISTED))
        for start in range(0, len(listed), _BATCH_ROWS):
            _store(connection, listed[start : start + _BATCH_ROWS], source, as_of)
        connection.execute(delete(table).where(of_source, table.c.as_of == _NOT_LISTED))
        return _counts(before, {_row(row) for row in listed}, connection.execute(counted).scalar_one())


def _row(row: RegisteredPractitioner) -> _Row:
    return _Row(storable_text(name_key(row.institution)), storable_text(row.name), row.number_digest)


def _counts(before: set[_Row], now: set[_Row], listed: int) -> PractitionerCounts:
    """Whoever has a number that was not there before is taken for somebody of that name and institution whose number is not there any
    more, as long as there are such."""
    left, come = (Counter((row.institution, row.name) for row in rows) for rows in (before - now, now - before))
    renumbered = (left & come).total()
    digested = {row.number_digest for row in before if row.number_digest}
    known = {row.number_digest for row in now}
    return PractitionerCounts(
        listed,
        left.total() - renumbered,
        renumbered,
        key_may_differ=bool(renumbered and digested and known - {""}) and not digested & known,
    )


def _store(connection: Connection, rows: Sequence[RegisteredPractitioner], source: str, as_of: date) -> None:
    values = {
        _row(row): {
            "source": source,
            "as_of": as_of,
            "name": row.name,
            "institution": row.institution,
            "institution_key": name_key(row.institution),
            "number_digest": row.number_digest,
        }
        for row in rows
    }
    statement = insert_into(connection.dialect.name, registry_practitioners)
    fresh = {"as_of": statement.excluded.as_of, "institution": statement.excluded.institution}
    unique = ["institution_key", "name", "source", "number_digest"]
    connection.execute(statement.on_conflict_do_update(index_elements=unique, set_=fresh), list(values.values()))


class SqlPractitioners:
    """Finds out which doctors lists have at an institution."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of(self, institutions: Sequence[str], names: Sequence[str]) -> PractitionerLists:
        """By the institution's names; `names` beyond the first forty are not looked up and count as on no list."""
        table = registry_practitioners.c
        keys = list(dict.fromkeys(filter(None, map(name_key, institutions))))[:_LOOKED_UP]
        if not keys:
            return PractitionerLists((), frozenset())
        here = table.institution_key.in_(keys)
        counted = select(table.source, func.max(table.as_of), func.count()).where(here).group_by(table.source)
        asked = select(table.name).where(here, table.name.in_(list(dict.fromkeys(names))[:_LOOKED_UP])).distinct()
        with self._engine.connect() as connection:
            lists = tuple((row[0], row[1], row[2]) for row in connection.execute(counted.order_by(table.source)))
            return PractitionerLists(lists, frozenset(connection.scalars(asked)) if lists else frozenset())

    def sources(self) -> tuple[tuple[str, date, int], ...]:
        """Source, newest day and rows of each list, by name of source."""
        table = registry_practitioners.c
        query = select(table.source, func.max(table.as_of), func.count()).group_by(table.source).order_by(table.source)
        with self._engine.connect() as connection:
            return tuple((row[0], row[1], row[2]) for row in connection.execute(query))
