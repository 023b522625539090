"""The page assembled from what a walk collected: offsets, contacts, addresses, calls to action."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from itertools import accumulate

from crawler.pages.institutions import find_institutions
from crawler.pages.main_body import Layout
from crawler.pages.page_head import PUBLISHED_AGO, Head, read_head
from crawler.pages.page_links import Resolver, resolve_images, resolve_links
from crawler.pages.script_redirect import SCRIPT_REDIRECT, script_redirect, sends_everybody
from crawler.pages.self_statements import read_statements
from crawler.pages.walked import Walk
from crawler.wordings import Wordings
from domain.contacts import find_contacts, normal_number
from domain.identifiers import find_identifiers
from domain.page import Contact, ContactKind, ExtractedPage

#: A button or link that asks for contact has no more characters than this; longer ones are headlines.
_BUTTON_CHARS = 14
_EXTRA_CHARS = 5000
#: A page that shows fewer characters than this is read by its pictures' alternative texts too, if they say something.
_POSTER_CHARS, _POSTER_ALT_CHARS, _POSTER_ALTS = 200, 6, 40
_ALT_PREFIX = "【图片说明】"
#: The few lines that place a widget are at the head of their script.
_SCRIPT_CHARS, _ADDRESS_CHARS, _MARK_CHARS = 800, 80, 30_000


def page_of(
    walk: Walk, layout: Layout, url: str, encoding: str, source_chars: int, wordings: Wordings
) -> ExtractedPage:
    """Assemble the page from what the walk collected and how its lines are laid out."""
    shown_chars = sum(map(len, walk.lines))
    if shown_chars < _POSTER_CHARS:
        walk, layout = _with_alternatives(walk, layout)
    text = "\n".join(walk.lines)
    starts = [0, *accumulate(len(line) + 1 for line in walk.lines)]
    body_start = min(starts[layout.first], len(text))  # a body without a line, behind the last one
    body_end = max(body_start, starts[layout.end] - 1)
    head = read_head(walk, layout, wordings)
    resolver = Resolver(url, walk.base, encoding)
    if refresh := walk.metas.get("refresh"):
        walk.links.append((refresh.partition("=")[2].strip("'\" "), ""))
    if leads_to := resolver.absolute(script_redirect(walk.data_scripts, shown_chars)):
        walk.links.append((leads_to, ""))
    # Pictures, or what files of scripts make, are there to see for whoever is not sent on
    shows_something = bool(walk.images) or any(mark.startswith("src=") for mark in walk.marks)
    redirect = "" if leads_to and shows_something and not sends_everybody(walk.data_scripts) else leads_to
    return ExtractedPage(
        url=url,
        title=head.title,
        text=text,
        encoding=encoding,
        site_name=head.site_name,
        author=head.author,
        published_at=head.published_at,
        body_start=body_start,
        body_end=body_end,
        description=walk.metas.get("description", "") or walk.metas.get("og:description", ""),
        keywords=walk.metas.get("keywords", ""),
        contacts=_contacts(text, starts, layout),
        identifiers=find_identifiers(text),
        institutions=find_institutions("\n".join((head.title, head.site_name, text)), wordings),
        links=resolve_links(walk.links, resolver),
        images=resolve_images(walk.images, resolver),
        widgets=_widgets(walk, wordings),
        cta=_calls(text, walk.buttons, wordings),
        text_share=min(1.0, shown_chars / max(1, source_chars)),
        extra=_extra(walk, head, redirect),
        statements=read_statements(walk, layout, head, wordings),
    )


def _with_alternatives(walk: Walk, layout: Layout) -> tuple[Walk, Layout]:
    """A page of posters says in alternative texts what it shows as pictures: they are read at the end of its body."""
    shown = "".join(walk.lines)
    alts = dict.fromkeys(
        image.alt for image in walk.images if len(image.alt) >= _POSTER_ALT_CHARS and image.alt not in shown
    )
    added = [f"{_ALT_PREFIX}{alt}" for alt in alts][:_POSTER_ALTS]
    end = layout.end
    lines = [*walk.lines[:end], *added, *walk.lines[end:]]
    link_chars = [*walk.link_chars[:end], *([0] * len(added)), *walk.link_chars[end:]]
    regions = (*layout.regions[:end], *([""] * len(added)), *layout.regions[end:])
    return replace(walk, lines=lines, link_chars=link_chars), Layout(
        regions, layout.first, end + len(added), layout.prose
    )


def _contacts(text: str, starts: list[int], layout: Layout) -> tuple[Contact, ...]:
    """One entry per contact: the first outside header and footer, or the first of all when there is no such one."""
    chosen: dict[tuple[ContactKind, str], Contact] = {}
    for contact in find_contacts(text):
        row = bisect_right(starts, contact.start) - 1
        inside = layout.regions[row] in ("footer", "header")
        key = (contact.kind, normal_number(contact))
        known = chosen.get(key)
        if known is None or (known.in_footer and not inside):
            chosen[key] = replace(contact, in_footer=inside)
    return tuple(sorted(chosen.values(), key=lambda contact: (contact.start, contact.end, contact.kind)))


def _widgets(walk: Walk, wordings: Wordings) -> tuple[str, ...]:
    scripts = (script[:_SCRIPT_CHARS] for script in walk.scripts)
    addresses = (url[:_ADDRESS_CHARS] for url, _ in walk.links)
    written = dict.fromkeys((*(mark[:_SCRIPT_CHARS] for mark in walk.marks), *scripts, *addresses))
    found = wordings.widget_marks.words_in("\n".join(written)[:_MARK_CHARS].lower())
    return tuple(dict.fromkeys(name for mark, name in wordings.widget_of.items() if mark in found))


def _calls(text: str, buttons: Iterable[str], wordings: Wordings) -> tuple[str, ...]:
    """Calls to action: known phrases wherever they stand, and short buttons that hold one of the shorter words."""
    calls = dict.fromkeys(wordings.calls.findall(text.lower()))
    for button in buttons:
        if len(button) <= _BUTTON_CHARS and wordings.link_calls.search(button.lower()):
            calls.setdefault(button)
    return tuple(calls)


def _extra(walk: Walk, head: Head, redirect: str) -> dict[str, str]:
    alts = dict.fromkeys(image.alt for image in walk.images if image.alt)
    found = {
        "document_title": walk.document_title if walk.document_title != head.title else "",
        "source": head.source,
        PUBLISHED_AGO: head.published_ago,
        SCRIPT_REDIRECT: redirect,
        "hidden_text": " ".join(" ".join(walk.hidden).split())[:_EXTRA_CHARS],
        "alt_text": "\n".join(alts)[:_EXTRA_CHARS],
    }
    return {name: value for name, value in found.items() if value}
