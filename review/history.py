"""What was decided before on the same operator: other items of its target, or under one of its names.

A list or feed has the pages of many: there only names tell who it is, and the target's own is nobody's.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, select

from domain.institutions import name_key
from domain.reviews import ItemState, Verdict
from domain.targets import OF_MANY, TIP_NOTE, TargetKind
from review.accounts import Account
from review.items import without_conflicts
from storage.leads.outbox import rescinded_pages
from storage.tables import desk_accounts, desk_decisions, desk_item_parties, desk_items, targets

SHOWN = 20
#: Of the items under a name the newest are looked at: one on very many is no operator's, but a platform's or a template's.
_NAMED = 400
#: Items found for each one shown: a reader does not see those of institutions in conflict.
_IN_SIGHT = 2


@dataclass(frozen=True, slots=True)
class EarlierItem:
    """A decided item. `same_page` is true for an earlier text at the same address; `reason` and `note` are of the last verdict
    that counts, `by` whose that was. `taken_back` is true for a lead that we withdrew afterwards."""

    item_id: int
    url: str
    title: str
    night_id: str
    families: tuple[str, ...]
    state: ItemState
    decided_at: datetime
    same_page: bool
    verdict: Verdict
    reason: str
    note: str
    by: str
    taken_back: bool


def earlier_items(engine: Engine, reader: Account, row: Any, limit: int = SHOWN) -> tuple[EarlierItem, ...]:
    """Decided items like `row` of desk_items, those at the same address first, then newest first."""
    items, made = desk_items.c, desk_decisions.c
    with engine.connect() as connection:
        found = _like(connection, row)[: limit * _IN_SIGHT]
        query = (
            select(
                desk_items,
                desk_decisions,
                desk_accounts.c.name.label("by"),
                items.page_id.in_(rescinded_pages()).label("taken_back"),
            )
            .join(desk_decisions, made.item_id == items.id)
            .join(desk_accounts, desk_accounts.c.id == made.account_id)
            .where(
                items.id.in_(found),
                and_(made.undone_at.is_(None), made.superseded_at.is_(None), made.verdict != Verdict.LATER.value),
            )
            .order_by(made.id)
        )
        last = {decision.item_id: decision for decision in connection.execute(without_conflicts(query, reader))}
    return tuple(_earlier(last[item_id], row.url_key) for item_id in found if item_id in last)[:limit]


def _like(connection: Connection, row: Any) -> list[int]:
    """Decided items of the same address, target (unless it is of many operators) or names, those at the same address first, then newest first.

    Asked one by one, each by what an index has: as one question of alternatives, databases walk all that was ever decided. What is
    decided has no stage.
    """
    items = desk_items.c
    decided = select(items.id, items.decided_at).where(items.stage.is_(None), items.id != row.id)
    newest = items.decided_at.desc()
    parties = desk_item_parties.c
    target = connection.execute(select(targets).where(targets.c.id == row.target_id)).one()
    of_many = TargetKind(target.kind) in OF_MANY
    names = set(connection.scalars(select(parties.party).where(parties.item_id == row.id)))
    if of_many or target.note == TIP_NOTE:
        names -= {name_key(row.target)} - {name_key(target.institution), name_key(row.institution)}
    named = select(parties.item_id).where(parties.party.in_(names))
    recent = named.order_by(parties.item_id.desc()).limit(_NAMED).subquery()
    same_page = connection.execute(decided.where(items.url_key == row.url_key).order_by(newest)).all()
    # Its own address first: by time alone PostgreSQL would walk all that was decided, newest first, until it has enough of this target
    by_page = (items.url_key == row.url_key).desc()
    of_target = decided.where(items.target_id == row.target_id).order_by(by_page, newest).limit(SHOWN + len(same_page))
    same_target = [] if of_many else connection.execute(of_target).all()
    same_name = connection.execute(decided.join(recent, recent.c.item_id == items.id)).all()
    others = sorted((*same_target, *same_name), key=lambda other: other.decided_at, reverse=True)
    return list(dict.fromkeys(other.id for other in (*same_page, *others)))


def _earlier(row: Any, url_key: str) -> EarlierItem:
    return EarlierItem(
        item_id=row.item_id,
        url=row.url,
        title=row.title,
        night_id=row.night_id,
        families=tuple(row.families),
        state=ItemState(row.state),
        decided_at=row.decided_at,
        same_page=row.url_key == url_key,
        verdict=Verdict(row.verdict),
        reason=row.reason,
        note=row.note,
        by=row.by,
        taken_back=bool(row.taken_back),
    )
