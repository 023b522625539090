"""From a document to a page view: folded text, one automaton pass per field, what the grammars see."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from classifier.facts import PageView
from classifier.fold import Folded, Folder
from classifier.matcher import Matcher, Scan
from classifier.naming import NameWords, most_named_institution
from classifier.product_names import most_named_brand, most_named_product, planted_product
from domain.contacts import find_contacts
from domain.findings import Document
from domain.identifiers import find_identifiers
from domain.page import ContactKind

_HEAD = 80
"""Code points of the text that count as its head, together with the title."""
_CONTACT_CUE = re.compile(r"\d[\d\- ]{5}|微信|[vw]x|qq|v信|地址|院址")
_CONTACT_REACH = 20_000
"""Contacts in bare text are looked for in the first and last so many code points: a page says it there or not at all."""
_LONG, _SHORT = 200, 60
_SHORTEST_BODY = 80
"""A main body shorter than this says less about the page than the whole text does."""


@dataclass(frozen=True, slots=True)
class Read:
    """A document as read: `scan` holds the anchor hits over `folded.text`, `body` bounds the main body in it, `institution` the place where
    the private institution that it names most is named first, `product` that of the product or brand."""

    document: Document
    folded: Folded
    scan: Scan
    title_scan: Scan
    view: PageView
    body: tuple[int, int]
    institution: tuple[int, int] | None = None
    product: tuple[int, int] | None = None


def read_document(document: Document, folder: Folder, matcher: Matcher, names: NameWords) -> Read:
    folded = folder.fold(document.text)
    title = folder.fold(document.title[:400]).text
    site = folder.fold(f"{document.site_name[:200]} {document.account[:200]}".strip()).text
    scan, title_scan, site_scan = matcher.scan(folded.text), matcher.scan(title), matcher.scan(site)
    low, high = _body_bounds(document, folded)
    whole = low == 0 and high == len(folded.text)
    body_cues = scan.cues if whole else matcher.cues_within(scan, low, high)
    head_cues = matcher.scan(f"{title}\n{folded.text[low : low + _HEAD]}").cues
    by_group = matcher.by_group
    cues = {
        "text": by_group(scan.cues),
        "body": by_group(body_cues),
        "title": by_group(title_scan.cues),
        "site": by_group(site_scan.cues),
        "head": by_group(head_cues),
        "any": by_group(_sum(body_cues, title_scan.cues, site_scan.cues)),
    }
    fields = {"title": title, "site": site, "url": document.url[:2000].lower()}
    view = PageView(cues, _signals(document, folded), fields, set())
    view.signals["length"], view.signals["text-length"] = high - low, len(folded.text)
    hits = names.among(scan.hits)
    product = most_named_product(folded.text, hits, names)
    brand = most_named_brand(folded.text, hits, names)
    planted = planted_product(folded.text, title, hits, names)
    view.signals["planted-product"] = planted[0]
    view.signals["named-product"], view.signals["named-brand"] = product[0], brand[0]
    view.signals["named-institution"], institution = most_named_institution(folded.text, hits, names)
    placed = planted[1] or (brand[1] if brand[0] > product[0] else product[1])
    return Read(document, folded, scan, title_scan, view, (low, high), institution, placed)


def _body_bounds(document: Document, folded: Folded) -> tuple[int, int]:
    length = len(folded.text)
    if document.body_end - document.body_start < _SHORTEST_BODY:
        return 0, length
    if folded.starts is None:
        return min(document.body_start, length), min(document.body_end, length)
    low, high = np.searchsorted(folded.starts, [document.body_start, document.body_end]).tolist()
    return low, high


def _sum(*counts: Mapping[int, int]) -> dict[int, int]:
    total: dict[int, int] = {}
    for count in counts:
        for literal, times in count.items():
            total[literal] = total.get(literal, 0) + times
    return total


def _signals(document: Document, folded: Folded) -> dict[str, int]:
    signals = {
        "contact-body": len(document.contact_in_body),
        "contact-footer": len(document.contact_in_footer),
        "widgets": len(document.widgets),
        "cta": len(document.cta),
        "images": document.image_count,
        "wechat": sum(1 for value in document.contact_in_body if value[:1].isalpha() and value[:1].isascii()),
        "medical-ad": sum(1 for value in document.identifiers if value.startswith("medical-ad:")),
        "product-ad": sum(1 for value in document.identifiers if value.startswith("product-ad:")),
        "long": int(len(folded.text) > _LONG),
        "short": int(len(folded.text) < _SHORT),
    }
    if not _was_extracted(document):
        _add_bare_text_signals(signals, document.text)
    return signals


def _was_extracted(document: Document) -> bool:
    return bool(document.body_end or document.contact_in_body or document.contact_in_footer or document.widgets)


def _add_bare_text_signals(signals: dict[str, int], text: str) -> None:
    if len(text) > 2 * _CONTACT_REACH:
        text = f"{text[:_CONTACT_REACH]}\n{text[-_CONTACT_REACH:]}"
    if _CONTACT_CUE.search(text.lower()):
        for contact in find_contacts(text):
            if contact.kind is ContactKind.ADDRESS:
                signals["address"] = signals.get("address", 0) + 1
                continue
            signals["contact-body"] += 1
            if contact.kind in (ContactKind.WECHAT, ContactKind.QQ):
                signals["wechat"] += 1
    if "广" in text:
        for number in find_identifiers(text):
            if number.kind in ("medical-ad", "product-ad"):
                signals[number.kind] += 1
