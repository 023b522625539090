"""Who has an item in hand, and what this person may be given: conditions over `desk_items`."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, or_, select

from domain.reviews import Refused, Stage, stages_of_role
from review.accounts import Account
from review.items import is_put_aside, is_read_by
from storage.tables import desk_accounts, desk_items

_OTHERS = desk_items.alias("others")


class InOtherHands(Refused):
    """Somebody else has the item open; `holder` is the account's name."""

    def __init__(self, holder: str, until: datetime) -> None:
        super().__init__(f"{holder} 正在处理此条")
        self.holder, self.until = holder, until


def is_open_to(account: Account, now: datetime) -> ColumnElement[bool]:
    """Items that this person has open."""
    return and_(desk_items.c.lock_holder == account.id, desk_items.c.lock_until > now)


def waits_for(account: Account, now: datetime) -> ColumnElement[bool]:
    """Items that this person may be given now."""
    items = desk_items.c
    return and_(
        is_free(account, now),
        ~is_put_aside(account.id, now),
        ~is_read_by(account.id),
        or_(items.assignee.is_(None), items.assignee == account.id),
        or_(items.cluster_id.is_(None), items.cluster_id.not_in(_clusters_in_hand(account, now))),
    )


def stages_of(account: Account) -> tuple[Stage, ...]:
    """The readings that a person may make, most urgent first."""
    return stages_of_role(account.role)


def is_free(account: Account, now: datetime) -> ColumnElement[bool]:
    """Items that nobody else has open."""
    items = desk_items.c
    return or_(items.lock_until.is_(None), items.lock_until <= now, items.lock_holder == account.id)


def together(row: Any, account: Account, now: datetime) -> ColumnElement[bool]:
    """Items that may be decided with this one: same cluster, same point, read by the same people so far, free, not read blind."""
    items = desk_items.c
    return and_(
        items.cluster_id == row.cluster_id,
        items.stage == row.stage,
        items.id != row.id,
        items.state == row.state,
        items.read_twice.is_(False),
        items.kind == "lead",
        is_free(account, now),
        ~is_put_aside(account.id, now),
        ~is_read_by(account.id),
        or_(items.assignee.is_(None), items.assignee == account.id),
    )


def refuse_if_in_other_hands(connection: Connection, row: Any, account: Account, now: datetime) -> None:
    """Raises InOtherHands when somebody else has the item open."""
    if row.lock_until is not None and row.lock_until > now and row.lock_holder not in (None, account.id):
        holder = connection.scalar(select(desk_accounts.c.name).where(desk_accounts.c.id == row.lock_holder))
        raise InOtherHands(str(holder), row.lock_until)


def _clusters_in_hand(account: Account, now: datetime) -> Select[Any]:
    """Clusters of which somebody else has an item open: one person decides the like of it together."""
    others = _OTHERS
    return select(others.c.cluster_id).where(
        others.c.lock_until > now, others.c.lock_holder != account.id, others.c.cluster_id.is_not(None)
    )
