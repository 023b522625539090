"""What a form came to, kept until the page that it leads to shows it: once, to whoever sent the form.

It stays in the memory of the process. A one-time password must not lie in a database or in an address, and is lost with the process:
then it is set anew.
"""

import secrets
from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

_KEPT = 1024
_FOR = timedelta(minutes=10)


class ShownOnce:
    """Values by session, page and key: of use in that session and on that page alone. The oldest are forgotten when there are too many."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str, str], tuple[datetime, Any]] = OrderedDict()
        self._lock = Lock()

    def keep(self, session: str, page: str, value: Any, now: datetime) -> str:
        """The key by which `take` gives it, which tells nothing of it."""
        key = secrets.token_urlsafe(9)
        with self._lock:
            self._kept[session, page, key] = now, value
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return key

    def take(self, session: str, page: str, key: str, now: datetime) -> Any | None:
        """The value, the first time that it is asked for within ten minutes; else None."""
        with self._lock:
            kept_at, value = self._kept.pop((session, page, key), (None, None))
        return None if kept_at is None or now - kept_at > _FOR else value
