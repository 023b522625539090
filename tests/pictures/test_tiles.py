"""Long pictures in pieces: nothing is lost between them and nothing is there twice."""

from hypothesis import given
from hypothesis import strategies as st

from crawler.pictures.ocr_tiles import OVERLAP, TILE_HEIGHT, joined, tiles
from domain.pictures import PictureLine


def line(top: int, height: int = 30) -> PictureLine:
    return PictureLine(f"行{top}", ((10, top), (90, top), (90, top + height), (10, top + height)), 0.9)


@given(st.integers(1, 30_000))
def test_pieces_cover_the_picture_with_overlap(height: int) -> None:
    pieces = list(tiles(height))
    assert pieces[0][0] == 0
    assert pieces[-1][1] == height
    for (_, upper_end), (lower_top, _) in zip(pieces, pieces[1:], strict=False):
        assert upper_end - lower_top == OVERLAP
    assert all(0 < bottom - top <= TILE_HEIGHT + OVERLAP for top, bottom in pieces)


@given(st.integers(100, 12_000), st.lists(st.integers(0, 11_900), max_size=40, unique=True))
def test_each_line_is_kept_once(height: int, tops: list[int]) -> None:
    written = [line(top) for top in sorted(tops) if top + 30 <= height]
    pieces = [
        (top, [one for one in written if top <= one.box[0][1] and one.box[2][1] <= bottom])
        for top, bottom in tiles(height)
    ]
    assert sorted(joined(pieces), key=lambda one: one.box[0][1]) == written
