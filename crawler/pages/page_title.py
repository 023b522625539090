"""The headline that a person reads on a page, and the site's name, from what its head and its lines say."""

import re
from collections.abc import Iterable, Sequence

from crawler.pages.element_pieces import squeezed
from crawler.pages.walked import Walk
from crawler.wordings import Wordings

_TITLE_BREAK = re.compile(r"\s*(?:[_|｜–—―－»]|::)+\s*|\s+-+\s+|(?<![A-Za-z0-9])-+|-+(?![A-Za-z0-9])|-{2,}")
_SIGN = re.compile(r"\s*(?:[_|｜–—―－»-]|::)|\s@\s")
_HEADLINE_CHARS = 4
#: The headline of a page about somebody is a name, as short as this; only a heading above a site of another name is
#: believed to be one.
_NAME_CHARS = 2
#: A title that is shown, with something else behind it, has no fewer characters: 医院动态 begins many titles.
_SHOWN_CHARS = 8
#: A later part of a document title is the headline only if it is longer than the names of columns and sites.
_LATER_PART_CHARS = 12
#: The name of a column has no more characters.
_COLUMN_CHARS = 8
_SITE_CHARS = 24
#: What is left at the end of a document title without the name that stood there, and of one whose template has no name.
_OPEN_END = " _-|｜–—»【[(（·"
#: The name of the site is among so many parts at the end of a document title.
_LAST_PARTS = 4
_CLAUSE = re.compile(r"[，。；！？：,;!?:]")
_BRACKETS = frozenset({"【】", "[]", "()", "（）"})


def title_and_site(walk: Walk, shown: Sequence[str], wordings: Wordings) -> tuple[str, str]:
    """The headline, and the site's name when the document title ends with one. `shown` are the lines at the body's top.

    A heading is the headline when it is the greater part of one part of the document title, or ends that behind a blank; a
    logo or the title of a column is not, nor is a link to another page. A heading with a label in front (原创…) or a button
    behind it gives way to the title's own part. Without such a heading the headline is what the page shows of the title:
    its beginning, its first part (on one line or several), or a longer one behind that; else the document title less the
    site's name at its end.
    """
    document = walk.document_title
    shared = squeezed(walk.metas.get("og:title", "") or walk.metas.get("articletitle", ""))
    headings = [text for tag, text in sorted(walk.headings, key=lambda heading: heading[0]) if 4 <= len(text) <= 120]
    if not document:
        return shared or next(iter([*headings, *(line for line in walk.lines[:5] if len(line) <= 60)]), ""), ""
    parts = [part for written in _TITLE_BREAK.split(document) if (part := _unwrapped(written))]
    site = _site(parts[1:], walk.lines, wordings)
    if shared:
        whole = next((text for text in headings if text.startswith(shared) and is_start_of(document, text)), "")
        return whole or _shown_beginning(shared, [*headings, *shown], wordings) or shared, site
    headline = parts[0] if parts else ""
    first = _comparable(headline)
    linked = {line for line, chars in zip(walk.lines, walk.link_chars, strict=True) if 2 * chars > len(line)}
    for heading in headings:
        bare = _comparable(heading)
        if bare != first and heading in linked:
            continue  # the headline of another page, as that of a result of a search
        # The length first: a title without end is not to be searched for each of headings without end
        is_end = len(heading) >= _SHOWN_CHARS and document.endswith(f" {heading}")
        if bare and heading != site and (2 * len(bare) >= len(first) or is_end) and (bare in first or first in bare):
            labelled = bare.endswith(first) and bare != first
            return headline if labelled or _ends_with_a_call(heading, headline, wordings) else heading, site
    if site and _NAME_CHARS <= len(headline) < _HEADLINE_CHARS and headline in (text for _, text in walk.headings):
        return headline, site
    if beginning := _shown_beginning(document, [*headings, *shown], wordings):
        return beginning, site
    if len(parts) > 1 and len(headline) >= _HEADLINE_CHARS and (headline in walk.lines or _is_broken(headline, shown)):
        return headline, site
    if later := next((part for part in parts[1:] if len(part) >= _LATER_PART_CHARS and part in shown), ""):
        return later, site
    ending = site or next((part for part in reversed(parts[1:]) if wordings.site_ending.fullmatch(part)), "")
    cut = document.rindex(ending) if ending else 0
    return (document[:cut] if cut > 0 else document).rstrip(_OPEN_END) or document, site


def names_a_column(title: str, wordings: Wordings) -> bool:
    """Whether a title says no more than the site's name or that of a column (新闻动态)."""
    return len(title) <= _COLUMN_CHARS or names_a_site(title, wordings)


def names_a_site(text: str, wordings: Wordings) -> bool:
    """Whether a text is written like a site's name; headlines, too, may end with 中心 or 医院."""
    return len(text) <= _SITE_CHARS and not _CLAUSE.search(text) and bool(wordings.site_ending.search(text))


def is_start_of(title: str, line: str) -> bool:
    """Whether a title is the line, or the line and something parted from it: 标题 - 栏目, 标题_站名."""
    return title.startswith(line) and not title[len(line) : len(line) + 1].isalnum()


def _site(parts: Sequence[str], lines: Sequence[str], wordings: Wordings) -> str:
    """The last part of a document title that is written like a site's name and more than such an ending: 官方网站 says of
    whom it is in the part before. A slogan at the end (守护童年健康) that the page does not show gives way to an institution:
    the one that is shown, or the first where the name stands in a picture only.
    """
    named = [part for part in parts if wordings.site_ending.search(part) and not wordings.site_ending.fullmatch(part)]
    last = named[-1] if named else ""
    institutions = [part for part in named[-_LAST_PARTS:-1] if _names_an_institution(part, wordings)]
    if not institutions:
        return last
    shown = "\n".join(lines)
    if last in shown:
        return last
    unseen = last if _names_an_institution(last, wordings) else institutions[0]
    return next((part for part in reversed(institutions) if part in shown), unseen)


def _names_an_institution(part: str, wordings: Wordings) -> bool:
    return part not in wordings.institution_generic and any(
        match.end() == len(part) for match in wordings.institution_ending.finditer(part)
    )


def _shown_beginning(written: str, shown: Iterable[str], wordings: Wordings) -> str:
    """The longest of the shown texts with which a title begins, if what is behind it is parted from it by a sign, or by a
    blank and no more than a short name: a title may say more than the page's headline, and what it says is to be read.
    """
    return max(
        (line for line in dict.fromkeys(shown) if len(line) >= _SHOWN_CHARS and _is_parted(written, line, wordings)),
        key=len,
        default="",
    )


def _is_parted(written: str, line: str, wordings: Wordings) -> bool:
    if not written.startswith(line):
        return False
    if len(written) == len(line) or _SIGN.match(written, len(line)):
        return True
    if not written[len(line)].isspace():
        return False
    name = _TITLE_BREAK.split(written[len(line) :].strip(), maxsplit=1)[0]
    return len(name) <= _COLUMN_CHARS or names_a_site(name, wordings)


def _ends_with_a_call(heading: str, headline: str, wordings: Wordings) -> bool:
    """Whether what a heading says more than the title is a button: 早孕检查 点击咨询."""
    more = heading[len(headline) :] if heading.startswith(headline) else ""
    return more[:1].isspace() and len(more) <= _COLUMN_CHARS and bool(wordings.link_calls.search(more.lower()))


def _is_broken(headline: str, shown: Sequence[str]) -> bool:
    """Whether lines that follow each other are the headline together, as those of official notices are broken."""
    rest = whole = _comparable(headline)
    for line in shown:
        piece = _comparable(line)
        rest = rest if piece and rest.startswith(piece) else whole
        if piece and rest.startswith(piece):
            rest = rest[len(piece) :]
        if not rest:
            return len(whole) >= _SHOWN_CHARS
    return False


def _unwrapped(part: str) -> str:
    """A part of a document title without brackets around all of it: 【官方网站】."""
    part = part.strip()
    return part[1:-1].strip() if part[:1] + part[-1:] in _BRACKETS else part


def _comparable(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()
