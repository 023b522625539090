"""Which of the addresses that an element offers for one picture is worth fetching."""

import re
from collections.abc import Iterator, Mapping

#: Attributes in which scripts keep the address until the picture is scrolled to, in the order of trust.
_LAZY = (
    "data-src", "data-original", "data-lazy-src", "data-lazy", "data-lazyload", "data-actualsrc", "data-original-src",
    "data-real-src", "data-realsrc", "data-big", "lay-src", "data-url", "data-img", "data-image", "data-echo", "_src",
    "lazy-src", "lazysrc", "original", "file", "zoomfile", "data-ks-lazyload", "lazyload", "realsrc",
)  # fmt: skip
_LAZY_SETS = ("data-srcset", "data-lazy-srcset", "data-original-set", "lazy-srcset")
_LATER = frozenset((*_LAZY, *_LAZY_SETS))
#: Attributes of boxes that name their background: of old HTML, and those from which scripts set it once it is scrolled to.
BACKGROUNDS = (
    "background", "data-bg", "data-background", "data-background-image", "data-background-src", "data-bg-src", "data-bgimg",
)  # fmt: skip
_BACKGROUNDS = frozenset(BACKGROUNDS)
_IN_URL = re.compile(r"url\(\s*[\"']?([^\"')\s]*)[\"']?\s*\)", re.IGNORECASE)
# Colours stand there too: #fff, rgba(0,0,0,.5)
_PICTURE_FILE = re.compile(
    r"^[^\s()]+\.(?:jpe?g|png|gif|webp|bmp|avif)(?:[?!@][^\s()]*)?$|^[^\s()]*/[^\s()]+$", re.IGNORECASE
)
#: Such attributes also name the page that a click on the picture opens: data-url="/news/1.html".
_PAGE_FILE = re.compile(r"\.[sx]?html?(?:[?#]|$)", re.IGNORECASE)
_ADDRESS_CHARS = 2000
#: What a picture is offered in beyond this many pixels of width, or times the size, shows no more words.
_WIDEST = 2000
_DENSEST = 3.0
#: A candidate is an address without blanks and perhaps its width or density: "/img/a,w_640.jpg 640w,". As browsers do, the address
#: goes to the next blank, whatever it says to the next comma; nothing is given back, so that blanks without end cost no more.
_ADDRESS = re.compile(r"[\s,]*+(\S++)")
_TOLD_SIZE = re.compile(r"\s++(?:([\d.]++)([wxh]))?+[^,]*+")
#: Stands there until the real picture comes.
_PLACEHOLDER = re.compile(
    r"(?:^data:)|(?:^about:)|(?:(?:^|[/_.-])(?:blank|spacer|pixel|loading|placeholder|lazyload|grey|gray|transparent)[\w-]*\.(?:gif|png|jpe?g|svg|webp)$)",
    re.IGNORECASE,
)


def picture_source(attributes: Mapping[str, str], offered: str = "") -> tuple[str, bool]:
    """The address of an `img`, as written, and whether scripts put it there later; empty when there is none.

    `offered` is what `source` elements before it offer for the same picture.
    """
    if not _LATER.isdisjoint(attributes):  # most pictures have none of these: a look at all of them would cost the most
        lazy = next((value for name in _LAZY if _is_address(value := attributes.get(name, "").strip())), "")
        if not lazy:
            lazy = next((best for name in _LAZY_SETS if (best := best_of_set(attributes.get(name, "")))), "")
        if lazy:
            return lazy, True
    shown = attributes.get("src", "").strip()
    larger = best_of_set(attributes["srcset"]) if "srcset" in attributes else ""
    is_lazy = attributes.get("loading") == "lazy"
    if larger:
        return larger, is_lazy
    if offered and (not shown or _PLACEHOLDER.search(shown)):
        return offered, is_lazy
    return shown, is_lazy


def background_source(attributes: Mapping[str, str]) -> str:
    """The address of the background that attributes of a box name, as written; empty when there is none."""
    if _BACKGROUNDS.isdisjoint(attributes):
        return ""
    if background := attributes.get("background"):
        return background
    for name in BACKGROUNDS[1:]:
        value = attributes.get(name, "").strip()
        if 0 < len(value) <= _ADDRESS_CHARS:
            inside = _IN_URL.fullmatch(value)
            address = inside[1] if inside else value
            if _PICTURE_FILE.match(address) and not address.startswith("data:"):
                return address
    return ""


def best_of_set(srcset: str) -> str:
    """The largest picture of a `srcset` that is not larger than of use; the smallest where all are. Empty for none."""
    best, best_size = "", 0.0
    for address, size in _candidates(srcset):
        if address.startswith("data:"):  # stands there until the real picture comes
            continue
        if not best or (best_size < size <= 1.0) or (size < best_size and best_size > 1.0):
            best, best_size = address, size
    return best


def _candidates(srcset: str) -> Iterator[tuple[str, float]]:
    """Addresses with their sizes as `_size` gives them; none of what has neither width nor density behind a blank."""
    place = 0
    while match := _ADDRESS.match(srcset, place):
        address, place = match[1], match.end()
        if address[-1] == "," or (told := _TOLD_SIZE.match(srcset, place)) is None:
            yield address.rstrip(","), _size(None, None)
            continue
        place = told.end()
        if told[2] or told[0].isspace():
            yield address, _size(told[1], told[2])


def _size(number: str | None, unit: str | None) -> float:
    """As a share of the largest that is of use."""
    try:
        value = float(number or 1)
    except ValueError:  # 1.2.3w
        return 0.0
    return value / _DENSEST if unit in (None, "x") else value / _WIDEST


def _is_address(value: str) -> bool:
    """False for the flags that some scripts keep there: data-lazy="true"."""
    return ("/" in value or "." in value) and not (
        value.startswith(("data:", "{", "[", "${")) or _PAGE_FILE.search(value)
    )
