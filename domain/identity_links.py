"""What a page says of whoever runs it, as links of its site or account: numbers, names, codes, each with the words around it."""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

from domain.certificates import parse_certificate
from domain.contacts import normal_number, plain_digits
from domain.findings import Judgement
from domain.identity import IdentityLink, Node, NodeKind, Place, plain, public_account, site_of
from domain.page import Contact, ContactKind, ExtractedPage, Identifier

_BEFORE, _BEHIND = 24, 12
"""Code points quoted around a number: enough for 技术支持： in front of it."""
_LONGEST_KEY = 200
_MOST_NAMES = 12
_MOST_READ, _MOST_AROUND, _MOST_IN_BODY = 200, 24, 8
"""Contacts or registration numbers of one page, and those of them that are kept outside its body and inside."""
_HOME = re.compile(r"/(?:(?:index|default|home)\.[a-z]{3,5})?", re.IGNORECASE)
# 0755-26661234转801, 0755-26661234-801
_EXTENSION = re.compile(r"转.*$|(?<=\d{7})-\d{1,5}$")
_ABROAD = re.compile(r"^(?:00)?86(?=0\d{9,11}$|[1-9]\d{9,10}$)")
#: +86-10-66661234 leaves out the zero of an area code; mobiles and service lines have none.
_WITHOUT_ZERO = re.compile(r"(?!1[3-9]\d{9}$|[48]00)[1-9]")
_NAME_PLACES = {
    "copyright": Place.COPYRIGHT,
    "site-name": Place.SITE_NAME,
    "title": Place.TITLE,
    "header": Place.HEADER,
}

_Found = TypeVar("_Found")


def subject_of(page: ExtractedPage) -> Node | None:
    """Who speaks on a page: the account that published a post, else the site; None for an address without a name."""
    if page.account and page.page_type.startswith("wx-"):
        return public_account(page.account)
    return site_of_url(page.url)


def site_of_url(url: str) -> Node | None:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # a bracket that opens no address
        return None
    return site_of(host) if "." in host and not _is_address(host) else None


def links_of(page: ExtractedPage, judgement: Judgement | None) -> tuple[IdentityLink, ...]:
    """Every link once for each node and place, in the order of places on the page."""
    subject = subject_of(page)
    if subject is None:
        return ()
    is_ad = judgement is not None and judgement.is_ad
    found = (
        *_presence(subject),
        *_statements(subject, page),
        *_contacts(subject, page, is_ad),
        *_identifiers(subject, page, is_ad),
        *_codes(subject, page),
        *_brands(subject, judgement),
    )
    unique: dict[tuple[Node, Place], IdentityLink] = {}
    for link in found:
        if link.node.key and len(link.node.key) <= _LONGEST_KEY:
            unique.setdefault((link.node, link.place), link)
    return tuple(unique.values())


def phone_key(written: str) -> str:
    """0755-2666 1234转801, 0755-26661234-801 and +86-755-26661234 are one number, whatever the form of its digits."""
    digits = re.sub(r"\D", "", _EXTENSION.sub("", plain_digits(written)))
    national = _ABROAD.sub("", digits)
    return f"0{national}" if national != digits and _WITHOUT_ZERO.match(national) else national


def icp_key(written: str) -> str:
    """京ICP备16017287号-1 is the second site of 京ICP备16017287号: the owner is known by what both share."""
    bare = re.sub(r"\s", "", plain_digits(written)).upper().replace("ICP备案", "ICP备").replace("第", "")
    return re.sub(r"号?(?:-\d+)?[A-Z]?$", "", bare)


def code_key(kind: str, payload: str) -> str:
    return f"{kind}:{re.sub('^https?://', '', payload.strip(), flags=re.IGNORECASE)}"[:_LONGEST_KEY]


def place_in(page: ExtractedPage, start: int, end: int, is_ad: bool) -> Place:
    """Where a stretch of the page's text stands; the whole text is body when no body is known."""
    if page.body_end > page.body_start:
        if end <= page.body_start:
            return Place.HEADER
        if start >= page.body_end:
            return Place.FOOTER
    if not page.page_type.startswith("wx-") and _is_home(page.url):
        return Place.HOME
    return Place.AD if is_ad else Place.BODY


def _is_home(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.query and _HOME.fullmatch(parts.path or "/") is not None


def _presence(subject: Node) -> Iterator[IdentityLink]:
    """That there is such an account, or site with the domains it lies under; which of them can have an owner is known to
    the policy that reads the links."""
    if subject.kind is not NodeKind.SITE:
        name = subject.key.partition(":")[2]
        yield IdentityLink(subject, subject, Place.HOST, name, name)
    else:
        labels = subject.key.split(".")
        for first in range(max(0, len(labels) - 4), len(labels) - 1):
            domain = ".".join(labels[first:])
            yield IdentityLink(subject, Node(NodeKind.DOMAIN, domain), Place.HOST, domain, subject.key)


def _statements(subject: Node, page: ExtractedPage) -> Iterator[IdentityLink]:
    """What the page states of its owner; a post's metadata speak of the platform."""
    if subject.kind is NodeKind.ACCOUNT:
        return
    names = 0
    for said in page.statements:
        place = _NAME_PLACES.get(said.place, Place.STRUCTURED_DATA)
        match said.kind:
            case "name":
                names += 1
                if names > _MOST_NAMES:
                    continue
                node = Node(NodeKind.INSTITUTION, plain(said.value))
            case "phone":
                node = Node(NodeKind.PHONE, phone_key(said.value))
            case "address":
                node = Node(NodeKind.ADDRESS, plain(said.value))
            case "credit-code":
                node = Node(NodeKind.CREDIT_CODE, said.value.upper())
            case _:
                raise ValueError(f"unknown kind of statement: {said.kind}")
        yield IdentityLink(subject, node, place, said.value, said.quote or said.value)


def _contacts(subject: Node, page: ExtractedPage, is_ad: bool) -> Iterator[IdentityLink]:
    links = (
        IdentityLink(
            subject, contact_node(contact), place_in(page, *span, is_ad), contact.value, _around(page.text, *span)
        )
        for contact in _ends_of(page.contacts)
        for span in _occurrences(page, contact)
    )
    return _not_too_many(links)


def _ends_of(found: tuple[_Found, ...]) -> tuple[_Found, ...]:
    """Of more than can be worth reading the first and the last, where headers and footers are."""
    half = _MOST_READ // 2
    return found if len(found) <= _MOST_READ else found[:half] + found[-half:]


def _not_too_many(links: Iterable[IdentityLink]) -> Iterator[IdentityLink]:
    """A list of numbers in a body says nothing of the page's owner; it does not crowd out those around the body."""
    taken = {True: 0, False: 0}
    for link in links:
        in_body = link.place in (Place.HOME, Place.AD, Place.BODY)
        taken[in_body] += 1
        if taken[in_body] <= (_MOST_IN_BODY if in_body else _MOST_AROUND):
            yield link


def _occurrences(page: ExtractedPage, contact: Contact) -> Iterator[tuple[int, int]]:
    """Where a contact stands, and where the same spelling stands outside the body as well."""
    yield contact.start, contact.end
    if page.body_end > page.body_start and contact.start < page.body_end and contact.end > page.body_start:
        size = len(contact.value)
        for low, high in ((0, page.body_start), (page.body_end, len(page.text))):
            if (start := page.text.find(contact.value, low, high)) >= 0:
                yield start, start + size


def contact_node(contact: Contact) -> Node:
    match contact.kind:
        case ContactKind.MOBILE | ContactKind.SERVICE_LINE:
            return Node(NodeKind.PHONE, phone_key(normal_number(contact)))
        case ContactKind.LANDLINE:
            return Node(NodeKind.PHONE, phone_key(contact.value))
        case ContactKind.ADDRESS:
            return Node(NodeKind.ADDRESS, plain(contact.value))
        case ContactKind.WECHAT | ContactKind.QQ:
            return Node(NodeKind.ACCOUNT, f"{contact.kind}:{normal_number(contact)}")


def _identifiers(subject: Node, page: ExtractedPage, is_ad: bool) -> Iterator[IdentityLink]:
    links = (
        IdentityLink(
            subject,
            node,
            place_in(page, number.start, number.end, is_ad),
            number.value,
            _around(page.text, number.start, number.end),
        )
        for number in _ends_of(page.identifiers)
        if (node := number_node(number)) is not None
    )
    return _not_too_many(links)


def number_node(number: Identifier) -> Node | None:
    """None for what does not hold its own check, and for product advertisements, which name a product."""
    if number.kind == "icp":
        return Node(NodeKind.ICP, icp_key(number.value))
    if number.kind == "psb":
        digits = re.sub(r"\D", "", plain_digits(number.value))
        return Node(NodeKind.PSB, digits) if number.valid is not False else None
    if number.kind == "credit-code":
        return Node(NodeKind.CREDIT_CODE, plain_digits(number.value).upper()) if number.valid else None
    if number.kind == "licence":
        return Node(NodeKind.LICENCE, plain_digits(number.value).replace("-", "").upper())
    if number.kind == "medical-ad" and (certificate := parse_certificate(number.value)) is not None:
        return Node(NodeKind.CERTIFICATE, certificate.key)
    return None


def _codes(subject: Node, page: ExtractedPage) -> Iterator[IdentityLink]:
    """Two-dimensional codes in pictures that were read on this very page, not in one that only looks alike."""
    for picture in page.pictures:
        if picture.reading is None or picture.likeness:
            continue
        for kind, code in zip(picture.code_kinds, picture.reading.codes, strict=False):
            node = Node(NodeKind.CODE_TARGET, code_key(kind, code.payload))
            yield IdentityLink(subject, node, Place.CODE, code.payload[:_LONGEST_KEY], picture.url)


def _brands(subject: Node, judgement: Judgement | None) -> Iterator[IdentityLink]:
    """Names that lean on a well-known one, as far as a live lead quotes them."""
    for finding in judgement.findings if judgement is not None else ():
        if finding.rule == "brand-name" and not finding.silenced:
            yield IdentityLink(
                subject, Node(NodeKind.BRAND, plain(finding.quote)), Place.FINDING, finding.quote, finding.quote
            )


def _around(text: str, start: int, end: int) -> str:
    """The words around a stretch of one line."""
    low = max(start - _BEFORE, text.rfind("\n", 0, start) + 1)
    line_end = text.find("\n", end)
    high = min(end + _BEHIND, len(text) if line_end < 0 else line_end)
    return text[low:high]


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
