"""Where the text of a page stands on its screenshot, and which boxes a stretch of it takes up."""

import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.places import Box, QuotePlace

_ABSENT = "在页面显示的文字中没有找到（可能在图片、框架或标题中，或没有显示出来）"


@dataclass(frozen=True, slots=True)
class ShownText:
    """A piece of text on one line. Pieces of one `block` follow each other without a break, as in a paragraph."""

    text: str
    box: Box
    block: int


class ShownPage:
    """The pieces as one text, in their order, with a line feed between blocks. Offsets are code points of `text`."""

    def __init__(self, pieces: Sequence[ShownText]) -> None:
        self._pieces = [piece for piece in pieces if piece.text]
        self._starts: list[int] = []
        parts: list[str] = []
        length = 0
        for before, piece in zip([None, *self._pieces], self._pieces, strict=False):
            if before is not None and before.block != piece.block:
                parts.append("\n")
                length += 1
            self._starts.append(length)
            parts.append(piece.text)
            length += len(piece.text)
        self.text = "".join(parts)
        self._letters = [place for place, letter in enumerate(self.text) if not letter.isspace()]
        self._joined = "".join(self.text[place] for place in self._letters)

    def find(self, wording: str) -> Iterator[tuple[int, int]]:
        """Start and end of every occurrence, whatever blanks and line ends are in it or in the page."""
        wanted = "".join(wording.split())
        at = self._joined.find(wanted) if wanted else -1
        while at >= 0:
            yield self._letters[at], self._letters[at + len(wanted) - 1] + 1
            at = self._joined.find(wanted, at + 1)

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """The boxes of a stretch, one for each piece that it touches; within a piece by the usual widths of letters."""
        first = max(0, bisect_right(self._starts, start) - 1)
        found = []
        for number in range(first, len(self._pieces)):
            piece, offset = self._pieces[number], self._starts[number]
            if offset >= end:
                break
            low, high = max(start - offset, 0), min(end - offset, len(piece.text))
            if low < high:
                found.append(_part(piece, low, high))
        return tuple(found)


def places_in(pieces: Sequence[ShownText], quotes: Sequence[str]) -> tuple[QuotePlace, ...]:
    """Each quote once, in order, with the boxes of its first occurrence."""
    page = ShownPage(pieces)
    places = []
    for quote in dict.fromkeys(quotes):
        span = next(page.find(quote), None)
        boxes = page.boxes(*span) if span else ()
        places.append(QuotePlace(quote, boxes, "" if boxes else _ABSENT))
    return tuple(places)


def _part(piece: ShownText, low: int, high: int) -> Box:
    left, top, width, height = piece.box
    widths = [_width(letter) for letter in piece.text]
    unit = width / (sum(widths) or 1)
    return (
        round(left + unit * sum(widths[:low]), 1),
        top,
        round(unit * sum(widths[low:high]), 1),
        height,
    )


def _width(letter: str) -> float:
    """In halves of a square: Chinese fonts set Latin letters and digits a little wider than half."""
    if unicodedata.east_asian_width(letter) in "WF":
        return 2.0
    return 0.0 if unicodedata.category(letter) in ("Cf", "Mn") else 1.1
