"""Times as people here read them."""

from datetime import datetime, time, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991


def beijing_time(moment: datetime) -> str:
    """An aware time to the minute."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def stated_time(moment: datetime) -> str:
    """As far as a page says it: of a day alone no hour is told."""
    if moment.astimezone(BEIJING).time() == time():
        return f"{moment.astimezone(BEIJING):%Y-%m-%d}"
    return beijing_time(moment)
