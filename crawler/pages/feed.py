"""Feeds and other XML as pages: one line per text, the entries' links in order."""

import html as entities
import re
from xml.etree import ElementTree

from crawler.pages.main_body import Layout
from crawler.pages.page_parts import page_of
from crawler.pages.page_walk import walk_html
from crawler.pages.walked import Walk
from crawler.wordings import Wordings
from domain.page import ExtractedPage

_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,200}\?>")
_TAG = re.compile(r"<(?:[^<>]{1,1000})>")
# <link>http://a.example/1.html</link> of RSS, <link href="http://a.example/1.html"/> of Atom
_BROKEN_LINK = re.compile(
    r"<(?:link|loc)>\s{0,20}(?:<!\[CDATA\[)?\s{0,20}([^\s<>\]]{1,2000})"
    r"|<link\s(?![^<>]{0,500}\brel=[\"'](?!alternate))[^<>]{0,500}?\bhref=[\"']([^\"'<>]{1,2000})[\"']",
    re.IGNORECASE,
)
_TIMES = frozenset({"pubdate", "published", "updated", "date", "created", "issued", "modified", "lastbuilddate"})
_PLAIN = frozenset({"guid", "id", "generator", "language", "ttl", "docs", "comments", "commentrss", "url"})


def is_xml(text: str) -> bool:
    """XML other than XHTML, told by its first tags."""
    head = text[:1000].lstrip("\ufeff \t\r\n")
    bare = _DECLARATION.sub("", head).lstrip()
    if re.match(r"<(?:rss|feed|rdf:rdf|urlset|sitemapindex)\b", bare, re.IGNORECASE):
        return True
    return bool(_DECLARATION.match(head)) and "<html" not in head.lower() and "<!doctype html" not in head.lower()


def xml_page(text: str, url: str, encoding: str, wordings: Wordings) -> ExtractedPage:
    """Read a feed. Broken XML is read for its text and links alone; entities are never fetched. Never raises."""
    walk = Walk()
    try:
        _read_element(ElementTree.fromstring(_DECLARATION.sub("", text.lstrip("\ufeff \t\r\n"))), walk, wordings)
    except (ElementTree.ParseError, RecursionError, ValueError):
        walk = Walk()
        bare = entities.unescape(_TAG.sub("\n", text.replace("<![CDATA[", "").replace("]]>", "")))
        _add_markup(bare, walk, wordings)
        walk.links += [(entities.unescape(value or href), "") for value, href in _BROKEN_LINK.findall(text)]
    layout = Layout(("",) * len(walk.lines), 0, len(walk.lines), float(sum(map(len, walk.lines))))
    return page_of(walk, layout, url, encoding, len(text), wordings)


def _read_element(root: ElementTree.Element, walk: Walk, wordings: Wordings) -> None:
    """Depth first with an explicit stack: the nesting of XML is not bounded by the parser."""
    stack = [root]
    while stack:
        element = stack.pop()
        name = element.tag.rpartition("}")[2].lower()
        value = (element.text or "").strip()
        if name == "link":
            address = element.get("href") or value
            if address and element.get("rel", "alternate") == "alternate":
                walk.links.append((address, walk.lines[-1] if walk.lines else ""))
        elif name == "loc" and value:
            walk.links.append((value, ""))
        elif name in _TIMES:
            walk.times.append(value)
        elif name == "title" and value:
            walk.document_title = walk.document_title or " ".join(value.split())
            _add_markup(value, walk, wordings)
        elif value and name not in _PLAIN:
            _add_markup(value, walk, wordings)
        stack.extend(reversed(element))


def _add_markup(value: str, walk: Walk, wordings: Wordings) -> None:
    """A text of a feed is itself HTML more often than not."""
    if "<" in value and ">" in value:
        inner = walk_html(value, wordings)
        walk.lines += inner.lines
        walk.link_chars += inner.link_chars
        walk.links += inner.links
        walk.images += inner.images
        return
    for line in value.split("\n"):
        if text := " ".join(line.split()):
            walk.lines.append(text)
            walk.link_chars.append(0)
