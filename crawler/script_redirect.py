"""Pages that only send their visitor on by a script."""

import re
from collections.abc import Sequence

#: Where the reader of pages says, in `ExtractedPage.extra`, that a page does nothing but send the browser elsewhere.
SCRIPT_REDIRECT = "script_redirect"
#: What such a page shows is a word of patience at most: 请稍候，正在为你转入...
_SHOWN_CHARS = 60
_SCRIPT_CHARS = 4000
# Such as: location.href = "/a"; window.location.replace('http://…'); setTimeout("location='/a'", 3000); location = target.
# Not such as "http://" + host, of which the address is unknown.
_LEAVES = re.compile(
    r"\blocation(?:(?:\.href)?\s{0,3}=(?!=)|\.(?:replace|assign)\()\s{0,3}"
    r"(?:\\?[\"'](?P<address>[^\"'\\\s<>]{1,500})\\?[\"']|(?P<name>[A-Za-z_$][\w$]{0,60})(?![\w$.(\[]))(?!\s{0,3}\+)"
)
_SET_TO = r"\b{name}\s{{0,3}}=\s{{0,3}}[\"']([^\"'\\\s<>]{{1,500}})[\"'](?!\s{{0,3}}\+)"


def script_redirect(scripts: Sequence[str], shown_chars: int) -> str:
    """The address, as written, to which every script of a page without text leads at once; empty for other pages.

    Where scripts choose between several addresses a visitor cannot know which, and what stands in a function waits
    for a click.
    """
    if shown_chars > _SHOWN_CHARS or sum(map(len, scripts)) > _SCRIPT_CHARS:
        return ""
    targets = {
        match["address"] or _value_of(match["name"], script)
        for script in scripts
        for match in _LEAVES.finditer(script)
        if not is_in_function(script[: match.start()])
    }
    return targets.pop() if len(targets) == 1 else ""


def _value_of(name: str, script: str) -> str:
    match = re.search(_SET_TO.format(name=re.escape(name)), script)
    return match[1] if match else ""


def is_in_function(before: str) -> bool:
    """Whether what stands behind a part of a script waits to be called."""
    return before.count("{") > before.count("}") and "function" in before
