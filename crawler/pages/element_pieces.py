"""What single elements add to a walk, whatever stands around them: scripts, metadata, addresses in scripts."""

import re
from collections.abc import Mapping

from crawler.pages.walked import Walk

#: What a page's own functions are given is an address only if it is written like one: openZoosUrl('chatwin') opens a chat.
_LINK_SCRIPT = re.compile(
    r"(?:location(?:\.href)?\s{0,3}=|location\.(?:replace|assign)\(|window\.open\("
    r"|(?:go|open|jump)\w{0,12}\((?=\s{0,3}[\"'][^\"'\s<>]{0,500}[/.?]))\s{0,3}"
    r"[\"']([^\"'\s<>]{1,500})[\"']"
)
_WRITTEN_LINK = re.compile(r"<a\s[^>]{0,200}?href=\\?[\"']([^\"'\\\s<>]{1,500})\\?[\"']", re.IGNORECASE)
#: Inline scripts longer than this are code, not the few lines with which a template places a widget or a link.
_SCRIPT_CHARS = 20_000
#: Inline scripts longer than this are libraries: WeChat's articles carry a megabyte of them.
_DATA_SCRIPT_CHARS = 60_000


def squeezed(text: str) -> str:
    """One line of text, its blanks single."""
    return " ".join(text.split())


def add_script(found: Walk, attributes: Mapping[str, str], text: str) -> None:
    if source := attributes.get("src"):
        found.marks.append(f"src={source}")
    if text and len(text) <= _DATA_SCRIPT_CHARS:
        found.data_scripts.append(text)
    if text and len(text) <= _SCRIPT_CHARS:
        found.scripts.append(text)
        if "document.write" in text:
            found.links.extend((url, "") for url in _WRITTEN_LINK.findall(text))


def add_head(found: Walk, tag: str, attributes: Mapping[str, str]) -> None:
    """A `base` or `meta` element; of several that say the same, the first counts."""
    if tag == "base":
        found.base = found.base or attributes.get("href", "")
        return
    name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop", "")
    name = name or attributes.get("http-equiv", "")
    if name and (content := attributes.get("content")):
        found.metas.setdefault(name.strip().lower(), content)


def add_component(found: Walk, tag: str, attributes: Mapping[str, str]) -> str:
    """WeChat's own elements: a voice shows its name, which is returned; cards of accounts and mini-programs are marks of a
    widget."""
    found.marks.append(f"<{tag}")
    if tag in ("mpvoice", "mp-common-mpaudio") and (media := attributes.get("voice_encode_fileid")):
        found.links.append((f"https://res.wx.qq.com/voice/getvoice?mediaid={media}", "音频"))
        return f" {attributes.get('name') or ''} "
    return ""


def add_scripted_link(found: Walk, name: str, value: str, href: str | None) -> str | None:
    """What an attribute that acts says: a mark, and where a click leads if `href` leads nowhere."""
    found.marks.append(f"{name}={value}")
    match = _LINK_SCRIPT.search(value) if name == "onclick" else None
    target = match[1] if match else value if name in ("data-href", "data-link") else ""
    return target if target and (not href or href.lower().startswith(("javascript", "#"))) else href


def link_in_script(href: str) -> str:
    """Where `javascript:openwin('news.asp?id=3')` in a link leads; the href itself when it names no address."""
    match = _LINK_SCRIPT.search(href)
    return match[1] if match else href


def add_clicked_image(found: Walk, attributes: Mapping[str, str]) -> None:
    """An image that is a button by its script."""
    if (onclick := attributes["onclick"]) and (href := add_scripted_link(found, "onclick", onclick, None)):
        found.links.append((href, squeezed(attributes.get("alt", ""))))
