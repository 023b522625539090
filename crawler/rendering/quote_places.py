"""Finds where quotes stand on a page that is being shown, right after its screenshot was taken."""

import asyncio
import math
from collections.abc import Sequence

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from domain.places import Box, QuotePlace

_MAX_QUOTES = 40
_MAX_BOXES = 40
_SECONDS = 5.0

# The text of all nodes that are shown, without blanks, and for each letter of it the node and offset it came from. A quote is
# then one search, whatever nodes and line breaks it is spread over; its boxes are those of a range from its first letter to its
# last. The page's own changes to built-in objects can only spoil this for itself: the answer is checked as any input.
_LOCATE = """([quotes, most]) => {
  const letters = [], places = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node && letters.length < 2000000; node = walker.nextNode()) {
    if (/^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE)$/.test(node.parentElement?.tagName ?? "")) continue;
    for (let at = 0; at < node.data.length; at++) {
      if (/[\\s\\u200b-\\u200d\\u2060\\ufeff]/.test(node.data[at])) continue;
      letters.push(node.data[at]);
      places.push([node, at]);
    }
  }
  const text = letters.join("");
  return quotes.map(quote => {
    const wanted = quote.replace(/[\\s\\u200b-\\u200d\\u2060\\ufeff]/g, "");
    let seen = false;
    for (let from = wanted ? text.indexOf(wanted) : -1; from >= 0; from = text.indexOf(wanted, from + 1)) {
      seen = true;
      const range = document.createRange();
      range.setStart(...places[from]);
      const [node, at] = places[from + wanted.length - 1];
      range.setEnd(node, at + 1);
      const boxes = Array.from(range.getClientRects()).filter(box => box.width > 0 && box.height > 0);
      if (boxes.length) {
        return boxes.slice(0, most).map(box => [box.left + scrollX, box.top + scrollY, box.width, box.height]);
      }
    }
    return seen ? "hidden" : "absent";
  });
}"""
_FAULTS = {
    "hidden": "文字在页面源码中，但没有显示出来",
    "absent": "在页面的文字中没有找到（可能在图片、框架或标题中，或显示后被改动）",
}


async def locate_quotes(page: Page, quotes: Sequence[str], size: tuple[int, int]) -> tuple[QuotePlace, ...]:
    """Each quote once, in order, with the boxes of its first occurrence that is shown. `size` is that of the screenshot.

    Never raises for what the page does: a quote that cannot be located says why.
    """
    wanted = list(dict.fromkeys(quotes))
    asked = wanted[:_MAX_QUOTES]
    try:
        async with asyncio.timeout(_SECONDS):
            answer = await page.evaluate(_LOCATE, [asked, _MAX_BOXES])
    except TimeoutError:
        return tuple(QuotePlace(quote, (), f"页面在 {_SECONDS:g} 秒内没有回答文字的位置") for quote in wanted)
    except PlaywrightError as error:
        fault = f"浏览器未能定位：{error.message.splitlines()[0][:120]}"
        return tuple(QuotePlace(quote, (), fault) for quote in wanted)
    found = answer if isinstance(answer, list) and len(answer) == len(asked) else [None] * len(asked)
    places = [_place(quote, said, size) for quote, said in zip(asked, found, strict=True)]
    left = [QuotePlace(quote, (), f"每页最多定位 {_MAX_QUOTES} 处") for quote in wanted[_MAX_QUOTES:]]
    return (*places, *left)


def _place(quote: str, said: object, size: tuple[int, int]) -> QuotePlace:
    """What the page answered, as far as it can be true of a picture of that size."""
    if isinstance(said, str):
        return QuotePlace(quote, (), _FAULTS.get(said, "页面的回答不可用"))
    boxes = tuple(box for item in said if (box := box_within(item, size))) if isinstance(said, list) else ()
    return QuotePlace(quote, boxes, "" if boxes else "位置在截图范围之外")


def box_within(item: object, size: tuple[int, int]) -> Box | None:
    """Four numbers of a page as a box, when it can be one on a picture of that size."""
    if not isinstance(item, list) or len(item) != 4:
        return None
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in item):
        return None
    left, top, width, height = (round(float(number), 1) for number in item)
    inside = left < size[0] and top < size[1] and left + width > 0 and top + height > 0
    return (left, top, width, height) if inside and width > 0 and height > 0 else None
