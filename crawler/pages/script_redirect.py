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
_LEAVES_SOMEHOW = re.compile(r"\blocation(?:(?:\.href)?\s{0,3}=(?!=)|\.(?:replace|assign)\()")
# Not the slashes of an address: "http://…", '//a.example/'
_COMMENT = re.compile(r"/\*.{0,4000}?\*/|(?<![:\\\"'/\w])//[^\n]*", re.DOTALL)
#: What stands between a condition and `location` and belongs to the statement: window., setTimeout("
_OWN_WORDS = re.compile(r"(?:setTimeout\(\s{0,3}[\"']\s{0,3})?(?:(?:window|self|top|parent|document)\.)*$")
# if (…) location = … ;  isMobile && (location = …) ;  isMobile ? location = … : 0
_CONDITION = re.compile(r"(?:\bif\s{0,3}\([^;{}]{0,300}\)|(?:&&|\|\||\?)\s{0,3}\(?)$")
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
        for script in map(_without_comments, scripts)
        for match in _LEAVES.finditer(script)
        if not is_in_function(script[: match.start()])
    }
    return targets.pop() if len(targets) == 1 else ""


def sends_everybody(scripts: Sequence[str]) -> bool:
    """Whether scripts send whoever comes away, to wherever it is, and not some visitors only (of mobiles, of old browsers)."""
    before = [
        script[: match.start()]
        for script in map(_without_comments, scripts)
        for match in _LEAVES_SOMEHOW.finditer(script)
    ]
    guards = [_guard_of(part) for part in before if not is_in_function(part)]
    return "" in guards or {"if", "else"} <= set(guards)


def _without_comments(script: str) -> str:
    return _COMMENT.sub(" ", script)


def _guard_of(before: str) -> str:
    """What the statement behind a part of a script depends on: `if`, `else`, or nothing."""
    before = _OWN_WORDS.sub("", before).rstrip()
    if before.endswith("else"):
        return "else"
    if _CONDITION.search(before):
        return "if"
    return _guard_of_block(before)


def _guard_of_block(before: str) -> str:
    """The same for the innermost block that is open at the end of a part of a script; any but `else` is a condition."""
    depth = 0
    for place in range(len(before) - 1, -1, -1):
        depth += (before[place] == "}") - (before[place] == "{")
        if depth < 0:
            return "else" if before[:place].rstrip().endswith("else") else "if"
    return ""


def _value_of(name: str, script: str) -> str:
    match = re.search(_SET_TO.format(name=re.escape(name)), script)
    return match[1] if match else ""


def is_in_function(before: str) -> bool:
    """Whether what stands behind a part of a script waits to be called."""
    return before.count("{") > before.count("}") and ("function" in before or "=>" in before)
