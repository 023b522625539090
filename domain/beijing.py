"""Times as people here read them."""

from datetime import datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")  # no daylight saving since 1991


def beijing_time(moment: datetime) -> str:
    """An aware time to the minute."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"
