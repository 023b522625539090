"""Which links tie a site to its operator and which only say what else it mentions: the data of `lexicons/registry/identity.toml`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.identity import NODE_ZH, PLACE_ZH, IdentityLink, Node, NodeKind, Place


@dataclass(frozen=True, slots=True)
class Binding:
    """When numbers of one kind join sites; see the head of `identity.toml`."""

    places: frozenset[Place]
    most_subjects: int
    most_per_subject: int


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """`public` are keys, by kind, that are nobody's own; for domains all that lies below them is meant, too."""

    binds: Mapping[NodeKind, Binding]
    ad_kinds: frozenset[NodeKind]
    ad_most_per_subject: int
    not_own_words: tuple[str, ...]
    unbinding_codes: tuple[str, ...]
    public: Mapping[NodeKind, frozenset[str]]
    two_part_suffixes: frozenset[str]

    def registrable_domain(self, host: str) -> str:
        """The domain that somebody registered, of which the host is part; empty for an ending."""
        labels = host.split(".")
        size = 3 if ".".join(labels[-2:]) in self.two_part_suffixes else 2
        return ".".join(labels[-size:]) if len(labels) >= size else ""

    def is_public(self, node: Node) -> bool:
        """Whether a node is known to be no operator's own; a number that a template was delivered with is nobody's either."""
        if node.kind in (NodeKind.SITE, NodeKind.DOMAIN):
            labels = node.key.split(".")
            listed = self.public[NodeKind.DOMAIN]
            return any(".".join(labels[first:]) in listed for first in range(len(labels)))
        if node.kind is NodeKind.CODE_TARGET and node.key.startswith(self.unbinding_codes):
            return True
        return node.key in self.public.get(node.kind, frozenset()) or _is_placeholder(node)

    def objection(self, link: IdentityLink) -> str:
        """Why a link by itself does not tie its subject to an operator (Chinese); empty when it may."""
        binding = self.binds.get(link.node.kind)
        official = link.place is Place.REGISTRY and link.node.kind is NodeKind.SITE
        if binding is None and not official:
            return f"{NODE_ZH[link.node.kind]}可为多家共用"
        if self.is_public(link.node):
            return "公共号码或公共平台"
        if binding is None or link.place is Place.REGISTRY:
            return ""
        if self.is_public(link.subject):
            return "公共平台上的页面"
        if link.node.kind is NodeKind.DOMAIN and link.node.key != self.registrable_domain(link.subject.key):
            return "不是注册域名"
        if link.place not in binding.places and not self.may_bind_as_ad(link):
            return f"位于{PLACE_ZH[link.place]}"
        before, _, _ = link.quote.partition(link.label)
        if word := next((word for word in self.not_own_words if word in before), ""):
            return f"注明“{word}”"
        return ""

    def may_bind_as_ad(self, link: IdentityLink) -> bool:
        return link.place is Place.AD and link.node.kind in self.ad_kinds

    def binding_places(self) -> frozenset[Place]:
        """All places in which anything may bind."""
        return frozenset(place for binding in self.binds.values() for place in binding.places) | {Place.AD}


def _is_placeholder(node: Node) -> bool:
    """000-00000000, 京ICP备88888888: one digit only, of numbers that count upwards."""
    if node.kind not in (NodeKind.PHONE, NodeKind.ICP, NodeKind.PSB):
        return False
    digits = node.key[-8:]
    return digits.isdigit() and len(set(digits)) == 1


def identity_policy(data: Mapping[str, Any]) -> IdentityPolicy:
    """From `registry/identity.toml`. Raises KeyError, TypeError or ValueError when it does not hold what it should."""
    return IdentityPolicy(
        binds={
            NodeKind(kind): Binding(
                frozenset(map(Place, row["places"])), int(row["most_subjects"]), int(row["most_per_subject"])
            )
            for kind, row in data["binds"].items()
        },
        ad_kinds=frozenset(map(NodeKind, data["advertisement"]["kinds"])),
        ad_most_per_subject=int(data["advertisement"]["most_per_subject"]),
        not_own_words=tuple(data["not_own"]["words"]),
        unbinding_codes=tuple(f"{kind}:" for kind in data["code_kinds"]["not_binding"]),
        public={NodeKind(kind): frozenset(keys) for kind, keys in data["public"].items()},
        two_part_suffixes=frozenset(data["suffixes"]["two_part"]),
    )
