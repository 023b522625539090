"""The article on a page of many menus, told by its headline, by the line with its time, and by the lines behind it."""

import re
from collections.abc import Callable, Sequence

from crawler.pages.page_time import labelled_time
from crawler.pages.page_title import is_start_of, names_a_site
from crawler.pages.walked import Walk
from crawler.wordings import Wordings

#: The line with the time has no more characters; the headline stands at most so many lines above it.
_TIME_LINE_CHARS, _HEADLINE_CHARS, _LINES_TO_HEADLINE = 120, 80, 3
#: A shorter line that begins the document title may be the name of a column.
_LEAST_HEADLINE_CHARS = 6
#: An article between its headline and what closes it has so many characters of prose, or this share of the page's; one
#: that is closed by a list of other pages has the greater share.
_ARTICLE_CHARS, _ARTICLE_SHARE, _SHARE_BEFORE_LIST = 150, 0.25, 0.4
_CLOSER_CHARS = 60
_SOURCE_LINE = re.compile(r"(?:文章|新闻|信息|稿件)来源\s?[:：]")
# 来源: 某某网, 文章作者：某某, 浏览次数：28: what stands between a headline and the line with the time
_LABELLED = re.compile(
    r"(?:文章|新闻|信息|稿件|本文|责任)?(?:来源|出处|作者|编辑|发布者|发布人|录入|点击|浏览|阅读|人气)(?:数|量|次数)?\s?[:：]"
)


def article_below_time(walk: Walk, regions: Sequence[str], wordings: Wordings) -> tuple[int, int] | None:
    """First line and end of the article whose line with the time (发布日期：2016-12-29 浏览次数：28) is the page's only one:
    from its headline to the links to its neighbours (上一篇). None when nothing ends it.
    """
    row = time_row(walk, regions)
    if row is None:
        return None
    above = row_above(walk, regions, row)
    for end in range(row + 1, len(walk.lines)):
        if wordings.article_ends.match(walk.lines[end]):
            first = row if above is None else above
            return first, _without_list(walk, first, end, wordings)
    return None


def article_below_headline(
    walk: Walk, regions: Sequence[str], prose: Sequence[float], wordings: Wordings
) -> tuple[int, int] | None:
    """First line and end of what stands between the headline that the document title gives and the lines behind an
    article. `prose` is the running sum over the lines. None when the title is not shown, or nothing ends the article.
    """
    first = headline_row(walk, regions, wordings)
    if first is None:
        return None
    end, enough_before_list = closed_at(walk, first, len(walk.lines), prose, wordings), prose[-1] * _SHARE_BEFORE_LIST
    for row in range(first + 1, len(walk.lines) if end is None else end):
        if prose[row] - prose[first] >= enough_before_list and wordings.article_lists.match(walk.lines[row]):
            return first, row
    return None if end is None else (first, end)


def closed_at(walk: Walk, first: int, end: int, prose: Sequence[float], wordings: Wordings) -> int | None:
    """The end of an article that begins at the line `first`, if a line before `end` closes it: 责任编辑, 上一篇."""
    enough = min(_ARTICLE_CHARS, prose[-1] * _ARTICLE_SHARE)
    for row in range(first + 1, end):
        if prose[row] - prose[first] < enough:
            continue
        line = walk.lines[row]
        if wordings.article_neighbours.match(line):
            return row
        if len(line) <= _CLOSER_CHARS and wordings.article_closers.match(line):
            return row + 1
    return None


def _without_list(walk: Walk, first: int, end: int, wordings: Wordings) -> int:
    """The end of an article less the headed list of other pages behind it; links that have no heading are its own."""
    row = end - 1
    while row > first and 2 * walk.link_chars[row] > len(walk.lines[row]):
        row -= 1
    return row if row > first and wordings.article_lists.match(walk.lines[row]) else end


def headline_row(walk: Walk, regions: Sequence[str], wordings: Wordings) -> int | None:
    """The first line, of no menu and no link, with which the document title begins, unless that is the site's name."""
    title = walk.document_title
    for row, line in enumerate(walk.lines):
        if (
            title.startswith(line)
            and _LEAST_HEADLINE_CHARS <= len(line) <= _HEADLINE_CHARS
            and is_start_of(title, line)
            and not walk.link_chars[row]
            and regions[row] not in ("nav", "aside", "footer")
        ):
            return None if names_a_site(line, wordings) else row
    return None


def time_row(walk: Walk, regions: Sequence[str]) -> int | None:
    """The one line outside menus that names a time; None when there are none or several."""
    return only_row(walk, regions, is_time_line)


def only_row(walk: Walk, regions: Sequence[str], is_it: Callable[[Walk, int], bool]) -> int | None:
    """The one line outside menus that is such a line; None when there are none or several."""
    rows = (row for row in range(len(walk.lines)) if not regions[row] and is_it(walk, row))
    first = next(rows, None)
    return first if next(rows, None) is None else None


def row_above(walk: Walk, regions: Sequence[str], row: int) -> int | None:
    """The line close above one with a time that can be its headline."""
    for above in range(row - 1, max(-1, row - 1 - _LINES_TO_HEADLINE), -1):
        line = walk.lines[above]
        if (
            not regions[above]
            and not walk.link_chars[above]
            and 4 <= len(line) <= _HEADLINE_CHARS
            and not _LABELLED.match(line)
        ):
            return above
    return None


def is_time_line(walk: Walk, row: int) -> bool:
    """Whether a line names its time, as the one below a headline does."""
    line = walk.lines[row]
    return len(line) <= _TIME_LINE_CHARS and 2 * walk.link_chars[row] <= len(line) and labelled_time(line) is not None


def is_source_line(walk: Walk, row: int) -> bool:
    """Whether a line begins with the source of an article (文章来源：…), as some below a headline do."""
    return len(walk.lines[row]) <= _TIME_LINE_CHARS and _SOURCE_LINE.match(walk.lines[row]) is not None
