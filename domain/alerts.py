"""What an operator is told without having asked, and what is not told again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class AlertKind(StrEnum):
    NIGHT = "night"  # a night that is not healthy
    MISSED = "missed"  # days without a night
    STALLED = "stalled"  # a night that began and was not taken up again
    DISK = "disk"
    CLOCK = "clock"  # a term of a referral that is over
    TIP = "tip"  # a tip that is not answered in time, or in a day will not be
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Alert:
    """`subject` is what it is about, stable while it is the same trouble; `text` is one Chinese sentence."""

    kind: AlertKind
    subject: str
    text: str

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.subject}"


def not_told_lately(
    alerts: Iterable[Alert], told: Mapping[str, datetime], now: datetime, quiet: timedelta
) -> tuple[Alert, ...]:
    """Those that were not told within `quiet`, each once. What was told in the future, by a clock that went back, counts as not told."""
    fresh = {alert.key: alert for alert in alerts if not _within(told.get(alert.key), now, quiet)}
    return tuple(fresh.values())


def _within(then: datetime | None, now: datetime, quiet: timedelta) -> bool:
    return then is not None and now - quiet < then <= now


def still_remembered(
    told: Mapping[str, datetime], sent: Iterable[Alert], now: datetime, quiet: timedelta
) -> dict[str, datetime]:
    """What is to be remembered after some were sent; older ones are of no use."""
    lately = {key: then for key, then in told.items() if _within(then, now, quiet)}
    return lately | {alert.key: now for alert in sent}


def message_text(alerts: Sequence[Alert], limit_bytes: int) -> str:
    """One line each, as many as there is room for in UTF-8; the rest is counted."""
    lines: list[str] = []
    room = limit_bytes - len("另有 99999 项".encode()) - 1
    for number, alert in enumerate(alerts):
        line = f"· {' '.join(alert.text.split())}"
        room -= len(line.encode()) + 1
        if room < 0:
            return "\n".join([*lines, f"另有 {len(alerts) - number} 项"])
        lines.append(line)
    return "\n".join(lines)
