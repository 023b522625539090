"""A page in the parser's own normal form, cut into its tags.

Written out again, a parsed page has every end tag, quoted attributes, and no bare `<` or `>` in a text or an attribute's
value. Cutting it by one pattern is then exact and much faster than visiting the tree's nodes one by one.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.pages.nesting import bounded_nesting, may_need_bounds

#: Nothing in these is read: browsers do not show it, or not as text.
_UNSEEN = frozenset(
    {"style", "template", "noscript", "svg", "math", "object", "canvas", "textarea", "select", "datalist"}
)
#: What is inside these stands for them only where they fail.
_REPLACED = frozenset({"iframe", "video"})
#: Their text is written without escapes, so it is kept apart; the number in its place says which it was.
_RAW = frozenset({"script", "xmp", "noembed", "noframes", "plaintext"})
_APART = ", ".join(sorted(_UNSEEN | _REPLACED | _RAW))
# <p class="a">text, </p>, <!--a > b-->; a name of a tag or an attribute may hold <, nothing but a comment may hold >
_TOKEN = re.compile(r"<(!--.*?--|[^>]*)>([^<]*)", re.DOTALL)
# class="a" hidden="" data-x="1 &lt; 2": a name may begin with =, and then holds anything but space, / and >
_ATTRIBUTE = re.compile(r" (=?[^\s/>=]*)=\"([^\"]*)\"")


@dataclass(frozen=True, slots=True)
class Markup:
    """`tokens` are tags without their brackets, each with the text behind it (escaped); an end tag begins with `/`.

    The text of an element named in `_RAW` is a key of `raw_texts`. `styles` are the page's own style sheets.
    """

    tokens: list[tuple[str, str]]
    raw_texts: dict[str, str]
    styles: list[str]


def normal_markup(html: str) -> Markup:
    """Parse a page and cut its normal form. Lone surrogates become U+FFFD; nesting is bounded as in browsers."""
    source = _utf8(html)
    if may_need_bounds(source):
        source = _utf8(bounded_nesting(html))
    tree = LexborHTMLParser(source)
    raw_texts: dict[str, str] = {}
    styles: list[str] = []
    for node in reversed(tree.css(_APART)):  # inner before outer: what is taken away is not looked at again
        tag = node.tag
        if tag in _RAW:
            _keep_apart(node, raw_texts)
        elif tag in _UNSEEN:
            if tag == "style" and _applies(node):
                styles.append(node.text())
            node.decompose()
        else:
            _empty(node)
    styles.reverse()
    return Markup(_TOKEN.findall(tree.html or ""), raw_texts, styles)


def _utf8(html: str) -> bytes:
    try:
        return html.encode()
    except UnicodeEncodeError:
        return html.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def _keep_apart(node: LexborNode, raw_texts: dict[str, str]) -> None:
    child = node.first_child
    if child is None:
        return
    place = str(len(raw_texts))
    raw_texts[place] = child.text_content or ""
    _empty(node)
    node.insert_child(place)


def _empty(node: LexborNode) -> None:
    while (child := node.first_child) is not None:
        child.decompose()


def _applies(style: LexborNode) -> bool:
    """Whether a style sheet counts in a browser with scripts: it is for screens, and not inside an unseen element."""
    if (style.attributes.get("media") or "all").strip().lower() not in ("all", "screen"):
        return False
    parent = style.parent
    while parent is not None and parent.tag not in _UNSEEN:
        parent = parent.parent
    return parent is None


def attributes_of(token: str) -> dict[str, str]:
    """The attributes of a start tag, names as the parser has them (in lower case)."""
    if "&" in token:
        return {name: unescaped(value) for name, value in _ATTRIBUTE.findall(token)}
    return dict(_ATTRIBUTE.findall(token))


def unescaped(text: str) -> str:
    """A text or a value without the five escapes of the normal form."""
    if "&" not in text:
        return text
    text = text.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    return text.replace("&amp;", "&")
