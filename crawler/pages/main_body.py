"""Which lines of a page are its main body, and which are navigation, side column, header or footer."""

import re
from dataclasses import dataclass
from itertools import accumulate

from crawler.pages.article_frame import article_below_headline, article_below_time, closed_at
from crawler.pages.body_edges import review_rows, without_buttons
from crawler.pages.walked import Block, Walk
from crawler.wordings import Wordings

_SENTENCE = re.compile(r"[，。；！？,;!?]")
#: A block this much of whose text is in links is a list of links, whatever its name says.
_LINK_SHARE = 0.5
#: A region never holds more of the page's text than this: then its name is that of a wrapper.
_REGION_SHARE = 0.4
#: A header of more characters than this consists of links: class="overflow-hd" is a name of articles, too.
_HEADER_CHARS = 200
#: A block named as the body is the body when it has this share of the page's prose.
_NAMED_SHARE = 0.35
#: The richest run of lines is the body when it has this share of the prose; a home page has no such run.
_RUN_SHARE = 0.6
#: What a line of links, or one inside a named region, costs a run of lines, in characters of prose.
_LINE_COST = 12
#: A line without any punctuation (a name, a label, a menu entry) counts for this much of its length.
_LABEL_WORTH = 0.3
#: Address and telephone stand in so many lines before the copyright line.
_LINES_BEFORE_MARK = 8
#: On a short page the last lines are looked at, whatever their share of it.
_LINES_OF_FOOTER = 6
#: Of sentences behind a word of footers, so many characters inside the block named as the body, or so many on the whole,
#: say that no footer begins there; shorter lines are none of an article.
_TOLD_IN_BODY, _TOLD, _TOLD_LINE = 40, 500, 20
#: Longer lines, and those with a full stop, are prose even when they name an address.
_CONTACT_LINE = 120
#: A linked headline has no fewer characters.
_ENTRY_CHARS = 6
_CRUMB = re.compile(r"[>›»→]")
_FULL_STOP = re.compile(r"[。！？!?]")


@dataclass(frozen=True, slots=True)
class Layout:
    """`regions` has one entry per line: empty, `nav`, `aside`, `header` or `footer`. The body is lines `first:end`."""

    regions: tuple[str, ...]
    first: int
    end: int
    prose: float


def lay_out(walk: Walk, wordings: Wordings) -> Layout:
    """Divide the page. The body of a page of links or of a few words is all between its header and its footer."""
    count = len(walk.lines)
    chars = _running_sum([len(line) for line in walk.lines])
    linked = _running_sum(walk.link_chars)
    regions = _regions(walk.blocks, count, chars, linked)
    top = _footer_top(walk, regions, wordings)
    regions[top:] = [
        region or ("aside" if _is_call(line, wordings) else "footer")
        for region, line in zip(regions[top:], walk.lines[top:], strict=True)
    ]
    reviews = review_rows(walk.lines[:top])
    regions[reviews.start : reviews.stop] = ["aside"] * len(reviews)
    prose = _running_sum(
        [
            0.0 if region else (len(line) - link) * (1.0 if _SENTENCE.search(line) else _LABEL_WORTH)
            for line, link, region in zip(walk.lines, walk.link_chars, regions, strict=True)
        ]
    )
    first, end = _body(walk, regions, prose, reviews, wordings)
    while first < end and prose[first + 1] == prose[first] and regions[first]:
        first += 1
    while end > first and prose[end] == prose[end - 1] and regions[end - 1]:
        end -= 1
    if end > first + 1 and wordings.article_lists.fullmatch(walk.lines[end - 1]):
        end -= 1  # the heading of a list that is no part of the body
    first, end = without_buttons(walk.lines, first, end)
    return Layout(tuple(regions), first, end, prose[end] - prose[first])


def _running_sum(values: list[int] | list[float]) -> list[float]:
    return list(accumulate(values, initial=0.0))


def _regions(blocks: list[Block], count: int, chars: list[float], linked: list[float]) -> list[str]:
    """Blocks come inner before outer; the outer name counts where both have one (a menu inside a footer)."""
    regions = [""] * count
    for block in blocks:
        if not block.region:
            continue
        first, end = block.first_line, min(block.end_line, count)
        size = chars[end] - chars[first]
        if size > _REGION_SHARE * chars[count] and size > 200:
            continue
        links = linked[end] - linked[first]
        if block.region in ("nav", "aside") and size > 60 and links < _LINK_SHARE * size:
            continue
        if block.region == "header" and (first > count // 2 or (size > _HEADER_CHARS and links < _LINK_SHARE * size)):
            continue
        if block.region == "footer" and end < count // 2 and links < _LINK_SHARE * size:
            continue
        regions[first:end] = [block.region] * (end - first)
    return regions


def _body(walk: Walk, regions: list[str], prose: list[float], reviews: range, wordings: Wordings) -> tuple[int, int]:
    """A block named as the body if it has enough of the prose, an article between its usual lines, or the richest run; this goes
    over the reviews of a product to what is said of it behind them.

    A home page has its prose in many places: there the whole page is the body, less its header and footer.
    """
    count = len(walk.lines)
    total = prose[count]
    if total < 30:
        return 0, count
    named = [(block.first_line, min(block.end_line, count)) for block in walk.blocks if block.named_body]
    first, end = _named_body(named, prose)
    if prose[end] - prose[first] >= max(1.0, _NAMED_SHARE * total):
        return first, closed_at(walk, first, end, prose, wordings) or end
    if timed := article_below_time(walk, regions, wordings):
        return timed
    top, bottom = article_below_headline(walk, regions, prose, wordings) or (0, count)
    first, end = _richest_run(
        [
            0.0
            if row in reviews
            else -_LINE_COST - 0.5 * len(walk.lines[row])
            if regions[row]
            else prose[row + 1] - prose[row] - (link + _LINE_COST if 2 * link > len(walk.lines[row]) else link)
            for row, link in zip(range(top, bottom), walk.link_chars[top:bottom], strict=True)
        ]
    )
    first, end = top + first, top + end
    if first > top and _is_entry(walk, regions, first - 1) and _has_entries(walk, regions, first, end):
        first -= 1
    return (first, end) if prose[end] - prose[first] >= _RUN_SHARE * (prose[bottom] - prose[top]) else (top, bottom)


def _is_entry(walk: Walk, regions: list[str], row: int) -> bool:
    """Whether a line is the headline of another page, linked to it, and no menu or path."""
    line = walk.lines[row]
    is_link = 2 * walk.link_chars[row] > len(line) >= _ENTRY_CHARS
    return is_link and not regions[row] and not _CRUMB.search(line)


def _has_entries(walk: Walk, regions: list[str], first: int, end: int) -> bool:
    """Whether a run is a list of summaries: each further one has its headline above it, and so has the first."""
    entries = (row for row in range(first + 1, end) if _is_entry(walk, regions, row))
    return next(entries, None) is not None and next(entries, None) is not None


def _named_body(named: list[tuple[int, int]], prose: list[float]) -> tuple[int, int]:
    """The block richest in prose, or the least one inside it with a good share of that: comments stand in the outer one."""
    first, end = max(named, key=lambda lines: prose[lines[1]] - prose[lines[0]], default=(0, 0))
    enough = _NAMED_SHARE * (prose[end] - prose[first])
    inner = [
        lines
        for lines in named
        if first <= lines[0] and lines[1] <= end and prose[lines[1]] - prose[lines[0]] >= enough
    ]
    return min(inner, key=lambda lines: lines[1] - lines[0], default=(first, end))


def _richest_run(worth: list[float]) -> tuple[int, int]:
    """The contiguous lines with the greatest total worth (Kadane's algorithm)."""
    best, best_run = 0.0, (0, len(worth))
    total, start = 0.0, 0
    for row, value in enumerate(worth):
        if total <= 0:
            total, start = 0.0, row
        total += value
        if total > best:
            best, best_run = total, (start, row + 1)
    return best_run


def _footer_top(walk: Walk, regions: list[str], wordings: Wordings) -> int:
    """The first line of a footer that the markup does not name; the number of lines when there is none.

    Such a footer is told by its words in the last third of the page, or by the lines of address and telephone with
    which the page ends. An article may have such a word too (备案号 of a product): it goes on behind it.
    """
    lines, count = walk.lines, len(walk.lines)
    start = max(1, min(count * 2 // 3, count - _LINES_OF_FOOTER))
    marks = [row for row in range(start, count) if wordings.footer_marks.search(lines[row].lower())]
    if marks:
        told = _running_sum([len(line) if _is_told(line, wordings) else 0 for line in lines])
        reach = _reach_of_bodies(walk)
        marks = [
            row
            for row in marks
            if told[max(row, reach[row])] - told[row] < _TOLD_IN_BODY and told[count] - told[row] < _TOLD
        ]
    top = marks[0] if marks else count
    if regions[min(top, count - 1) : top + 1] == ["footer"]:
        return top  # the markup says where this footer begins
    limit = max(start, top - _LINES_BEFORE_MARK)
    while top > limit and _is_contact_line(lines[top - 1], wordings):
        top -= 1
    return top


def _is_told(line: str, wordings: Wordings) -> bool:
    """Whether a line is a sentence of an article; what footers say in sentences begins with 免责声明 and the like."""
    return (
        len(line) >= _TOLD_LINE
        and _FULL_STOP.search(line) is not None
        and not wordings.footer_lines.search(line.lower())
        and not wordings.article_lists.match(line)
    )


def _reach_of_bodies(walk: Walk) -> list[int]:
    """For each line the end of the longest block named as the body that began at it or above it."""
    ends = [0] * len(walk.lines)
    for block in walk.blocks:
        if block.named_body and block.first_line < len(ends):
            ends[block.first_line] = max(ends[block.first_line], min(block.end_line, len(ends)))
    return list(accumulate(ends, max))


def _is_contact_line(line: str, wordings: Wordings) -> bool:
    return (
        len(line) <= _CONTACT_LINE and not _FULL_STOP.search(line) and bool(wordings.footer_lines.search(line.lower()))
    )


def _is_call(line: str, wordings: Wordings) -> bool:
    """The bar that stays at the foot of the window stands behind the footer in the source: 点击预约 000-00001234."""
    return ":" not in line and "：" not in line and bool(wordings.calls.search(line.lower()))
