"""Which imported lists are complete lists of certificates, as the operator who imported them has stated."""

from collections.abc import Iterable

from sqlalchemy import Engine, delete, select

from domain.certificate_coverage import CertificateCoverage, issuer_of, would_list
from domain.certificates import parse_certificate
from storage.database import writing
from storage.tables import registry_complete_lists


def state_complete(engine: Engine, coverages: Iterable[CertificateCoverage]) -> None:
    """The last word about one issuer and source counts."""
    table = registry_complete_lists
    with writing(engine) as connection:
        for stated in coverages:
            connection.execute(delete(table).where(table.c.issuer == stated.issuer, table.c.source == stated.source))
            connection.execute(table.insert().values(issuer=stated.issuer, source=stated.source, as_of=stated.as_of))


def withdraw_complete(engine: Engine, issuer: str) -> int:
    """Take back what was stated of one issuer; the number of statements taken back."""
    table = registry_complete_lists
    with writing(engine) as connection:
        return connection.execute(delete(table).where(table.c.issuer == issuer)).rowcount


def complete_lists(engine: Engine) -> tuple[CertificateCoverage, ...]:
    """All that is stated, by issuer and source."""
    table = registry_complete_lists
    with engine.connect() as connection:
        rows = connection.execute(select(table).order_by(table.c.issuer, table.c.source)).all()
    return tuple(CertificateCoverage(row.issuer, row.source, row.as_of) for row in rows)


def list_that_lacks(coverages: Iterable[CertificateCoverage], number: str) -> CertificateCoverage | None:
    """The newest complete list that would have had a number; to be asked only of one that no list has."""
    certificate = parse_certificate(number)
    if certificate is None or not issuer_of(certificate):
        return None
    fitting = [coverage for coverage in coverages if would_list(coverage, certificate)]
    return max(fitting, key=lambda coverage: coverage.as_of, default=None)
