"""The registry of institutions in the database: finding who a page may be about."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Engine, Row, func, select, union

from domain.certificate_coverage import CertificateCoverage
from domain.certificates import CertificateRecord, parse_certificate
from domain.institutions import RegisteredInstitution, name_key
from domain.licence_numbers import credit_code_key, licence_key
from storage.operators.certificate_lists import complete_lists
from storage.tables import registry_institutions, registry_keys

_AT_ONCE = 400
_LOOKED_UP = 40
"""Names, codes and hosts of one page that are looked up; more of them come from no honest page."""


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

        A host is known by itself and by the domains it lies under, a number however it is printed.
        """
        table, keys = registry_institutions, registry_keys
        plain = _some(map(name_key, names))
        domains = _some(part for host in hosts for part in _upwards(host))
        by_column = [
            select(table.c.id).where(column.in_(values))
            for column, values in (
                (table.c.name_key, plain),
                (table.c.credit_code, _some(map(credit_code_key, credit_codes))),
                (table.c.licence, _some(map(licence_key, licences))),
            )
            if values
        ]
        by_key = [
            select(keys.c.institution_id).where(keys.c.kind == kind, keys.c.key.in_(values))
            for kind, values in (
                ("name", plain),
                ("domain", domains),
                ("account", _some(map(name_key, accounts))),
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

    def of_page(
        self, url: str, account: str, numbers: Iterable[tuple[str, str]], names: Sequence[str] = ()
    ) -> tuple[RegisteredInstitution, ...]:
        """Every institution that a page's host, account, numbers (kind and value, see `Identifier`) or one of `names` is known of; oldest
        import first. The night, the desk and the letters ask here, so that none cites a row that another says is not there."""
        by_kind: dict[str, list[str]] = {"credit-code": [], "licence": []}
        for kind, value in numbers:
            if kind in by_kind:
                by_kind[kind].append(value)
        host = urlsplit(url).hostname or ""
        return self.find(names, by_kind["credit-code"], by_kind["licence"], [host], [account])

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


def _some(keys: Iterable[str]) -> list[str]:
    """Each that is not empty once, and no more than are looked up."""
    return list(dict.fromkeys(filter(None, keys)))[:_LOOKED_UP]


def _batches(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(values), _AT_ONCE):
        yield values[first : first + _AT_ONCE]


def _upwards(host: str) -> Iterator[str]:
    """www.a.example.cn, a.example.cn, example.cn."""
    labels = host.lower().rstrip(".").split(".")
    for first in range(len(labels) - 1):
        yield ".".join(labels[first:])
