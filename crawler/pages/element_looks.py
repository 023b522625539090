"""What the names and the inline style of an element say about its place on the page."""

import re
from collections.abc import Mapping
from functools import lru_cache

from crawler.wordings import Wordings

_BACKGROUND = re.compile(r"url\(\s{0,3}[\"']?([^\"')\s]{1,1000})", re.IGNORECASE)
_HIDING = re.compile(
    r"display:none|visibility:hidden|font-size:0(?:px|pt|em|rem)?(?:;|!|$)|text-indent:-\d{3,}|(?:left|top):-\d{4,}px"
)
_NO_HEIGHT = re.compile(r"(?:^|;)height:0(?:px|em|rem|%)?(?:;|!|$)")
#: Not the words for leaving: logout, logoff.
_LOGO = re.compile(r"logo(?!ut|ff|n)|院徽|院标|站标", re.IGNORECASE)
_NAME_BREAK = re.compile(r"[-_\d]+")
_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=20_000)  # the pages of a site share their names
def region_of(element_id: str, classes: str, wordings: Wordings) -> tuple[str, bool]:
    """The region that an element's names speak of, and whether they name an article body."""
    selectors = wordings.body_selectors
    named_body = f"#{element_id}" in selectors or any(f".{name}" in selectors for name in classes.split())
    if named_body:
        return "", True
    for name in [element_id, *classes.split()]:
        lowered = name.lower()
        parts = [part for part in _NAME_BREAK.split(_CAMEL_CASE.sub("-", name).lower()) if part]
        for place, part in enumerate(parts, 1):
            if part in wordings.region_names and (place == len(parts) or part not in wordings.region_last_words):
                return wordings.region_names[part], False
        for prefix, region in wordings.region_prefixes:
            if lowered.startswith(prefix):
                return region, False
    return "", False


@lru_cache(maxsize=5_000)
def style_of(style: str) -> tuple[str, bool]:
    """The background image that an inline style names, and whether it hides its element."""
    compact = style.lower().replace(" ", "")
    background = _BACKGROUND.search(style) if "url(" in compact else None
    # a box with a padding holds the place of a picture by its width
    cut_off = "overflow:hidden" in compact and "padding" not in compact and _NO_HEIGHT.search(compact) is not None
    return background[1] if background else "", cut_off or _HIDING.search(compact) is not None


def names_logo(attributes: Mapping[str, str]) -> bool:
    """Whether an element is named as the sign of the site (class="header-logo")."""
    return says_logo(attributes.get("class", "")) or says_logo(attributes.get("id", ""))


def says_logo(words: str) -> bool:
    return _LOGO.search(words) is not None if words else False
