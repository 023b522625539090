"""Who is behind a page: everything known of an operator, with the page that proved each thing."""

from collections import Counter
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from domain.identity import NODE_ZH, PLACE_ZH, NodeKind
from domain.identity_picture import identity_picture
from domain.operator_profile import OperatorProfile, names_of
from domain.operators import JudgedEdge, OperatorCluster
from domain.risk import LEVEL_ZH
from domain.roles import Act
from review.web.guard import Page
from review.web.problems import not_found
from review.web.visit import Visit

_LONGEST_QUESTION = 2000
_EDGES_SHOWN = 60
_SITES_SHOWN = 60
_FINDINGS_SHOWN = 60


def show(visit: Visit) -> Response:
    """What is known of a name, number, account or address; the form alone when nothing is asked."""
    asked = visit.query("of", _LONGEST_QUESTION).strip()
    if not asked:
        return visit.page("operator.html", asked="", profile=None)
    profile = _profile(visit, asked)
    clusters = [_cluster(asked, number, cluster) for number, cluster in enumerate(profile.clusters)]
    return visit.page(
        "operator.html",
        asked=asked,
        profile=profile,
        names=names_of(profile.clusters),
        level=LEVEL_ZH[profile.rating.level],
        clusters=clusters,
        mentions=_edges(profile.mentions),
        findings=profile.findings[:_FINDINGS_SHOWN],
        title_of=visit.desk.lexicon.reference.title_of,
        more_findings=max(0, len(profile.findings) - _FINDINGS_SHOWN),
    )


def picture(visit: Visit) -> Response:
    """One of its clusters as a picture."""
    profile = _profile(visit, visit.query("of", _LONGEST_QUESTION).strip())
    number = visit.query("cluster", 2) or "0"
    if not number.isdecimal() or int(number) >= len(profile.clusters):
        raise not_found("没有这张图")
    drawn = identity_picture(profile.clusters[int(number)])
    return Response(drawn, media_type="image/svg+xml", headers={"cache-control": "private, max-age=60"})


def _profile(visit: Visit, asked: str) -> OperatorProfile:
    """Raises Problem when the desk has no registry to ask, and for institutions that the person has asked not to be shown: they are
    as if nothing were known of them."""
    operators = visit.desk.lexicon.operators
    if operators is None:
        raise not_found("未载入身份图谱的规则")
    profile = operators(asked, visit.desk.clock())
    if visit.desk.conflicts.meant_operator(visit.account, _all_names(profile), profile.subjects):
        raise not_found("没有这个经营者")
    return profile


def _all_names(profile: OperatorProfile) -> set[str]:
    """Every name by which the operator may be known."""
    edges = [item for cluster in profile.clusters for item in cluster.edges] + list(profile.mentions)
    named = [item.edge.link.label for item in edges if item.edge.link.node.kind is NodeKind.INSTITUTION]
    registered = [name for one in profile.registered for name in (one.name, *one.aliases)]
    return {profile.asked, *named, *registered}


def _cluster(asked: str, number: int, cluster: OperatorCluster) -> dict[str, Any]:
    sites = [node for node in cluster.subjects if node.kind is not NodeKind.REGISTERED]
    return {
        "id": cluster.id,
        "sites": [(NODE_ZH[node.kind], node.key.partition(":")[2] or node.key) for node in sites[:_SITES_SHOWN]],
        "more_sites": max(0, len(sites) - _SITES_SHOWN),
        "picture": f"/operators/picture.svg?of={quote(asked, safe='')}&cluster={number}",
        "joins": _edges([item for item in cluster.edges if item.binds]),
        "others": _edges([item for item in cluster.edges if not item.binds]),
        "counts": Counter(NODE_ZH[node.kind] for node in sites),
    }


def _edges(items: "tuple[JudgedEdge, ...] | list[JudgedEdge]") -> list[dict[str, Any]]:
    """Each with what proved it: the words, where they stand, on which page and when, or which list has it."""
    return [
        {
            "kind": NODE_ZH[item.edge.link.node.kind],
            "label": item.edge.link.label,
            "subject": item.edge.link.subject.key.partition(":")[2] or item.edge.link.subject.key,
            "place": PLACE_ZH[item.edge.link.place],
            "quote": item.edge.link.quote,
            "source": item.edge.source,
            "url": item.edge.url,
            "page_id": item.edge.page_id,
            "first_seen": item.edge.first_seen,
            "last_seen": item.edge.last_seen,
            "objection": item.objection,
        }
        for item in items[:_EDGES_SHOWN]
    ]


PAGES = (
    Page("GET", "/operators", show, Act.READ_ITEM, cost=5.0),
    Page("GET", "/operators/picture.svg", picture, Act.READ_ITEM, cost=5.0),
)
