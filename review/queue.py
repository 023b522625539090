"""Which item is next, and who has it: no two people are given the same one."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Select, and_, delete, func, or_, select, update

from domain.reviews import ItemState
from domain.roles import Act, may
from review.accounts import Account, require
from review.audit_log import AuditLog
from review.item_locks import is_open_to, refuse_if_in_other_hands, stages_of, together, waits_for
from review.item_rows import readers
from review.items import (
    Filters,
    ItemSummary,
    NoSuchItem,
    narrowed,
    summaries,
    summary_of,
    without_conflicts,
)
from review.settings import DeskSettings
from storage.database import insert_into, writing
from storage.tables import desk_conflict_parties, desk_item_families, desk_items, desk_views

#: Items looked for before one is taken: others may take some of them in between, seldom this many.
_CANDIDATES = 30


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """Items by state, as the person may see them, and how many of these are still to be decided."""

    by_state: Mapping[ItemState, int]

    @property
    def open(self) -> int:
        decided = (ItemState.CONFIRMED, ItemState.DISMISSED, ItemState.NOT_AD)
        return sum(count for state, count in self.by_state.items() if state not in decided)

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


@dataclass(frozen=True, slots=True)
class SavedView:
    """Filters that a person has kept under a name."""

    id: int
    name: str
    filters: Filters


class ReviewQueue:
    """The items of one database."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], settings: DeskSettings | None = None) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings or DeskSettings()
        self._log = AuditLog(engine, clock)

    def next_item(
        self, account: Account, filters: Filters | None = None, in_hand: Collection[int] = ()
    ) -> ItemSummary | None:
        """The most urgent item that waits for this person, theirs until the lock runs out; None when nothing does.

        What the person has open already comes first, except `in_hand`, which is on their screen. Third and second readings
        come before first ones. Raises RoleMayNot.
        """
        require(account, Act.DECIDE_FIRST)
        filters = filters or Filters()
        now = self._clock()
        with self._engine.connect() as connection:
            candidates = self._candidates(connection, account, filters, in_hand, now)
        if not candidates:
            return None
        # Searched for before the turn to write, for which everybody waits; only what was found is looked at again in it
        free = self._free(account, filters, in_hand, now)
        with writing(self._engine) as connection:
            item_id = connection.scalar(free.where(desk_items.c.id.in_(candidates)))
            if item_id is None:  # others took all of them meanwhile
                candidates = self._waiting(connection, account, filters, in_hand, now)
                item_id = connection.scalar(free.where(desk_items.c.id.in_(candidates)))
            if item_id is None:
                return None
            self._lock(connection, account, item_id, now)
            row = connection.execute(summaries().where(desk_items.c.id == item_id)).one()
            self._log.record(connection, account.name, "item-opened", f"item:{item_id}")
        return summary_of(row, account, now)

    def claim(self, account: Account, item_id: int) -> ItemSummary:
        """Open one item of a list; it is this person's until the lock runs out, unless it is not theirs to decide: then it stays
        free for who may. Raises RoleMayNot, NoSuchItem or InOtherHands."""
        require(account, Act.DECIDE_FIRST)
        now = self._clock()
        with writing(self._engine) as connection:
            mine = without_conflicts(select(desk_items), account).where(desk_items.c.id == item_id)
            row = connection.execute(mine.with_for_update()).one_or_none()
            if row is None:
                raise NoSuchItem(item_id)
            refuse_if_in_other_hands(connection, row, account, now)
            if row.stage in stages_of(account) and account.id not in readers(row):
                self._lock(connection, account, item_id, now)
            shown = connection.execute(summaries().where(desk_items.c.id == item_id)).one()
            self._log.record(connection, account.name, "item-opened", f"item:{item_id}")
        return summary_of(shown, account, now)

    def extend(self, account: Account, item_id: int) -> datetime | None:
        """Keep an item a while longer; until when, or None when it is not this person's any more."""
        now = self._clock()
        until = now + self._settings.lock
        mine = and_(desk_items.c.id == item_id, desk_items.c.lock_holder == account.id, desk_items.c.lock_until > now)
        with writing(self._engine) as connection:
            changed = connection.execute(update(desk_items).where(mine).values(lock_until=until)).rowcount
        return until if changed else None

    def release(self, account: Account, item_id: int) -> None:
        """Give an item back undecided."""
        mine = and_(desk_items.c.id == item_id, desk_items.c.lock_holder == account.id)
        with writing(self._engine) as connection:
            connection.execute(update(desk_items).where(mine).values(lock_holder=None, lock_until=None))

    def items(
        self, account: Account, filters: Filters | None = None, after: int | None = None, limit: int = 50
    ) -> list[ItemSummary]:
        """Items in order of urgency, those behind the item `after` only. Raises RoleMayNot."""
        require(account, Act.SEE_QUEUE)
        query = without_conflicts(narrowed(summaries(), filters or Filters(), account), account)
        now = self._clock()
        with self._engine.connect() as connection:
            if after is not None:
                rank = connection.scalar(select(desk_items.c.rank).where(desk_items.c.id == after))
                if rank is None:
                    raise NoSuchItem(after)
                same = and_(desk_items.c.rank == rank, desk_items.c.id > after)
                query = query.where(or_(desk_items.c.rank > rank, same))
            rows = connection.execute(query.order_by(desk_items.c.rank, desk_items.c.id).limit(limit)).all()
        return [summary_of(row, account, now) for row in rows]

    def counts(self, account: Account, filters: Filters | None = None) -> QueueCounts:
        """Raises RoleMayNot."""
        require(account, Act.SEE_QUEUE)
        query = select(desk_items.c.state, func.count().label("items")).group_by(desk_items.c.state)
        query = self._seen_by(account, narrowed(query, filters or Filters(), account))
        counted: dict[ItemState, int] = {}
        with self._engine.connect() as connection:
            for row in connection.execute(query):
                state = ItemState(row.state)
                if state is ItemState.READ_ONCE and not may(account.role, Act.SEE_KIND):
                    state = ItemState.WAITING
                counted[state] = counted.get(state, 0) + row.items
        return QueueCounts(counted)

    def family_counts(self, account: Account, filters: Filters | None = None) -> dict[str, int]:
        """Items by family, most first; an item of several counts for each. Raises RoleMayNot."""
        require(account, Act.SEE_QUEUE)
        chosen = self._seen_by(account, narrowed(select(desk_items.c.id), filters or Filters(), account))
        number = func.count().label("items")
        query = (
            select(desk_item_families.c.family, number)
            .where(desk_item_families.c.item_id.in_(chosen))
            .group_by(desk_item_families.c.family)
            .order_by(number.desc(), desk_item_families.c.family)
        )
        with self._engine.connect() as connection:
            return {row.family: row.items for row in connection.execute(query)}

    def cluster(self, account: Account, item_id: int, limit: int = 200) -> list[ItemSummary]:
        """Other items of the same or nearly the same text that are at the same point, and free to be decided with this one."""
        require(account, Act.READ_ITEM)
        now = self._clock()
        with self._engine.connect() as connection:
            row = connection.execute(select(desk_items).where(desk_items.c.id == item_id)).one_or_none()
            if row is None:
                raise NoSuchItem(item_id)
            if row.cluster_id is None or row.stage is None:
                return []
            query = without_conflicts(summaries(), account).where(together(row, account, now))
            rows = connection.execute(query.order_by(desk_items.c.rank, desk_items.c.id).limit(limit)).all()
        return [summary_of(member, account, now) for member in rows]

    def save_view(self, account: Account, name: str, filters: Filters) -> None:
        """Keep filters under a name, in place of those kept under it before. Raises RoleMayNot or ValueError."""
        require(account, Act.SAVE_VIEW)
        name = name.strip()
        if not 1 <= len(name) <= 40:
            raise ValueError("视图名须为 1 至 40 个字")
        with writing(self._engine) as connection:
            statement = insert_into(connection.dialect.name, desk_views).values(
                account_id=account.id, name=name, filters=filters.as_json()
            )
            newer = {"filters": statement.excluded.filters}
            connection.execute(statement.on_conflict_do_update(index_elements=["account_id", "name"], set_=newer))

    def saved_views(self, account: Account) -> list[SavedView]:
        query = select(desk_views).where(desk_views.c.account_id == account.id).order_by(desk_views.c.name)
        with self._engine.connect() as connection:
            return [SavedView(row.id, row.name, Filters.from_json(row.filters)) for row in connection.execute(query)]

    def forget_view(self, account: Account, name: str) -> None:
        mine = and_(desk_views.c.account_id == account.id, desk_views.c.name == name)
        with writing(self._engine) as connection:
            connection.execute(delete(desk_views).where(mine))

    def _seen_by(self, account: Account, query: Select[Any]) -> Select[Any]:
        """Without conflicts; a table that is empty for nearly everybody is not joined for nothing."""
        declared = (
            select(desk_conflict_parties.c.party).where(desk_conflict_parties.c.account_id == account.id).limit(1)
        )
        with self._engine.connect() as connection:
            has_conflicts = connection.scalar(declared) is not None
        return without_conflicts(query, account) if has_conflicts else query

    def _candidates(
        self, connection: Connection, account: Account, filters: Filters, in_hand: Collection[int], now: datetime
    ) -> list[int]:
        """Items for this person, most urgent first: the one that they have open already, or some of those that wait."""
        # Two questions, for a person has few: asked in one, a database may walk all items that the filters let through
        held = connection.scalars(select(desk_items.c.id).where(is_open_to(account, now))).all()
        if elsewhere := set(held).difference(in_hand):
            query = without_conflicts(narrowed(select(desk_items.c.rank, desk_items.c.id), filters, account), account)
            query = query.where(desk_items.c.id.in_(sorted(elsewhere)), desk_items.c.stage.is_not(None))
            if open_already := sorted((row.rank, row.id) for row in connection.execute(query)):
                return [open_already[0][1]]
        return self._waiting(connection, account, filters, in_hand, now)

    def _waiting(
        self, connection: Connection, account: Account, filters: Filters, in_hand: Collection[int], now: datetime
    ) -> list[int]:
        """Some of the items that wait for this person, most urgent first, all of the same reading."""
        for stage in stages_of(account):
            if filters.stage not in (None, stage):
                continue
            query = without_conflicts(narrowed(select(desk_items.c.id), filters, account), account)
            query = query.where(
                desk_items.c.stage == stage.value, desk_items.c.id.not_in(in_hand), waits_for(account, now)
            )
            query = query.order_by(desk_items.c.rank, desk_items.c.id).limit(_CANDIDATES)
            if found := connection.scalars(query).all():
                return list(found)
        return []

    def _free(self, account: Account, filters: Filters, in_hand: Collection[int], now: datetime) -> Select[Any]:
        """The first item that is still this person's to take, locked until the transaction ends."""
        query = without_conflicts(narrowed(select(desk_items.c.id), filters, account), account).where(
            desk_items.c.id.not_in(in_hand),
            desk_items.c.stage.in_([stage.value for stage in stages_of(account)]),
            or_(is_open_to(account, now), waits_for(account, now)),
        )
        query = query.order_by(desk_items.c.rank, desk_items.c.id).limit(1)
        return query.with_for_update(skip_locked=True, of=desk_items)

    def _lock(self, connection: Connection, account: Account, item_id: int, now: datetime) -> None:
        lock = {"lock_holder": account.id, "lock_until": now + self._settings.lock}
        connection.execute(update(desk_items).where(desk_items.c.id == item_id).values(lock))


def filters_json(filters: Filters) -> str:
    """One spelling, for addresses and the audit log."""
    return json.dumps(filters.as_json(), ensure_ascii=False, sort_keys=True)
