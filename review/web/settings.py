"""What an operator may set of the desk's web pages."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

SESSION_COOKIE = "yiguang-session"
TICKET_COOKIE = "yiguang-sign-on"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """`hosts` are the names under which the desk answers, without port; empty for any. `https` says that browsers reach it by
    https, so that cookies are kept to it; `behind_proxy` that the client's address is what the nearest proxy says.

    `viewer` is the origin at which captured pages are shown, `viewer_key` the secret that its links are signed with; empty
    for none. `burst` requests of one person are answered at once and `per_second` from then on. `zone_hours` is what is
    added to UTC for people.
    """

    hosts: tuple[str, ...] = ()
    https: bool = False
    behind_proxy: bool = False
    viewer: str = ""
    viewer_key: bytes = b""
    viewer_links_last: timedelta = timedelta(minutes=5)
    burst: int = 240
    per_second: float = 20.0
    max_body_bytes: int = 1 << 20
    zone_hours: int = 8

    def today(self, now: datetime) -> date:
        """The day it is for people at that moment (aware)."""
        return (now.astimezone(UTC) + timedelta(hours=self.zone_hours)).date()

    @property
    def cookie(self) -> str:
        """With this prefix browsers take it from this host alone, by https alone, for the whole of it."""
        return self._named(SESSION_COOKIE)

    @property
    def ticket_cookie(self) -> str:
        """Kept by a browser while it is at the sign-in provider."""
        return self._named(TICKET_COOKIE)

    def _named(self, name: str) -> str:
        return f"__Host-{name}" if self.https else name
