"""What a tag does to the text around it, as far as that is the same wherever it stands on the page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

from crawler.pages.element_looks import names_logo, region_of, style_of
from crawler.pages.markup import attributes_of
from crawler.pages.picture_sources import BACKGROUNDS, background_source
from crawler.pages.walked import Block
from crawler.wordings import Wordings

_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "html", "legend", "li", "main", "marquee", "menu", "nav", "noframes", "ol",
    "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
REGION_TAGS = {"footer": "footer", "header": "header", "nav": "nav", "aside": "aside"}
_SPACED = frozenset({"td", "th", "button", "label"})
#: Elements that only dress text; without one of the telling attributes they do not even part two links.
_INLINE = frozenset(
    {"span", "b", "strong", "i", "em", "font", "u", "small", "sup", "sub", "s", "del", "ins", "mark", "big"}
)
_TELLING = frozenset({"id", "class", "style", "hidden", "onclick", "data-href", "data-link", "data-title"})
ACTIVE = frozenset({"onclick", "data-href", "data-link", "data-miniprogram-appid"})
#: Without any of these and outside `REGION_TAGS` an element has no looks of its own.
LOOKS = ACTIVE | {"id", "class", "style", "hidden", *BACKGROUNDS}
#: No children are walked in these; the normal form has emptied those that may have some.
CHILDLESS = frozenset({
    "script", "title", "meta", "base", "img", "input", "iframe", "frame", "area", "source", "video", "embed",
})  # fmt: skip
#: Elements without an end tag.
VOID = frozenset({
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta",
    "param", "source", "track", "wbr",
})  # fmt: skip
SHOWN_RAW = frozenset({"xmp", "plaintext"})
#: Shown only by a browser without frames or plug-ins, which nobody has: search engines are to read it.
INSTEAD = frozenset({"noembed", "noframes"})
#: Pictures of pages for mobiles by Baidu's and Google's rules.
PICTURE_COMPONENTS = frozenset({"mip-img", "amp-img", "amp-anim"})
HEADINGS = frozenset({"h1", "h2", "h3"})
PLACED_TAGS = (CHILDLESS | VOID | SHOWN_RAW | INSTEAD | HEADINGS | {"a", "button", "time", "mpvoice"}) - {"br"}
_STREAMED = "S:"
#: What holds the whole page.
_WHOLE = frozenset({"html", "body"})
_FEW_PIXELS = re.compile(r"[0-9](?:px)?", re.ASCII)
#: No more of a style or of names is read (and remembered): a page must not be able to fill our memory with them.
_STYLE_CHARS, NAME_CHARS = 1000, 300


class End(IntEnum):
    """What the end of an element does to the line: nothing, ends it, adds a space; or the element is looked at again."""

    NOTHING = 0
    LINE = 1
    SPACE = 2
    PLACED = 3


class Start(IntEnum):
    """What a token does where it stands. PLACED is an element that has to be looked at at each of its places."""

    PLAIN = 0
    INNER = 1
    LINE = 2
    BREAK = 3
    CLOSE = 4
    PLACED = 5
    NOTHING = 6


@dataclass(slots=True)
class Frame:
    """An open element. Elements of which nothing else matters share one frame for each end and visibility, and whether they are
    named as a logo.

    `attributes` are kept where it is not known yet whether they name a logo: most elements hold no picture that would ask.
    `end` and `line_end` are values of `End`; for an element that is looked at again `line_end` is what it does besides.
    """

    end: int
    hidden: bool
    keeps_lines: bool = False
    tag: str = ""
    line_end: int = 0
    first_line: int = 0
    block: Block | None = None
    href: str | None = None
    image_alt: str = ""
    is_link: bool = False
    is_logo: bool = False
    attributes: Mapping[str, str] | None = None


#: A value of `Start`, and the frames of the element inside a visible and inside a hidden one.
Kind = tuple[int, tuple[Frame, Frame]]
_SHARED = {
    (int(end), keeps_lines, is_logo): (
        Frame(end, False, keeps_lines, is_logo=is_logo),
        Frame(end, True, keeps_lines, is_logo=is_logo),
    )
    for end in map(int, (End.NOTHING, End.LINE, End.SPACE))
    for keeps_lines in (False, True)
    for is_logo in (False, True)
}
ROOT = _SHARED[End.NOTHING, False, False][0]
BREAK, CLOSE, PLACED, NOTHING = (
    (int(start), (ROOT, ROOT)) for start in (Start.BREAK, Start.CLOSE, Start.PLACED, Start.NOTHING)
)
_PLAIN = (int(Start.PLAIN), _SHARED[End.NOTHING, False, False])


@lru_cache(maxsize=20_000)  # the pages of a site share their tags
def kind_of(token: str, marked_ids: frozenset[str], hidden: frozenset[str], wordings: Wordings) -> Kind:
    """The kind of a token: the text between `<` and `>`."""
    tag = token.partition(" ")[0]
    if tag[:1] == "/":
        return CLOSE
    if not tag[:1].isalpha():
        return NOTHING  # a processing instruction
    if tag == "br":
        return BREAK
    if tag == "link":  # a style sheet or the like; what it links to is no matter of the page
        return NOTHING
    if tag in PLACED_TAGS or "-" in tag:
        return PLACED
    attributes = attributes_of(token) if len(tag) < len(token) else {}
    if tag in _INLINE and _TELLING.isdisjoint(attributes):
        return _PLAIN
    if not ACTIVE.isdisjoint(attributes) or background_source(attributes):
        return PLACED
    hides, background = hiding_of(tag, attributes, hidden)
    if background or block_of(tag, attributes, marked_ids, wordings) is not None:
        return PLACED
    in_shown, in_hidden = _SHARED[end_of(tag), tag == "pre", names_logo(attributes)]
    return int(Start.LINE if tag in _BLOCKS else Start.INNER), (in_hidden if hides else in_shown, in_hidden)


def end_of(tag: str) -> int:
    return int(End.LINE if tag in _BLOCKS else End.SPACE if tag in _SPACED else End.NOTHING)


def hiding_of(tag: str, attributes: Mapping[str, str], hidden: frozenset[str]) -> tuple[bool, str]:
    """Whether the element hides what is in it, and the background image of its style.

    `hidden` are the names that the page's style sheets hide, as `hidden_names` gives them.
    """
    # React sends parts of a page later, hidden as S:0 and so on, and puts each in its place by a script at once
    hides = "hidden" in attributes and tag not in _WHOLE and not attributes.get("id", "").startswith(_STREAMED)
    background = ""
    if hidden and "display" not in attributes.get("style", ""):  # a style in the tag goes before the sheets
        names = [f"#{attributes.get('id', '')}", *(f".{name}" for name in attributes.get("class", "").split())]
        hides = hides or not hidden.isdisjoint(names)
    if style := attributes.get("style"):
        background, style_hides = style_of(style[:_STYLE_CHARS])
        # WeChat shows js_content by script, the library wow.js its blocks on scrolling, and many sites the whole page
        # once their style sheets are there: nobody is given a page of nothing
        waits = attributes.get("id") == "js_content" or "wow" in attributes.get("class", "") or tag in _WHOLE
        if style_hides and not waits:
            hides = True
    if tag == "marquee" and not hides:  # a pixel high: where spam of links is put on sites that were broken into
        hides = any(_FEW_PIXELS.fullmatch(attributes.get(side, "").strip()) for side in ("height", "width"))
    return hides, background


def block_of(tag: str, attributes: Mapping[str, str], marked_ids: frozenset[str], wordings: Wordings) -> Block | None:
    """A block (of no lines yet) for an element that may be a region of the page or its body; None for any other."""
    element_id, classes = attributes.get("id", ""), attributes.get("class", "")
    if element_id or classes:
        region, named_body = region_of(element_id[:NAME_CHARS], classes[:NAME_CHARS], wordings)
        if region or named_body or element_id in marked_ids:
            return Block(0, 0, region, named_body, element_id)
    region, named_body = REGION_TAGS.get(tag, ""), tag in wordings.body_selectors
    return Block(0, 0, region, named_body) if region or named_body else None
