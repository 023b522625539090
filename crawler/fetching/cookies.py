"""Cookies within one chain of redirects.

Servers that set a cookie and redirect to the same place would never show the page to a client that keeps none. Nothing
is kept beyond the chain: every visit begins as a stranger's.
"""

from dataclasses import dataclass, field

from crawler.addresses.urls import host_of
from domain.page import Exchange


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
            if "max-age=0" in attributes.lower().replace(" ", ""):
                jar.pop(key, None)
            else:
                jar[key] = content

    def header_for(self, url: str) -> str:
        """The Cookie field for a request, empty when there is none to send."""
        return "; ".join(f"{key}={value}" for key, value in self._by_host.get(host_of(url), {}).items())
