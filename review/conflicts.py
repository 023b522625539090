"""Conflicts of interest: institutions whose items a person has asked not to be shown."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, Select, and_, delete, insert, select, tuple_, update

from domain.identity import Node
from domain.institutions import name_key
from domain.roles import Act
from review.accounts import Account, AccountFault, require
from review.audit_log import AuditLog
from storage.database import writing
from storage.tables import (
    desk_accounts,
    desk_conflict_parties,
    desk_conflicts,
    desk_item_parties,
    desk_items,
    identity_pages,
)

#: Shorter names are in too many others: "口腔" would mean every dental clinic.
MIN_CHARACTERS = 4
_AT_ONCE = 400


class Conflicts:
    """The declarations of one database."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._log = AuditLog(engine, clock)

    def declare(self, account: Account, name: str) -> int:
        """Never show items of this institution to the account again; how many items that are now. Raises RoleMayNot or
        AccountFault."""
        require(account, Act.DECLARE_CONFLICT)
        key = name_key(name)
        if len(key) < MIN_CHARACTERS:
            raise AccountFault(f"机构名称至少 {MIN_CHARACTERS} 个字")
        now = self._clock()
        mine = and_(desk_conflicts.c.account_id == account.id, desk_conflicts.c.name_key == key)
        with writing(self._engine) as connection:
            _take_turn(connection, account)
            connection.execute(delete(desk_conflicts).where(mine))
            row = {"account_id": account.id, "name_key": key, "name": name.strip(), "declared_at": now}
            connection.execute(insert(desk_conflicts), row)
            _link_again(connection, account.id)
            items = _conflicting(account.id)
            theirs = and_(desk_items.c.lock_holder == account.id, desk_items.c.id.in_(items))
            connection.execute(update(desk_items).where(theirs).values(lock_holder=None, lock_until=None))
            given = and_(desk_items.c.assignee == account.id, desk_items.c.id.in_(items))
            connection.execute(update(desk_items).where(given).values(assignee=None))
            affected = len(set(connection.scalars(items)))
            self._log.record(
                connection, account.name, "conflict-declared", f"account:{account.name}", {"name": row["name"]}
            )
        return affected

    def withdraw(self, account: Account, name: str) -> None:
        """Raises RoleMayNot, or AccountFault when it was not declared."""
        require(account, Act.DECLARE_CONFLICT)
        mine = and_(desk_conflicts.c.account_id == account.id, desk_conflicts.c.name_key == name_key(name))
        with writing(self._engine) as connection:
            _take_turn(connection, account)
            if not connection.execute(delete(desk_conflicts).where(mine)).rowcount:
                raise AccountFault(f"没有申报过 {name.strip()}")
            _link_again(connection, account.id)
            detail = {"name": name.strip()}
            self._log.record(connection, account.name, "conflict-withdrawn", f"account:{account.name}", detail)

    def declared(self, account: Account) -> list[str]:
        """Names as they were declared, oldest first."""
        query = select(desk_conflicts.c.name).where(desk_conflicts.c.account_id == account.id)
        with self._engine.connect() as connection:
            return list(connection.scalars(query.order_by(desk_conflicts.c.declared_at, desk_conflicts.c.name)))

    def meant_operator(self, account: Account, names: Iterable[str], subjects: Sequence[Node]) -> bool:
        """Whether an operator is one that the account has asked not to be shown: by a name it goes by, or because pages of its sites
        and accounts are items that are not shown."""
        keys = {key for name in names if len(key := name_key(name)) >= MIN_CHARACTERS}
        declared = [name_key(name) for name in self.declared(account)]
        if any(is_meant(one, key) for one in declared for key in keys):
            return True
        wanted = [(node.key, node.kind.value) for node in subjects]
        columns = tuple_(identity_pages.c.subject_key, identity_pages.c.subject_kind)
        query = (
            select(desk_items.c.id)
            .join(identity_pages, identity_pages.c.page_id == desk_items.c.page_id)
            .where(desk_items.c.id.in_(_conflicting(account.id)))
            .limit(1)
        )
        with self._engine.connect() as connection:
            return any(
                connection.scalar(query.where(columns.in_(wanted[start : start + _AT_ONCE]))) is not None
                for start in range(0, len(wanted), _AT_ONCE)
            )


def is_meant(declared: str, party: str) -> bool:
    """Whether a declaration means a name on an item, both as `name_key` writes them: the one is in the other."""
    return declared in party or (len(party) >= MIN_CHARACTERS and party in declared)


def has_conflict(connection: Connection, account_id: int, item_id: int) -> bool:
    return (
        connection.scalar(_conflicting(account_id).where(desk_item_parties.c.item_id == item_id).limit(1)) is not None
    )


def targets_kept_from(engine: Engine, account: Account) -> frozenset[int]:
    """Targets with an item that the account has asked not to be shown."""
    query = select(desk_items.c.target_id).distinct().where(desk_items.c.id.in_(_conflicting(account.id)))
    with engine.connect() as connection:
        return frozenset(connection.scalars(query))


def link_parties(connection: Connection, parties: Iterable[str]) -> None:
    """What declarations mean among names that are new on items."""
    declared = connection.execute(select(desk_conflicts.c.account_id, desk_conflicts.c.name_key)).all()
    if not declared:
        return
    known = {
        (row.account_id, row.party)
        for row in connection.execute(select(desk_conflict_parties.c.account_id, desk_conflict_parties.c.party))
    }
    wanted = {(row.account_id, party) for party in set(parties) for row in declared if is_meant(row.name_key, party)}
    rows = [{"account_id": account_id, "party": party} for account_id, party in sorted(wanted - known)]
    if rows:
        connection.execute(insert(desk_conflict_parties), rows)


def _take_turn(connection: Connection, account: Account) -> None:
    """One declaration of a person after another: a double click sends two at once, which would write the same rows."""
    connection.execute(
        select(desk_accounts.c.id).where(desk_accounts.c.id == account.id).with_for_update(key_share=True)
    )


def _link_again(connection: Connection, account_id: int) -> None:
    connection.execute(delete(desk_conflict_parties).where(desk_conflict_parties.c.account_id == account_id))
    declared = connection.scalars(
        select(desk_conflicts.c.name_key).where(desk_conflicts.c.account_id == account_id)
    ).all()
    parties = connection.scalars(select(desk_item_parties.c.party).distinct()).all() if declared else ()
    meant = [party for party in parties if any(is_meant(key, party) for key in declared)]
    if meant:
        connection.execute(insert(desk_conflict_parties), [{"account_id": account_id, "party": name} for name in meant])


def _conflicting(account_id: int) -> Select[tuple[int]]:
    return (
        select(desk_item_parties.c.item_id)
        .join(desk_conflict_parties, desk_conflict_parties.c.party == desk_item_parties.c.party)
        .where(desk_conflict_parties.c.account_id == account_id)
    )
