"""An item without a verdict: put aside for everybody, given to another person, sent back to its first reader, opened again."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, select, update

from domain.reviews import ItemState, Stage, act_of
from domain.roles import Act, Role, may
from review.accounts import Account, require
from review.audit_log import AuditLog
from review.conflicts import has_conflict
from review.item_locks import refuse_if_in_other_hands
from review.item_rows import UNLOCKED, readers, resumed, started_again
from review.items import NoSuchItem
from review.locked_rows import MAX_NOTE, DecidedItem, Incomplete, change_row, open_row, seen_row
from review.settings import DeskSettings
from storage.database import writing
from storage.tables import desk_accounts, desk_decisions, desk_items


class PassingOn:
    """What persons do with the items of one database other than deciding them."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], settings: DeskSettings | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings or DeskSettings()
        self._log = AuditLog(engine, clock)

    def hold(self, account: Account, item_id: int, until: datetime, note: str, expected_version: int) -> DecidedItem:
        """Put an open item aside for everybody until a day. Raises as `locked_rows.open_row`."""
        now = self._clock()
        if not now < until <= now + self._settings.longest_hold:
            raise Incomplete(f"搁置期限须在 {self._settings.longest_hold.days} 天之内")
        _check_note(note, "搁置须写明原因")
        with writing(self._engine) as connection:
            row = open_row(connection, account, item_id, expected_version, now, Act.HOLD)
            values = {"state": ItemState.HELD.value, "held_state": resumed(row).value, "held_until": until}
            item = change_row(connection, row, values | {"held_by": None} | UNLOCKED)
            detail = {"until": until.isoformat(), "note": note.strip()}
            self._log.record(connection, account.name, "held", f"item:{item_id}", detail)
        return item

    def hand_over(self, account: Account, item_id: int, to: str, note: str, expected_version: int) -> DecidedItem:
        """Give an open item to another person. Raises as `locked_rows.open_row`, and Incomplete when that person could not decide it."""
        now = self._clock()
        with writing(self._engine) as connection:
            row = open_row(connection, account, item_id, expected_version, now, Act.HAND_OVER)
            assignee = _able(connection, row, to)
            item = change_row(connection, row, {"assignee": assignee} | UNLOCKED)
            detail = {"to": to, "note": note.strip()[:MAX_NOTE]}
            self._log.record(connection, account.name, "handed-over", f"item:{item_id}", detail)
        return item

    def assign(self, account: Account, item_ids: Sequence[int], to: str | None) -> list[DecidedItem]:
        """Give open items to a person, or with None to everybody. Raises RoleMayNot, NoSuchItem or Incomplete."""
        require(account, Act.ASSIGN)
        now = self._clock()
        if len(set(item_ids)) > self._settings.max_bulk:
            raise Incomplete(f"一次至多分派 {self._settings.max_bulk} 条")
        with writing(self._engine) as connection:
            query = select(desk_items).where(desk_items.c.id.in_(set(item_ids)), desk_items.c.stage.is_not(None))
            rows = connection.execute(query.order_by(desk_items.c.id).with_for_update()).all()
            if missing := set(item_ids) - {row.id for row in rows}:
                raise NoSuchItem(min(missing))
            items = []
            for row in rows:
                refuse_if_in_other_hands(connection, row, account, now)
                assignee = None if to is None else _able(connection, row, to)
                items.append(change_row(connection, row, {"assignee": assignee} | UNLOCKED))
            detail = {"to": to, "items": [row.id for row in rows]}
            self._log.record(connection, account.name, "assigned", f"account:{to}", detail)
        return items

    def send_back(self, account: Account, item_id: int, note: str, expected_version: int) -> DecidedItem:
        """Return an item to its first reader, whose verdict counts no more. Raises as `locked_rows.open_row`."""
        _check_note(note, "退回须写明理由")
        now = self._clock()
        with writing(self._engine) as connection:
            row = open_row(connection, account, item_id, expected_version, now, Act.SEND_BACK)
            if row.stage == Stage.FIRST.value:
                raise Incomplete("此条尚在初审")
            item = _start_again(connection, row, ItemState.SENT_BACK, row.first_reader, now)
            detail = {"note": note.strip(), "from": row.state}
            self._log.record(connection, account.name, "sent-back", f"item:{item_id}", detail)
        return item

    def reopen(self, account: Account, item_id: int, note: str, expected_version: int) -> DecidedItem:
        """Start a decided item again from its first reading. Raises RoleMayNot, NoSuchItem, ItemChanged or Incomplete."""
        require(account, Act.REOPEN)
        _check_note(note, "重新打开须写明理由")
        now = self._clock()
        with writing(self._engine) as connection:
            row = seen_row(connection, account, item_id, expected_version)
            if row.stage is not None:
                raise Incomplete("此条尚无结论")
            item = _start_again(connection, row, ItemState.WAITING, None, now)
            detail = {"note": note.strip(), "from": row.state}
            self._log.record(connection, account.name, "reopened", f"item:{item_id}", detail)
        return item


def _start_again(
    connection: Connection, row: Any, state: ItemState, assignee: int | None, now: datetime
) -> DecidedItem:
    counting = and_(desk_decisions.c.item_id == row.id, desk_decisions.c.superseded_at.is_(None))
    connection.execute(update(desk_decisions).where(counting).values(superseded_at=now))
    if assignee is not None:
        active = select(desk_accounts.c.id).where(desk_accounts.c.id == assignee, desk_accounts.c.disabled_at.is_(None))
        assignee = connection.scalar(active)
    return change_row(connection, row, started_again(state, assignee, now))


def _able(connection: Connection, row: Any, name: str) -> int:
    """The account of that name, which can decide the item. Raises Incomplete."""
    query = select(desk_accounts).where(desk_accounts.c.name == name, desk_accounts.c.disabled_at.is_(None))
    other = connection.execute(query).one_or_none()
    if other is None or not may(Role(other.role), act_of(resumed(row))):
        raise Incomplete("此人不能处理此条")
    if other.id in readers(row) or has_conflict(connection, other.id, row.id):
        raise Incomplete("此人不能处理此条")  # why is nobody's business
    return int(other.id)


def _check_note(note: str, missing: str) -> None:
    if not note.strip():
        raise Incomplete(missing)
    if len(note) > MAX_NOTE:
        raise Incomplete(f"说明至多 {MAX_NOTE} 字")
