"""How the targets of a night are divided: one site is never in two shards, so that one process minds its pace,
and sites of one server are not either, as far as that goes."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address

from crawler.addresses.urls import host_of
from domain.visits import TargetInNight

#: Second-level labels under a country code that are not themselves somebody's name: `x.com.cn` is a site, `com.cn` none.
_REGISTRY_LABELS = frozenset({"com", "net", "org", "gov", "edu", "ac", "mil", "co"})


def site_key(url: str) -> str:
    """The name under which one operator's hosts fall together: `www.a.com.cn` and `m.a.com.cn` give `a.com.cn`."""
    host = host_of(url)
    try:
        return str(ip_address(host))
    except ValueError:
        labels = host.split(".")
    keep = 3 if len(labels) > 2 and len(labels[-1]) == 2 and _is_registry(labels[-2]) else 2
    return ".".join(labels[-keep:])


def _is_registry(label: str) -> bool:
    # Provinces register under their own two letters: `bj.cn`, `sh.cn`.
    return label in _REGISTRY_LABELS or len(label) == 2


def divide(
    targets: Sequence[TargetInNight], shards: int, addresses: Mapping[str, str] | None = None
) -> list[list[TargetInNight]]:
    """At most `shards` lists of about the same work, none empty; the longest groups of sites are dealt out first.

    Sites that one server answered for last (`addresses` by host name) stay together, so that one process minds how much is asked
    of that server; except where they are more work than one shard's share, as those behind a large host or a proxy are. The work of
    a site is the time its budget takes at its own pace, the bound of a polite crawl.
    """
    sites: dict[str, list[TargetInNight]] = {}
    for target in targets:
        sites.setdefault(site_key(target.target.url), []).append(target)
    loads = {
        site: sum(each.target.max_pages * (each.target.delay_seconds + 1.0) for each in members)
        for site, members in sites.items()
    }
    groups = _at_one_server(sites, loads, addresses or {}, sum(loads.values()) / shards)
    parts: list[list[TargetInNight]] = [[] for _ in range(min(shards, len(groups)))]
    weights = [0.0] * len(parts)
    for group in sorted(groups, key=lambda group: (-sum(map(loads.__getitem__, group)), group)):
        lightest = weights.index(min(weights))
        for site in group:
            parts[lightest] += sites[site]
            weights[lightest] += loads[site]
    return parts


def _at_one_server(
    sites: Mapping[str, Sequence[TargetInNight]],
    loads: Mapping[str, float],
    addresses: Mapping[str, str],
    most: float,
) -> list[list[str]]:
    """The sites in groups, each of those that share servers, directly or by way of one another; a group of more work than `most`
    is left as single sites."""
    group_of = {site: [site] for site in sites}
    first_at: dict[str, str] = {}
    for site, members in sites.items():
        hosts = {host_of(member.target.url) for member in members}
        for address in sorted({addresses[host] for host in hosts if host in addresses}):
            other = group_of[first_at.setdefault(address, site)]
            mine = group_of[site]
            if other is not mine:
                other += mine
                group_of.update(dict.fromkeys(mine, other))
    groups = {id(group): group for group in group_of.values()}.values()
    return [
        part
        for group in groups
        for part in ([group] if sum(map(loads.__getitem__, group)) <= most else [[site] for site in group])
    ]
