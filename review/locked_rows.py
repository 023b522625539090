"""Rows of items for an act on them: locked as the person saw them, and written with the next version."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from domain.reviews import ItemState, Refused, Verdict, act_of, next_state
from domain.roles import Act
from review.accounts import Account, require
from review.conflicts import has_conflict
from review.item_locks import refuse_if_in_other_hands
from review.item_rows import readers, resumed
from review.items import NoSuchItem
from storage.tables import desk_items

MAX_NOTE = 2000


class ItemChanged(Refused):
    """The item is not what the person saw."""

    def __init__(self, item_id: int, version: int) -> None:
        super().__init__("此条已有变化，请刷新后再决定")
        self.item_id, self.version = item_id, version


class Incomplete(Refused):
    """A reason or a sentence is missing or not allowed."""


@dataclass(frozen=True, slots=True)
class DecidedItem:
    """What an item is after an act."""

    item_id: int
    state: ItemState
    version: int


def lock_in_order(connection: Connection, item_ids: Collection[int]) -> None:
    """Lock several items until the transaction ends, in the order in which everybody does: two that lock them each in their own would
    wait for one another."""
    connection.execute(
        select(desk_items.c.id).where(desk_items.c.id.in_(item_ids)).order_by(desk_items.c.id).with_for_update()
    )


def seen_row(connection: Connection, account: Account, item_id: int, expected_version: int) -> Any:
    """The row as the person saw it, locked until the transaction ends. Raises NoSuchItem or ItemChanged."""
    row = connection.execute(select(desk_items).where(desk_items.c.id == item_id).with_for_update()).one_or_none()
    if row is None or has_conflict(connection, account.id, item_id):
        raise NoSuchItem(item_id)
    if row.version != expected_version:
        raise ItemChanged(item_id, row.version)
    return row


def open_row(
    connection: Connection,
    account: Account,
    item_id: int,
    expected_version: int,
    now: datetime,
    act: Act | None = None,
) -> Any:
    """An open item that this person may do something to, locked as in `seen_row`; `act` is what a verdict on it is when None.

    Raises as `seen_row`, RoleMayNot, InOtherHands, or what `domain.reviews.next_state` raises.
    """
    row = seen_row(connection, account, item_id, expected_version)
    next_state(resumed(row), Verdict.LATER, account.role, account.id in readers(row))
    require(account, act or act_of(resumed(row)))
    refuse_if_in_other_hands(connection, row, account, now)
    return row


def change_row(connection: Connection, row: Any, values: Mapping[str, Any]) -> DecidedItem:
    """As `write_row`; what the item is then."""
    write_row(connection, row, values)
    return DecidedItem(row.id, ItemState(values.get("state", row.state)), row.version + 1)


def write_row(connection: Connection, row: Any, values: Mapping[str, Any]) -> None:
    """The row with these values and the next version. Raises ItemChanged when it is not the version that was read."""
    unchanged = and_(desk_items.c.id == row.id, desk_items.c.version == row.version)
    done = connection.execute(update(desk_items).where(unchanged).values({**values, "version": row.version + 1}))
    if done.rowcount != 1:
        raise ItemChanged(row.id, row.version)
