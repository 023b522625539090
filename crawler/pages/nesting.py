"""Bounds on markup for which the parser's cost grows with the square of the page: depth, formatting, attributes, options.

The first three are the standard's own doing (scopes, the list of active formatting elements, the search for a second
attribute of one name); browsers are slow on such pages too. The parser looks at all options of a list again for each that
comes. Ordinary pages pass through unchanged.
"""

import re
from itertools import islice

#: Browsers stop at 512; real pages stay under 60. What is left of a hostile page is kept well below.
_MAX_DEPTH = 200
#: Unclosed tags beyond this many somewhere in the page make the exact count worth its time.
_SUSPECT_DEPTH = 2000
_SLICES = 64
#: An unclosed <b> or <font> is opened again in every later block: so many of them are believed.
_MAX_FORMATTING = 8
#: Careless pages leave a few dozen open; browsers and the parser bear that.
_SUSPECT_FORMATTING = 48
#: Fewer tags than this can neither nest too deep nor make more than about a million nodes by formatting alone.
_SUSPECT_TAGS = 2000
#: A tag of more characters than this is looked into; one long data address is no harm, a thousand attributes are.
_SUSPECT_TAG_CHARS, _MAX_ATTRIBUTES = 8000, 200
#: Half of it: a stretch of markup that begins at a multiple of this lies wholly inside every such tag.
_STRETCH = _SUSPECT_TAG_CHARS // 2

#: Options of lists, which are not read; a list of all counties of the country has some 3,000.
_MAX_OPTIONS = 5000
_OPTION = re.compile(r"<option(?=[\s>/])[^>]{0,2000}>", re.IGNORECASE)

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]{0,2000}>")
_START_TAG = re.compile(rb"<[a-zA-Z]")
_NAME_END = re.compile(r"[\s/]")
# a=b, /a, a="1"b='2': blanks and slashes, a name (of any first letter), and perhaps a value; linear, nothing is given back
_ATTRIBUTE = re.compile(
    r"[\s/]*+[^\s/]?+[^\s/=]*+(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s\"'][^\s]*+)?+)?+"
)
# <font, </B>: those of which any number can be open at once; a second <a> closes the first
_FORMATTING_TAG = re.compile(r"<(/?)(big|b|code|em|font|i|small|strike|strong|s|tt|u)(?=[\s>/])", re.IGNORECASE)
_FORMATTING = frozenset({
    "a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u",
})  # fmt: skip
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "param",
})  # fmt: skip
#: These close the one before them, so a page of a thousand of them without end tags is flat. Not so <optgroup> outside a
#: list and <rt> outside <ruby>.
_SELF_CLOSING = frozenset({"p", "li", "dt", "dd", "td", "th", "tr", "option", "tbody", "thead"})
_UNCOUNTED = _VOID | _SELF_CLOSING


def may_need_bounds(source: bytes) -> bool:
    """Whether a page in UTF-8 is worth a look by `bounded_nesting`; most are not, and bytes are searched fast."""
    if next(islice(_START_TAG.finditer(source), _SUSPECT_TAGS - 1, None), None) is not None:
        return True
    return _may_have_giant_tag(source)


def bounded_nesting(html: str) -> str:
    """The page itself, or for a page beyond any browser's patience the page without its excess of tags."""
    html = "<".join(_trimmed(part) if len(part) > _SUSPECT_TAG_CHARS else part for part in html.split("<"))
    html = _with_fewer_options(html)
    return _flattened(html) if _may_be_deep(html) or _leaves_formatting_open(html) else html


def _may_have_giant_tag(source: bytes) -> bool:
    """Whether a stretch without `>` lies in what begins as a tag and goes on as one; a few look-ups where none does."""
    opening = looked_at = 0
    for start in range(0, len(source) - _STRETCH, _STRETCH):
        if source.find(b">", start, start + _STRETCH) < 0:
            opening = max(opening, source.rfind(b"<", looked_at, start + 1))
            looked_at = start
            end = opening + _SUSPECT_TAG_CHARS
            if (
                source[opening + 1 : opening + 2].isalpha()
                and source.find(b">", opening, end) < 0
                and source.find(b"<", opening + 1, end) < 0
            ):
                return True
    return False


def _trimmed(part: str) -> str:
    """The text from one `<` to the next: a start tag with far too many attributes keeps the first of them."""
    tag, closed, rest = part.partition(">")
    if not part[:1].isalpha() or len(tag) <= _SUSPECT_TAG_CHARS:
        return part
    place = len(_NAME_END.split(tag, maxsplit=1)[0])
    for attribute in islice(_ATTRIBUTE.finditer(tag, place), _MAX_ATTRIBUTES):
        place = attribute.end()
    return part if place == len(tag) else tag[:place] + closed + rest


def _may_be_deep(html: str) -> bool:
    """Opening less closing tags at each of 64 places, counted at the speed of `str.count`."""
    step = len(html) // _SLICES + 1
    depth = 0
    for start in range(0, len(html), step):
        opened = html.count("<", start, start + step)
        closed = html.count("</", start, start + step)
        if depth + opened - closed > _SUSPECT_DEPTH:
            return True
        depth = max(0, depth + opened - 2 * closed)
    return False


def _leaves_formatting_open(html: str) -> bool:
    open_tags: dict[str, int] = {}
    for closing, name in _FORMATTING_TAG.findall(html):
        count = open_tags.get(name, 0) + (-1 if closing else 1)
        open_tags[name] = max(0, count)
        if count > _SUSPECT_FORMATTING:
            return True
    return False


def _with_fewer_options(html: str) -> str:
    last = next(islice(_OPTION.finditer(html), _MAX_OPTIONS - 1, None), None)
    return html if last is None else html[: last.end()] + _OPTION.sub(" ", html[last.end() :])


def _flattened(html: str) -> str:
    open_all = open_formatting = 0
    dropped: dict[str, int] = {}

    def kept(match: re.Match[str]) -> str:
        nonlocal open_all, open_formatting
        closing, name = match[1], match[2].lower()
        if name in _UNCOUNTED:
            return match[0]
        formats = name in _FORMATTING
        if not closing:
            if open_all >= _MAX_DEPTH or (formats and open_formatting >= _MAX_FORMATTING):
                dropped[name] = dropped.get(name, 0) + 1
                return " "
            open_all += 1
            open_formatting += formats
            return match[0]
        if dropped.get(name):
            dropped[name] -= 1
            return " "
        open_all = max(0, open_all - 1)
        open_formatting = max(0, open_formatting - formats)
        return match[0]

    return _TAG.sub(kept, html)
