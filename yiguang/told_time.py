"""Times and days as people type them."""

from datetime import UTC, date, datetime

from domain.beijing import BEIJING
from yiguang.errors import UsageError


def told_time(at: str) -> datetime:
    """Aware; a time without zone is Beijing's, an empty one now. Raises UsageError."""
    if not at:
        return datetime.now(BEIJING)
    try:
        told = datetime.fromisoformat(at)
        told = told.replace(tzinfo=BEIJING) if told.tzinfo is None else told
        told.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for a moment that is in no year from 1 to 9999 elsewhere
        raise UsageError(f"--at 应为 2026-11-26 或 2026-11-26T15:30 的形式，不是 {at}") from None
    return told


def told_day(text: str, option: str) -> date:
    """Of a year from 2 to 9998, so that its beginning and end are in the calendar of every time zone. Raises UsageError naming
    the option.
    """
    try:
        day = date.fromisoformat(text)
        if date.min.year < day.year < date.max.year:
            return day
    except ValueError:
        pass
    raise UsageError(f"{option} 应为日期，如 2026-11-01，不是 {text}")


def told_day_or_today(text: str, option: str, now: datetime) -> date:
    """The day named or, for an empty text, that of `now` in Beijing. Raises UsageError naming the option, also for a day to
    come: what bears it would pass for newer than every list until then."""
    today = now.astimezone(BEIJING).date()
    day = told_day(text, option) if text else today
    if day > today:
        raise UsageError(f"{option} 不能晚于今天（{today}）：{day}")
    return day
