"""Where a page sends its visitor by itself, by a refresh or a script, and under which address it is read."""

from dataclasses import replace

from w3lib.html import get_meta_refresh

from crawler.addresses.urls import without_fragment
from crawler.pages.script_redirect import SCRIPT_REDIRECT
from domain.page import ExtractedPage, Link

#: A page of no more text that goes on by itself within so many seconds is a redirect.
_SPLASH_CHARACTERS, _SPLASH_SECONDS = 40, 3.0
_HEAD_BYTES = 4096


def shown_url(asked_url: str, final_url: str) -> str:
    """The final URL, with the route of a script application that was asked for."""
    route = asked_url.partition("#")[2]
    return f"{final_url}#{route}" if route and "#" not in final_url else final_url


def sent_on_to(page: ExtractedPage, body: bytes) -> str:
    """Where a page that shows nothing sends its visitor at once, by script or by refresh; empty for other pages."""
    if target := page.extra.get(SCRIPT_REDIRECT, ""):
        return target
    if len(page.text) > _SPLASH_CHARACTERS or page.images:
        return ""
    seconds, refreshed = _refresh(page, body)
    if seconds is None or refreshed is None or seconds > _SPLASH_SECONDS:
        return ""
    return "" if without_fragment(refreshed) == without_fragment(page.url) else refreshed


def with_meta_refresh(page: ExtractedPage, body: bytes) -> ExtractedPage:
    """Count where a refresh in the markup leads as a link: splash pages have no other."""
    _, target = _refresh(page, body)
    return page if target is None else replace(page, links=(*page.links, Link(target)))


def _refresh(page: ExtractedPage, body: bytes) -> tuple[float, str] | tuple[None, None]:
    """Seconds and address of the refresh in a page's head. The head is decoded here: w3lib raises for bytes that are not
    UTF-8 throughout, as those of a GBK page, or of a character that the end of the head cuts in two."""
    return get_meta_refresh(body[:_HEAD_BYTES].decode(page.encoding, "replace"), page.url, page.encoding)
