"""All that is known of an institution or of whoever is behind a number, for one page of the desk or of a terminal."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from domain.brand_book import BrandBook
from domain.brand_hosts import official_brand
from domain.certificates import CertificateJudgement, parse_certificate
from domain.contacts import find_contacts
from domain.identifiers import find_identifiers
from domain.identity import IdentityLink, Node, NodeKind, Place, plain, public_account, site_of
from domain.identity_links import contact_node, number_node, phone_key
from domain.institutions import RegisteredInstitution
from domain.operators import JudgedEdge, OperatorCluster
from domain.practitioners import PractitionerSeen
from domain.risk import ConfirmedCase, RiskRating, SeenFinding

#: Places where a page names its own operator, not just somebody.
NAMING = frozenset({Place.SITE_NAME, Place.COPYRIGHT, Place.TITLE, Place.HEADER, Place.STRUCTURED_DATA})
_HOST = re.compile(
    r"(?:https?://)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z][a-z0-9-]+)\.?(?::\d+)?(?:[/?#].*)?", re.IGNORECASE
)
_ACCOUNT = re.compile(r"[A-Za-z][-_A-Za-z0-9]{5,19}")
_PHONE = re.compile(r"[\d+() -]{7,20}")


@dataclass(frozen=True, slots=True)
class CertificateSeen:
    """A certificate number as a page shows it, the addresses that show it, and what can be said of it today."""

    number: str
    urls: tuple[str, ...]
    judged: CertificateJudgement


@dataclass(frozen=True, slots=True)
class OperatorProfile:
    """`clusters` are the operators that what was asked for leads to, the first the nearest; `mentions` are edges to it that
    join nobody. `findings`, `confirmed`, `certificates` and `rating` are of all `clusters` together. `same_name` are confirmed
    cases on other sites whose institution has the same name, which may be another one; no rating counts them.
    `practitioners` are doctors whom the operator's newest pages name, held against `practitioner_lists`: (source, day, rows) of the
    lists that have practitioners of the institution."""

    asked: str
    registered: tuple[RegisteredInstitution, ...]
    clusters: tuple[OperatorCluster, ...]
    mentions: tuple[JudgedEdge, ...]
    findings: tuple[SeenFinding, ...]
    confirmed: tuple[ConfirmedCase, ...]
    same_name: tuple[ConfirmedCase, ...]
    certificates: tuple[CertificateSeen, ...]
    rating: RiskRating
    practitioners: tuple[PractitionerSeen, ...] = ()
    practitioner_lists: tuple[tuple[str, date, int], ...] = ()
    complete: bool = True

    @property
    def subjects(self) -> tuple[Node, ...]:
        """Sites and accounts of all clusters."""
        found = (subject for cluster in self.clusters for subject in cluster.subjects)
        return tuple(subject for subject in found if subject.kind is not NodeKind.REGISTERED)

    @property
    def is_empty(self) -> bool:
        return not (self.registered or self.clusters or self.mentions or self.same_name)


def nodes_meant(asked: str) -> tuple[Node, ...]:
    """What a person may mean who types a name, number, account or address; the likeliest first."""
    text = asked.strip()
    found = [node for number in find_identifiers(f"信用代码：{text}") if (node := number_node(number)) is not None]
    if (certificate := parse_certificate(text)) is not None:
        found.append(Node(NodeKind.CERTIFICATE, certificate.key))
    found += [contact_node(contact) for contact in find_contacts(text)]
    if match := _HOST.fullmatch(text):
        site = site_of(match[1])
        found += [site, Node(NodeKind.DOMAIN, site.key)]
    if _PHONE.fullmatch(text):
        found.append(Node(NodeKind.PHONE, phone_key(text)))
    if _ACCOUNT.fullmatch(text):
        found.append(Node(NodeKind.ACCOUNT, f"wechat:{text.lower()}"))
    if text.isdigit():
        found.append(Node(NodeKind.ACCOUNT, f"qq:{text}"))
    if not found and text:
        found += [public_account(text), Node(NodeKind.INSTITUTION, plain(text)), Node(NodeKind.BRAND, plain(text))]
    return tuple(dict.fromkeys(found))


def names_itself(link: IdentityLink) -> bool:
    """Whether by this link a site gives its own name."""
    return link.node.kind is NodeKind.INSTITUTION and link.place in NAMING


def official_owners(profile: OperatorProfile, book: BrandBook) -> dict[str, str]:
    """Those of its sites that lie under the official domain of a well-known hospital, with the owner's name."""
    owners = {}
    for subject in profile.subjects:
        if subject.kind is NodeKind.SITE and (brand := official_brand(subject.key, book)) is not None:
            owners[subject.key] = brand.owner
    return owners


def names_of(clusters: Iterable[OperatorCluster]) -> tuple[str, ...]:
    """How the sites call themselves, the name on most sites first."""
    shown: dict[str, set[Node]] = {}
    for cluster in clusters:
        for item in cluster.edges:
            if names_itself(item.edge.link):
                shown.setdefault(item.edge.link.label, set()).add(item.edge.link.subject)
    return tuple(sorted(shown, key=lambda name: (-len(shown[name]), name)))
