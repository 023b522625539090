"""Start pages of sites: many sites lead there whoever asks for a page that they have no more."""

import re
from urllib.parse import urlsplit

from crawler.addresses.urls import without_fragment
from domain.targets import Target
from domain.urls import canonical_url

_START = re.compile(r"/(?:(?:index|default)\.\w{1,8})?", re.IGNORECASE)
#: Entrances that are the start page by another name: /index.php, /cn/, /wap/index.html.
_ENTRANCE = re.compile(
    r"(?:/(?:index|default|home|main|welcome|portal|site|web|www|m|wap|mobile|pc|cn|zh|zh[_-]cn|chs|chinese)(?:\.\w{1,8})?){0,2}/?",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")


def is_start_page(url: str) -> bool:
    """Whether a URL is that of a whole site."""
    parts = urlsplit(url)
    return not parts.query and _START.fullmatch(parts.path) is not None


def led_to_start(asked_url: str, final_url: str, target: Target) -> bool:
    """Whether whoever asked for a page was sent to the start page of its site, or of the target, in its place."""
    asked, final, start = (canonical_url(without_fragment(url)) for url in (asked_url, final_url, target.url))
    if asked == final or not (is_start_page(final) or final == start):
        return False
    return not (_is_entrance(asked) or (asked == start and (target.depth > 0 or _names_no_article(asked))))


def _is_entrance(url: str) -> bool:
    parts = urlsplit(url)
    return _ENTRANCE.fullmatch(parts.path) is not None and _DIGIT.search(parts.query) is None  # /?p=12 is an article


def _names_no_article(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.query and _DIGIT.search(parts.path) is None
