"""What a page states of whoever runs it: its structured data, its copyright line, its header, and its name among its metadata."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crawler.pages.institutions import find_institutions
from crawler.pages.main_body import Layout
from crawler.pages.page_head import Head
from crawler.pages.walked import Walk
from crawler.wordings import Wordings
from domain.identifiers import credit_code_holds
from domain.page import SelfStatement

# 版权所有 © 2019-2026 青屿安和门诊部, Copyright 2026 青屿安和医院管理有限公司 All Rights Reserved
_OWNER = re.compile(
    r"(?:版权所有|版权归|copyright|©|\(c\))[^\u4e00-\u9fa5\n]{0,40}([\u4e00-\u9fa5（）()·]{4,40})", re.IGNORECASE
)
_TITLE_BREAK = re.compile(r"\s*[-_|｜–—»]+\s*")
#: Types of schema.org that are a party or hold one: what a page is about, its site, an article's publisher.
_PARTIES = frozenset(
    {
        "organization", "corporation", "localbusiness", "medicalorganization", "medicalbusiness", "medicalclinic",
        "hospital", "dentist", "physician", "optician", "pharmacy", "communityhealth", "dermatology", "gynecologic",
        "pediatric", "plasticsurgery", "healthandbeautybusiness", "beautysalon", "dayspa", "healthclub",
        "professionalservice", "governmentorganization", "ngo", "newsmediaorganization", "educationalorganization",
    }
)  # fmt: skip
_HOLDERS = ("@graph", "publisher", "provider", "mainEntity", "sourceOrganization", "copyrightHolder")
_NAMES = ("name", "legalName", "alternateName")
_CODES = ("taxID", "vatID", "identifier", "leiCode")
_ADDRESS_PARTS = ("addressRegion", "addressLocality", "streetAddress")
_DEEPEST = 4
_MOST_VALUES = 20
_LONGEST = 120
_FOOT_LINES = 8
_HEADER_LINES = 6
_META_NAMES = ("og:site_name", "application-name")


def read_statements(walk: Walk, layout: Layout, head: Head, wordings: Wordings) -> tuple[SelfStatement, ...]:
    """Each value once for each place, in the order: structured data, metadata, title, copyright, header."""
    found = (*_structured(walk.data_scripts), *_metadata(walk, wordings), *_shown(walk, layout, head, wordings))
    unique = {(said.kind, said.value, said.place): said for said in reversed(found)}
    return tuple(reversed(unique.values()))[:_MOST_VALUES]


def _metadata(walk: Walk, wordings: Wordings) -> Iterator[SelfStatement]:
    for meta in _META_NAMES:
        value = " ".join(walk.metas.get(meta, "").split())
        if 2 <= len(value) <= _LONGEST:
            yield SelfStatement("name", value, "site-name")
    written = walk.metas.get("copyright", "")[: 4 * _LONGEST]
    for owner in _owners(f"©{written}", wordings):
        yield SelfStatement("name", owner, "copyright", written[:_LONGEST])


def _shown(walk: Walk, layout: Layout, head: Head, wordings: Wordings) -> Iterator[SelfStatement]:
    parts = _TITLE_BREAK.split(walk.document_title)
    site = head.site_name if head.site_name in parts else parts[-1]
    for name in find_institutions(site[:_LONGEST], wordings)[:1]:
        yield SelfStatement("name", name, "title", walk.document_title[:_LONGEST])
    count = len(walk.lines)
    feet = [
        row for row in range(count) if layout.regions[row] == "footer" or row >= max(layout.end, count - _FOOT_LINES)
    ]
    for row in feet:
        line = walk.lines[row][: 4 * _LONGEST]
        for owner in _owners(line, wordings):
            yield SelfStatement("name", owner, "copyright", line[:_LONGEST])
    heads = [row for row in range(layout.first) if layout.regions[row] == "header"][:_HEADER_LINES]
    for row in heads:
        for name in find_institutions(walk.lines[row][:_LONGEST], wordings)[:1]:
            yield SelfStatement("name", name, "header", walk.lines[row][:_LONGEST])


def _owners(line: str, wordings: Wordings) -> Iterator[str]:
    """The owners that a copyright line names, as far as they end like a party's name."""
    for match in _OWNER.finditer(line):
        name = match[1]
        while name and not wordings.site_ending.search(name):
            name = name[: max(name.rfind("（"), name.rfind("("), 0)]  # what follows in brackets is no part of it
        if name:
            yield name


def _structured(scripts: Iterable[str]) -> Iterator[SelfStatement]:
    for script in scripts:
        if "schema.org" in script and "@type" in script:
            try:
                data = json.loads(script.strip().removeprefix("<!--").removesuffix("-->"))
            except (
                ValueError,
                RecursionError,
            ):  # a program that mentions schema.org, or data that no browser reads either
                continue
            yield from _parties(data, 0)


def _parties(data: Any, depth: int) -> Iterator[SelfStatement]:
    if depth > _DEEPEST:
        return
    match data:
        case list():
            for item in data[:_MOST_VALUES]:
                yield from _parties(item, depth + 1)
        case dict():
            types = {str(kind).rpartition("/")[2].lower() for kind in _listed(data.get("@type"))}
            if types & _PARTIES:
                yield from _facts(data)
            for holder in _HOLDERS:
                if holder in data:
                    yield from _parties(data[holder], depth + 1)


def _facts(party: Mapping[str, Any]) -> Iterator[SelfStatement]:
    for key in _NAMES:
        yield from (SelfStatement("name", value, "structured-data") for value in _texts(party.get(key)))
    yield from (SelfStatement("phone", value, "structured-data") for value in _texts(party.get("telephone")))
    for point in _listed(party.get("contactPoint")):
        if isinstance(point, dict):
            yield from (SelfStatement("phone", value, "structured-data") for value in _texts(point.get("telephone")))
    for address in _listed(party.get("address")):
        parts = (
            [text for key in _ADDRESS_PARTS for text in _texts(address.get(key))] if isinstance(address, dict) else []
        )
        if written := "".join(parts) or "".join(_texts(address)):
            yield SelfStatement("address", written[:_LONGEST], "structured-data")
    for key in _CODES:
        for code in _texts(party.get(key)):
            if credit_code_holds(code):
                yield SelfStatement("credit-code", code.upper(), "structured-data")


def _listed(value: Any) -> list[Any]:
    return value[:_MOST_VALUES] if isinstance(value, list) else [] if value is None else [value]


def _texts(value: Any) -> list[str]:
    """Its texts, squeezed, without those too long to be a name or a number; a PropertyValue has its text in `value`."""
    values = (item.get("value") if isinstance(item, dict) else item for item in _listed(value))
    squeezed = (" ".join(item.split()) for item in values if isinstance(item, str))
    return [text for text in squeezed if 2 <= len(text) <= _LONGEST]
