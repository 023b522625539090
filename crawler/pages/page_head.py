"""Title, site, author and time of a page, from its metadata and from what it shows."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from crawler.pages.article_frame import headline_row, is_source_line, is_time_line, only_row, row_above, time_row
from crawler.pages.element_pieces import squeezed
from crawler.pages.main_body import Layout
from crawler.pages.page_time import (
    ago_in,
    has_date,
    has_dates,
    is_date_alone,
    is_page_clock,
    is_time_of_document,
    labelled_time,
    read_time,
    without_page_clock,
)
from crawler.pages.page_title import is_start_of, names_a_column, names_a_site, title_and_site
from crawler.pages.walked import Walk
from crawler.wordings import Wordings

#: In `ExtractedPage.extra`: the words by which a page that has no time says how long ago it was published (3天前).
PUBLISHED_AGO = "published_ago"
#: Names under which Chinese content systems publish the time, most exact first.
_TIME_METAS = (
    "article:published_time", "bytedance:published_time", "og:release_date", "publishdate", "pubdate", "publish_time",
    "publishtime", "datepublished", "firstpublishedtime", "article:create_at", "weibo: article:create_at", "og:pubdate",
    "og:time", "dc.date", "date", "dateupdate", "article:modified_time",
)  # fmt: skip
_SCRIPT_TIME = re.compile(
    r"\"(?:datePublished|pubDate|publishDate|publishTime|pubtime)\"\s{0,3}:\s{0,3}\"([^\"]{8,40})\""
)
#: The same as numbers or in other spellings, of which the scripts of a page hold lists, too: only where there is a single one.
_SCRIPT_TIMES = re.compile(
    r"[\"'\s{,](?:publish(?:ed)?_?(?:time|date|at)|pub_?(?:time|date)|date_?published|release_?(?:time|date))[\"']?\s{0,3}[:=]\s{0,3}"
    r"[\"']?([0-9][0-9T :./+-]{7,30}Z?)",
    re.IGNORECASE | re.ASCII,
)
_WORDS_OF_SCRIPT_TIMES = ("pub", "Pub", "release")
_AUTHOR = re.compile(r"(?:作者|楼主|编辑|责编|撰稿|文/|责任编辑)\s?[:：]\s?([^\s:：|，,。；;/()（）\[\]【】]{2,20})")
#: The name of a source goes to the next blank or to the next thing that the line says: 来源：某某网作者：某某.
_SOURCE = re.compile(
    r"(?:来源于?|来自|出处)\s?[:：]\s?(?!\d{4}[-/.年]|分享)([^\s|，。；;()（）【】\[\]]{2,30}?(?:[(（][^\s()（）]{1,10}[)）])?)"
    r"(?=作者|编辑|责编|责任编辑|记者|发布|发表|时间|日期|浏览|点击|阅读|字号|字体|(?:咨询|预约|服务|健康)?(?:电话|热线)[:：]"
    r"|[\s|，。；;()（）【】\[\]]|$)"
)
_OWNER = re.compile(
    r"(?:版权所有|copyright|©|主办单位?|承办单位?)[^\u4e00-\u9fa5]{0,30}([\u4e00-\u9fa5（）()·]{4,30})", re.IGNORECASE
)
#: A page with more dates than this in its body is a list of articles and has no time of its own.
_DATES_OF_A_LIST = 4
_ENTRIES_OF_A_LIST = 3
#: A date that nothing says to be the page's is somebody's birthday or the like when it is older: there were few pages then.
_FIRST_YEAR = 2000
_LINES_ABOVE_BODY = 12
#: An article's time without a word before it stands at most so many lines below its headline.
_LINES_BELOW_HEADLINE = 3
_LINES_BEHIND_BODY = 5
#: A link of so many characters right below a headline names who wrote it; headlines of other pages are longer.
_AUTHOR_CHARS = 12
#: A page with fewer characters of prose has no time of its own unless it says so.
_ARTICLE_PROSE = 100
#: Shorter texts of links and headings are names of columns.
_HEADLINE_CHARS = 8
_LINES_OF_SIGNATURE = 3
#: Longer lines are prose: a date or 来源 in them is none of the page's own.
_SHORT_LINE = 80
# 发表于 2021-6-8 19:42:10 | 只看该作者
_FORUM_POST = re.compile(r"发表于.{0,40}(?:只看该作者|显示全部楼层)")
#: Such a line, or one in front of which an author stands, may say how long ago it was; others are about something else.
_POSTED = re.compile(
    r"(?:[发發][布佈表]|编辑|編輯|更新|回答|提问|提問)(?:于|於)|(?:[发發][布佈表]|更新|添加|录入)(?:时间|時間|日期)|楼主|[1１]\s?楼|沙发|作者"
)
#: The line with the time of an answer or a post, be it a link to that or not.
_POST_TIME = re.compile(r"(?:[发發][布佈表]|编辑|編輯|回答)(?:于|於)")
_POST_TIME_CHARS = 40
#: The only time of a page is its own wherever it stands, if it is called so; 拍摄时间 is another.
_PUBLISHED = re.compile(
    r"(?:发布|发表|更新|添加|录入|编辑|上传|公开|公布|發[布佈表]|編輯|張貼|刊登|公告)(?:时间|時間|日期|于|於)"
)
_LABEL_ALONE = re.compile(r"^.{0,6}(?:时间|日期|年月|生日|出生)\s?[:：]?$")
# 2021-3-14 18:05| 发布者: 某某| 查看: 245
_BYLINE = re.compile(r"(?:发布者|发布人|作者|来源|查看|浏览|阅读|点击|人气)(?:数|量|次数)?\s?[:：]")
_CRUMB = re.compile(r"[>›»→]")
_CLAUSE = re.compile(r"[，。；！？]")
_NOT_AUTHORS = frozenset(
    {"admin", "administrator", "管理员", "系统管理员", "佚名", "未知", "本站", "网络", "小编", "原创"}
)


@dataclass(frozen=True, slots=True)
class Head:
    title: str
    site_name: str
    author: str
    source: str
    published_at: datetime | None
    published_ago: str


def read_head(walk: Walk, layout: Layout, wordings: Wordings) -> Head:
    """Title as the headline a person reads; site name as the page itself gives it; time only when the page has one, or the words
    by which it says how long ago that was.
    """
    near = [walk.lines[row] for row in _own_rows(walk, layout)]
    title, site_name = title_and_site(walk, near, wordings)
    if names_a_column(title, wordings):
        title = (
            _headline_above(walk, layout, title, is_time_line)
            or _only_heading(walk, layout, title, wordings)
            or _headline_above(walk, layout, title, is_source_line)
            or title
        )
    metas = walk.metas
    given_name = squeezed(metas.get("og:site_name", "") or metas.get("sitename", ""))
    behind = walk.lines[max(0, layout.end - 4) : layout.end + _LINES_BEHIND_BODY]
    # the name of a source is often a link to it
    source = _source([*(walk.lines[row] for row in _rows_at_top(walk, layout)), *behind]) or squeezed(
        metas.get("contentsource", "")
    )
    author = squeezed(metas.get("author", "") or metas.get("article:author", ""))
    if not author or author.isascii() or author.lower() in _NOT_AUTHORS:
        author = _first(_AUTHOR, [*near, *behind], _NOT_AUTHORS)
    elif author in (source, given_name, site_name):
        author = _first(_AUTHOR, [*near, *behind], _NOT_AUTHORS) or author
    published_at, ago = _published_at(walk, layout, near, wordings), ""
    if published_at is None:
        published_at, ago = _published_ago(walk, layout, wordings)
    return Head(
        title,
        given_name or site_name or _owner(walk.lines, layout, wordings),
        author,
        source,
        published_at,
        ago,
    )


def _rows_at_top(walk: Walk, layout: Layout) -> list[int]:
    """The lines above the body and its first ones, less those of menus."""
    rows = range(max(0, layout.first - _LINES_ABOVE_BODY), min(layout.first + 6, len(walk.lines)))
    return [row for row in rows if layout.regions[row] not in ("nav", "aside")]


def _own_rows(walk: Walk, layout: Layout) -> list[int]:
    """Of `_rows_at_top` those that do not consist of links."""
    return [row for row in _rows_at_top(walk, layout) if 2 * walk.link_chars[row] <= len(walk.lines[row])]


def _headline_above(walk: Walk, layout: Layout, title: str, is_below: Callable[[Walk, int], bool]) -> str:
    """The headline of a page whose document title is that of its site or column: the line above the only one with a time,
    or with a source.
    """
    top = range(max(0, layout.first - _LINES_ABOVE_BODY), min(layout.first + _LINES_BELOW_HEADLINE, len(walk.lines)))
    row = only_row(walk, layout.regions, is_below) if any(is_below(walk, row) for row in top) else None
    if row is None or row not in top:
        return ""
    above = row_above(walk, layout.regions, row)
    if above is None or title in walk.lines[above : row + 1]:
        return ""
    return walk.lines[above]


def _only_heading(walk: Walk, layout: Layout, title: str, wordings: Wordings) -> str:
    """The one `h1` of a page whose document title is that of its site, where it stands at the top of the body."""
    headings = [text for tag, text in walk.headings if tag == "h1"]
    if len(headings) != 1 or not names_a_site(title, wordings) or names_a_site(headings[0], wordings):
        return ""
    top = walk.lines[max(0, layout.first - _LINES_ABOVE_BODY) : layout.first + _LINES_BELOW_HEADLINE]
    return headings[0] if headings[0] in top and len(headings[0]) >= _HEADLINE_CHARS else ""


def _source(lines: Iterable[str]) -> str:
    """Where an article is from, as a short line or the end of a paragraph says it: 来源：某某报."""
    for line in lines:
        match = _SOURCE.search(line) if "来" in line or "出处" in line else None
        if match and (len(line) <= _SHORT_LINE or match.end() >= len(line) - 2):
            return match[1]
    return ""


def _first(pattern: re.Pattern[str], lines: Iterable[str], but: frozenset[str] = frozenset()) -> str:
    for line in lines:
        for match in pattern.finditer(line):
            if (found := match[1].strip()) and found not in but:
                return found
    return ""


def _owner(lines: list[str], layout: Layout, wordings: Wordings) -> str:
    footer = (line for line, region in zip(lines, layout.regions, strict=True) if region == "footer")
    owner = _first(_OWNER, footer)
    return owner if wordings.site_ending.search(owner) else ""


def _published_at(walk: Walk, layout: Layout, near: list[str], wordings: Wordings) -> datetime | None:
    for name in _TIME_METAS:
        if (value := walk.metas.get(name)) and (time := read_time(value)):
            return _with_clock(time, near)
    for script in walk.scripts:
        if (match := _SCRIPT_TIME.search(script)) and (time := read_time(match[1])):
            return time
    telling = (script for script in walk.scripts if any(word in script for word in _WORDS_OF_SCRIPT_TIMES))
    said = {time for script in telling for value in _SCRIPT_TIMES.findall(script) if (time := read_time(value))}
    if len(said) == 1:
        return said.pop()
    if time := _time_of_first_post(walk):
        return time
    is_article = layout.prose >= _ARTICLE_PROSE
    if time := _time_below_headline(walk, layout, wordings, is_article):
        return time
    entries = _entries_of_list(walk, layout)
    own = [row for row in _own_rows(walk, layout) if row not in entries and not _is_linked_headline(walk, row - 1)]
    tail = range(max(layout.first, layout.end - 4), min(layout.end + _LINES_BEHIND_BODY, len(walk.lines)))
    of_document = None
    for row in [*own, *(row for row in tail if row not in entries)]:
        if (time := labelled_time(walk.lines[row])) and (row < layout.first or _is_of_page(walk, layout, row)):
            if not is_time_of_document(walk.lines[row]):
                return _time_of_first_answer(walk, layout, row) or time
            of_document = of_document or time
    if of_document is not None:
        return of_document
    only = time_row(walk, layout.regions)
    if only is not None and _PUBLISHED.search(walk.lines[only]) and _is_of_page(walk, layout, only):
        return labelled_time(walk.lines[only])
    if not is_article:
        return None
    body = walk.lines[layout.first : layout.end]
    dated = (line for line in body if has_date(line[:200]))
    dates = len(list(islice(dated, _DATES_OF_A_LIST + 1)))
    if dates > _DATES_OF_A_LIST:
        return _time_of_only_byline(walk, layout, own)
    signed = [line for line in body[-_LINES_OF_SIGNATURE:] if is_date_alone(line)] if dates == 1 else []
    lines = [line for row in own if not is_page_clock(line := walk.lines[row]) and not _is_value_of_another(walk, row)]
    return _first_time(lines) or _first_time([*signed, *walk.times[:1]])


def _entries_of_list(walk: Walk, layout: Layout) -> frozenset[int]:
    """Lines of a list that have the link to another page and its time in one: [备孕] 标题 日期：2016-12-28 点击：195."""
    rows = (row for row, region in enumerate(layout.regions) if region not in ("nav", "aside", "footer"))
    entries = [row for row in rows if walk.link_chars[row] and labelled_time(walk.lines[row])]
    return frozenset(entries if len(entries) >= _ENTRIES_OF_A_LIST else ())


def _time_of_only_byline(walk: Walk, layout: Layout, own: list[int]) -> datetime | None:
    """The time of a page with a list of others, where one line alone has a date with what goes with an article's: 2015-03-24 来源：."""
    rows = sorted({*own, *range(layout.first, layout.end)})
    dated = [
        row for row in rows if len(line := walk.lines[row]) <= _SHORT_LINE and _BYLINE.search(line) and has_date(line)
    ]
    return _first_time(walk.lines[row] for row in dated) if len(dated) == 1 and dated[0] in own else None


def _with_clock(day: datetime, near: Iterable[str]) -> datetime:
    """The time of day, where the page shows it and its metadata say only the day."""
    if day.hour or day.minute or day.second:
        return day
    times = (read_time(line) for line in near if len(line) <= _SHORT_LINE)
    return next((time for time in times if time is not None and time.date() == day.date()), day)


def _time_of_first_post(walk: Walk) -> datetime | None:
    """The time over the first post of a thread of a Discuz forum; that of its last change and of answers come later. Of the last
    days it is told as 3 天前."""
    first = _row_of_first_post(walk)
    if first is None:
        return None
    ago = _titled(walk, first)[:1] if ago_in(walk.lines[first][:_SHORT_LINE].partition("|")[0].strip()) else []
    return next((time for said in (walk.lines[first][:_SHORT_LINE], *ago) if (time := read_time(said))), None)


def _row_of_first_post(walk: Walk) -> int | None:
    return next((row for row, line in enumerate(walk.lines) if _FORUM_POST.match(line)), None)


def _titled(walk: Walk, row: int) -> list[str]:
    return [said for line, said in walk.titled_times if line == row]


def _time_of_first_answer(walk: Walk, layout: Layout, row: int) -> datetime | None:
    """The first time of several like that at a line below answers or posts, which is that of the last one."""
    if row < layout.first or not _POST_TIME.match(walk.lines[row]):
        return None
    earlier = (walk.lines[above] for above in range(layout.first, row) if _is_post_time(walk.lines[above]))
    return next((time for line in earlier if (time := labelled_time(line))), None)


def _is_post_time(line: str) -> bool:
    return len(line) <= _POST_TIME_CHARS and _POST_TIME.match(line) is not None


def _published_ago(walk: Walk, layout: Layout, wordings: Wordings) -> tuple[datetime | None, str]:
    """How long ago the page says that it was published (3天前, 昨天 14:20), and the time itself where that is shown above the words.
    Only beside an author, the head of a post or right below the headline: comments and lists of other pages say it, too.
    """
    first_post = _row_of_first_post(walk)
    rows = [] if first_post is None else [first_post]
    rows += _rows_below_headline(walk, layout, wordings) if layout.prose >= _ARTICLE_PROSE else []
    own = [row for row in _own_rows(walk, layout) if not _is_linked_headline(walk, row - 1)]
    rows += [row for row in (*own, *range(layout.first, layout.end)) if _POSTED.search(walk.lines[row])]
    for row in rows:
        line = walk.lines[row]
        if not _CLAUSE.search(line) and (words := ago_in(line)):
            exact = next((time for said in _titled(walk, row) if (time := read_time(said))), None)
            return exact, "" if exact else words
    return None, ""


def _time_below_headline(walk: Walk, layout: Layout, wordings: Wordings, is_article: bool) -> datetime | None:
    """Comments under an article have dates, too, and so have events: what stands close below its headline is its own. On a
    page of pictures the line has to say more of the page than a date.
    """
    lines = (walk.lines[row] for row in _rows_below_headline(walk, layout, wordings))
    return _first_time(line for line in lines if is_article or _BYLINE.search(line))


def _rows_below_headline(walk: Walk, layout: Layout, wordings: Wordings) -> list[int]:
    first = headline_row(walk, layout.regions, wordings)
    if first is None:
        return []
    return [
        row
        for row in range(first + 1, min(first + 1 + _LINES_BELOW_HEADLINE, len(walk.lines)))
        if not _is_linked_headline(walk, row - 1)
        or (row - 1 == first + 1 and len(walk.lines[row - 1]) <= _AUTHOR_CHARS)
    ]


def _is_value_of_another(walk: Walk, row: int) -> bool:
    """Whether a date stands alone below what it is of, none of the page's times: 上市时间, 出生日期."""
    above = walk.lines[row - 1] if row else ""
    return bool(_LABEL_ALONE.search(above)) and not _PUBLISHED.search(above) and is_date_alone(walk.lines[row])


def _is_of_page(walk: Walk, layout: Layout, row: int) -> bool:
    """Whether a line in or behind the body is no link, stands in no side column and under no link to another page."""
    is_link = 2 * walk.link_chars[row] > len(walk.lines[row]) and not _is_post_time(walk.lines[row])
    return not is_link and layout.regions[row] != "aside" and not _is_linked_headline(walk, row - 1)


def _is_linked_headline(walk: Walk, row: int) -> bool:
    """Whether the line below is about another page: a link to that stands here, neither a way (首页 > 新闻) nor the own headline."""
    if row < 0 or walk.link_chars[row] < _HEADLINE_CHARS or 2 * walk.link_chars[row] <= len(line := walk.lines[row]):
        return False
    return not _CRUMB.search(line) and not is_start_of(walk.document_title, line)


def _first_time(lines: Iterable[str]) -> datetime | None:
    """The first time in a line that is no sentence: 本院将于2015年6月18日开业！ says nothing of when the page was published."""
    for line in lines:
        if len(line) > _SHORT_LINE or _CLAUSE.search(line):
            continue
        time = labelled_time(line) or (None if has_dates(line) else read_time(without_page_clock(line)))
        if time is not None and time.year >= _FIRST_YEAR:
            return time
    return None
