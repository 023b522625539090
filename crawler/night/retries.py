"""When a URL that failed is tried again, and how long a server asked us to wait."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from crawler.settings import CrawlSettings

#: Statuses that another try may change: overload, gateways, and 52x of content delivery networks.
PASSING_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, *range(520, 528)})


def wait_asked(value: str, now: datetime) -> float | None:
    """Seconds that a Retry-After field asks for, given as seconds or as a date; None when it says nothing readable."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for a number that no calendar knows
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())


def next_try(attempts: int, asked_seconds: float | None, now: datetime, settings: CrawlSettings) -> datetime | None:
    """When to try again after `attempts` tries, None when that was the last one.

    The wait doubles from try to try, is never shorter than what the server asked for, and is capped.
    """
    if attempts >= settings.max_attempts:
        return None
    seconds = max(settings.retry_seconds * 2 ** (attempts - 1), asked_seconds or 0.0)
    return now + timedelta(seconds=min(seconds, settings.max_retry_seconds))
