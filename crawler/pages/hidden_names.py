"""Names of elements that a page's own style sheets hide until a script shows them."""

import re
from collections.abc import Iterable

from crawler.literals import Literals

_COMMENT = re.compile(r"/\*.{0,5000}?\*/", re.DOTALL)
# .pop, #tips { display: none; }
_RULE = re.compile(r"([^{}]{1,500})\{([^{}]{0,2000})\}")
_SIMPLE = re.compile(r"[.#][\w-]{1,100}\Z")
_NAME = re.compile(r"[.#][\w-]{1,100}")
_DISPLAY = re.compile(r"(?:^|;)\s*display\s*:\s*([\w-]+)")
_HIDES = re.compile(r"[.#][\w-]{1,100}\s*\{[^{}]{0,2000}?display\s*:\s*none")
#: A longer style sheet is that of a framework, of which a page uses little.
_STYLE_CHARS = 20_000
#: A longer inline script is code in which most names occur somewhere, not the few lines that show an element.
_SCRIPT_CHARS = 20_000


def hidden_names(styles: Iterable[str], scripts: Iterable[str]) -> frozenset[str]:
    """Class names (`.pop`) and ids (`#tips`) that a rule for that name alone takes off the page.

    Left out are names that another rule shows (`.tab.on`), that a short inline script speaks of, and whatever depends
    on the medium: what a visitor may come to see is read.
    """
    hidden: set[str] = set()
    shown: set[str] = set()
    for style in styles:
        if len(style) > _STYLE_CHARS or not _HIDES.search(style):
            continue
        for selectors, declarations in _RULE.findall(_without_media(_COMMENT.sub("", style))):
            if not (display := _DISPLAY.findall(declarations)):
                continue
            for selector in map(str.strip, selectors.split(",")):
                if display[-1] != "none":
                    shown.update(_NAME.findall(selector))
                elif _SIMPLE.match(selector):
                    hidden.add(selector)
    names = hidden - shown
    if not names:
        return frozenset()
    spoken = Literals(name[1:] for name in names).words_in(
        "\n".join(script for script in scripts if len(script) <= _SCRIPT_CHARS)  # no name holds a line end
    )
    return frozenset(name for name in names if name[1:] not in spoken)


def _without_media(style: str) -> str:
    """The rules outside blocks such as @media print {…}, which hold further rules."""
    if "@" not in style:
        return style
    kept, depth, block = [], 0, False
    for piece in re.split(r"([{}])", style):
        if piece == "{":
            depth += 1
        elif piece == "}":
            depth = max(0, depth - 1)
            if block:
                block = depth > 0
                continue
        elif depth == 0 and piece.rpartition(";")[2].lstrip().startswith("@"):
            block = True
        if not block:
            kept.append(piece)
    return "".join(kept)
