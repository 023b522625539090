"""Cookies within one chain of redirects.

Servers that set a cookie and redirect to the same place would never show the page to a client that keeps none. Nothing
is kept beyond the chain: every visit begins as a stranger's.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crawler.addresses.urls import host_of
from domain.page import Exchange

_SECONDS = re.compile(r"-?[0-9]+")


@dataclass(slots=True)
class ChainCookies:
    """Cookies by the host that set them; a host gets back only its own."""

    _by_host: dict[str, dict[str, str]] = field(default_factory=dict)

    def keep(self, exchange: Exchange) -> None:
        """Keep what a response sets; attributes do not matter for the length of one chain, except removal."""
        jar = self._by_host.setdefault(host_of(exchange.url), {})
        for name, value in exchange.response_headers:
            if name.lower() != "set-cookie":
                continue
            pair, _, attributes = value.partition(";")
            key, separator, content = pair.strip().partition("=")
            if not (key and separator):
                continue
            if _removes(attributes, exchange.fetched_at):
                jar.pop(key, None)
            else:
                jar[key] = content

    def header_for(self, url: str) -> str:
        """The Cookie field for a request, empty when there is none to send."""
        return "; ".join(f"{key}={value}" for key, value in self._by_host.get(host_of(url), {}).items())


def _removes(attributes: str, now: datetime) -> bool:
    """Whether a cookie is over as soon as it is set, which is how servers take one back (RFC 6265, 5.2 and 5.3)."""
    said: dict[str, str] = {}
    for attribute in attributes.split(";"):
        name, _, value = attribute.partition("=")
        said[name.strip().lower()] = value.strip()
    if _SECONDS.fullmatch(age := said.get("max-age", "")):
        return age.startswith("-") or not age.strip("0")
    try:
        ends = parsedate_to_datetime(said.get("expires", ""))
    except (ValueError, OverflowError):  # no date, or a number that no calendar knows
        return False
    return (ends if ends.tzinfo else ends.replace(tzinfo=UTC)) <= now
