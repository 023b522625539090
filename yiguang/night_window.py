"""The hours in which a crawl may run, in the time zone of the sites."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from domain.beijing import BEIJING
from yiguang.errors import UsageError

DEFAULT_ZONE = "Asia/Shanghai"
_WINDOW = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")  # 22:00-06:00


@dataclass(frozen=True, slots=True)
class NightWindow:
    """From `begins` (included) to `ends` (excluded) by the clock of `zone`; over midnight when it ends before it begins."""

    begins: time
    ends: time
    zone: tzinfo

    def closes_at(self, now: datetime) -> datetime | None:
        """When the window that is open at `now` (aware) closes; None while it is shut."""
        local = now.astimezone(self.zone)
        for days in (0, 1):
            # Taken apart as dates, so that a night with a change of clocks ends by the clock too
            end_date = local.date() + timedelta(days=days)
            begin_date = end_date - timedelta(days=1 if self.ends <= self.begins else 0)
            begin = datetime.combine(begin_date, self.begins, self.zone)
            end = datetime.combine(end_date, self.ends, self.zone)
            if begin <= local < end:
                return end
        return None

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}-{self.ends:%H:%M}（{self.zone}）"


def read_window(text: str, zone_name: str) -> NightWindow | None:
    """`22:00-06:00` as a window, None for an empty text. Raises UsageError naming the variable."""
    zone = read_zone(zone_name)
    if not text.strip():
        return None
    match = _WINDOW.fullmatch(text.strip())
    try:
        if match is None:
            raise ValueError(text)
        hours = [int(group) for group in match.groups()]
        begins, ends = time(hours[0], hours[1]), time(hours[2], hours[3])
    except ValueError:
        raise UsageError(f"YIGUANG_NIGHT_WINDOW 应为 22:00-06:00 的形式，现在是 {text!r}") from None
    if begins == ends:
        raise UsageError("YIGUANG_NIGHT_WINDOW 的起止时间不能相同；不限时间请留空")
    return NightWindow(begins, ends, zone)


def read_zone(name: str) -> tzinfo:
    """Raises UsageError naming the variable."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        if name == DEFAULT_ZONE:
            return BEIJING  # also on machines without a time zone database
        raise UsageError(f"YIGUANG_TIME_ZONE 不是已知的时区：{name}") from None
