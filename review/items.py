"""Items as lists show them, and what a person may filter by."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, Text, and_, func, or_, select, type_coerce

from domain.findings import FAMILIES
from domain.reviews import ItemKind, ItemState, Refused, Stage
from domain.roles import Act, may
from review.accounts import Account
from storage.tables import desk_accounts, desk_conflict_parties, desk_item_families, desk_item_parties, desk_items

_MAX_CHOICES = 100


class NoSuchItem(Refused):
    """There is no item of that id, or none that this person may see."""

    def __init__(self, item_id: int) -> None:
        super().__init__(f"没有第 {item_id} 条，或您不能查看")
        self.item_id = item_id


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list or a queue is narrowed to; empty means any. `institution` is searched in institution and target.

    `assignee` is the name of an account, `me`, or `nobody`. `rule` is the id of a rule with a live finding.
    """

    families: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    institution: str = ""
    targets: tuple[int, ...] = ()
    nights: tuple[str, ...] = ()
    states: tuple[ItemState, ...] = ()
    stage: Stage | None = None
    assignee: str = ""
    rule: str = ""

    def as_json(self) -> dict[str, Any]:
        """Without what does not filter."""
        return {name: value for name, value in asdict(self).items() if value not in ((), "", None)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Filters":
        """Raises ValueError for anything that `as_json` does not write."""
        known = {field.name for field in fields(cls)}
        if not set(data) <= known:
            raise ValueError(f"unknown filters: {sorted(set(data) - known)}")
        families = _texts(data, "families")
        if not set(families) <= set(FAMILIES):
            raise ValueError("unknown family")
        stage = data.get("stage")
        return cls(
            families=families,
            regions=_texts(data, "regions"),
            institution=_text(data, "institution"),
            targets=_numbers(data, "targets"),
            nights=_texts(data, "nights"),
            states=tuple(ItemState(name) for name in _texts(data, "states")),
            stage=None if stage is None else Stage(stage),
            assignee=_text(data, "assignee"),
            rule=_text(data, "rule"),
        )


@dataclass(frozen=True, slots=True)
class ItemSummary:
    """One item of a list. `kind`, `probability` and `priority` are None where the reader is not to know them: what is read
    for the random audit or twice is read without the machine's score. `assignee` and `lock_holder` are account names."""

    id: int
    page_id: int
    night_id: str
    target_id: int
    target: str
    region: str
    institution: str
    url: str
    title: str
    families: tuple[str, ...]
    rules: tuple[str, ...]
    severity: int
    probability: float | None
    priority: float | None
    cluster_id: int | None
    kind: ItemKind | None
    state: ItemState
    stage: Stage | None
    held_until: datetime | None
    assignee: str | None
    lock_holder: str | None
    lock_until: datetime | None
    created_at: datetime
    stage_since: datetime
    seen_at: datetime
    decided_at: datetime | None
    version: int


_assignee = desk_accounts.alias("assignee")
_holder = desk_accounts.alias("holder")


def summaries() -> Select[Any]:
    """Items with the names of who they are assigned to and who has them open."""
    people: FromClause = desk_items.outerjoin(_assignee, _assignee.c.id == desk_items.c.assignee).outerjoin(
        _holder, _holder.c.id == desk_items.c.lock_holder
    )
    return select(desk_items, _assignee.c.name.label("assignee_name"), _holder.c.name.label("holder_name")).select_from(
        people
    )


def summary_of(row: Any, account: Account, now: datetime) -> ItemSummary:
    """An item as that person may see it."""
    blind = is_blind(row) and not may(account.role, Act.SEE_KIND)
    state = ItemState(row.state)
    locked = row.lock_until is not None and row.lock_until > now
    return ItemSummary(
        id=row.id,
        page_id=row.page_id,
        night_id=row.night_id,
        target_id=row.target_id,
        target=row.target,
        region=row.region,
        institution=row.institution,
        url=row.url,
        title=row.title,
        families=tuple(row.families),
        rules=tuple(row.rules),
        severity=row.severity,
        probability=None if blind else row.probability,
        priority=None if blind else row.priority,
        cluster_id=row.cluster_id,
        kind=ItemKind(row.kind) if may(account.role, Act.SEE_KIND) else None,
        state=ItemState.WAITING if state is ItemState.READ_ONCE and blind else state,
        stage=None if row.stage is None else Stage(row.stage),
        held_until=row.held_until,
        assignee=row.assignee_name,
        lock_holder=row.holder_name if locked else None,
        lock_until=row.lock_until if locked else None,
        created_at=row.created_at,
        stage_since=row.stage_since,
        seen_at=row.seen_at,
        decided_at=row.decided_at,
        version=row.version,
    )


def is_blind(row: Any) -> bool:
    """Whether an item is at a first reading that must not know the machine's score, or what another reader said."""
    return bool(row.stage == Stage.FIRST.value and (row.read_twice or row.kind == ItemKind.AUDIT.value))


def narrowed(query: Select[Any], filters: Filters, account: Account) -> Select[Any]:
    """The query over `desk_items` with the filters' conditions."""
    items = desk_items.c
    if filters.families:
        members = select(desk_item_families.c.item_id).where(
            desk_item_families.c.item_id == items.id, desk_item_families.c.family.in_(filters.families)
        )
        query = query.where(members.exists())
    for column, values in (
        (items.region, filters.regions),
        (items.target_id, filters.targets),
        (items.night_id, filters.nights),
    ):
        if values:
            query = query.where(column.in_(values))
    if filters.states:
        query = query.where(_in_states(filters.states, account))
    if filters.stage is not None:
        query = query.where(items.stage == filters.stage.value)
    if filters.institution:
        query = query.where(
            or_(
                items.institution.contains(filters.institution, autoescape=True),
                items.target.contains(filters.institution, autoescape=True),
            )
        )
    if filters.rule:
        query = query.where(type_coerce(items.rules, Text).contains(f'"{filters.rule}"', autoescape=True))
    match filters.assignee:
        case "":
            return query
        case "me":
            return query.where(items.assignee == account.id)
        case "nobody":
            return query.where(items.assignee.is_(None))
        case name:
            named = select(desk_accounts.c.id).where(desk_accounts.c.name == name).scalar_subquery()
            return query.where(items.assignee == named)


def _in_states(states: tuple[ItemState, ...], account: Account) -> ColumnElement[bool]:
    """Who may not know that an item was read once finds it among those that wait."""
    wanted = set(states)
    if not may(account.role, Act.SEE_KIND):
        wanted.discard(ItemState.READ_ONCE)
        if ItemState.WAITING in wanted:
            wanted.add(ItemState.READ_ONCE)
    return desk_items.c.state.in_([state.value for state in wanted])


def without_conflicts(query: Select[Any], account: Account) -> Select[Any]:
    """Items of institutions that the account declared as conflicts are not there for it."""
    conflicting = (
        select(desk_item_parties.c.item_id)
        .join(desk_conflict_parties, desk_conflict_parties.c.party == desk_item_parties.c.party)
        .where(desk_conflict_parties.c.account_id == account.id)
    )
    return query.where(desk_items.c.id.not_in(conflicting))


def is_read_by(account_id: int) -> ColumnElement[bool]:
    """Items on which a verdict of that account counts."""
    items = desk_items.c
    return or_(
        *(
            func.coalesce(reader, 0) == account_id
            for reader in (items.first_reader, items.second_reader, items.third_reader, items.fourth_reader)
        )
    )


def is_put_aside(account_id: int, now: datetime) -> ColumnElement[bool]:
    """Items on hold for everybody, or put off by that account, until later."""
    items = desk_items.c
    return and_(
        items.state == ItemState.HELD.value,
        items.held_until > now,
        or_(items.held_by.is_(None), items.held_by == account_id),
    )


def _texts(data: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = data.get(name, ())
    if not isinstance(values, list | tuple) or len(values) > _MAX_CHOICES:
        raise ValueError(f"{name} is a list of at most {_MAX_CHOICES}")
    if not all(isinstance(value, str) for value in values):
        raise ValueError(f"{name} holds texts")
    return tuple(str(value) for value in values)


def _numbers(data: Mapping[str, Any], name: str) -> tuple[int, ...]:
    values = data.get(name, ())
    if not isinstance(values, list | tuple) or len(values) > _MAX_CHOICES:
        raise ValueError(f"{name} is a list of at most {_MAX_CHOICES}")
    if not all(type(value) is int for value in values):
        raise ValueError(f"{name} holds numbers")
    return tuple(values)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text")
    return value
