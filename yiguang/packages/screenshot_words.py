"""Reads the words in screenshots, for blacking out those that name a patient; the crawl's reader of pictures does it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

from crawler.pictures.ocr import OcrAnswer, OcrLimits, PictureOcr
from domain.pictures import PICTURE_FATE_ZH, PictureFate, PictureLine
from domain.places import Box
from domain.shown_text import ShownText
from storage.evidence.masked_shot import ScreenshotUnread

#: The highest screenshot is twelve tiles of one or two seconds each; a busy machine may take ten times as long.
_LIMITS = OcrLimits(budget_seconds=1e9, picture_seconds=300.0, memory_bytes=3_000_000_000)


@contextmanager
def screenshot_reader() -> Iterator[Callable[[bytes], tuple[ShownText, ...]]]:
    """One process that reads any number of screenshots: starting it takes longer than reading a small one. Use it outside of an
    event loop. What is given raises ScreenshotUnread."""
    with asyncio.Runner() as runner:
        reader = PictureOcr(_LIMITS)
        try:
            yield lambda screenshot: _words(runner.run(reader.read(screenshot, 1.0)))
        finally:
            runner.run(reader.close())


def screenshot_words(screenshot: bytes) -> tuple[ShownText, ...]:
    """The lines of words; those beside each other are of one block. Raises ScreenshotUnread. Blocks; call it outside of an
    event loop."""
    with screenshot_reader() as read:
        return read(screenshot)


def _words(answer: OcrAnswer) -> tuple[ShownText, ...]:
    if answer.fate is PictureFate.SMALL:
        return ()
    if answer.reading is None:
        raise ScreenshotUnread(f"截图中的文字未能识别：{answer.detail or PICTURE_FATE_ZH[answer.fate]}")
    return tuple(_beside_each_other(answer.reading.lines))


def _beside_each_other(lines: Sequence[PictureLine]) -> list[ShownText]:
    """The reader gives lines from top to bottom, and from left to right what stands on one height."""
    boxes = [_upright(line) for line in lines]
    blocks = [0]
    for before, box in pairwise(boxes):
        same = abs(before[1] - box[1]) < box[3] / 2 and 0 <= box[0] - before[0] - before[2] < 2 * box[3]
        blocks.append(blocks[-1] + (not same))
    return [ShownText(line.text, box, block) for line, box, block in zip(lines, boxes, blocks, strict=False)]


def _upright(line: PictureLine) -> Box:
    across, down = [x for x, _ in line.box], [y for _, y in line.box]
    return min(across), min(down), max(across) - min(across), max(down) - min(down)
