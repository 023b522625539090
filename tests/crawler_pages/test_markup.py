"""The normal form: what is cut out of it is what the parser's tree holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from crawler.pages.markup import attributes_of, normal_markup, unescaped

PIECES = [
    "<p>", "</p>", "<div a='1' b=\"2>3<4&amp;5\">", "</div>", "<a<b c<d>", "<p a\"b=x =y>", "甲", "&lt;b&gt; &amp;nbsp;", "&nbsp;",
    "<!--", "-->", "<!-->", "--!>", "<?php ", "?>", "<script>", "</script>", "<style>", "</style>", "<template>", "</template>",
    "<svg>", "</svg>", "<noscript>", "</noscript>", "<xmp>", "</xmp>", "<textarea>", "</textarea>", "<title>", "</title>",
    "<iframe>", "</iframe>", "<video>", "</video>", "<table>", "<td>", "<select>", "<option>", "</select>", "<br>", "<img src=x>",
    "<plaintext>", "<noframes>", "</noframes>", "<frameset>", "<math>", "<mi>", "<style/>", "<pre>\n", "<b>", "<", ">", "\"", "'",
    "<keygen>", "<object>", "</object>", "<image>", "<![CDATA[", "]]>",
]  # fmt: skip
UNSEEN = {"style", "template", "noscript", "svg", "math", "object", "canvas", "textarea", "select", "datalist"}
EMPTIED = {"script", "iframe", "video", "xmp", "noembed", "noframes", "plaintext"}


def open_tags_and_texts(html: str) -> tuple[list[str], str]:
    """Start tags and texts outside unseen and emptied elements, from a walk over the parser's tree."""
    tags: list[str] = []
    texts: list[str] = []
    root = LexborHTMLParser(html.encode()).root
    stack = [root] if root is not None else []
    while stack:
        node = stack.pop()
        tag = node.tag or ""
        if tag == "-text":
            texts.append(node.text_content or "")
        elif tag[:1] not in "-!_?" and tag not in UNSEEN:
            tags.append(tag)
            children = [] if tag in EMPTIED else list(node.iter(include_text=True))
            stack.extend(reversed(children))
    return tags, "".join(texts)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_tokens_are_those_of_the_tree(html: str) -> None:
    markup = normal_markup(html)
    tags = [token.partition(" ")[0] for token, _ in markup.tokens if token[:1] not in "/!?"]
    kept_apart = set(markup.raw_texts)
    texts = "".join(unescaped(text) for token, text in markup.tokens if not (is_raw(token) and text in kept_apart))
    assert (tags, texts) == open_tags_and_texts(html)


def is_raw(token: str) -> bool:
    return token.partition(" ")[0] in EMPTIED


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_every_element_ends(html: str) -> None:
    depth = 0
    for token, _ in normal_markup(html).tokens:
        depth += -1 if token[:1] == "/" else token.partition(" ")[0] not in VOID and token[:1] not in "!?"
        assert depth >= 0
    assert depth == 0


VOID = {
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "keygen", "link", "meta",
    "param", "source", "track", "wbr",
}  # fmt: skip


@pytest.mark.parametrize(
    ("token", "wanted"),
    [
        ('p class="a" hidden="" data-x="1 &lt; 2 &amp;amp;"', {"class": "a", "hidden": "", "data-x": "1 < 2 &amp;"}),
        ('p a"b="" ="x"="1"', {'a"b': "", '="x"': "1"}),
        ("p", {}),
    ],
)
def test_attributes_are_read_as_the_parser_writes_them(token: str, wanted: dict[str, str]) -> None:
    assert attributes_of(token) == wanted


def test_scripts_and_style_sheets_are_kept_apart() -> None:
    markup = normal_markup(
        "<style>.a{}</style><script>1<2</script><xmp><b></xmp><noscript><style>.b{}</style></noscript>"
    )
    assert sorted(markup.raw_texts.values()) == ["1<2", "<b>"]
    assert markup.styles == [".a{}"]
