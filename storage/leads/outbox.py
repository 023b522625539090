"""Packages and their steps, leads and what is said against them. Rows are added, never changed.

The outbox is read and written through this module and `domain.outbox` alone, by commands and by the desk.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, func, insert, select

from domain.beijing import BEIJING
from domain.outbox import (
    MOVES,
    Measure,
    Stage,
    Statement,
    StatementKind,
    Step,
    StepRefused,
    StepTaken,
    current_manifest,
    is_supervised,
    stage_of,
    standing,
)
from domain.outbox_rules import require_step
from domain.reviews import ItemState
from domain.routing import Recipient
from storage.database import writing
from storage.tables import desk_items, lead_statements, pages, referral_packages, referral_steps, referred_leads

_OURS = (StatementKind.WITHDRAWN.value, StatementKind.REINSTATED.value)
#: Writes what was done to a log, in the transaction of the act.
Log = Callable[[Connection], None]


@dataclass(frozen=True, slots=True)
class Package:
    """A complete package. `cases` are the ids of its leads, `rescinded` those of them that we took back since. `entered` are all
    steps on record, oldest first; `steps` those that count."""

    id: int
    number: str
    recipient: Recipient
    made_at: datetime
    made_by: str
    manifest_sha256: str
    cases: tuple[int, ...]
    rescinded: tuple[int, ...]
    entered: tuple[StepTaken, ...]

    @property
    def steps(self) -> tuple[StepTaken, ...]:
        return standing(self.entered)

    @property
    def manifest_now(self) -> str:
        """The digest of its list of files as last registered."""
        return current_manifest(self.manifest_sha256, self.steps)

    @property
    def stage(self) -> Stage:
        return stage_of(self.steps)

    @property
    def counts(self) -> bool:
        """Whether statistics know of it: not once it was returned or withdrawn, or all its leads were taken back."""
        return self.stage is not Stage.ENDED and len(self.rescinded) < len(self.cases)

    @property
    def supervised(self) -> bool:
        return is_supervised(self.steps)


def list_packages(engine: Engine, after: int = 0, limit: int | None = None) -> list[Package]:
    """The complete ones whose id is above `after`, oldest first, at most `limit` (None: all)."""
    with engine.connect() as connection:
        return _packages(connection, select(referral_packages).where(referral_packages.c.id > after).limit(limit))


def cases_that_count(packages: Sequence[Package]) -> frozenset[int]:
    """Leads in a package that statistics know of."""
    return frozenset(case for package in packages if package.counts for case in package.cases)


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
        if new.step in MOVES and new.at.astimezone(BEIJING).date() < package.made_at.astimezone(BEIJING).date():
            raise StepRefused("办理日期不能早于制作的日期")
        if new.step in (Step.APPROVED, Step.SENT):
            _require_confirmed(connection, package)
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
                corrects=new.corrects,
                file_name=new.file_name,
                file_sha256=new.file_sha256,
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
            said = Statement(kind, row.made_by, row.at, row.noted_at, row.text, row.file_name, row.file_sha256)
            found[row.page_id].append(said)
    return {page_id: tuple(said) for page_id, said in found.items()}


def packages_with(engine: Engine, page_id: int) -> list[Package]:
    """The complete packages that hold a lead, oldest first."""
    holding = select(referred_leads.c.package_id).where(referred_leads.c.page_id == page_id)
    with engine.connect() as connection:
        return _packages(connection, select(referral_packages).where(referral_packages.c.id.in_(holding)))


def add_statement(engine: Engine, page_id: int, new: Statement, log: Log) -> None:
    """Raises KeyError for an unknown page, and `domain.outbox.StepRefused` where nothing is there to take back, or was."""
    with writing(engine) as connection:
        if connection.scalar(select(pages.c.id).where(pages.c.id == page_id)) is None:
            raise KeyError(page_id)
        _require_sense(connection, page_id, new.kind)
        connection.execute(
            insert(lead_statements).values(
                page_id=page_id,
                kind=new.kind.value,
                made_by=new.by,
                at=new.at,
                noted_at=new.noted_at,
                text=new.text,
                file_name=new.file_name,
                file_sha256=new.file_sha256,
            )
        )
        log(connection)


def struck_steps() -> Select[tuple[int]]:
    """The ids of steps that were entered by mistake, for use in other statements."""
    return select(referral_steps.c.corrects).where(referral_steps.c.corrects.is_not(None))


def was_rescinded(page_id: ColumnElement[int], same_as: ColumnElement[int | None]) -> ColumnElement[bool]:
    """Whether the lead on a page was taken back, be it from a capture that had the same text (`same_as`)."""
    return page_id.in_(rescinded_pages()) | func.coalesce(same_as, page_id).in_(rescinded_pages())


def last_seen_of(engine: Engine, page_ids: Sequence[int]) -> Mapping[int, datetime]:
    """When each lead at the desk was last seen on the web with the same text."""
    query = select(desk_items.c.page_id, desk_items.c.seen_at).where(desk_items.c.page_id.in_(page_ids))
    with engine.connect() as connection:
        return {row.page_id: row.seen_at for row in connection.execute(query)}


def list_rescinded(engine: Engine) -> frozenset[int]:
    """The ids of all leads that we took back."""
    with engine.connect() as connection:
        return frozenset(row.page_id for row in connection.execute(rescinded_pages()))


def rescinded_pages() -> Select[tuple[int]]:
    """The ids of leads that we took back, for use in other statements: they are never counted."""
    last = (
        select(func.max(lead_statements.c.id))
        .where(lead_statements.c.kind.in_(_OURS))
        .group_by(lead_statements.c.page_id)
    )
    withdrawn = lead_statements.c.kind == StatementKind.WITHDRAWN.value
    return select(lead_statements.c.page_id).where(lead_statements.c.id.in_(last), withdrawn)


def _require_confirmed(connection: Connection, package: Package) -> None:
    """Raises StepRefused when a lead in it is no longer one that two persons have confirmed."""
    if package.rescinded:
        cases = "、".join(map(str, package.rescinded))
        raise StepRefused(f"线索 {cases} 已由本单位撤回：退回这份材料，剔除后重新制作")
    undone = select(desk_items.c.page_id).where(
        desk_items.c.page_id.in_(package.cases), desk_items.c.state != ItemState.CONFIRMED.value
    )
    if cases := "、".join(map(str, connection.scalars(undone.order_by(desk_items.c.page_id)))):
        raise StepRefused(f"线索 {cases} 已在审核台重新办理，不再是两人确认的状态")


def _require_sense(connection: Connection, page_id: int, kind: StatementKind) -> None:
    if kind.value not in _OURS:
        return
    rescinded = connection.scalar(rescinded_pages().where(lead_statements.c.page_id == page_id)) is not None
    if kind is StatementKind.WITHDRAWN and rescinded:
        raise StepRefused("这条线索已经撤回")
    if kind is StatementKind.REINSTATED and not rescinded:
        raise StepRefused("这条线索没有撤回过")


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
    rescinded = {row.page_id for row in connection.execute(rescinded_pages())}
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
            tuple(case for case in cases[row.id] if case in rescinded),
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
        row.id,
        row.corrects,
        row.file_name,
        row.file_sha256,
    )
