"""Failed log-ins, counted by name and by address, so that passwords cannot be tried without end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, Engine, delete, insert, select, text

from storage.database import writing
from storage.tables import desk_failed_log_ins

_LOG_IN_LOCK = 0x59694C6F  # any fixed number of ours


@dataclass(frozen=True, slots=True)
class LogInLimits:
    """A name is locked after `name_tries` failures within `window`, an address after `address_tries`, until they are older.
    A session ends when unused for `idle`, and `absolute` after it began."""

    window: timedelta = timedelta(minutes=15)
    name_tries: int = 5
    address_tries: int = 30
    idle: timedelta = timedelta(minutes=60)
    absolute: timedelta = timedelta(hours=12)


class Refusal(StrEnum):
    """Why a log-in was refused."""

    WRONG = "wrong"
    NAME_LOCKED = "name-locked"
    ADDRESS_LOCKED = "address-locked"
    DISABLED = "disabled"
    SINGLE_ONLY = "single-sign-on-only"


REFUSAL_ZH: dict[Refusal, str] = {
    Refusal.WRONG: "账号或口令不正确",
    Refusal.NAME_LOCKED: "此账号尝试次数过多，已暂时锁定",
    Refusal.ADDRESS_LOCKED: "来自此地址的尝试过多，请稍后再试",
    Refusal.DISABLED: "此账号已停用，请联系管理员",
    Refusal.SINGLE_ONLY: "此账号请用单位统一身份登录",
}


@dataclass(frozen=True, slots=True)
class LogInRefused:
    """A refused log-in; `retry_at` is when the next try is looked at, None when that is at once."""

    refusal: Refusal
    retry_at: datetime | None = None

    @property
    def message(self) -> str:
        return REFUSAL_ZH[self.refusal]


class LogInTries:
    """The tries of one database. Names are folded already."""

    def __init__(self, engine: Engine, limits: LogInLimits) -> None:
        self._engine = engine
        self._limits = limits

    def count(self, name: str, address: str, now: datetime) -> LogInRefused | None:
        """Count a try as failed, before it is looked at so that many at once do not all pass; or say why it is not looked at."""
        with writing(self._engine) as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOG_IN_LOCK})
            limited = self.limited(connection, name, address, now)
            if limited is not None:
                return limited
            old = desk_failed_log_ins.c.at <= now - self._limits.window
            connection.execute(delete(desk_failed_log_ins).where(old))
            connection.execute(insert(desk_failed_log_ins), {"name": name, "address": address, "at": now})
        return None

    def limited(self, connection: Connection, name: str, address: str, now: datetime) -> LogInRefused | None:
        """Why no try of that name, or from that address, is looked at now; empty ones are not limited."""
        for column, value, tries, refusal in (
            (desk_failed_log_ins.c.name, name, self._limits.name_tries, Refusal.NAME_LOCKED),
            (desk_failed_log_ins.c.address, address, self._limits.address_tries, Refusal.ADDRESS_LOCKED),
        ):
            failures: Sequence[datetime] = connection.scalars(
                select(desk_failed_log_ins.c.at)
                .where(column == value, desk_failed_log_ins.c.at > now - self._limits.window)
                .order_by(desk_failed_log_ins.c.at.desc())
                .limit(tries)
            ).all()
            if value and len(failures) >= tries:
                return LogInRefused(refusal, failures[-1] + self._limits.window)
        return None

    @staticmethod
    def forget(connection: Connection, name: str) -> None:
        """A success clears the failures of its name, not those of its address."""
        connection.execute(delete(desk_failed_log_ins).where(desk_failed_log_ins.c.name == name))
