"""Where quotes stand on a page as shown: over nodes and lines, not where they are hidden, and never by the page's word."""

import pytest

from crawler.rendering.render import Renderer
from domain.visits import Rendering
from tests.crawler_runtime.test_render import URL, loader, page, size, with_renderer

BLOCK = "position:absolute;left:40px;top:1500px;width:400px;font:20px/30px sans-serif;margin:0"


def shown(inside: str, *quotes: str) -> Rendering:
    async def run(renderer: Renderer) -> Rendering:
        return await renderer.render(URL, loader({URL: page(inside)}), quotes=quotes)

    rendering: Rendering = with_renderer(run)
    return rendering


def test_quotes_over_nodes_and_lines_below_the_fold() -> None:
    text = f"<p style='{BLOCK}'>本院治愈 <b>率</b>达\n<i>98%</i>，签约治疗<br>无效退款</p>"
    rendering = shown(text, "治愈率达98%", "签约治疗无效退款", "治愈率达98%")
    first, second = rendering.places
    assert (first.quote, first.fault) == ("治愈率达98%", "")
    assert all(40 <= left < 440 and 1500 <= top < 1530 for left, top, _, _ in first.boxes)
    assert len({round(top / 30) for _, top, _, _ in second.boxes}) == 2, "one box a line at least"
    width, height = size(rendering.screenshot_png)
    assert all(left + w <= width and top + h <= height for left, top, w, h in (*first.boxes, *second.boxes))


def test_what_is_not_shown_says_so() -> None:
    text = "<p style='display:none'>无效退款</p><script>'签约治疗'</script><p>示例门诊部</p>"
    hidden, absent, there = shown(text, "无效退款", "签约治疗", "示例门诊部").places
    assert (hidden.boxes, absent.boxes) == ((), ())
    assert "没有显示" in hidden.fault
    assert "没有找到" in absent.fault
    assert there.boxes


def test_the_shown_occurrence_is_taken() -> None:
    text = f"<p style='display:none'>无效退款</p><p style='{BLOCK}'>无效退款</p>"
    (place,) = shown(text, "无效退款").places
    assert [round(left) for left, _, _, _ in place.boxes] == [40]


@pytest.mark.parametrize("lie", ["[[1e999, 0, 1, 1]]", "[[0, 0, -5, 5]]", "'x'", "7", "[['0', 0, 1, 1], null]"])
def test_a_page_that_lies_gets_no_box(lie: str) -> None:
    (place,) = shown(f"<p>无效退款</p><script>Array.prototype.map = () => [{lie}]</script>", "无效退款").places
    assert not place.boxes
    assert place.fault
