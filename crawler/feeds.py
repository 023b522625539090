"""RSS and Atom feeds: the links of their entries, and the titles as text."""

import re
from urllib.parse import urljoin
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from domain.findings import Judgement
from domain.outcome import Outcome
from domain.page import ExtractedPage, Link, Reading

#: A feed is a table of contents: its entries are judged where they stand, not here.
FEED_NOT_JUDGED = Judgement(
    score=0.0, flagged=False, genre="other", is_ad=False, reasons=("订阅源只取条目链接，不作判定",)
)

# <?xml version="1.0" encoding="GB2312"?>
_DECLARED = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")


def read_feed(url: str, body: bytes) -> Reading:
    """Read a feed (RSS 0.9-2.0, RSS 1.0, Atom) with its content coding removed. Never raises."""
    try:
        root = fromstring(_decoded(body))
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        # LookupError: an encoding that Python does not know
        return Reading(Outcome.UNKNOWN, f"不是可读的订阅源：{type(error).__name__}")
    entries = [node for node in root.iter() if _name(node) in ("item", "entry")]
    if not entries and _name(root) not in ("rss", "feed", "rdf"):
        return Reading(Outcome.UNKNOWN, "XML 中没有订阅源")
    links = tuple(Link(urljoin(url, address), _text(entry, "title")) for entry in entries if (address := _link(entry)))
    title = next((_text(node, "title") for node in root.iter() if _name(node) in ("channel", "feed")), "")
    text = "\n".join([title, *(link.text for link in links)]).strip()
    return Reading(Outcome.CONTENT, "", ExtractedPage(url=url, title=title, text=text, encoding="xml", links=links))


def _decoded(body: bytes) -> str:
    """Expat knows no Chinese encodings, so the declared one is taken off first; GB18030 contains the older ones."""
    match = _DECLARED.match(body)
    encoding = match.group(1).decode("ascii").lower() if match else "utf-8-sig"
    if encoding in ("gb2312", "gbk"):
        encoding = "gb18030"
    return body.decode("utf-8-sig" if encoding == "utf-8" else encoding, "replace").lstrip()


def _name(node: Element) -> str:
    """Local name, lower case; comments have a function for a tag."""
    return node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""


def _text(node: Element, child: str) -> str:
    found = next((item for item in node if _name(item) == child), None)
    return " ".join("".join(found.itertext()).split()) if found is not None else ""


def _link(entry: Element) -> str:
    """RSS writes the address as text, Atom as `href` of the link that has no `rel` or `rel="alternate"`."""
    for node in entry:
        if _name(node) == "link" and node.get("rel", "alternate") == "alternate":
            address = node.get("href") or (node.text or "")
            if address.strip():
                return address.strip()
    return ""
