"""Operators: sites and accounts joined by what only one operator has. Names and addresses are shown but join nobody.

A cluster's id follows from its oldest member, so it stays when others join, and is the same in whichever order the links
became known.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.identity import NODE_ZH, IdentityEdge, Node, NodeKind, Place
from domain.identity_policy import IdentityPolicy


@dataclass(frozen=True, slots=True)
class JudgedEdge:
    """`objection` says in Chinese why the edge joins nobody; empty for one that does."""

    edge: IdentityEdge
    objection: str = ""

    @property
    def binds(self) -> bool:
        return not self.objection


@dataclass(frozen=True, slots=True)
class OperatorCluster:
    """Sites and accounts of what is taken for one operator, oldest first; `shared` are the nodes that join them, those
    with most sites first. `edges` are all edges of the members, also those that join nobody."""

    id: str
    subjects: tuple[Node, ...]
    shared: tuple[Node, ...]
    edges: tuple[JudgedEdge, ...]


def judge_edges(edges: Iterable[IdentityEdge], policy: IdentityPolicy, hubs: Collection[Node] = ()) -> list[JudgedEdge]:
    """Each edge with what speaks against joining by it. All edges of every subject must be given; of a node that not all
    edges are given of, `hubs` must have it when too many subjects show it."""
    given = list(edges)
    objections = [policy.objection(edge.link) for edge in given]
    _object_to_directories(given, objections, policy)
    _object_to_bodies(given, objections, policy)
    crowded = set(hubs) | _crowded(given, objections, policy)
    return [
        JudgedEdge(edge, objection or ("显示它的网站过多" if edge.link.node in crowded else ""))
        for edge, objection in zip(given, objections, strict=True)
    ]


def clusters_of(judged: Iterable[JudgedEdge]) -> list[OperatorCluster]:
    """All operators, oldest first. A subject that nothing joins is a cluster of its own."""
    judged = list(judged)
    leaders = _joined(judged)
    members: dict[Node, list[JudgedEdge]] = defaultdict(list)
    for item in judged:
        members[_leader(leaders, item.edge.link.subject)].append(item)
    clusters = [_cluster(edges) for edges in members.values()]
    return [cluster for _, cluster in sorted(clusters, key=lambda pair: pair[0])]


def cluster_with(node: Node, judged: Iterable[JudgedEdge]) -> OperatorCluster | None:
    """The operator that has a subject, or that a node is tied to by an edge that joins."""
    for cluster in clusters_of(judged):
        if node in cluster.subjects or node in cluster.shared:
            return cluster
    return None


def _object_to_directories(edges: Sequence[IdentityEdge], objections: list[str], policy: IdentityPolicy) -> None:
    shown: dict[tuple[Node, NodeKind], set[Node]] = defaultdict(set)
    for edge, objection in zip(edges, objections, strict=True):
        if not objection and edge.link.place is not Place.AD:
            shown[edge.link.subject, edge.link.node.kind].add(edge.link.node)
    for row, edge in enumerate(edges):
        link = edge.link
        if objections[row] or link.place in (Place.AD, Place.REGISTRY):
            continue
        if len(shown[link.subject, link.node.kind]) > policy.binds[link.node.kind].most_per_subject:
            objections[row] = f"该站有过多{NODE_ZH[link.node.kind]}，疑为目录"


def _object_to_bodies(edges: Sequence[IdentityEdge], objections: list[str], policy: IdentityPolicy) -> None:
    """Numbers in advertisements are the site's own only where it has no others."""
    own: set[tuple[Node, NodeKind]] = set()
    in_ads: dict[tuple[Node, NodeKind], set[Node]] = defaultdict(set)
    for edge in edges:
        link = edge.link
        if link.place is Place.AD:
            in_ads[link.subject, link.node.kind].add(link.node)
        elif link.node.kind in policy.ad_kinds and link.place in policy.binds[link.node.kind].places:
            own.add((link.subject, link.node.kind))
    for row, edge in enumerate(edges):
        key = (edge.link.subject, edge.link.node.kind)
        if objections[row] or edge.link.place is not Place.AD:
            continue
        if key in own or len(in_ads[key]) > policy.ad_most_per_subject:
            objections[row] = "位于广告正文，该站另有自己的号码" if key in own else "位于广告正文，且不止一两个"


def _crowded(edges: Sequence[IdentityEdge], objections: Sequence[str], policy: IdentityPolicy) -> set[Node]:
    subjects = {
        (edge.link.node, edge.link.subject)
        for edge, objection in zip(edges, objections, strict=True)
        if not objection and edge.link.place is not Place.REGISTRY
    }
    counts = Counter(node for node, _ in subjects)
    return {node for node, count in counts.items() if count > policy.binds[node.kind].most_subjects}


def _joined(judged: Iterable[JudgedEdge]) -> dict[Node, Node]:
    leaders: dict[Node, Node] = {}
    for item in judged:
        link = item.edge.link
        subject = _leader(leaders, link.subject)
        if item.binds:
            node = _leader(leaders, link.node)
            if node != subject:
                leaders[node] = subject
    return leaders


def _leader(leaders: dict[Node, Node], node: Node) -> Node:
    leader = leaders.setdefault(node, node)
    while leader != (above := leaders[leader]):
        leaders[leader] = leader = leaders[above]
    leaders[node] = leader
    return leader


def _cluster(edges: list[JudgedEdge]) -> tuple[tuple[datetime, Node], OperatorCluster]:
    """With the time at which its oldest member was first seen, and that member."""
    seen = _first_seen(edges)
    bound: dict[Node, set[Node]] = defaultdict(set)
    for item in edges:
        if item.binds:
            bound[item.edge.link.node].add(item.edge.link.subject)
    subjects = sorted(seen, key=lambda subject: (subject.kind is NodeKind.REGISTERED, seen[subject], subject))
    shared = sorted(bound, key=lambda node: (-len(bound[node]), node))
    ordered = sorted(edges, key=lambda item: (item.edge.link.subject, item.edge.link.node, item.edge.link.place))
    oldest = subjects[0]
    return (seen[oldest], oldest), OperatorCluster(cluster_id(oldest), tuple(subjects), tuple(shared), tuple(ordered))


def _first_seen(edges: Iterable[JudgedEdge]) -> dict[Node, datetime]:
    seen: dict[Node, datetime] = {}
    for item in edges:
        subject, time = item.edge.link.subject, item.edge.first_seen
        seen[subject] = min(time, seen.get(subject, time))
    return seen


def cluster_id(subject: Node) -> str:
    """The id of an operator whose oldest member this is."""
    digest = hashlib.sha256(f"{subject.kind}\0{subject.key}".encode("utf-8", "surrogatepass")).hexdigest()
    return f"op-{digest[:12]}"
