"""Which lines of a page are its main body, and which are navigation, side column, header or footer."""

import re
from dataclasses import dataclass

from crawler.page_walk import Block, Walk
from crawler.wordings import Wordings

_SENTENCE = re.compile(r"[，。；！？,;!?]")
#: A block this much of whose text is in links is a list of links, whatever its name says.
_LINK_SHARE = 0.5
#: A region never holds more of the page's text than this: then its name is that of a wrapper.
_REGION_SHARE = 0.4
#: The main body is the smallest block with this share of all prose, or a block named as one with the smaller share.
_BODY_SHARE, _NAMED_SHARE = 0.7, 0.35
#: Address and telephone stand in the lines before the copyright line.
_LINES_BEFORE_MARK = 6


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
    prose = _running_sum(
        [
            0.0 if region else (len(line) - link) * (1.0 if _SENTENCE.search(line) else 0.3)
            for line, link, region in zip(walk.lines, walk.link_chars, regions, strict=True)
        ]
    )
    first, end = _body(walk.blocks, prose, count, chars)
    while first < end and prose[first + 1] == prose[first] and regions[first]:
        first += 1
    while end > first and prose[end] == prose[end - 1] and regions[end - 1]:
        end -= 1
    first, end, regions = _with_footer(walk.lines, regions, first, end, wordings)
    return Layout(tuple(regions), first, end, prose[end] - prose[first])


def _running_sum(values: list[int] | list[float]) -> list[float]:
    total, sums = 0.0, [0.0]
    for value in values:
        total += value
        sums.append(total)
    return sums


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
        if block.region == "header" and first > count // 2:
            continue
        if block.region == "footer" and end < count // 2 and links < _LINK_SHARE * size:
            continue
        for line in range(first, end):
            regions[line] = block.region
    return regions


def _body(blocks: list[Block], prose: list[float], count: int, chars: list[float]) -> tuple[int, int]:
    total = prose[count]
    if total < 30:
        return 0, count
    named = [block for block in blocks if block.named_body]
    best = max(named, key=lambda block: prose[min(block.end_line, count)] - prose[block.first_line], default=None)
    if best is not None:
        end = min(best.end_line, count)
        if prose[end] - prose[best.first_line] >= _NAMED_SHARE * total:
            return best.first_line, end
    fitting = [
        (chars[min(block.end_line, count)] - chars[block.first_line], block.first_line, min(block.end_line, count))
        for block in blocks
        if prose[min(block.end_line, count)] - prose[block.first_line] >= _BODY_SHARE * total
    ]
    if not fitting:
        return 0, count
    _, first, end = min(fitting)
    return first, end


def _with_footer(
    lines: list[str], regions: list[str], first: int, end: int, wordings: Wordings
) -> tuple[int, int, list[str]]:
    """Old templates do not name their footer: it is told by its words, in the last third of the page."""
    start = max(first + 1, len(lines) * 2 // 3)
    mark = next((row for row in range(start, len(lines)) if wordings.footer_marks.search(lines[row].lower())), None)
    if mark is None:
        return first, end, regions
    top = max(start, mark - _LINES_BEFORE_MARK)
    while top < mark and (_SENTENCE.search(lines[top]) and len(lines[top]) > 40 or top < end < mark):
        top += 1
    marked = [region or ("footer" if row >= top else "") for row, region in enumerate(regions)]
    return first, min(end, top), marked
