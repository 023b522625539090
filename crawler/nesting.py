"""A bound on the nesting of elements: the parser's cost grows with the square of the depth of open elements."""

import re

#: Browsers stop at 512; real pages stay under 60.
_MAX_DEPTH = 512
#: Unclosed tags beyond this many somewhere in the page make the exact count worth its time.
_SUSPECT_DEPTH = 2000
_SLICES = 64
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>]{0,2000}>")
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "param",
})  # fmt: skip
#: These close the one before them, so a page of a thousand of them without end tags is flat.
_SELF_CLOSING = frozenset({"p", "li", "dt", "dd", "td", "th", "tr", "option", "tbody", "thead", "optgroup", "rt", "rp"})
_UNCOUNTED = _VOID | _SELF_CLOSING


def bounded_nesting(html: str) -> str:
    """The page itself, or for a page nested beyond any browser's patience the page without its deepest tags."""
    return _flattened(html) if _may_be_deep(html) else html


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


def _flattened(html: str) -> str:
    depth = 0
    dropped = 0

    def kept(match: re.Match[str]) -> str:
        nonlocal depth, dropped
        closing, name = match[1], match[2].lower()
        if name in _UNCOUNTED:
            return match[0]
        if not closing:
            if depth >= _MAX_DEPTH:
                dropped += 1
                return " "
            depth += 1
            return match[0]
        if dropped:
            dropped -= 1
            return " "
        depth = max(0, depth - 1)
        return match[0]

    return _TAG.sub(kept, html)
