"""Title, site, author and time of a page, from its metadata and from what it shows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from crawler.main_body import Layout
from crawler.walked import Walk
from crawler.wordings import Wordings

CHINA_TIME = timezone(timedelta(hours=8))
_TITLE_BREAK = re.compile(r"\s*[_|｜–—»]+\s*|\s+-+\s+|(?<![A-Za-z0-9])-+|-+(?![A-Za-z0-9])|-{2,}")
#: Names under which Chinese content systems publish the time, most exact first.
_TIME_METAS = (
    "article:published_time", "bytedance:published_time", "og:release_date", "publishdate", "pubdate", "publish_time",
    "publishtime", "datepublished", "article:create_at", "weibo: article:create_at", "og:pubdate", "dc.date", "date",
    "article:modified_time",
)  # fmt: skip
_SCRIPT_TIME = re.compile(r"\"(?:datePublished|pubDate|publishDate|publishTime)\"\s{0,3}:\s{0,3}\"([^\"]{8,40})\"")
# 2019-12-03 10:20, 2019年12月3日, 2019/12/3 10:20:30, 2019.12.03
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})(?!\d)日?"
    r"(?:[T\s]{0,4}(\d{1,2})[:：时点](\d{2})(?:[:：分](\d{2}))?)?"
)
_ZONE = re.compile(r"(?:Z|[+-]\d{2}:?\d{2})$")
_LABELLED_TIME = re.compile(
    r"(?:发布时间|发布日期|发表时间|发表日期|发表于|发布于|上传时间|添加时间|录入时间|更新时间|更新日期|时间|日期)\s{0,3}[:：]?\s{0,3}[\[【(（]?\s?(?=(?:19|20)\d{2}\D)"
)
_AUTHOR = re.compile(r"(?:作者|编辑|撰稿|文/|责任编辑)\s?[:：]\s?([^\s:：|，,。；;/()（）\[\]【】]{2,20})")
_SOURCE = re.compile(r"(?:文章来源|信息来源|稿件来源|来源|来自|出处)\s?[:：]\s?([^\s|，。；;]{2,30})")
_OWNER = re.compile(
    r"(?:版权所有|copyright|©|主办单位?|承办单位?)[^\u4e00-\u9fa5]{0,30}([\u4e00-\u9fa5（）()·]{4,30})", re.IGNORECASE
)
#: A page with more dates than this in its body is a list of articles and has no time of its own.
_DATES_OF_A_LIST = 4
_LINES_ABOVE_BODY = 12
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
    near = walk.lines[max(0, layout.first - _LINES_ABOVE_BODY) : layout.first + 6]
    author = _squeezed(walk.metas.get("author", "") or walk.metas.get("article:author", ""))
    if not author or author.isascii() or author.lower() in _NOT_AUTHORS:
        author = _first(_AUTHOR, [*near, *walk.lines[max(0, layout.end - 4) : layout.end + 3]])
    return Head(title, site_name, author, _first(_SOURCE, near), _published_at(walk, layout, near))


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
    column is not. Without such a heading the document title stands, less the site's name at its end.
    """
    document = walk.document_title
    shared = _squeezed(walk.metas.get("og:title", ""))
    headings = [text for tag, text in sorted(walk.headings, key=lambda heading: heading[0]) if 4 <= len(text) <= 120]
    if not document:
        return shared or next(iter([*headings, *(line for line in walk.lines[:5] if len(line) <= 60)]), ""), ""
    parts = [part.strip(" 【】[]()（）") for part in _TITLE_BREAK.split(document) if part.strip(" 【】[]")]
    site = next((part for part in reversed(parts[1:]) if wordings.site_ending.search(part)), "")
    if shared:
        return shared, site
    first = _comparable(parts[0]) if parts else ""
    for heading in headings:
        bare = _comparable(heading)
        if bare and heading != site and (bare in first or first in bare) and 2 * len(bare) >= len(first):
            return heading, site
    if site and document.rindex(site) > 0:
        return document[: document.rindex(site)].rstrip(" _-|｜–—»【[(（·") or document, site
    return document, site


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
        if (label := _LABELLED_TIME.search(line)) and (time := read_time(line[label.end() :])):
            return time
    dated = sum(1 for line in body if _DATE.search(line[:200]))
    if layout.prose < 100 or dated > _DATES_OF_A_LIST:
        return None
    for line in near:
        if len(line) <= 80 and (time := read_time(line)):
            return time
    return next((time for value in walk.times[:1] if (time := read_time(value))), None)


def read_time(text: str) -> datetime | None:
    """The first time in the text as an aware one; Chinese time where no zone is written. None outside 1994-2100."""
    stripped = text.strip()
    if stripped.isdigit() and len(stripped) in (10, 13):
        return datetime.fromtimestamp(int(stripped[:10]), UTC).astimezone(CHINA_TIME)
    match = _DATE.search(stripped)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups())
    if not 1994 <= year <= 2100:
        return None
    try:
        time = datetime(year, month, day, hour, minute, second, tzinfo=CHINA_TIME)
    except ValueError:  # 2019-13-45: a number that only looks like a date
        return None
    if zone := _ZONE.search(stripped[match.end() :].partition(" ")[0]):
        written = time.replace(tzinfo=None).isoformat() + zone[0].replace("Z", "+00:00")
        return datetime.fromisoformat(written).astimezone(CHINA_TIME)
    return time
