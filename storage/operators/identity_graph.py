"""Reads the identity graph: the operator around one of its nodes, and all operators of several sites."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, func, literal, select, tuple_, union

from domain.identity import IdentityEdge, IdentityLink, Node, NodeKind, Place, registry_edges
from domain.identity_policy import IdentityPolicy
from domain.operators import JudgedEdge, OperatorCluster, cluster_id, cluster_with, clusters_of, judge_edges
from storage.operators.registry import SqlRegistry
from storage.tables import identity_links, pages, registry_institutions, registry_keys

_SPEAKING = (NodeKind.SITE, NodeKind.ACCOUNT)
"""Kinds that are subjects of what pages say, and may be nodes of what the registry says."""
_AT_ONCE = 400
_MOST_SUBJECTS = 2000
_EDGES_OF_NODE = 200
"""Edges shown of a node that joins nobody."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a node. `cluster` is None when no site or account is tied to it by what joins; `mentions` are
    edges of the node that join nobody. `complete` is false when the cluster was too large to be gathered as a whole."""

    node: Node
    cluster: OperatorCluster | None
    mentions: tuple[JudgedEdge, ...]
    complete: bool = True


class IdentityGraph:
    """Reads the graph. Links are stored as they were seen; which of them join is decided by the policy when they are read."""

    def __init__(self, engine: Engine, policy: IdentityPolicy) -> None:
        self._engine = engine
        self._policy = policy
        self._registry = SqlRegistry(engine)

    def around(self, node: Node) -> Surroundings:
        """The operator that a node belongs to, gathered step by step over what joins."""
        with self._engine.connect() as connection:
            gathering = _Gathering(connection, self._policy, self._registry)
            cluster = gathering.cluster_of(node)
            if cluster is not None and not _size(cluster):  # rows of the registry alone are no operator that was met
                cluster = None
            mentions = [item for item in gathering.edges_to(node) if cluster is None or item not in cluster.edges]
            return Surroundings(node, cluster, tuple(mentions[:_EDGES_OF_NODE]), gathering.complete)

    def founder(self, identity: str) -> Node | None:
        """The site or account that a cluster's id was made from. It may be part of a larger cluster by now."""
        columns = (identity_links.c.subject_kind, identity_links.c.subject_key)
        with self._engine.connect() as connection:
            for kind, key in connection.execute(select(*columns).distinct()):
                subject = Node(NodeKind(kind), key)
                if cluster_id(subject) == identity:
                    return subject
        return None

    def clusters(self, smallest: int = 2) -> list[OperatorCluster]:
        """All operators of at least so many sites and accounts, largest first; their edges are those that join only."""
        with self._engine.connect() as connection:
            edges = list(_all_binding(connection, self._policy))
            edges.extend(self._official(edges))
        judged = [item for item in judge_edges(edges, self._policy) if item.binds or item.edge.link.place is Place.HOST]
        found = [cluster for cluster in clusters_of(judged) if _size(cluster) >= smallest]
        return sorted(found, key=lambda cluster: (-_size(cluster), cluster.id))

    def _official(self, edges: Sequence[IdentityEdge]) -> Iterator[IdentityEdge]:
        """The registry's edges of institutions that any of the nodes is of."""
        for key, institution in self._registry.of_nodes(_registry_keys(edge.link for edge in edges)):
            yield from registry_edges(institution, key)


class _Gathering:
    """One cluster, grown from a node: the edges of its subjects, then the subjects of its nodes, until nothing is new."""

    def __init__(self, connection: Connection, policy: IdentityPolicy, registry: SqlRegistry) -> None:
        self._connection = connection
        self._policy = policy
        self._registry = registry
        self._edges: dict[tuple[Node, Node, Place], IdentityEdge] = {}
        self._subjects: set[Node] = set()
        self._nodes: set[Node] = set()
        self._hubs: set[Node] = set()
        self.complete = True

    def cluster_of(self, start: Node) -> OperatorCluster | None:
        self._take_nodes([start])
        self._take_subjects([start])
        while True:
            cluster = cluster_with(start, judge_edges(self._edges.values(), self._policy, self._hubs))
            if cluster is None:
                return None
            new_nodes = [node for node in (*cluster.shared, *cluster.subjects) if node not in self._nodes]
            new_subjects = [
                node
                for node in (*cluster.subjects, *cluster.shared)
                if node.kind in _SPEAKING and node not in self._subjects
            ]
            if not new_nodes and not new_subjects:
                return cluster
            if len(self._subjects) + len(new_subjects) > _MOST_SUBJECTS:
                self.complete = False
                return cluster
            self._take_nodes(new_nodes)
            self._take_subjects(new_subjects)

    def edges_to(self, node: Node) -> list[JudgedEdge]:
        """All that mention a node, also where it joins nobody; of the subjects in hand and of at most some hundred others."""
        query = _edges().where(identity_links.c.key == node.key, identity_links.c.kind == node.kind.value)
        rows = self._connection.execute(query.order_by(identity_links.c.first_seen).limit(_EDGES_OF_NODE))
        edges = {_edge_id(edge): edge for edge in map(_edge_of, rows)} | self._edges
        judged = judge_edges(edges.values(), self._policy, self._hubs)
        return [item for item in judged if item.edge.link.node == node]

    def _take_nodes(self, nodes: Sequence[Node]) -> None:
        """The subjects that show some nodes where a node may join; all edges of those subjects."""
        self._nodes.update(nodes)
        table = identity_links.c
        places = [place.value for place in self._policy.binding_places()]
        subjects: list[Node] = []
        for node in nodes:
            binding = self._policy.binds.get(node.kind)
            if binding is None or self._policy.is_public(node):
                continue
            here = (table.key == node.key, table.kind == node.kind.value, table.place.in_(places))
            found = self._connection.execute(
                select(table.subject_kind, table.subject_key).where(*here).distinct().limit(binding.most_subjects + 1)
            ).all()
            if len(found) > binding.most_subjects:
                self._hubs.add(node)
                continue
            subjects.extend(Node(NodeKind(row.subject_kind), row.subject_key) for row in found)
        self._take_subjects(subjects)
        self._take_registered(nodes)

    def _take_subjects(self, subjects: Iterable[Node]) -> None:
        new = sorted({subject for subject in subjects if subject not in self._subjects})
        self._subjects.update(new)
        table = identity_links.c
        for first in range(0, len(new), _AT_ONCE):
            some = [(subject.key, subject.kind.value) for subject in new[first : first + _AT_ONCE]]
            rows = self._connection.execute(_edges().where(tuple_(table.subject_key, table.subject_kind).in_(some)))
            self._edges |= {_edge_id(edge): edge for edge in map(_edge_of, rows)}

    def _take_registered(self, nodes: Sequence[Node]) -> None:
        for key, institution in self._registry.of_nodes(_keys_of_nodes(nodes)):
            edges = list(registry_edges(institution, key))
            self._edges |= {_edge_id(edge): edge for edge in edges}
            self._subjects.add(Node(NodeKind.REGISTERED, key))


def _edge_id(edge: IdentityEdge) -> tuple[Node, Node, Place]:
    return edge.link.subject, edge.link.node, edge.link.place


def _edges() -> Select[Any]:
    return select(identity_links, pages.c.url).join(pages, pages.c.id == identity_links.c.page_id)


def _edge_of(row: Row[Any]) -> IdentityEdge:
    link = IdentityLink(
        subject=Node(NodeKind(row.subject_kind), row.subject_key),
        node=Node(NodeKind(row.kind), row.key),
        place=Place(row.place),
        label=row.label,
        quote=row.quote,
    )
    return IdentityEdge(link, row.first_seen, row.last_seen, row.page_id, row.url, row.last_page_id)


def _all_binding(connection: Connection, policy: IdentityPolicy) -> Iterator[IdentityEdge]:
    """Every edge of a kind and a place that may join, of subjects that have a node in common with another or with the registry."""
    table = identity_links.c
    kinds = [kind.value for kind in policy.binds]
    places = [place.value for place in policy.binding_places()]
    may_join = (table.kind.in_(kinds), table.place.in_(places))
    nodes: dict[tuple[str, str], Node] = {}

    def node(kind: str, key: str) -> Node:
        return nodes.get((kind, key)) or nodes.setdefault((kind, key), Node(NodeKind(kind), key))

    subjects = union(_sharing(*may_join), *_registered()).subquery()
    of_subjects = and_(table.subject_key == subjects.c.subject_key, table.subject_kind == subjects.c.subject_kind)
    query = select(identity_links).join(subjects, of_subjects).where(*may_join)
    for row in connection.execution_options(yield_per=5000).execute(query):
        link = IdentityLink(
            node(row.subject_kind, row.subject_key), node(row.kind, row.key), Place(row.place), row.label, row.quote
        )
        yield IdentityEdge(link, row.first_seen, row.last_seen, row.page_id, "", row.last_page_id)


def _sharing(*may_join: ColumnElement[bool]) -> Select[Any]:
    """Subjects with a node that another has too."""
    table = identity_links.c
    shared = (
        select(table.kind, table.key)
        .where(*may_join)
        .group_by(table.kind, table.key)
        .having(func.count(table.subject_key.distinct()) > 1)
        .subquery()
    )
    same = and_(table.key == shared.c.key, table.kind == shared.c.kind)
    return select(table.subject_key, table.subject_kind).join(shared, same).where(*may_join).distinct()


def _registered() -> Iterator[Select[Any]]:
    """Subjects with a node that the registry knows. A site's own host is among its domains."""
    table, keys, rows = identity_links.c, registry_keys.c, registry_institutions.c
    subject = select(table.subject_key, table.subject_kind)
    for of_registry, same in (
        (registry_keys, and_(keys.kind == "domain", table.kind == NodeKind.DOMAIN.value, keys.key == table.key)),
        (registry_keys, and_(keys.kind == "domain", table.kind == NodeKind.DOMAIN.value, keys.key == _WWW + table.key)),
        (registry_keys, and_(keys.kind == "account", _PUBLIC + keys.key == table.key)),
        (registry_institutions, and_(table.kind == NodeKind.CREDIT_CODE.value, rows.credit_code == table.key)),
        (registry_institutions, and_(table.kind == NodeKind.LICENCE.value, rows.licence == table.key)),
    ):
        yield subject.join(of_registry, same).distinct()


_WWW, _PUBLIC = literal("www."), literal("public:")


def _registry_keys(links: Iterable[IdentityLink]) -> dict[str, set[str]]:
    nodes: set[Node] = set()
    for link in links:
        nodes.update((link.subject, link.node))
    return _keys_of_nodes(nodes)


def _keys_of_nodes(nodes: Iterable[Node]) -> dict[str, set[str]]:
    """Under which keys the registry may have nodes: its domains are hosts, its accounts public ones."""
    keys: dict[str, set[str]] = {}
    for node in nodes:
        match node.kind:
            case NodeKind.SITE:
                keys.setdefault("domain", set()).update((node.key, f"www.{node.key}"))
            case NodeKind.DOMAIN | NodeKind.CREDIT_CODE | NodeKind.LICENCE:
                keys.setdefault(node.kind.value, set()).add(node.key)
            case NodeKind.ACCOUNT if node.key.startswith("public:"):
                keys.setdefault("account", set()).add(node.key.removeprefix("public:"))
            case _:
                pass
    return keys


def _size(cluster: OperatorCluster) -> int:
    return sum(1 for subject in cluster.subjects if subject.kind is not NodeKind.REGISTERED)
