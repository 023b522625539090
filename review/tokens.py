"""Tokens of other systems: made once, shown once, kept as a digest, each with what it may read and until when."""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Engine, insert, select, update

from review.audit_log import AuditLog
from storage.database import writing
from storage.digests import sha256_hex
from storage.tables import api_tokens

PREFIX = "yg_"
_BYTES = 32
_NAME = re.compile(r"[\w.-]{2,64}")
_NOTED_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token may read."""

    LEADS = "leads:read"
    PACKAGES = "packages:read"


class TokenFault(Exception):
    """A token cannot be made or taken back; the message is Chinese."""


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the token itself is not."""

    name: str
    scopes: frozenset[Scope]
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None

    def holds(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class Tokens:
    """The tokens of one database."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._log = AuditLog(engine, clock)

    def make(self, name: str, scopes: Sequence[Scope], days: int, actor: str) -> str:
        """A new token, which is shown this once. Raises TokenFault."""
        if not _NAME.fullmatch(name):
            raise TokenFault("名称须为 2 至 64 个字母、数字、汉字或 . _ -")
        if not scopes:
            raise TokenFault("须给出至少一项范围")
        now, token = self._clock(), f"{PREFIX}{secrets.token_urlsafe(_BYTES)}"
        wanted = sorted({scope.value for scope in scopes})
        with writing(self._engine) as connection:
            if connection.scalar(select(api_tokens.c.name).where(api_tokens.c.name == name)) is not None:
                raise TokenFault(f"已有名为 {name} 的令牌")
            row = {"name": name, "sha256": sha256_hex(token.encode()), "scopes": wanted, "made_at": now}
            connection.execute(insert(api_tokens).values(**row, expires_at=now + timedelta(days=days)))
            self._log.record(connection, actor, "token-made", f"token:{name}", {"scopes": wanted, "days": days})
        return token

    def revoke(self, name: str, actor: str) -> None:
        """Raises TokenFault when there is no such token that holds."""
        with writing(self._engine) as connection:
            held = api_tokens.c.name == name, api_tokens.c.revoked_at.is_(None)
            if not connection.execute(update(api_tokens).where(*held).values(revoked_at=self._clock())).rowcount:
                raise TokenFault(f"没有名为 {name} 的有效令牌")
            self._log.record(connection, actor, "token-revoked", f"token:{name}", {})

    def list(self) -> list[Token]:
        """All that were ever made, oldest first."""
        query = select(api_tokens).order_by(api_tokens.c.made_at, api_tokens.c.name)
        with self._engine.connect() as connection:
            return [_token(row) for row in connection.execute(query)]

    def of(self, token: str) -> Token | None:
        """Whose token that is; None for one that is not known or does not hold any more."""
        now = self._clock()
        mine = api_tokens.c.sha256 == sha256_hex(token.encode("utf-8", "replace"))
        with self._engine.connect() as connection:
            row = connection.execute(select(api_tokens).where(mine)).one_or_none()
        if row is None or not (known := _token(row)).holds(now):
            return None
        if known.used_at is None or now - known.used_at >= _NOTED_EVERY:
            with writing(self._engine) as connection:
                connection.execute(update(api_tokens).where(mine).values(used_at=now))
        return known


def _token(row: "object") -> Token:
    names = ("name", "made_at", "expires_at", "revoked_at", "used_at")
    known = {name: getattr(row, name) for name in names}
    scopes: Sequence[str] = row.scopes  # type: ignore[attr-defined]
    return Token(scopes=frozenset(Scope(scope) for scope in scopes), **known)
