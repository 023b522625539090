"""Packages and their steps, leads and what is said against them. Rows are added, never changed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, Row, Select, func, insert, select

from domain.outbox import (
    Measure,
    Stage,
    Statement,
    StatementKind,
    Step,
    StepTaken,
    is_supervised,
    require_step,
    stage_of,
)
from domain.routing import Recipient
from storage.database import writing
from storage.tables import lead_statements, pages, referral_packages, referral_steps, referred_leads

_OURS = (StatementKind.WITHDRAWN.value, StatementKind.REINSTATED.value)
#: Writes what was done to a log, in the transaction of the act.
Log = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Package:
    """A complete package; `cases` are the ids of its leads, steps oldest first."""

    id: int
    number: str
    recipient: Recipient
    made_at: datetime
    made_by: str
    manifest_sha256: str
    cases: tuple[int, ...]
    steps: tuple[StepTaken, ...]

    @property
    def stage(self) -> Stage:
        return stage_of(self.steps)

    @property
    def supervised(self) -> bool:
        return is_supervised(self.steps)


def list_packages(engine: Engine) -> list[Package]:
    """All complete ones, oldest first."""
    with engine.connect() as connection:
        return _packages(connection, select(referral_packages))


def find_package(engine: Engine, number: str) -> Package:
    """Raises KeyError when no complete package has that number."""
    with engine.connect() as connection:
        return _one(connection, number)


def take_step(engine: Engine, number: str, new: StepTaken, log: Log) -> Package:
    """Record a step. Raises KeyError for an unknown number and `domain.outbox.StepRefused`; two who take the same step at once
    do not both succeed."""
    with writing(engine) as connection:
        held = select(referral_packages.c.id).where(referral_packages.c.number == number).with_for_update()
        connection.execute(held)
        package = _one(connection, number)
        require_step(package.made_by, package.manifest_sha256, package.steps, new)
        connection.execute(
            insert(referral_steps).values(
                package_id=package.id,
                step=new.step.value,
                made_by=new.by,
                at=new.at,
                noted_at=new.noted_at,
                text=new.text,
                reference=new.reference,
                channel=new.channel,
                measures=[measure.value for measure in new.measures],
                fine_fen=new.fine_fen,
                manifest_sha256=new.manifest_sha256,
            )
        )
        done = _one(connection, number)
        log(connection)
    return done


def statements_of(engine: Engine, page_ids: Sequence[int]) -> Mapping[int, tuple[Statement, ...]]:
    """What was said about each of the leads, oldest first; those without are left out."""
    found: defaultdict[int, list[Statement]] = defaultdict(list)
    query = select(lead_statements).where(lead_statements.c.page_id.in_(page_ids)).order_by(lead_statements.c.id)
    with engine.connect() as connection:
        for row in connection.execute(query):
            kind = StatementKind(row.kind)
            found[row.page_id].append(Statement(kind, row.made_by, row.at, row.noted_at, row.text))
    return {page_id: tuple(said) for page_id, said in found.items()}


def add_statement(engine: Engine, page_id: int, new: Statement, log: Log) -> None:
    """Raises KeyError for an unknown page."""
    with writing(engine) as connection:
        if connection.scalar(select(pages.c.id).where(pages.c.id == page_id)) is None:
            raise KeyError(page_id)
        connection.execute(
            insert(lead_statements).values(
                page_id=page_id,
                kind=new.kind.value,
                made_by=new.by,
                at=new.at,
                noted_at=new.noted_at,
                text=new.text,
            )
        )
        log(connection)


def rescinded_pages() -> Select[tuple[int]]:
    """The ids of leads that we took back, for use in other statements: they are never counted."""
    last = (
        select(func.max(lead_statements.c.id))
        .where(lead_statements.c.kind.in_(_OURS))
        .group_by(lead_statements.c.page_id)
    )
    withdrawn = lead_statements.c.kind == StatementKind.WITHDRAWN.value
    return select(lead_statements.c.page_id).where(lead_statements.c.id.in_(last), withdrawn)


def _one(connection: Connection, number: str) -> Package:
    found = _packages(connection, select(referral_packages).where(referral_packages.c.number == number))
    if not found:
        raise KeyError(number)
    return found[0]


def _packages(connection: Connection, query: Select[tuple[object, ...]]) -> list[Package]:
    complete = query.where(referral_packages.c.manifest_sha256.is_not(None)).order_by(referral_packages.c.id)
    rows = connection.execute(complete).all()
    ids = [row.id for row in rows]
    cases: defaultdict[int, list[int]] = defaultdict(list)
    steps: defaultdict[int, list[StepTaken]] = defaultdict(list)
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        leads = select(referred_leads).where(referred_leads.c.package_id.in_(some)).order_by(referred_leads.c.page_id)
        for row in connection.execute(leads):
            cases[row.package_id].append(row.page_id)
        taken = select(referral_steps).where(referral_steps.c.package_id.in_(some)).order_by(referral_steps.c.id)
        for row in connection.execute(taken):
            steps[row.package_id].append(_step(row))
    return [
        Package(
            row.id,
            row.number,
            Recipient(row.recipient),
            row.made_at,
            row.made_by,
            row.manifest_sha256,
            tuple(cases[row.id]),
            tuple(steps[row.id]),
        )
        for row in rows
    ]


def _step(row: Row[tuple[object, ...]]) -> StepTaken:
    return StepTaken(
        Step(row.step),
        row.made_by,
        row.at,
        row.noted_at,
        row.text,
        row.reference,
        row.channel,
        tuple(Measure(measure) for measure in row.measures),
        row.fine_fen,
        row.manifest_sha256,
    )
