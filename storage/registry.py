"""The registry of institutions in the database: taking in published lists, and finding who a page may be about."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, delete, func, insert, select, text, union, update
from sqlalchemy.dialects import postgresql, sqlite

from domain.certificate_coverage import CertificateCoverage
from domain.certificates import CertificateRecord, parse_certificate
from domain.institutions import RegisteredInstitution, name_key
from storage.canonical import canonical_json
from storage.certificate_lists import complete_lists
from storage.database import writing
from storage.tables import registry_headings, registry_institutions, registry_keys

_BATCH_ROWS = 2000
_CHANGES_SHOWN = 50
_AT_ONCE = 400
_LOOKED_UP = 40
"""Names, codes and hosts of one page that are looked up; more of them come from no honest page."""


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
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(registry_institutions)
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


def _institution_of(row: Row[Any]) -> RegisteredInstitution:
    values = dict(row.document)
    certificates = tuple(
        CertificateRecord(
            number=record["number"],
            holder=row.name,
            media=tuple(record["media"]),
            valid_from=date.fromisoformat(record["valid_from"]) if record["valid_from"] else None,
            valid_until=date.fromisoformat(record["valid_until"]) if record["valid_until"] else None,
            source=row.source,
            as_of=row.as_of,
        )
        for record in values.pop("certificates", ())
    )
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    return RegisteredInstitution(source=row.source, as_of=row.as_of, certificates=certificates, **plain)


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


class SqlRegistry:
    """Finds registered institutions. Each look-up is a few index searches in one connection."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(
        self,
        names: Sequence[str] = (),
        credit_codes: Sequence[str] = (),
        licences: Sequence[str] = (),
        hosts: Sequence[str] = (),
        accounts: Sequence[str] = (),
    ) -> tuple[RegisteredInstitution, ...]:
        """Every institution, of every source, that one of these is known of; oldest import first.

        A host is known by itself and by the domains it lies under.
        """
        table, keys = registry_institutions, registry_keys
        plain = list(dict.fromkeys(name_key(name) for name in names if name))[:_LOOKED_UP]
        domains = list(dict.fromkeys(part for host in hosts for part in _upwards(host)))[:_LOOKED_UP]
        by_column = [
            select(table.c.id).where(column.in_(values))
            for column, values in (
                (table.c.name_key, plain),
                (table.c.credit_code, [code.upper() for code in credit_codes if code][:_LOOKED_UP]),
                (table.c.licence, [number.upper() for number in licences if number][:_LOOKED_UP]),
            )
            if values
        ]
        by_key = [
            select(keys.c.institution_id).where(keys.c.kind == kind, keys.c.key.in_(values))
            for kind, values in (
                ("name", plain),
                ("domain", domains),
                ("account", [name_key(account) for account in accounts if account][:_LOOKED_UP]),
            )
            if values
        ]
        if not by_column and not by_key:
            return ()
        with self._engine.connect() as connection:
            # Two steps: with the numbers as a subquery PostgreSQL reads the whole table
            ids = connection.scalars(union(*by_column, *by_key)).all()
            if not ids:
                return ()
            rows = connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id))
            return tuple(_institution_of(row) for row in rows)

    def institution(self, institution_id: int) -> RegisteredInstitution:
        """All that one source says of one institution. Raises KeyError for an unknown id."""
        table = registry_institutions
        with self._engine.connect() as connection:
            row = connection.execute(select(table).where(table.c.id == institution_id)).one_or_none()
        if row is None:
            raise KeyError(institution_id)
        return _institution_of(row)

    def by_row_keys(self, keys: Sequence[str]) -> tuple[RegisteredInstitution, ...]:
        """The rows with these keys, as `of_nodes` gives them, in order of import."""
        table = registry_institutions
        with self._engine.connect() as connection:
            rows = [
                row
                for some in _batches(sorted(set(keys)))
                for row in connection.execute(select(table).where(table.c.source_key.in_(some)))
            ]
        return tuple(_institution_of(row) for row in sorted(rows, key=lambda row: int(row.id)))

    def of_nodes(self, keys: Mapping[str, Collection[str]]) -> Iterator[tuple[str, RegisteredInstitution]]:
        """Institutions with their row's own key, found by `credit-code`, `licence`, `domain` or `account`, in order of import."""
        table = registry_institutions.c
        columns = {"credit-code": table.credit_code, "licence": table.licence}
        found: dict[int, Row[Any]] = {}
        with self._engine.connect() as connection:
            for kind, values in sorted(keys.items()):
                for some in _batches(sorted(filter(None, values))):
                    query = select(registry_institutions)
                    if kind in columns:
                        query = query.where(columns[kind].in_(some))
                    else:
                        ids = select(registry_keys.c.institution_id).where(
                            registry_keys.c.kind == kind, registry_keys.c.key.in_(some)
                        )
                        query = query.where(table.id.in_(connection.scalars(ids).all()))
                    found |= {row.id: row for row in connection.execute(query)}
        for _, row in sorted(found.items()):
            yield row.source_key, _institution_of(row)

    def certificate(self, number: str) -> CertificateRecord | None:
        """The newest record of an advertisement certificate, however the number is printed."""
        certificate = parse_certificate(number)
        if certificate is None:
            return None
        table, keys = registry_institutions, registry_keys
        with self._engine.connect() as connection:
            row = connection.execute(
                select(table)
                .join(keys, keys.c.institution_id == table.c.id)
                .where(keys.c.kind == "certificate", keys.c.key == certificate.key)
                .order_by(table.c.as_of.desc(), table.c.id.desc())
                .limit(1)
            ).first()
        if row is None:
            return None
        records = _institution_of(row).certificates
        return next(
            record
            for record in records
            if (known := parse_certificate(record.number)) is not None and known.key == certificate.key
        )

    def complete_lists(self) -> tuple[CertificateCoverage, ...]:
        return complete_lists(self._engine)

    def sources(self) -> tuple[tuple[str, date, int], ...]:
        """The lists that it was made of: source, date of its newest row, number of rows; by name of source."""
        table = registry_institutions.c
        query = select(table.source, func.max(table.as_of), func.count()).group_by(table.source).order_by(table.source)
        with self._engine.connect() as connection:
            return tuple((source, as_of, rows) for source, as_of, rows in connection.execute(query))


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), _AT_ONCE):
        yield values[first : first + _AT_ONCE]


def _upwards(host: str) -> Iterator[str]:
    """www.a.example.cn, a.example.cn, example.cn."""
    labels = host.lower().rstrip(".").split(".")
    for first in range(len(labels) - 1):
        yield ".".join(labels[first:])


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
