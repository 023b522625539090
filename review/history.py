"""What was decided before on the same operator: other items of its target, or under one of its names."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, select, union_all

from domain.reviews import DECIDED, ItemState, Verdict
from review.accounts import Account
from review.items import without_conflicts
from storage.outbox import rescinded_pages
from storage.tables import desk_accounts, desk_decisions, desk_item_parties, desk_items

SHOWN = 20
#: A name on more items than this is no operator's: a platform, a template.
_COMMON = 2000


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
        names = connection.scalars(select(desk_item_parties.c.party).where(desk_item_parties.c.item_id == row.id)).all()
        named = select(desk_item_parties.c.item_id).where(desk_item_parties.c.party.in_(names)).limit(_COMMON)
        # A search in an index for each: as one condition of alternatives, all decided items are walked
        alike = union_all(
            select(items.id).where(items.url_key == row.url_key),
            select(items.id).where(items.target_id == row.target_id),
            select(named.subquery().c.item_id),
        )
        found = connection.scalars(
            without_conflicts(select(items.id), reader)
            .where(
                items.id.in_(alike),
                items.state.in_([state.value for state in DECIDED]),
                items.id != row.id,
            )
            .order_by((items.url_key == row.url_key).desc(), items.decided_at.desc())
            .limit(limit)
        ).all()
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
        last = {decision.item_id: decision for decision in connection.execute(query)}
    return tuple(_earlier(last[item_id], row.url_key) for item_id in found if item_id in last)


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
