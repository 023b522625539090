"""How the targets of a night are divided: one site is never in two shards, so that one process minds its pace."""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from domain.visits import TargetInNight

#: Second-level labels under a country code that are not themselves somebody's name: `x.com.cn` is a site, `com.cn` none.
_REGISTRY_LABELS = frozenset({"com", "net", "org", "gov", "edu", "ac", "mil", "co"})


def site_key(url: str) -> str:
    """The name under which one operator's hosts fall together: `www.a.com.cn` and `m.a.com.cn` give `a.com.cn`."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.split(".")
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and _is_registry(labels[-2]) else 2
    return ".".join(labels[-keep:])


def _is_registry(label: str) -> bool:
    # Provinces register under their own two letters: `bj.cn`, `sh.cn`.
    return label in _REGISTRY_LABELS or len(label) == 2


def divide(targets: Sequence[TargetInNight], shards: int) -> list[list[TargetInNight]]:
    """At most `shards` lists of about the same work, none empty; the longest sites are dealt out first.

    The work of a site is the time its budget takes at its own pace, the bound of a polite crawl.
    """
    sites: dict[str, list[TargetInNight]] = {}
    for target in targets:
        sites.setdefault(site_key(target.target.url), []).append(target)
    loads = {
        site: sum(each.target.max_pages * (each.target.delay_seconds + 1.0) for each in members)
        for site, members in sites.items()
    }
    parts: list[list[TargetInNight]] = [[] for _ in range(min(shards, len(sites)))]
    weights = [0.0] * len(parts)
    for site in sorted(sites, key=lambda name: (-loads[name], name)):
        lightest = weights.index(min(weights))
        parts[lightest] += sites[site]
        weights[lightest] += loads[site]
    return parts
