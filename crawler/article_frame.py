"""The article on a page of many menus, told by the line under its headline: 发布日期：2016-12-29 浏览次数：28."""

from collections.abc import Sequence

from crawler.page_time import labelled_time
from crawler.walked import Walk
from crawler.wordings import Wordings

#: The line with the time has no more characters; the headline stands at most so many lines above it.
_TIME_LINE_CHARS, _HEADLINE_CHARS, _LINES_TO_HEADLINE = 120, 80, 3


def framed_article(walk: Walk, regions: Sequence[str], wordings: Wordings) -> tuple[int, int] | None:
    """First line and end of the article: from its headline to the links to its neighbours (上一篇).

    None for a page on which no line or several lines are such lines, and for one on which nothing ends the article.
    """
    rows = [row for row in range(len(walk.lines)) if not regions[row] and _is_time_line(walk, row)]
    if len(rows) != 1:
        return None
    first = rows[0]
    for row in range(first - 1, max(-1, first - 1 - _LINES_TO_HEADLINE), -1):
        if not regions[row] and not walk.link_chars[row] and 4 <= len(walk.lines[row]) <= _HEADLINE_CHARS:
            first = row
            break
    for row in range(rows[0] + 1, len(walk.lines)):
        if wordings.article_ends.match(walk.lines[row]):
            return first, row
    return None


def _is_time_line(walk: Walk, row: int) -> bool:
    line = walk.lines[row]
    return len(line) <= _TIME_LINE_CHARS and 2 * walk.link_chars[row] <= len(line) and labelled_time(line) is not None
