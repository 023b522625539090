"""Accounts of the desk: who may log in, and which sessions are open."""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from domain.reviews import Refused, RoleMayNot, Stage, stages_of_role
from domain.roles import Act, Role, may
from review.audit_log import MACHINE, AuditLog
from review.log_in_tries import LogInLimits, LogInRefused, LogInTries, Refusal
from review.passwords import MAX_CHARACTERS, Passwords, one_time_password, password_fault
from review.sessions import Sessions, Way
from storage.database import writing
from storage.tables import desk_accounts, desk_items

FIRST_ACCOUNT = "admin"
_NAME = re.compile(r"[\w.@-]{2,32}")


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the desk. `must_change` until it has chosen its own password; `disabled_at` None while it may log in."""

    id: int
    name: str
    display: str
    role: Role
    must_change: bool
    created_at: datetime
    disabled_at: datetime | None = None


class AccountFault(Refused):
    """What was asked of an account cannot be; the message is Chinese."""


class Accounts:
    """The accounts of one database. `actor` is the name of whoever changes an account, for the audit log. With `single_only` none but
    administrators come in by password; the others come by the sign-in provider."""

    def __init__(
        self,
        engine: Engine,
        clock: Callable[[], datetime],
        passwords: Passwords | None = None,
        limits: LogInLimits | None = None,
        single_only: bool = False,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._passwords = passwords or Passwords()
        self._limits = limits or LogInLimits()
        self._single_only = single_only
        self._tries = LogInTries(engine, self._limits)
        self._sessions = Sessions(engine, self._limits)
        self._log = AuditLog(engine, clock)

    def create(
        self, name: str, role: Role, actor: str, password: str | None = None, display: str = ""
    ) -> tuple[Account, str]:
        """A new account and its password, made up and to be changed at the first log-in unless given. Raises AccountFault."""
        try:
            with writing(self._engine) as connection:
                return self._create(connection, name, role, actor, password, display)
        except IntegrityError:  # asked for twice at once, as by a double click
            raise AccountFault(f"账号 {fold_name(name)} 已存在") from None

    def create_first(self, password: str | None = None) -> tuple[Account, str] | None:
        """The first account, an administrator, with its password; None when there is an account already."""
        with writing(self._engine) as connection:
            if connection.scalar(select(func.count()).select_from(desk_accounts)):
                return None
            return self._create(connection, FIRST_ACCOUNT, Role.ADMIN, MACHINE, password, "管理员")

    def _create(
        self, connection: Connection, name: str, role: Role, actor: str, password: str | None, display: str
    ) -> tuple[Account, str]:
        folded = fold_name(name)
        if not _NAME.fullmatch(folded):
            raise AccountFault("账号名须为 2 至 32 个字母、数字、汉字或 . _ - @")
        if connection.scalar(select(desk_accounts.c.id).where(desk_accounts.c.name == folded)) is not None:
            raise AccountFault(f"账号 {folded} 已存在")
        secret = one_time_password() if password is None else password
        if fault := password_fault(secret, folded):
            raise AccountFault(fault)
        now = self._clock()
        row = {
            "name": folded,
            "display": display.strip() or folded,
            "role": role.value,
            "password_hash": self._passwords.hash(secret),
            "must_change": password is None,
            "created_at": now,
            "password_changed_at": now,
        }
        account_id = connection.execute(insert(desk_accounts).returning(desk_accounts.c.id), row).scalar_one()
        self._log.record(connection, actor, "account-created", _subject(folded), {"role": role.value})
        return Account(account_id, folded, str(row["display"]), role, password is None, now), secret

    def list(self) -> list[Account]:
        with self._engine.connect() as connection:
            return [
                account_of_row(row) for row in connection.execute(select(desk_accounts).order_by(desk_accounts.c.name))
            ]

    def find(self, name: str) -> Account:
        """Raises AccountFault when there is no such account."""
        with self._engine.connect() as connection:
            return account_of_row(account_row(connection, name))

    def authenticate(self, name: str, password: str, address: str) -> str | LogInRefused:
        """A new session's token, or why there is none. What is wrong, name or password, is not told, nor by the time it takes."""
        folded, now = fold_name(name)[:64], self._clock()
        limited = self._tries.count(folded, address, now)
        if limited is not None:
            return limited
        with self._engine.connect() as connection:
            row = connection.execute(select(desk_accounts).where(desk_accounts.c.name == folded)).one_or_none()
        password_hash = None if row is None else str(row.password_hash)
        fits = len(password) <= MAX_CHARACTERS and self._passwords.fits(password_hash, password)
        if row is None or not fits:
            return self._refuse(folded, address, Refusal.WRONG)
        if row.disabled_at is not None:
            return self._refuse(folded, address, Refusal.DISABLED)
        if self._single_only and row.role != Role.ADMIN.value:
            return self._refuse(folded, address, Refusal.SINGLE_ONLY)
        with writing(self._engine) as connection:
            if self._passwords.is_dated(row.password_hash):
                renewed = self._passwords.hash(password)
                connection.execute(
                    update(desk_accounts)
                    .where(desk_accounts.c.id == row.id, desk_accounts.c.password_hash == row.password_hash)
                    .values(password_hash=renewed)
                )
            self._tries.forget(connection, folded)
            token = self._sessions.open(connection, row.id, address, now, Way.PASSWORD)
            self._log.record(connection, folded, "log-in", _subject(folded), {"address": address})
        return token

    def account_of(self, token: str) -> Account | None:
        """Whose session it is; None when there is none of that token, or it has ended, or the account was disabled."""
        row = self._sessions.row_of(token, self._clock())
        return None if row is None else account_of_row(row)

    def log_out(self, token: str) -> None:
        account = self.account_of(token)
        with writing(self._engine) as connection:
            self._sessions.end(connection, token)
            if account is not None:
                self._log.record(connection, account.name, "log-out", _subject(account.name))

    def change_password(self, account: Account, old: str, new: str, keep_token: str = "") -> None:
        """Ends the account's other sessions. Raises AccountFault when the old one is wrong or the new one will not do."""
        limited = self._tries.count(account.name, "", self._clock())
        if limited is not None:
            raise AccountFault(limited.message)
        with self._engine.connect() as connection:
            row = account_row(connection, account.name)
        if not self._passwords.fits(row.password_hash, old):
            self._refuse(account.name, "", Refusal.WRONG)
            raise AccountFault("原口令不正确")
        with writing(self._engine) as connection:  # who knows it has not failed, whatever becomes of the new one
            self._tries.forget(connection, account.name)
        if new == old:
            raise AccountFault("新口令不能与原口令相同")
        self._set_password(account.name, new, False, account.name, keep_token)

    def reset_password(self, name: str, actor: str) -> str:
        """A one-time password, in place of the old one; ends all sessions. Raises AccountFault."""
        secret = one_time_password()
        self._set_password(self.find(name).name, secret, True, actor, "")
        return secret

    def _set_password(self, name: str, password: str, must_change: bool, actor: str, keep_token: str) -> None:
        if fault := password_fault(password, name):
            raise AccountFault(fault)
        password_hash, now = self._passwords.hash(password), self._clock()
        with writing(self._engine) as connection:
            row = account_row(connection, name)
            values = {"password_hash": password_hash, "must_change": must_change, "password_changed_at": now}
            connection.execute(update(desk_accounts).where(desk_accounts.c.id == row.id).values(values))
            self._sessions.end_all(connection, row.id, keep_token)
            self._tries.forget(connection, name)
            act = "password-reset" if must_change else "password-changed"
            self._log.record(connection, actor, act, _subject(name))

    def disable(self, name: str, actor: str) -> None:
        """No log-in any more, and no session; what it had in hand or was given goes back to everybody, its decisions stay.

        Raises AccountFault for the last administrator.
        """
        with writing(self._engine) as connection:
            row = account_row(connection, name)
            self._keep_an_admin(connection, row)
            if row.disabled_at is None:
                connection.execute(
                    update(desk_accounts).where(desk_accounts.c.id == row.id).values(disabled_at=self._clock())
                )
                self._sessions.end_all(connection, row.id)
                _give_back(connection, row.id, tuple(Stage))
                self._log.record(connection, actor, "account-disabled", _subject(row.name))

    def enable(self, name: str, actor: str) -> None:
        with writing(self._engine) as connection:
            row = account_row(connection, name)
            if row.disabled_at is not None:
                connection.execute(update(desk_accounts).where(desk_accounts.c.id == row.id).values(disabled_at=None))
                self._log.record(connection, actor, "account-enabled", _subject(row.name))

    def set_role(self, name: str, role: Role, actor: str) -> None:
        """What it had in hand or was given and may not decide any more goes back to everybody. Raises AccountFault when that would leave
        no administrator."""
        with writing(self._engine) as connection:
            row = account_row(connection, name)
            if role is not Role.ADMIN:
                self._keep_an_admin(connection, row)
            if row.role != role.value:
                connection.execute(update(desk_accounts).where(desk_accounts.c.id == row.id).values(role=role.value))
                able = stages_of_role(role)
                _give_back(connection, row.id, [stage for stage in Stage if stage not in able])
                detail = {"from": row.role, "to": role.value}
                self._log.record(connection, actor, "role-changed", _subject(row.name), detail)

    def _refuse(self, name: str, address: str, refusal: Refusal) -> LogInRefused:
        """Only tries that were looked at are logged: whoever keeps trying a locked name does not fill the log."""
        self._log.record_alone(MACHINE, "log-in-refused", _subject(name), {"address": address, "why": refusal.value})
        return LogInRefused(refusal)

    @staticmethod
    def _keep_an_admin(connection: Connection, row: Any) -> None:
        if row.role != Role.ADMIN.value or row.disabled_at is not None:
            return
        admins = select(desk_accounts.c.id).where(
            desk_accounts.c.role == Role.ADMIN.value, desk_accounts.c.disabled_at.is_(None)
        )
        # Locked: of two who disable one another at once, the second finds that nobody else is left
        locked = connection.scalars(admins.order_by(desk_accounts.c.id).with_for_update(key_share=True)).all()
        if not set(locked) - {row.id}:
            raise AccountFault("这是最后一个管理员账号")


def _give_back(connection: Connection, account_id: int, stages: Sequence[Stage]) -> None:
    """Items at these readings that the account has open or was given are everybody's again."""
    at_these = desk_items.c.stage.in_([stage.value for stage in stages])
    given = update(desk_items).where(desk_items.c.assignee == account_id, at_these)
    connection.execute(given.values(assignee=None))
    held = update(desk_items).where(desk_items.c.lock_holder == account_id, at_these)
    connection.execute(held.values(lock_holder=None, lock_until=None))


def account_row(connection: Connection, name: str) -> Any:
    """Raises AccountFault when there is no such account."""
    folded = fold_name(name)
    row = connection.execute(select(desk_accounts).where(desk_accounts.c.name == folded)).one_or_none()
    if row is None:
        raise AccountFault(f"没有账号 {folded}")
    return row


def require(account: Account, act: Act) -> None:
    """Raises RoleMayNot unless the account's role allows it."""
    if not may(account.role, act):
        raise RoleMayNot(account.role, act)


def csrf_token(token: str) -> str:
    """What forms of a session carry: only who has the session's token can make it, and it gives nothing of that away."""
    return hmac.new(token.encode(), b"yiguang desk form", hashlib.sha256).hexdigest()


def csrf_fits(token: str, given: str) -> bool:
    return hmac.compare_digest(csrf_token(token).encode(), given.encode())


def fold_name(name: str) -> str:
    """As it is stored: width and letter case do not count."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _subject(name: str) -> str:
    return f"account:{name}"


def account_of_row(row: Any) -> Account:
    """Of a row of accounts, or of one joined with a session: who came in without a password need not change one."""
    must_change = row.must_change and getattr(row, "way", Way.PASSWORD) == Way.PASSWORD
    return Account(row.id, row.name, row.display, Role(row.role), must_change, row.created_at, row.disabled_at)
