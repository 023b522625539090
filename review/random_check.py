"""双随机: chance chooses which targets are looked into, and who looks; both with a recorded seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, func, or_, select, update

from domain.reviews import Refused, Stage
from domain.roles import Act, Role, may
from review.accounts import Account, require
from review.audit_log import AuditLog
from review.draws import choose, new_seed, record_draw, shuffled
from storage.database import writing
from storage.tables import desk_accounts, desk_conflict_parties, desk_item_parties, desk_items

#: At most so many targets in one draw.
MOST_TARGETS = 500


class CannotDraw(Refused):
    """There is nothing, or nobody, to draw from, or a size that no draw has."""


@dataclass(frozen=True, slots=True)
class RandomCheck:
    """What was drawn: `given` says which account got each target, by name; `unread` are targets for which nobody was free of
    conflicts. `number` is that of the entry in the audit log."""

    seed: str
    given: Mapping[int, str]
    items: int
    unread: tuple[int, ...]
    number: int = 0


@dataclass(frozen=True, slots=True)
class Drawable:
    """What a draw would be made from: targets, and persons who read first."""

    targets: int
    readers: int


def drawable(engine: Engine, now: datetime) -> Drawable:
    with engine.connect() as connection:
        targets = connection.scalar(select(func.count(desk_items.c.target_id.distinct())).where(_free(now)))
        return Drawable(int(targets or 0), len(_readers(connection)))


def draw_check(
    engine: Engine,
    clock: Callable[[], datetime],
    account: Account,
    size: int,
    seed: str = "",
    reader_count: int | None = None,
) -> RandomCheck:
    """Draw `size` targets from those with first readings that nobody was given, and a reader for each of `reader_count` drawn
    ones, all of them when None. Raises RoleMayNot or CannotDraw.

    Readers are taken in the order of their lots, round and round, so that shares differ by one at most where no conflict
    of interest stands in the way.
    """
    require(account, Act.DRAW)
    if not 1 <= size <= MOST_TARGETS or (reader_count is not None and reader_count < 1):
        raise CannotDraw(f"对象须抽 1 至 {MOST_TARGETS} 个，审读人至少 1 人")
    seed, now = seed or new_seed(), clock()
    free = _free(now)
    with writing(engine) as connection:
        population = connection.scalars(
            select(desk_items.c.target_id).distinct().where(free).order_by(desk_items.c.target_id)
        ).all()
        drawn = choose(seed, population, size)
        readers = _readers(connection)
        if not population or not readers:
            raise CannotDraw("没有可抽取的对象" if not population else "没有可抽取的审读人")
        # In the order in which everybody locks items, so that two draws, or a draw and a bulk decision, do not wait for one another
        theirs = select(desk_items.c.id).where(free, desk_items.c.target_id.in_(drawn)).order_by(desk_items.c.id)
        connection.execute(theirs.with_for_update())
        lots = shuffled(f"{seed}:readers", readers)[:reader_count]
        in_turn = list(lots)
        given: dict[int, str] = {}
        items = 0
        for target_id in drawn:
            reader = _take_turn(connection, in_turn, target_id)
            if reader is None:
                continue
            of_target = update(desk_items).where(free, desk_items.c.target_id == target_id)
            moved = connection.execute(of_target.values(assignee=reader, version=desk_items.c.version + 1)).rowcount
            if moved:  # else another draw was quicker
                items += moved
                given[target_id] = readers[reader]
        record_draw(connection, "targets", None, seed, population, drawn, now, account.name)
        record_draw(connection, "readers", None, seed, sorted(readers), lots, now, account.name)
        unread = tuple(target for target in drawn if target not in given)
        detail = {"seed": seed, "given": {str(target): name for target, name in given.items()}, "items": items}
        detail |= {"drawn": list(drawn), "of_targets": len(population), "of_readers": len(readers)}
        number = AuditLog(engine, clock).record(connection, account.name, "drawn", "targets", detail)
    return RandomCheck(seed, given, items, unread, number)


def _free(now: datetime) -> ColumnElement[bool]:
    """Items that wait for a first reading, in nobody's hands."""
    waiting = (desk_items.c.stage == Stage.FIRST.value) & desk_items.c.assignee.is_(None)
    return waiting & or_(desk_items.c.lock_until.is_(None), desk_items.c.lock_until <= now)


def _readers(connection: Connection) -> dict[int, str]:
    """Names of those who may read first, by id."""
    query = select(desk_accounts).where(desk_accounts.c.disabled_at.is_(None))
    return {row.id: row.name for row in connection.execute(query) if may(Role(row.role), Act.DECIDE_FIRST)}


def _take_turn(connection: Connection, in_turn: list[int], target_id: int) -> int | None:
    """The first whose turn it is and who has no conflict there goes to the end of the line."""
    barred = set(
        connection.scalars(
            select(desk_conflict_parties.c.account_id)
            .join(desk_item_parties, desk_item_parties.c.party == desk_conflict_parties.c.party)
            .join(desk_items, desk_items.c.id == desk_item_parties.c.item_id)
            .where(desk_items.c.target_id == target_id)
        )
    )
    for place, reader in enumerate(in_turn):
        if reader not in barred:
            in_turn.append(in_turn.pop(place))
            return reader
    return None
