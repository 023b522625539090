"""Sessions of the desk: random tokens, kept as their digests, that end when unused and in any case."""

import hashlib
import secrets
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine, delete, insert, select, update

from review.log_in_tries import LogInLimits
from storage.database import writing
from storage.tables import desk_accounts, desk_sessions

_SEEN_EVERY = timedelta(minutes=1)
_FORGOTTEN_AFTER = timedelta(days=2)


class Way(StrEnum):
    """How somebody came in: `single` by the office's sign-in provider (OpenID Connect)."""

    PASSWORD = "password"
    SINGLE = "single"


class Sessions:
    """The sessions of one database."""

    def __init__(self, engine: Engine, limits: LogInLimits) -> None:
        self._engine = engine
        self._limits = limits

    @staticmethod
    def open(connection: Connection, account_id: int, address: str, now: datetime, way: Way) -> str:
        """A new session's token, in the caller's transaction; sessions long over are forgotten by the way."""
        connection.execute(delete(desk_sessions).where(desk_sessions.c.created_at < now - _FORGOTTEN_AFTER))
        token = secrets.token_urlsafe(32)
        session = {"token_sha256": token_digest(token), "account_id": account_id, "address": address, "way": way.value}
        connection.execute(insert(desk_sessions), session | {"created_at": now, "seen_at": now})
        return token

    def row_of(self, token: str, now: datetime) -> Any | None:
        """The account's row with the session's `way`; None when there is no such session, it has ended, or the account is disabled."""
        digest = token_digest(token)
        session = desk_sessions.c
        with self._engine.connect() as connection:
            row = connection.execute(
                select(desk_accounts, session.way, session.seen_at, session.created_at.label("began_at"))
                .join(desk_sessions, session.account_id == desk_accounts.c.id)
                .where(session.token_sha256 == digest, desk_accounts.c.disabled_at.is_(None))
            ).one_or_none()
        if row is None or now - row.seen_at > self._limits.idle or now - row.began_at > self._limits.absolute:
            return None
        if now - row.seen_at > _SEEN_EVERY:
            with writing(self._engine) as connection:
                connection.execute(update(desk_sessions).where(session.token_sha256 == digest).values(seen_at=now))
        return row

    @staticmethod
    def end(connection: Connection, token: str) -> None:
        connection.execute(delete(desk_sessions).where(desk_sessions.c.token_sha256 == token_digest(token)))

    @staticmethod
    def end_all(connection: Connection, account_id: int, but_token: str = "", way: Way | None = None) -> None:
        """All sessions of an account, but for one, or only those that came in one way."""
        ended = delete(desk_sessions).where(
            desk_sessions.c.account_id == account_id, desk_sessions.c.token_sha256 != token_digest(but_token)
        )
        connection.execute(ended if way is None else ended.where(desk_sessions.c.way == way.value))


def token_digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
