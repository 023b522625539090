"""Gathers all that is known of an institution, or of whoever is behind a number, from registry, nights and decisions."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Engine

from domain.beijing import BEIJING
from domain.certificates import CertificateContext, judge_certificate, parse_certificate
from domain.identity import Node, NodeKind, Place, plain, public_account, site_of
from domain.identity_policy import IdentityPolicy
from domain.institutions import RegisteredInstitution
from domain.operator_profile import CertificateSeen, OperatorProfile, names_itself, names_of, nodes_meant
from domain.operators import JudgedEdge, OperatorCluster
from domain.practitioners import PractitionerBook, PractitionerSeen, seen_on_pages
from domain.risk import RiskWeights, rate_risk
from storage.operators.identity_graph import IdentityGraph
from storage.operators.operator_history import cases_of_names, confirmed_cases, findings_of, texts_of
from storage.operators.practitioners import SqlPractitioners
from storage.operators.registry import SqlRegistry

_CLUSTER_ID = re.compile(r"op-[0-9a-f]{12}")
_MOST_CLUSTERS = 8
_MOST_MENTIONS = 100


class OperatorProfiles:
    """`domain.operator_profile` over SQL. What it says is of the moment: nothing is stored."""

    def __init__(
        self, engine: Engine, policy: IdentityPolicy, weights: RiskWeights, practitioners: PractitionerBook
    ) -> None:
        self._engine = engine
        self._weights = weights
        self._graph = IdentityGraph(engine, policy)
        self._registry = SqlRegistry(engine)
        self._practitioners = SqlPractitioners(engine)
        self._forms = practitioners

    def of(self, asked: str, now: datetime) -> OperatorProfile:
        """What is known of a name, code, number, account, domain or address; empty when nothing is."""
        registered = self._registered(asked)
        meant = nodes_meant(asked)
        if _CLUSTER_ID.fullmatch(asked.strip()):
            founder = self._graph.founder(asked.strip())
            meant = (founder,) if founder is not None else ()
        clusters: dict[str, OperatorCluster] = {}
        mentions: dict[JudgedEdge, None] = {}
        complete = True
        for node in dict.fromkeys((*meant, *_nodes_of(registered))):
            if len(clusters) >= _MOST_CLUSTERS:
                complete = False
                break
            around = self._graph.around(node)
            complete = complete and around.complete
            if around.cluster is not None:
                clusters.setdefault(around.cluster.id, around.cluster)
            mentions |= dict.fromkeys(around.mentions)
        for subject in _naming_themselves(mentions, meant):
            if len(clusters) >= _MOST_CLUSTERS:
                complete = False
                break
            if (cluster := self._graph.around(subject).cluster) is not None:
                clusters.setdefault(cluster.id, cluster)
        return self._profile(asked, registered, tuple(clusters.values()), tuple(mentions), now, complete)

    def _profile(
        self,
        asked: str,
        registered: Sequence[RegisteredInstitution],
        clusters: tuple[OperatorCluster, ...],
        mentions: Sequence[JudgedEdge],
        now: datetime,
        complete: bool,
    ) -> OperatorProfile:
        edges = {item for cluster in clusters for item in cluster.edges}
        known = tuple(dict.fromkeys((*registered, *self._of_clusters(clusters))))
        subjects = [subject for cluster in clusters for subject in cluster.subjects]
        speaking = [subject for subject in subjects if subject.kind is not NodeKind.REGISTERED]
        findings = findings_of(self._engine, speaking)
        confirmed = confirmed_cases(self._engine, speaking)
        of_pages = {case.item_id for case in confirmed}
        names = [name for institution in known for name in (institution.name, *institution.aliases)]
        same_name = tuple(
            case for case in cases_of_names(self._engine, (asked, *names)) if case.item_id not in of_pages
        )
        doctors = seen_on_pages(
            texts_of(self._engine, speaking, [item.edge.page_id for item in edges if item.edge.page_id]), self._forms
        )
        lists = self._practitioners.of(names or names_of(clusters), list(doctors))
        shown = (*(item for cluster in clusters for item in cluster.edges), *mentions)
        return OperatorProfile(
            asked=asked,
            registered=known,
            clusters=clusters,
            mentions=tuple(item for item in mentions if item not in edges)[:_MOST_MENTIONS],
            findings=findings,
            confirmed=confirmed,
            same_name=same_name,
            certificates=self._certificates(shown, known, now),
            rating=rate_risk(findings, confirmed, len(speaking), now, self._weights),
            practitioners=tuple(
                PractitionerSeen(name, title, urls, name in lists.registered if lists.lists else None)
                for name, (title, urls) in doctors.items()
            ),
            practitioner_lists=lists.lists,
            complete=complete,
        )

    def _registered(self, asked: str) -> tuple[RegisteredInstitution, ...]:
        text = asked.strip()
        found = list(self._registry.find((text,), (text,), (text,), (text,), (text,)))
        if (record := self._registry.certificate(text)) is not None:
            found += self._registry.find((record.holder,))
        return tuple(dict.fromkeys(found))

    def _of_clusters(self, clusters: Iterable[OperatorCluster]) -> Iterable[RegisteredInstitution]:
        """The rows of the registry that belong to the clusters."""
        keys = [node.key for cluster in clusters for node in cluster.subjects if node.kind is NodeKind.REGISTERED]
        return self._registry.by_row_keys(keys)

    def _certificates(
        self, edges: Iterable[JudgedEdge], known: Sequence[RegisteredInstitution], now: datetime
    ) -> tuple[CertificateSeen, ...]:
        """Each number that a site shows, held against the registry as it is today."""
        shown: dict[str, list[JudgedEdge]] = {}
        for item in edges:
            if item.edge.link.node.kind is NodeKind.CERTIFICATE and item.edge.link.place is not Place.REGISTRY:
                shown.setdefault(item.edge.link.node.key, []).append(item)
        names = tuple(name for institution in known for name in (institution.name, *institution.aliases))
        region = next((institution.region_code for institution in known if institution.region_code), "")
        context = CertificateContext(now.astimezone(BEIJING).date(), None, names, region)
        seen = []
        for items in shown.values():
            number = items[0].edge.link.label
            if parse_certificate(number) is not None:
                judged = judge_certificate(number, context, self._registry.certificate(number))
                seen.append(CertificateSeen(number, tuple(dict.fromkeys(item.edge.url for item in items)), judged))
        return tuple(seen)


def _nodes_of(registered: Iterable[RegisteredInstitution]) -> Iterable[Node]:
    """By what an institution of the registry may be met on the web."""
    for institution in registered:
        if institution.credit_code:
            yield Node(NodeKind.CREDIT_CODE, institution.credit_code)
        if institution.licence:
            yield Node(NodeKind.LICENCE, institution.licence)
        yield from (site_of(host) for host in institution.domains)
        yield from (public_account(account) for account in institution.accounts)
        yield from (Node(NodeKind.INSTITUTION, plain(name)) for name in (institution.name, *institution.aliases))


def _naming_themselves(mentions: Iterable[JudgedEdge], meant: Sequence[Node]) -> Iterable[Node]:
    """Sites that call themselves by a name that was asked for."""
    subjects = (item.edge.link for item in mentions if names_itself(item.edge.link) and item.edge.link.node in meant)
    return dict.fromkeys(link.subject for link in subjects)
