"""One walk over the pieces of a page collects all that its readers need; nothing is resolved or judged here."""

import re
from collections.abc import Mapping

from crawler.pages.element_kinds import (
    ACTIVE,
    CHILDLESS,
    HEADINGS,
    INSTEAD,
    LOOKS,
    NAME_CHARS,
    NOTHING,
    PICTURE_COMPONENTS,
    PLACED,
    PLACED_TAGS,
    REGION_TAGS,
    ROOT,
    SHOWN_RAW,
    VOID,
    End,
    Frame,
    Kind,
    Start,
    block_of,
    end_of,
    hiding_of,
    kind_of,
)
from crawler.pages.element_looks import names_logo, says_logo
from crawler.pages.element_pieces import (
    add_clicked_image,
    add_component,
    add_head,
    add_script,
    add_scripted_link,
    link_in_script,
    squeezed,
)
from crawler.pages.hidden_names import hidden_names
from crawler.pages.markup import Markup, attributes_of, normal_markup, unescaped
from crawler.pages.picture_sources import background_source, best_of_set, picture_source
from crawler.pages.walked import Walk, WalkedImage
from crawler.wordings import Wordings

_CLOSE, _PLACED, _BREAK, _LINE = (int(start) for start in (Start.CLOSE, Start.PLACED, Start.BREAK, Start.LINE))
_ENDS_LINE, _ENDS_PLACED = int(End.LINE), int(End.PLACED)
#: Elements around a picture whose names may say that it is the site's sign: its link, its box, the box of that.
_LOGO_REACH = 4
#: Signs without a width; what they stand between is not parted by them.
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff "
#: Markup in the text of an element that is shown instead of frames.
_TAG = re.compile(r"<[^<>]{0,2000}>")
#: Forums show how long ago a post was written, and the time itself when one points there.
_TITLED_TIME = re.compile(
    r"(?:span|em|i|b|font|abbr|small|time)\s[^>]{0,200}?title=[\"']([12][0-9]{3}[-/][0-9]{1,2}[-/][0-9]{1,2}[T ][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}[0-9.Z+:-]{0,12})?)[\"']",
    re.ASCII,
)
#: Links that do not lead to a page: they call, write, or run a script.
_TOLD_SCHEMES = frozenset({"tel:", "sms:", "java", "tenc", "mqqw"})


def walk_html(html: str, wordings: Wordings, marked_ids: frozenset[str] = frozenset()) -> Walk:
    """Parse and walk a page. Lone surrogates become U+FFFD; nesting is bounded as in browsers.

    Elements with one of the `marked_ids` are among the blocks even when their names say nothing.
    """
    markup = normal_markup(html)
    names = frozenset() if marked_ids else hidden_names(markup.styles, markup.raw_texts.values())
    walker = _Walker(markup, wordings, marked_ids, names)
    walker.walk()
    if names and sum(map(len, walker.found.hidden)) > sum(map(len, walker.found.lines)):
        walker = _Walker(markup, wordings, marked_ids, frozenset())  # a page that is shown by a script as a whole
        walker.walk()
    return walker.found


class _Walker:
    def __init__(
        self, markup: Markup, wordings: Wordings, marked_ids: frozenset[str], hidden_names: frozenset[str]
    ) -> None:
        self.found = Walk()
        self._tokens = markup.tokens
        self._raw_texts = markup.raw_texts
        self._marked_ids = marked_ids
        self._hidden_names = hidden_names
        self._wordings = wordings
        self._kinds: dict[str, Kind] = {}
        self._frames = [ROOT]
        self._line: list[str] = []
        self._line_link_chars = 0
        self._link: list[str] | None = None
        self._after_link = False
        self._offered = ""

    def walk(self) -> None:
        """The hot loop: most tokens were met before on the page and cost a look into `_kinds`."""
        kinds, frames, line = self._kinds, self._frames, self._line
        frame = frames[0]
        for token, text in self._tokens:
            start, inner = kinds.get(token) or self._new_kind(token)
            if start == _CLOSE:
                if end := frame.end:
                    if end == _ENDS_LINE:
                        if line:
                            self._break_line()
                        self._after_link = False
                    elif end == _ENDS_PLACED:
                        self._leave(frame)
                    elif line and line[-1] != " ":
                        line.append(" ")
                frames.pop()
                frame = frames[-1]
            elif start <= _LINE:
                if start:
                    self._after_link = False
                    if line and start == _LINE:
                        self._break_line()
                frame = inner[frame.hidden]
                frames.append(frame)
            elif start == _PLACED:
                text = self._enter(token, text, frame)
                frame = frames[-1]
            elif start == _BREAK:
                self._break_line()
            if text:
                if text.isspace():
                    if line and line[-1] != " ":
                        line.append(" ")
                elif "&" in text or frame.hidden or frame.keeps_lines or self._link is not None:
                    self._add_text(text, frame)
                else:
                    line.append(text)
                    self._after_link = False
        self._break_line()

    def _new_kind(self, token: str) -> Kind:
        if token[:2] == "a ":
            return PLACED
        if "title=" in token and (time := _TITLED_TIME.match(token)):
            self.found.titled_times.append((len(self.found.lines), time[1]))
        if token.partition(" ")[0] in PLACED_TAGS:
            return PLACED
        if token[:1] == "!" or token[:5] == "link ":
            return NOTHING
        read_kind = kind_of if len(token) <= NAME_CHARS else kind_of.__wrapped__
        kind = self._kinds[token] = read_kind(token, self._marked_ids, self._hidden_names, self._wordings)
        return kind

    def _enter(self, token: str, text: str, parent: Frame) -> str:
        """Take in one element that has to be looked at; the text behind its tag comes back if it is still to be read."""
        attributes = attributes_of(token)
        if token[:2] == "a " or token == "a":
            self._open_link(attributes, parent.hidden)
            return text
        tag = token.partition(" ")[0]
        if tag in CHILDLESS:
            self._add_childless(tag, attributes, text, parent)
            if tag in VOID:
                return text
            self._frames.append(ROOT)
            return ""
        frame = self._opened(tag, attributes, parent.hidden)
        if tag in VOID:
            self._leave(frame)
            return text
        self._frames.append(frame)
        if tag in INSTEAD:
            self.found.hidden.append(_TAG.sub(" ", self._raw_texts.get(text, "")))
            return ""
        return self._raw_texts.get(text, "").replace("&", "&amp;") if tag in SHOWN_RAW else text

    def _add_childless(self, tag: str, attributes: Mapping[str, str], text: str, parent: Frame) -> None:
        found = self.found
        if tag == "script":
            add_script(found, attributes, self._raw_texts.get(text, ""))
        elif tag == "title":
            found.document_title = found.document_title or squeezed(unescaped(text))
        elif tag in ("meta", "base"):
            add_head(found, tag, attributes)
        else:
            if tag in ("img", "source", "video"):
                self._add_image(tag, attributes)
            else:
                self._add_replaced(tag, attributes, parent.hidden)
            if "onclick" in attributes:
                add_clicked_image(found, attributes)

    def _open_link(self, attributes: Mapping[str, str], hidden: bool) -> None:
        href = attributes.get("href", "")
        frame = Frame(_ENDS_PLACED, hidden, False, "a", 0, len(self.found.lines), None, href, "", True)
        if "title" in attributes:
            frame.image_alt = attributes["title"]
        frame.attributes = attributes
        if href[:4].lower() in _TOLD_SCHEMES:
            self.found.marks.append(f'href="{href}')
            if href[:11].lower() == "javascript:":
                frame.href = link_in_script(href)
        if not LOOKS.isdisjoint(attributes):
            self._read_looks("a", attributes, frame)
        if self._after_link:
            self._add_space()
            self._after_link = False
        self._link = []
        self._frames.append(frame)

    def _opened(self, tag: str, attributes: Mapping[str, str], hidden: bool) -> Frame:
        end = end_of(tag)
        if end == _ENDS_LINE and self._line:
            self._break_line()
        self._after_link = False
        frame = Frame(_ENDS_PLACED, hidden, tag == "pre", tag, end, len(self.found.lines))
        frame.attributes = attributes
        if tag == "time" and attributes.get("datetime"):
            self.found.times.append(attributes["datetime"])
            self.found.titled_times.append((len(self.found.lines), attributes["datetime"]))
        elif tag in PICTURE_COMPONENTS:
            self._add_image(tag, attributes)
        elif "-" in tag or tag == "mpvoice":
            if shown := add_component(self.found, tag, attributes):
                self._line.append(shown)
        elif title := attributes.get("data-title"):
            frame.image_alt = title
        if tag in REGION_TAGS or not LOOKS.isdisjoint(attributes):
            self._read_looks(tag, attributes, frame)
        if tag == "button":
            self._link, frame.is_link = [], True
        return frame

    def _leave(self, frame: Frame) -> None:
        found = self.found
        if frame.line_end == _ENDS_LINE:
            if self._line:
                self._break_line()
            self._after_link = False
        elif frame.line_end:
            self._add_space()
        if frame.block is not None:
            frame.block.end_line = len(found.lines) + (
                1 if any(piece.strip().strip(_UNSEEN) for piece in self._line) else 0
            )
            if frame.block.end_line > frame.block.first_line:
                found.blocks.append(frame.block)
        if frame.tag in HEADINGS and not frame.hidden and (text := " ".join(found.lines[frame.first_line :])):
            found.headings.append((frame.tag, text))
        if frame.is_link and self._link is not None:
            text = squeezed("".join(self._link)) or squeezed(frame.image_alt)
            self._link, self._after_link = None, True
            if text:
                found.buttons.append(text)
            if frame.href:
                found.links.append((frame.href, text))
        elif frame.href:
            found.links.append((frame.href, squeezed(frame.image_alt)))

    def _add_text(self, text: str, frame: Frame) -> None:
        if "&" in text:
            text = unescaped(text)
            if text.isspace():  # &nbsp; alone
                self._add_space()
                return
        if frame.hidden:
            self.found.hidden.append(text)
            return
        if frame.keeps_lines and "\n" in text:
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
            text = squeezed("".join(self._line))
            if not text.isprintable():  # the marks at the head of files that a server puts together: a line of nothing
                text = text.strip(_UNSEEN)
            if text:
                self.found.lines.append(text)
                self.found.link_chars.append(min(self._line_link_chars, len(text)))
            self._line.clear()
        self._line_link_chars = 0
        self._after_link = False

    def _read_looks(self, tag: str, attributes: Mapping[str, str], frame: Frame) -> None:
        hides, background = hiding_of(tag, attributes, self._hidden_names)
        frame.hidden = frame.hidden or hides
        for address in filter(None, (background, background_source(attributes))):
            is_logo = names_logo(attributes) or self._in_logo()
            self.found.images.append(WalkedImage(address, is_logo=is_logo))
        if (block := block_of(tag, attributes, self._marked_ids, self._wordings)) is not None:
            block.first_line = frame.first_line
            frame.block = block
        if not ACTIVE.isdisjoint(attributes):
            for name in sorted(ACTIVE.intersection(attributes)):
                if value := attributes[name]:
                    frame.href = add_scripted_link(self.found, name, value, frame.href)

    def _add_replaced(self, tag: str, attributes: Mapping[str, str], hidden: bool) -> None:
        found = self.found
        source = attributes.get("src", "")
        if tag in ("iframe", "frame", "embed"):
            found.marks.append(f"src={source}")
            if tag != "embed" and (target := source or attributes.get("data-src")):
                found.links.append((target, ""))
        elif tag == "area":
            found.links.append((attributes.get("href", ""), squeezed(attributes.get("alt", ""))))
            found.marks.append(f"href={attributes.get('href', '')}")
        elif tag == "input":
            kind, value = attributes.get("type", "").lower(), squeezed(attributes.get("value", ""))
            if kind in ("submit", "button") and value and not hidden:
                found.buttons.append(value)
                self._line.append(f" {value} ")
            if kind == "image" and source:
                found.images.append(WalkedImage(source, squeezed(attributes.get("alt", ""))))

    def _in_logo(self) -> bool:
        return any(
            frame.is_logo or (frame.attributes is not None and names_logo(frame.attributes))
            for frame in self._frames[-_LOGO_REACH:]
        )

    def _add_image(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "source":  # of a picture; those of films have no srcset
            self._offered = self._offered or best_of_set(attributes.get("srcset") or attributes.get("data-srcset", ""))
            return
        if tag == "video":
            source, lazy = attributes.get("poster", ""), False
        else:
            source, lazy = picture_source(attributes, self._offered)
            self._offered = ""
        alt = squeezed(attributes.get("alt") or attributes.get("title", ""))
        if source:
            is_logo = names_logo(attributes) or says_logo(alt) or says_logo(source.rpartition("/")[2])
            self.found.images.append(WalkedImage(source, alt, lazy, is_logo or self._in_logo()))
        if alt and self._link is not None:
            for frame in reversed(self._frames):
                if frame.is_link:
                    frame.image_alt = frame.image_alt if frame.image_alt.strip() else alt
                    break
