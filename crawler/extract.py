"""From the source of a page to what a person reads on it."""

from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from crawler.wordings import Wordings
from domain.contacts import find_contacts
from domain.identifiers import find_identifiers
from domain.page import ExtractedPage, Link


def extract_page(html: str, url: str, encoding: str, wordings: Wordings) -> ExtractedPage:
    """Read one HTML page. `url` is the address it was received from; `encoding` is only noted. Never raises."""
    tree = LexborHTMLParser(html.encode("utf-8", "replace"))
    title = tree.css_first("title")
    links = tuple(
        Link(urljoin(url, node.attributes["href"] or ""), node.text(strip=True)) for node in tree.css("a[href]")
    )
    tree.strip_tags(["script", "style", "noscript", "template"], recursive=True)
    text = tree.text(separator="\n", strip=True)
    return ExtractedPage(
        url=url,
        title=title.text(strip=True) if title else "",
        text=text,
        encoding=encoding,
        contacts=find_contacts(text),
        identifiers=find_identifiers(text),
        links=links,
        cta=tuple(dict.fromkeys(wordings.calls.findall(text.lower()))),
        text_share=len(text) / max(1, len(html)),
    )
