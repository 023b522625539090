"""Offsets into the joined text lead back to the boxes of the pieces."""

from hypothesis import given
from hypothesis import strategies as st

from domain.shown_text import ShownPage, ShownText, places_in

PIECES = st.lists(
    st.builds(
        ShownText,
        st.text("患者王女士 13a", max_size=8),
        st.tuples(*(st.floats(0, 900, width=32) for _ in range(2)), *(st.floats(1, 90, width=32) for _ in range(2))),
        st.integers(0, 2),
    ),
    max_size=6,
)


@given(pieces=PIECES, data=st.data())
def test_every_stretch_is_found_again_within_the_pieces(pieces: list[ShownText], data: st.DataObject) -> None:
    page = ShownPage(pieces)
    start = data.draw(st.integers(0, len(page.text)))
    end = data.draw(st.integers(start, len(page.text)))
    wording = page.text[start:end]
    boxes = page.boxes(start, end)
    assert bool(boxes) == bool(wording.strip("\n"))
    for left, _, width, _ in boxes:
        assert any(piece.box[0] - 0.2 <= left and left + width <= piece.box[0] + piece.box[2] + 0.2 for piece in pieces)
    if wording.strip():
        lead = len(wording) - len(wording.lstrip())
        assert start + lead in [found for found, _ in page.find(wording)]


def test_a_wording_over_two_pieces_with_a_break_between() -> None:
    pieces = [ShownText("请 加微", (0, 0, 80, 20), 0), ShownText("信 demo_1", (0, 20, 100, 20), 1)]
    (place, absent) = places_in(pieces, ["加微信", "没有的", "加微信"])
    assert [box[1] for box in place.boxes] == [0, 20]
    assert absent.boxes == () and "没有找到" in absent.fault
