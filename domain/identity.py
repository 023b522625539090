"""Who stands behind a page: what ties a site or an account to numbers, names and other sites, and where that was seen."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum

from domain.institutions import RegisteredInstitution


class NodeKind(StrEnum):
    SITE = "site"
    ACCOUNT = "account"
    DOMAIN = "domain"
    ICP = "icp"
    PSB = "psb"
    CREDIT_CODE = "credit-code"
    LICENCE = "licence"
    CERTIFICATE = "certificate"
    PHONE = "phone"
    CODE_TARGET = "code-target"
    ADDRESS = "address"
    INSTITUTION = "institution"
    BRAND = "brand"
    #: A row of the registry; its key is that of the row.
    REGISTERED = "registered"


NODE_ZH: dict[NodeKind, str] = {
    NodeKind.SITE: "网站",
    NodeKind.ACCOUNT: "账号",
    NodeKind.DOMAIN: "域名",
    NodeKind.ICP: "ICP备案号",
    NodeKind.PSB: "公安备案号",
    NodeKind.CREDIT_CODE: "信用代码",
    NodeKind.LICENCE: "登记号",
    NodeKind.CERTIFICATE: "审查证明",
    NodeKind.PHONE: "电话",
    NodeKind.CODE_TARGET: "二维码",
    NodeKind.ADDRESS: "地址",
    NodeKind.INSTITUTION: "机构名称",
    NodeKind.BRAND: "字号",
    NodeKind.REGISTERED: "名录记载",
}


class Place(StrEnum):
    """Where on a page something stood. `home` is the body of a site's first page, `ad` that of a page that is an
    advertisement, `body` that of any other."""

    HOST = "host"
    HEADER = "header"
    FOOTER = "footer"
    COPYRIGHT = "copyright"
    TITLE = "title"
    SITE_NAME = "site-name"
    STRUCTURED_DATA = "structured-data"
    CODE = "code"
    HOME = "home"
    AD = "ad"
    BODY = "body"
    FINDING = "finding"
    REGISTRY = "registry"


PLACE_ZH: dict[Place, str] = {
    Place.HOST: "网址",
    Place.HEADER: "页头",
    Place.FOOTER: "页脚",
    Place.COPYRIGHT: "版权行",
    Place.TITLE: "标题",
    Place.SITE_NAME: "站名",
    Place.STRUCTURED_DATA: "结构化数据",
    Place.CODE: "图中二维码",
    Place.HOME: "首页正文",
    Place.AD: "广告正文",
    Place.BODY: "正文",
    Place.FINDING: "线索",
    Place.REGISTRY: "名录",
}


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """`key` is the form in which two spellings of the same thing are equal; see `domain.identity_links`."""

    kind: NodeKind
    key: str

    def __str__(self) -> str:
        return f"{NODE_ZH[self.kind]} {self.key}"


@dataclass(frozen=True, slots=True)
class IdentityLink:
    """What one page says: `subject` (a site or an account) is tied to `node`. `label` is the node as written there,
    `quote` the words around it."""

    subject: Node
    node: Node
    place: Place
    label: str
    quote: str


@dataclass(frozen=True, slots=True)
class IdentityEdge:
    """A link and what proved it: pages, the first and the last that had it (aware UTC), or a source of the registry.

    `page_id` and `url` are those of the first page; `source` is empty then.
    """

    link: IdentityLink
    first_seen: datetime
    last_seen: datetime
    page_id: int | None = None
    url: str = ""
    last_page_id: int | None = None
    source: str = ""


def site_of(host: str) -> Node:
    """A host as a site: with and without `www.` it is the same."""
    return Node(NodeKind.SITE, host.lower().rstrip(".").removeprefix("www."))


def public_account(name: str) -> Node:
    return Node(NodeKind.ACCOUNT, f"public:{plain(name)}")


def plain(text: str) -> str:
    """Names and addresses as compared: without spaces, brackets, width and letter case."""
    return re.sub(r"[\s·•“”\"'()（）《》,，.。]", "", unicodedata.normalize("NFKC", text)).lower()


def registry_edges(institution: RegisteredInstitution, key: str) -> Iterable[IdentityEdge]:
    """What a row of the registry ties together; `key` tells the row from others."""
    row = Node(NodeKind.REGISTERED, key)
    seen = _midnight(institution.as_of)
    nodes = [
        *((Node(NodeKind.INSTITUTION, plain(name)), name) for name in (institution.name, *institution.aliases)),
        *((node, host) for host in institution.domains for node in (site_of(host), Node(NodeKind.DOMAIN, host))),
        *((public_account(name), name) for name in institution.accounts),
    ]
    if institution.credit_code:
        nodes.append((Node(NodeKind.CREDIT_CODE, institution.credit_code), institution.credit_code))
    if institution.licence:
        nodes.append((Node(NodeKind.LICENCE, institution.licence), institution.licence))
    for node, label in nodes:
        link = IdentityLink(row, node, Place.REGISTRY, label, institution.name)
        yield IdentityEdge(link, seen, seen, source=institution.source)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
