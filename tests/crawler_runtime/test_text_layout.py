"""Where the text stands is read with every rendering: piece by piece, line by line, and never by the page's word."""

import pytest

from domain.shown_text import ShownPage, places_in
from domain.visits import Rendering
from tests.crawler_runtime.test_quote_places import BLOCK, shown


def test_lines_and_inline_elements_of_one_paragraph() -> None:
    rendering = shown(
        f"<p style='{BLOCK}'>患者手机 <b>000-</b>0000<i>0001</i>，"
        f"{'这一段文字很长，要折成几行才能排下。' * 3}</p><p>另一段</p><p style='display:none'>看不见</p>"
    )
    assert "看不见" not in "".join(piece.text for piece in rendering.shown)
    page = ShownPage(rendering.shown)
    assert "患者手机000-00000001，这一段" in page.text.replace(" ", "")
    assert page.text.endswith("\n另一段") or "\n另一段\n" in page.text
    (span,) = page.find("000-00000001")
    boxes = page.boxes(*span)
    assert len(boxes) == 3, "three elements"
    assert all(40 <= left < 440 and 1495 <= top < 1530 for left, top, _, _ in boxes)
    long = [piece for piece in rendering.shown if "折成" in piece.text]
    assert len({piece.box[1] for piece in long}) == len(long) >= 2, "a piece for each line"


def test_a_stretch_of_a_line_has_its_share_of_the_box() -> None:
    (there,) = places_in(shown(f"<p style='{BLOCK}'>本院治愈率达98%，签约治疗</p>").shown, ["签约治疗"])
    assert there.fault == ""
    ((left, _, width, _),) = there.boxes
    assert left == pytest.approx(40 + 5 * 20 + 45 + 20, abs=25), "behind five signs, two digits and signs, a comma"
    assert width == pytest.approx(80, abs=12)


@pytest.mark.parametrize("lie", ["[['x', 1e999, 0, 1, 1, 0]]", "[['x', 0, 0, 1, 1, 'y']]", "'x'", "7", "[null]"])
def test_a_page_that_lies_has_no_layout(lie: str) -> None:
    rendering: Rendering = shown(f"<p>文字</p><script>Array.prototype.slice = () => {lie}</script>")
    assert rendering.shown == ()
    assert rendering.screenshot_png
