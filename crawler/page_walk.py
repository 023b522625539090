"""One walk over the parsed tree collects all that the readers of a page need; nothing is resolved or judged here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.element_looks import region_of, style_of
from crawler.nesting import bounded_nesting
from crawler.walked import Block, Walk
from crawler.wordings import Wordings

_BLOCKS = frozenset((
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hr", "html", "legend", "li", "main", "marquee", "menu", "nav", "noframes", "ol",
    "option", "p", "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul",
))  # fmt: skip
_UNSEEN = frozenset(
    {"style", "template", "noscript", "svg", "math", "object", "canvas", "textarea", "select", "datalist"}
)
_REGION_TAGS = {"footer": "footer", "header": "header", "nav": "nav", "aside": "aside"}
_LAZY = (
    "data-src",
    "data-original",
    "data-lazy-src",
    "data-lazy",
    "data-lazyload",
    "lay-src",
    "data-url",
    "data-echo",
    "_src",
    "original",
    "file",
)
_LINK_SCRIPT = re.compile(
    r"(?:location(?:\.href)?\s{0,3}=|location\.(?:replace|assign)\(|window\.open\(|(?:go|open|jump)\w{0,12}\()\s{0,3}"
    r"[\"']([^\"'\s<>]{1,500})[\"']"
)
_WRITTEN_LINK = re.compile(r"<a\s[^>]{0,200}?href=\\?[\"']([^\"'\\\s<>]{1,500})\\?[\"']", re.IGNORECASE)
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTAINERS = frozenset({"div", "td", "section", "article", "main", "body", "form", "center", "table", *_REGION_TAGS})
_CHILDLESS = frozenset({
    "script", "title", "meta", "base", "link", "br", "img", "input", "iframe", "frame", "area", "source", "video", "embed",
})  # fmt: skip
#: Elements that only dress text; without one of the telling attributes nothing of them is remembered.
_INLINE = frozenset(
    {"span", "b", "strong", "i", "em", "font", "u", "small", "sup", "sub", "s", "del", "ins", "mark", "big"}
)
_TELLING = frozenset({"id", "class", "style", "hidden", "onclick", "data-href", "data-link", "data-title"})
_ACTIVE = frozenset({"onclick", "data-href", "data-link", "data-miniprogram-appid"})
_HEADINGS = frozenset({"h1", "h2", "h3"})
#: Inline scripts longer than this are code, not the few lines with which a template places a widget or a link.
_SCRIPT_CHARS = 20_000
#: No more of a style or of names is read (and remembered): a page must not be able to fill our memory with them.
_STYLE_CHARS, _NAME_CHARS = 1000, 300


@dataclass(slots=True)
class _Frame:
    tag: str
    hidden: bool
    first_line: int = 0
    block: Block | None = None
    href: str | None = None
    image_alt: str = ""
    is_link: bool = False


_INLINE_FRAMES = {False: _Frame("", False), True: _Frame("", True)}


def walk_html(html: str, wordings: Wordings, marked_ids: frozenset[str] = frozenset()) -> Walk:
    """Parse and walk a page. Lone surrogates become U+FFFD; nesting is bounded as in browsers.

    Elements with one of the `marked_ids` are among the blocks even when their names say nothing.
    """
    tree = LexborHTMLParser(_LONE_SURROGATE.sub("\ufffd", bounded_nesting(html)))
    walker = _Walker(wordings, marked_ids)
    if tree.root is not None:
        walker.walk(tree.root)
    return walker.found


class _Walker:
    def __init__(self, wordings: Wordings, marked_ids: frozenset[str]) -> None:
        self.found = Walk()
        self._marked_ids = marked_ids
        self._wordings = wordings
        self._line: list[str] = []
        self._line_link_chars = 0
        self._link: list[str] | None = None
        self._after_link = False

    def walk(self, root: LexborNode) -> None:
        frames = [_Frame("", False)]
        node: LexborNode | None = root
        while node is not None:
            tag = node.tag or ""
            child = None
            if tag == "-text":
                self._add_text(node.text_content or "", frames[-1])
            elif tag not in _UNSEEN and tag[:1] not in "-!_" and self._enter(node, tag, frames):
                child = node.first_child
                if child is None:
                    self._leave(frames.pop())
            if child is not None:
                node = child
                continue
            while node is not None and (following := node.next) is None:
                node = node.parent
                if len(frames) == 1:
                    node = None
                    break
                self._leave(frames.pop())
            node = following if node is not None else None
        self._break_line()

    def _enter(self, node: LexborNode, tag: str, frames: list[_Frame]) -> bool:
        """Take in one element; true when its children are to be walked (its frame is then on the stack)."""
        attributes = node.attributes
        hidden = frames[-1].hidden
        if tag in _INLINE and _TELLING.isdisjoint(attributes):
            frames.append(_INLINE_FRAMES[hidden])
            return True
        if tag in _CHILDLESS:
            self._add_childless(node, tag, attributes, hidden, frames)
            return False
        frame = _Frame(tag, hidden)
        if tag in _BLOCKS:
            if self._line:
                self._break_line()
            self._after_link = False
        frame.first_line = len(self.found.lines)
        if attributes:
            self._read_attributes(tag, attributes, frame)
        if frame.block is None and tag in _CONTAINERS:
            named_body = tag in self._wordings.body_selectors
            frame.block = Block(frame.first_line, 0, _REGION_TAGS.get(tag, ""), named_body)
        if tag == "a" and self._after_link:
            self._add_space()
        self._after_link = False
        if tag in ("a", "button"):
            self._link, frame.is_link = [], True
        frames.append(frame)
        return True

    def _add_childless(
        self, node: LexborNode, tag: str, attributes: Mapping[str, str | None], hidden: bool, frames: list[_Frame]
    ) -> None:
        if tag == "script":
            self._add_script(node, attributes)
        elif tag == "title":
            self.found.document_title = self.found.document_title or _squeezed(node.text())
        elif tag in ("meta", "base"):
            self._add_head(tag, attributes)
        elif tag == "br":
            self._break_line()
        elif tag != "link":
            self._add_replaced(tag, attributes, hidden, frames)

    def _leave(self, frame: _Frame) -> None:
        tag = frame.tag
        if not tag:
            return
        found = self.found
        if tag in _BLOCKS:
            if self._line:
                self._break_line()
            self._after_link = False
        elif tag in ("td", "th", "button", "label"):
            self._add_space()
        if frame.block is not None:
            frame.block.end_line = len(found.lines) + (1 if any(map(str.strip, self._line)) else 0)
            if frame.block.end_line > frame.block.first_line:
                found.blocks.append(frame.block)
        if tag in _HEADINGS:
            text = " ".join(found.lines[frame.first_line :])
            if text and not frame.hidden:
                found.headings.append((tag, text))
        if frame.is_link and self._link is not None:
            text = _squeezed("".join(self._link)) or frame.image_alt
            self._link, self._after_link = None, True
            if text:
                found.buttons.append(text)
            if frame.href:
                found.links.append((frame.href, text))
        elif frame.href:
            found.links.append((frame.href, frame.image_alt))

    def _add_text(self, text: str, frame: _Frame) -> None:
        if text.isspace():
            self._add_space()
            return
        if frame.hidden:
            self.found.hidden.append(text)
            return
        if frame.tag == "pre" and "\n" in text:
            for row in text.split("\n"):
                self._line.append(row)
                self._break_line()
            return
        self._line.append(text)
        self._after_link = False
        if self._link is not None:
            self._link.append(text)
            self._line_link_chars += len(text.strip())

    def _add_space(self) -> None:
        """One space at most between two texts, so that a line's pieces are never more than twice its texts."""
        if self._line and self._line[-1] != " ":
            self._line.append(" ")

    def _break_line(self) -> None:
        if self._line:
            text = _squeezed("".join(self._line))
            if text:
                self.found.lines.append(text)
                self.found.link_chars.append(min(self._line_link_chars, len(text)))
            self._line.clear()
        self._line_link_chars = 0
        self._after_link = False

    def _read_attributes(self, tag: str, attributes: Mapping[str, str | None], frame: _Frame) -> None:
        element_id, classes = attributes.get("id") or "", attributes.get("class") or ""
        if style := attributes.get("style"):
            background, hides = style_of(style[:_STYLE_CHARS])
            if background:
                self.found.images.append((background, "", False))
            if hides and element_id != "js_content" and "wow" not in classes:
                frame.hidden = True  # WeChat shows js_content by script, the library wow.js its blocks on scrolling
        if "hidden" in attributes and tag != "body":
            frame.hidden = True
        if background_url := attributes.get("background"):
            self.found.images.append((background_url, "", False))
        if element_id or classes:
            region, named_body = region_of(element_id[:_NAME_CHARS], classes[:_NAME_CHARS], self._wordings)
            if region or named_body or element_id in self._marked_ids:
                frame.block = Block(frame.first_line, 0, region, named_body, element_id)
        if tag == "a":
            href = attributes.get("href") or ""
            frame.href = href
            frame.image_alt = _squeezed(attributes.get("title") or "")
            if href[:4].lower() in ("tel:", "sms:", "java", "tenc", "mqqw"):
                self.found.marks.append(f'href="{href}')
        elif tag == "time" and attributes.get("datetime"):
            self.found.times.append(attributes["datetime"] or "")
        elif "-" in tag or tag == "mpvoice":
            self._add_component(tag, attributes)
        elif title := attributes.get("data-title"):
            frame.image_alt = _squeezed(title)
        if not _ACTIVE.isdisjoint(attributes):
            for name in sorted(_ACTIVE.intersection(attributes)):
                if value := attributes[name]:
                    self._add_script_link(name, value, frame)

    def _add_component(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        """WeChat's own elements: a voice shows its name; cards of accounts and mini-programs are marks of a widget."""
        self.found.marks.append(f"<{tag}")
        if tag in ("mpvoice", "mp-common-mpaudio") and (media := attributes.get("voice_encode_fileid")):
            self._line.append(f" {attributes.get('name') or ''} ")
            self.found.links.append((f"https://res.wx.qq.com/voice/getvoice?mediaid={media}", "音频"))

    def _add_script_link(self, name: str, value: str, frame: _Frame) -> None:
        self.found.marks.append(f"{name}={value}")
        match = _LINK_SCRIPT.search(value) if name == "onclick" else None
        target = match[1] if match else value if name in ("data-href", "data-link") else ""
        if target and (not frame.href or frame.href.lower().startswith(("javascript", "#"))):
            frame.href = target

    def _add_script(self, node: LexborNode, attributes: Mapping[str, str | None]) -> None:
        if source := attributes.get("src"):
            self.found.marks.append(f"src={source}")
        code = node.first_child
        text = (code.text_content if code is not None else "") or ""
        if text and len(text) <= _SCRIPT_CHARS:
            self.found.scripts.append(text)
            if "document.write" in text:
                self.found.links.extend((url, "") for url in _WRITTEN_LINK.findall(text))

    def _add_head(self, tag: str, attributes: Mapping[str, str | None]) -> None:
        if tag == "base":
            self.found.base = self.found.base or attributes.get("href") or ""
        elif tag == "meta":
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
            name = name or attributes.get("http-equiv") or ""
            if name and (content := attributes.get("content")):
                self.found.metas.setdefault(name.strip().lower(), content)

    def _add_replaced(self, tag: str, attributes: Mapping[str, str | None], hidden: bool, frames: list[_Frame]) -> None:
        found = self.found
        source = attributes.get("src") or ""
        if tag in ("iframe", "frame", "embed"):
            found.marks.append(f"src={source}")
            if tag != "embed" and (target := source or attributes.get("data-src")):
                found.links.append((target, ""))
        elif tag == "area":
            found.links.append((attributes.get("href") or "", _squeezed(attributes.get("alt") or "")))
            found.marks.append(f"href={attributes.get('href') or ''}")
        elif tag == "input":
            kind, value = (attributes.get("type") or "").lower(), _squeezed(attributes.get("value") or "")
            if kind in ("submit", "button") and value and not hidden:
                found.buttons.append(value)
                self._line.append(f" {value} ")
            if kind == "image" and source:
                found.images.append((source, _squeezed(attributes.get("alt") or ""), False))
        else:
            self._add_image(tag, attributes, frames)
        if onclick := attributes.get("onclick"):
            script_frame = _Frame(tag, hidden)
            self._add_script_link("onclick", onclick, script_frame)
            if script_frame.href:
                found.links.append((script_frame.href, _squeezed(attributes.get("alt") or "")))

    def _add_image(self, tag: str, attributes: Mapping[str, str | None], frames: list[_Frame]) -> None:
        if tag == "video":
            lazy, source = "", attributes.get("poster") or ""
        else:
            lazy = next((value for name in _LAZY if (value := attributes.get(name))), "")
            source = attributes.get("src") or ""
            if not (lazy or source):
                source = (
                    (attributes.get("srcset") or attributes.get("data-srcset") or "")
                    .split(",")[0]
                    .strip()
                    .split(" ")[0]
                )
        alt = _squeezed(attributes.get("alt") or attributes.get("title") or "")
        if lazy or source:
            self.found.images.append((lazy or source, alt, bool(lazy) or attributes.get("loading") == "lazy"))
        if alt and self._link is not None:
            for frame in reversed(frames):
                if frame.tag in ("a", "button"):
                    frame.image_alt = frame.image_alt or alt
                    break


def _squeezed(text: str) -> str:
    return " ".join(text.split())
