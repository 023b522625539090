"""Whom the sign-in provider means by whom: an account of the desk and the one person at the provider who may use it.

No account is made here and no role given. A link is an administrator's: either to a subject that is known, or as an allowance for some
days, by which the first who comes under the account's name becomes its person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from review.accounts import AccountFault, account_row
from review.audit_log import AuditLog
from review.sessions import Sessions, Way
from review.sign_on_settings import SignOnSettings
from storage.database import writing
from storage.tables import desk_accounts, desk_identities

ALLOWED_FOR = timedelta(days=7)
_LONGEST = 255


@dataclass(frozen=True, slots=True)
class Identity:
    """Of one account. `subject` None while its person has not come yet, which it may `allowed_until`; `is_current` when it is of the
    provider and of the claim that are set now."""

    subject: str | None
    allowed_until: datetime | None
    is_current: bool


class Identities:
    """The links of one database, as they count for one provider."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime], settings: SignOnSettings) -> None:
        self._engine = engine
        self._clock = clock
        self._settings = settings
        self._log = AuditLog(engine, clock)

    def by_account(self) -> dict[int, Identity]:
        """By the account's id."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(desk_identities)).all()
        return {row.account_id: Identity(row.subject, row.allowed_until, self._is_current(row)) for row in rows}

    def link(self, name: str, subject: str, actor: str) -> None:
        """Raises AccountFault, also when the subject is another account's."""
        subject = subject.strip()
        if not 1 <= len(subject) <= _LONGEST or not subject.isprintable():
            raise AccountFault(f"标识须为 1 至 {_LONGEST} 个可见字符")
        self._make(name, actor, subject, None, "identity-linked", {"subject": subject})

    def allow(self, name: str, actor: str) -> None:
        """Let the first who comes under the account's name within `ALLOWED_FOR` become its person. Raises AccountFault."""
        until = self._clock() + ALLOWED_FOR
        self._make(name, actor, None, until, "identity-allowed", {"until": until.isoformat()})

    def _make(
        self, name: str, actor: str, subject: str | None, until: datetime | None, act: str, detail: dict[str, str]
    ) -> None:
        kept = {"issuer": self._settings.issuer, "claim": self._settings.claim}
        values = {**kept, "subject": subject, "allowed_until": until, "made_at": self._clock(), "made_by": actor}
        try:
            with writing(self._engine) as connection:
                account = account_row(connection, name)
                self._make_room(connection, account)
                connection.execute(insert(desk_identities).values(account_id=account.id, **values))
                self._log.record(connection, actor, act, f"account:{account.name}", kept | detail)
        except IntegrityError:
            raise AccountFault("此标识已与另一账号关联") from None

    def _make_room(self, connection: Connection, account: Any) -> None:
        """What is of another provider, or was never used, gives way; a link that counts has to be dissolved first."""
        row = connection.execute(
            select(desk_identities).where(desk_identities.c.account_id == account.id)
        ).one_or_none()
        if row is not None and row.subject is not None and self._is_current(row):
            raise AccountFault(f"账号 {account.name} 已有关联，请先解除")
        connection.execute(delete(desk_identities).where(desk_identities.c.account_id == account.id))
        Sessions.end_all(connection, account.id, way=Way.SINGLE)

    def unlink(self, name: str, actor: str) -> None:
        """Ends the sessions that came of it. Raises AccountFault when there was nothing to dissolve."""
        with writing(self._engine) as connection:
            account = account_row(connection, name)
            gone = connection.execute(
                delete(desk_identities).where(desk_identities.c.account_id == account.id).returning(desk_identities)
            ).one_or_none()
            if gone is None:
                raise AccountFault(f"账号 {account.name} 没有关联统一身份")
            Sessions.end_all(connection, account.id, way=Way.SINGLE)
            detail = {"issuer": gone.issuer, "claim": gone.claim, "subject": gone.subject}
            self._log.record(connection, actor, "identity-unlinked", f"account:{account.name}", detail)

    def account_of(self, connection: Connection, subject: str) -> Any | None:
        """The row of the account whose person that is; None when it is nobody's."""
        return connection.execute(
            select(desk_accounts)
            .join(desk_identities, desk_identities.c.account_id == desk_accounts.c.id)
            .where(*self._counts(), desk_identities.c.subject == subject)
        ).one_or_none()

    def allowed_account(self, connection: Connection, claims: Mapping[str, Any], now: datetime) -> Any | None:
        """The row of the account that waits for whoever bears its name at the provider, letter case apart."""
        username = claims.get("preferred_username")
        if not isinstance(username, str):
            return None
        return connection.execute(
            select(desk_accounts)
            .join(desk_identities, desk_identities.c.account_id == desk_accounts.c.id)
            .where(
                *self._counts(),
                desk_identities.c.subject.is_(None),
                desk_identities.c.allowed_until > now,
                desk_accounts.c.name == username[:_LONGEST].casefold(),
            )
        ).one_or_none()

    def become(self, connection: Connection, account: Any, subject: str) -> bool:
        """Use an allowance, in the caller's transaction, whose log has to tell it; False when somebody was quicker."""
        used = connection.execute(
            update(desk_identities)
            .where(desk_identities.c.account_id == account.id, desk_identities.c.subject.is_(None), *self._counts())
            .values(subject=subject, made_at=self._clock())
        )
        return bool(used.rowcount == 1)

    def _counts(self) -> tuple[Any, Any]:
        return desk_identities.c.issuer == self._settings.issuer, desk_identities.c.claim == self._settings.claim

    def _is_current(self, row: Any) -> bool:
        return bool(row.issuer == self._settings.issuer and row.claim == self._settings.claim)
