"""Taking published lists of institutions into the database, batch by batch, and what an operator said of their headings."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, delete, func, insert, select, text, update

from domain.certificates import parse_certificate
from domain.institutions import RegisteredInstitution, name_key
from storage.canonical import canonical_json
from storage.database import insert_into, writing
from storage.tables import registry_headings, registry_institutions, registry_keys

_BATCH_ROWS = 2000
_CHANGES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one institution that a newer list has otherwise."""

    name: str
    field: str
    before: str
    after: str


@dataclass(slots=True)
class ImportCounts:
    """What an import did so far. `older` rows were left alone: what is stored is of a later day.

    `absent` institutions of the same source were not in this list; they are kept, with the day they were last listed.
    """

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0
    absent: int = 0
    changes: list[Change] = field(default_factory=list)


def import_institutions(
    engine: Engine,
    rows: Iterable[RegisteredInstitution],
    source: str,
    as_of: date,
    show: Callable[[ImportCounts], None] = lambda _counts: None,
) -> ImportCounts:
    """Take in one list, batch by batch; doing it twice changes nothing. All rows must be of `source` and `as_of`."""
    counts = ImportCounts()
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH_ROWS)):
        with writing(engine) as connection:
            _import_batch(connection, batch, counts)
        show(counts)
    with writing(engine) as connection:
        for name in (registry_institutions.name, registry_keys.name):
            connection.execute(text(f"ANALYZE {name}"))  # else PostgreSQL plans for the table as it was before
        counts.absent = connection.scalar(
            select(func.count())
            .select_from(registry_institutions)
            .where(registry_institutions.c.source == source, registry_institutions.c.as_of < as_of)
        ) or 0  # fmt: skip
    return counts


def _import_batch(connection: Connection, batch: Sequence[RegisteredInstitution], counts: ImportCounts) -> None:
    wanted = {_source_key(institution): institution for institution in batch}
    table = registry_institutions
    known = {
        row.source_key: row
        for row in connection.execute(
            select(table.c.source_key, table.c.id, table.c.digest, table.c.as_of).where(table.c.source_key.in_(wanted))
        )
    }
    written: dict[str, dict[str, Any]] = {}
    seen_again: list[int] = []
    changed_ids: list[int] = []
    for key, institution in wanted.items():
        values = _row_of(key, institution)
        row = known.get(key)
        if row is None:
            counts.new += 1
        elif row.as_of > institution.as_of:
            counts.older += 1
            continue
        elif row.digest == values["digest"]:
            counts.unchanged += 1
            if row.as_of != institution.as_of:
                seen_again.append(row.id)
            continue
        else:
            counts.changed += 1
            changed_ids.append(row.id)
        written[key] = values
    _note_changes(connection, changed_ids, written, counts)
    if seen_again:
        connection.execute(update(table).where(table.c.id.in_(seen_again)).values(as_of=batch[0].as_of))
    if written:
        _write(connection, written, wanted, changed_ids)


def _write(
    connection: Connection,
    written: Mapping[str, dict[str, Any]],
    wanted: Mapping[str, RegisteredInstitution],
    changed_ids: Sequence[int],
) -> None:
    statement = insert_into(connection.dialect.name, registry_institutions)
    fresh = {column.name: column for column in statement.excluded if column.name not in ("id", "source_key")}
    returning = statement.on_conflict_do_update(index_elements=["source_key"], set_=fresh).returning(
        registry_institutions.c.source_key, registry_institutions.c.id
    )
    ids = {row.source_key: row.id for row in connection.execute(returning, list(written.values()))}
    if changed_ids:
        connection.execute(delete(registry_keys).where(registry_keys.c.institution_id.in_(changed_ids)))
    with_keys = {key: keys for key in written if (keys := set(_keys_of(wanted[key])))}
    if not with_keys:
        return
    connection.execute(
        insert(registry_keys),
        [
            {"kind": kind, "key": value, "institution_id": ids[key]}
            for key, keys in with_keys.items()
            for kind, value in sorted(keys)
        ],
    )


def _note_changes(
    connection: Connection, ids: Sequence[int], written: Mapping[str, dict[str, Any]], counts: ImportCounts
) -> None:
    room = _CHANGES_SHOWN - len(counts.changes)
    if room <= 0 or not ids:
        return
    table = registry_institutions
    for row in connection.execute(select(table).where(table.c.id.in_(ids[:room])).order_by(table.c.id)):
        before, after = row.document, written[row.source_key]["document"]
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name) and len(counts.changes) < _CHANGES_SHOWN:
                counts.changes.append(Change(row.name, name, _shown(before.get(name)), _shown(after.get(name))))


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case list() | tuple():
            return "、".join(item if isinstance(item, str) else str(item.get("number", item)) for item in value)
        case _:
            return str(value)


def _source_key(institution: RegisteredInstitution) -> str:
    return hashlib.sha256(f"{institution.source}\0{institution.key}".encode("utf-8", "surrogatepass")).hexdigest()


def _row_of(source_key: str, institution: RegisteredInstitution) -> dict[str, Any]:
    document = _document_of(institution)
    return {
        "source_key": source_key,
        "source": institution.source,
        "as_of": institution.as_of,
        "name": institution.name,
        "name_key": name_key(institution.name),
        "credit_code": institution.credit_code,
        "licence": institution.licence,
        "digest": hashlib.sha256(canonical_json(document)).hexdigest(),
        "document": document,
    }


def _document_of(institution: RegisteredInstitution) -> dict[str, Any]:
    """All that the source says, without what it leaves open and without source and day, which are columns."""
    values = {name: value for name, value in asdict(institution).items() if value not in ("", None, ())}
    del values["source"], values["as_of"]
    if institution.certificates:
        values["certificates"] = [
            {
                "number": record.number,
                "media": list(record.media),
                "valid_from": record.valid_from.isoformat() if record.valid_from else "",
                "valid_until": record.valid_until.isoformat() if record.valid_until else "",
            }
            for record in institution.certificates
        ]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _keys_of(institution: RegisteredInstitution) -> Iterator[tuple[str, str]]:
    for alias in institution.aliases:
        yield "name", name_key(alias)
    for domain in institution.domains:
        yield "domain", domain
    for account in institution.accounts:
        yield "account", name_key(account)
    for partner in institution.affiliated_with:
        yield "affiliated-with", name_key(partner)
    for record in institution.certificates:
        if (certificate := parse_certificate(record.number)) is not None:
            yield "certificate", certificate.key


def remember_headings(engine: Engine, mapped: Mapping[str, str]) -> None:
    """Keep what an operator said of headings (heading key to field); the last word counts."""
    if not mapped:
        return
    with writing(engine) as connection:
        connection.execute(
            delete(registry_headings).where(registry_headings.c.heading == bindparam("known")),
            [{"known": heading} for heading in mapped],
        )
        connection.execute(
            insert(registry_headings), [{"heading": heading, "field": field} for heading, field in mapped.items()]
        )


def remembered_headings(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {row.heading: row.field for row in connection.execute(select(registry_headings))}
