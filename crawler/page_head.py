"""Title, site, author and time of a page, from its metadata and from what it shows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crawler.main_body import Layout
from crawler.page_time import find_date, labelled_time, read_time
from crawler.walked import Walk
from crawler.wordings import Wordings

_TITLE_BREAK = re.compile(r"\s*[_|｜–—»]+\s*|\s+-+\s+|(?<![A-Za-z0-9])-+|-+(?![A-Za-z0-9])|-{2,}")
#: Names under which Chinese content systems publish the time, most exact first.
_TIME_METAS = (
    "article:published_time", "bytedance:published_time", "og:release_date", "publishdate", "pubdate", "publish_time",
    "publishtime", "datepublished", "article:create_at", "weibo: article:create_at", "og:pubdate", "dc.date", "date",
    "article:modified_time",
)  # fmt: skip
_SCRIPT_TIME = re.compile(r"\"(?:datePublished|pubDate|publishDate|publishTime)\"\s{0,3}:\s{0,3}\"([^\"]{8,40})\"")
_AUTHOR = re.compile(r"(?:作者|编辑|撰稿|文/|责任编辑)\s?[:：]\s?([^\s:：|，,。；;/()（）\[\]【】]{2,20})")
_SOURCE = re.compile(r"(?:文章来源|信息来源|稿件来源|来源|来自|出处)\s?[:：]\s?([^\s|，。；;]{2,30})")
_OWNER = re.compile(
    r"(?:版权所有|copyright|©|主办单位?|承办单位?)[^\u4e00-\u9fa5]{0,30}([\u4e00-\u9fa5（）()·]{4,30})", re.IGNORECASE
)
#: A page with more dates than this in its body is a list of articles and has no time of its own.
_DATES_OF_A_LIST = 4
_LINES_ABOVE_BODY = 12
_HEADLINE_CHARS = 4
_BRACKETS = frozenset({"【】", "[]", "()", "（）"})
_NOT_AUTHORS = frozenset({"admin", "administrator", "管理员", "佚名", "未知", "本站", "网络", "小编", "原创"})


@dataclass(frozen=True, slots=True)
class Head:
    title: str
    site_name: str
    author: str
    source: str
    published_at: datetime | None


def read_head(walk: Walk, layout: Layout, wordings: Wordings) -> Head:
    """Title as the headline a person reads; site name as the page itself gives it; time only when the page has one."""
    title, site_name = _title_and_site(walk, wordings)
    site_name = _squeezed(walk.metas.get("og:site_name", "")) or site_name or _owner(walk.lines, layout, wordings)
    near = _lines_at_top(walk, layout)
    author = _squeezed(walk.metas.get("author", "") or walk.metas.get("article:author", ""))
    if not author or author.isascii() or author.lower() in _NOT_AUTHORS:
        author = _first(_AUTHOR, [*near, *walk.lines[max(0, layout.end - 4) : layout.end + 3]])
    return Head(title, site_name, author, _first(_SOURCE, near), _published_at(walk, layout, near))


def _lines_at_top(walk: Walk, layout: Layout) -> list[str]:
    """The lines above the body and its first ones, less those of menus and of lists of other pages."""
    rows = range(max(0, layout.first - _LINES_ABOVE_BODY), min(layout.first + 6, len(walk.lines)))
    return [
        line
        for row in rows
        if layout.regions[row] not in ("nav", "aside") and 2 * walk.link_chars[row] <= len(line := walk.lines[row])
    ]


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _first(pattern: re.Pattern[str], lines: Iterable[str]) -> str:
    for line in lines:
        if match := pattern.search(line):
            return match[1].strip()
    return ""


def _title_and_site(walk: Walk, wordings: Wordings) -> tuple[str, str]:
    """The headline, and the site's name when the document title ends with one.

    A heading is the headline when it is the greater part of one part of the document title; a logo or the title of a
    column is not. A heading with a label in front (原创…) gives way to the title's own part. Without such a heading the
    first part is the headline if the page shows it as a line, else the document title less the site's name at its end.
    """
    document = walk.document_title
    shared = _squeezed(walk.metas.get("og:title", ""))
    headings = [text for tag, text in sorted(walk.headings, key=lambda heading: heading[0]) if 4 <= len(text) <= 120]
    if not document:
        return shared or next(iter([*headings, *(line for line in walk.lines[:5] if len(line) <= 60)]), ""), ""
    parts = [part for written in _TITLE_BREAK.split(document) if (part := _unwrapped(written))]
    site = next((part for part in reversed(parts[1:]) if wordings.site_ending.search(part)), "")
    if shared:
        return shared, site
    headline = parts[0] if parts else ""
    first = _comparable(headline)
    for heading in headings:
        bare = _comparable(heading)
        if bare and heading != site and (bare in first or first in bare) and 2 * len(bare) >= len(first):
            return headline if bare.endswith(first) and bare != first else heading, site
    if len(parts) > 1 and len(headline) >= _HEADLINE_CHARS and headline in walk.lines:
        return headline, site
    if site and document.rindex(site) > 0:
        return document[: document.rindex(site)].rstrip(" _-|｜–—»【[(（·") or document, site
    return document, site


def _unwrapped(part: str) -> str:
    """A part of a document title without brackets around all of it: 【官方网站】."""
    part = part.strip()
    return part[1:-1].strip() if part[:1] + part[-1:] in _BRACKETS else part


def _comparable(text: str) -> str:
    return re.sub(r"\W+", "", text).lower()


def _owner(lines: list[str], layout: Layout, wordings: Wordings) -> str:
    footer = (line for line, region in zip(lines, layout.regions, strict=True) if region == "footer")
    owner = _first(_OWNER, footer)
    return owner if wordings.site_ending.search(owner) else ""


def _published_at(walk: Walk, layout: Layout, near: list[str]) -> datetime | None:
    for name in _TIME_METAS:
        if (value := walk.metas.get(name)) and (time := read_time(value)):
            return time
    for script in walk.scripts:
        if (match := _SCRIPT_TIME.search(script)) and (time := read_time(match[1])):
            return time
    body = walk.lines[layout.first : layout.end]
    for line in [*near, *body[-4:]]:
        if time := labelled_time(line):
            return time
    dated = sum(1 for line in body if find_date(line[:200]))
    if layout.prose < 100 or dated > _DATES_OF_A_LIST:
        return None
    for line in near:
        if len(line) <= 80 and (time := read_time(line)):
            return time
    return next((time for value in walk.times[:1] if (time := read_time(value))), None)
