"""Long pictures in pieces: shrunk as a whole to what the reader takes, their words would be gone."""

from collections.abc import Iterator, Sequence

from domain.pictures import PictureLine

TILE_HEIGHT, OVERLAP = 1600, 160
"""Pixels. A line of print higher than the overlap is cut by one of two pieces and whole in neither, which no poster of this
width has."""


def tiles(height: int) -> Iterator[tuple[int, int]]:
    """Upper and lower edges of the pieces of a picture, the last one as high as the rest allows."""
    top = 0
    while height - top > TILE_HEIGHT + OVERLAP:
        yield top, top + TILE_HEIGHT
        top += TILE_HEIGHT - OVERLAP
    yield top, height


def joined(pieces: Sequence[tuple[int, Sequence[PictureLine]]]) -> tuple[PictureLine, ...]:
    """The lines of all pieces (upper edge, lines with boxes in the whole picture), those of the overlaps once.

    Of a line in the overlap, the upper piece has the say when its middle is in the overlap's upper half.
    """
    kept: list[PictureLine] = []
    for number, (top, lines) in enumerate(pieces):
        upper = top + OVERLAP / 2 if number else float("-inf")
        lower = pieces[number + 1][0] + OVERLAP / 2 if number + 1 < len(pieces) else float("inf")
        kept += [line for line in lines if upper <= _middle(line) < lower]
    return tuple(kept)


def _middle(line: PictureLine) -> float:
    return sum(y for _, y in line.box) / len(line.box)
