"""Reads where the text of a page that is being shown stands, piece by piece, right after its screenshot was taken."""

import asyncio
import logging

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from crawler.rendering.quote_places import box_within
from domain.shown_text import ShownText

logger = logging.getLogger(__name__)

_MAX_PIECES = 20_000
_MAX_TEXT = 2_000
_SECONDS = 5.0

# A text node on one line is one piece. One that runs over several lines is cut where the next letter's box is on another line.
# Pieces belong to one block when the nearest ancestor that is not laid out inline is the same.
_READ = """most => {
  const pieces = [], blocks = new Map();
  const blockOf = element => {
    while (element && /^(inline|contents)$/.test(getComputedStyle(element).display)) element = element.parentElement;
    if (!blocks.has(element)) blocks.set(element, blocks.size);
    return blocks.get(element);
  };
  const add = (text, box, block) => {
    if (text.trim()) pieces.push([text, box.left + scrollX, box.top + scrollY, box.right - box.left, box.bottom - box.top, block]);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let node = walker.nextNode(); node && pieces.length < most; node = walker.nextNode()) {
    if (!node.data.trim() || /^(SCRIPT|STYLE|NOSCRIPT|TEMPLATE)$/.test(node.parentElement?.tagName ?? "")) continue;
    range.selectNodeContents(node);
    const lines = Array.from(range.getClientRects()).filter(box => box.width > 0 && box.height > 0);
    if (!lines.length || getComputedStyle(node.parentElement).visibility !== "visible") continue;
    const block = blockOf(node.parentElement);
    if (lines.length === 1) {
      add(node.data, lines[0], block);
      continue;
    }
    let text = "", line = null;
    for (let at = 0; at < node.data.length; ) {
      const letter = String.fromCodePoint(node.data.codePointAt(at));
      range.setStart(node, at);
      range.setEnd(node, at += letter.length);
      const box = range.getClientRects()[0];
      if (!box || !box.width) continue;
      if (line && (box.top > line.bottom - 1 || box.bottom < line.top + 1 || box.left < line.left)) {
        add(text, line, block);
        text = "", line = null;
      }
      text += letter;
      line = line
        ? {left: Math.min(line.left, box.left), right: Math.max(line.right, box.right), top: Math.min(line.top, box.top), bottom: Math.max(line.bottom, box.bottom)}
        : {left: box.left, right: box.right, top: box.top, bottom: box.bottom};
    }
    if (line) add(text, line, block);
  }
  return pieces.slice(0, most);
}"""


async def read_layout(page: Page, size: tuple[int, int]) -> tuple[ShownText, ...]:
    """The pieces within the screenshot, whose width and height are `size`; none when the page does not answer.

    The page's own changes to built-in objects can spoil the answer, which is checked as any input.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            answer = await page.evaluate(_READ, _MAX_PIECES)
    except (TimeoutError, PlaywrightError) as error:
        logger.info("no layout of %s: %s", page.url[:200], str(error).splitlines()[:1])
        return ()
    if not isinstance(answer, list):
        return ()
    return tuple(piece for item in answer[:_MAX_PIECES] if (piece := _piece(item, size)))


def _piece(item: object, size: tuple[int, int]) -> ShownText | None:
    if not isinstance(item, list) or len(item) != 6:
        return None
    text, *sides, block = item
    box = box_within(sides, size)
    if box is None or not isinstance(text, str) or not isinstance(block, int):
        return None
    shown = " ".join(text.split())[:_MAX_TEXT]
    return ShownText(shown, box, block) if shown else None
