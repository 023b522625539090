"""Cookies within one chain of redirects.

Servers that set a cookie and redirect to the same place would never show the page to a client that keeps none. Nothing
is kept beyond the chain: every visit begins as a stranger's.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crawler.addresses.guard import literal_address
from crawler.addresses.urls import ascii_host, host_of
from domain.page import Exchange

_SECONDS = re.compile(r"-?[0-9]+")

#: Registries' own names below those of countries (com.cn, co.jp), and the codes of China's provinces (bj.cn).
_BELOW_COUNTRIES = frozenset({"com", "net", "org", "gov", "edu", "ac", "mil", "co", "or", "ne", "go"})
_PROVINCES = frozenset(
    {
        "bj", "sh", "tj", "cq", "he", "sx", "nm", "ln", "jl", "hl", "js", "zj", "ah", "fj", "jx", "sd", "ha", "hb", "hn",
        "gd", "gx", "hi", "sc", "gz", "yn", "xz", "sn", "gs", "qh", "nx", "xj", "tw", "hk", "mo",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Cookie:
    value: str
    of_host_only: bool


@dataclass(slots=True)
class ChainCookies:
    """Cookies by the host that set them; a host gets back its own, and those that a sister of it set for their common domain."""

    _kept: dict[tuple[str, str], _Cookie] = field(default_factory=dict)

    def keep(self, exchange: Exchange) -> None:
        """Keep what a response sets; of the attributes only domain and removal matter for the length of one chain. A cookie for
        a domain that is not the host's, or is open to everybody, is left out (RFC 6265, 5.3)."""
        host = host_of(exchange.url)
        for name, value in exchange.response_headers:
            if name.lower() != "set-cookie":
                continue
            pair, _, written = value.partition(";")
            key, separator, content = pair.strip().partition("=")
            attributes = _attributes(written)
            domain = _domain(attributes) or host
            if not (key and separator) or not _may_set(host, domain):
                continue
            if _removes(attributes, exchange.fetched_at):
                self._kept.pop((domain, key), None)
            else:
                self._kept[domain, key] = _Cookie(content, of_host_only=_is_of_one_host(attributes, domain))

    def header_for(self, url: str) -> str:
        """The Cookie field for a request, as latin-1 like the fields of responses; empty when there is none to send."""
        host = host_of(url)
        return "; ".join(
            f"{key}={cookie.value}"
            for (domain, key), cookie in self._kept.items()
            if domain == host or (not cookie.of_host_only and _covers(domain, host))
        )


def _attributes(written: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for attribute in written.split(";"):
        name, _, value = attribute.partition("=")
        said[name.strip().lower()] = value.strip()
    return said


def _domain(attributes: dict[str, str]) -> str:
    """The domain that a cookie is said to be for, empty when nothing is said of it."""
    written = attributes.get("domain", "").removeprefix(".")
    try:
        return ascii_host(written.encode("latin-1").decode("utf-8"))
    except ValueError:  # no name of a host: it covers none
        return written


def _may_set(host: str, domain: str) -> bool:
    return domain == host or (_covers(domain, host) and not _is_open_to_everybody(domain))


def _covers(domain: str, host: str) -> bool:
    return host.endswith(f".{domain}") and literal_address(host) is None


def _is_of_one_host(attributes: dict[str, str], domain: str) -> bool:
    return not attributes.get("domain") or _is_open_to_everybody(domain)


def _is_open_to_everybody(domain: str) -> bool:
    """Whether names directly below a domain are given to anybody, as far as its form tells. There is no list of them here; what
    its form does not tell (github.io) does no harm: a chain goes to hosts of its target's scope only, whatever its cookies are for."""
    above, dot, top = domain.partition(".")
    if not dot:
        return True
    return (len(top) == 2 and above in _BELOW_COUNTRIES) or (top == "cn" and above in _PROVINCES)


def _removes(attributes: dict[str, str], now: datetime) -> bool:
    """Whether a cookie is over as soon as it is set, which is how servers take one back (RFC 6265, 5.2 and 5.3)."""
    if _SECONDS.fullmatch(age := attributes.get("max-age", "")):
        return age.startswith("-") or not age.strip("0")
    try:
        ends = parsedate_to_datetime(attributes.get("expires", ""))
    except (ValueError, OverflowError):  # no date, or a number that no calendar knows
        return False
    return (ends if ends.tzinfo else ends.replace(tzinfo=UTC)) <= now
