"""Views of a lead for people: pieces of the sealed screenshot as high as the window was, with the findings' boxes drawn on a copy.

Made anew from a bundle whenever they are wanted, so they need no seal of their own: the clean original is the screenshot in the
bundle, the boxes are in its findings, and whoever doubts a line can draw it again.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw

from storage.canonical import read_canonical_zip
from storage.evidence.package import FINDINGS, PROVENANCE, SCREENSHOT

MAX_SHOTS = 8
_COLOUR = (214, 0, 0)
_LINE_PIXELS, _MARGIN_PIXELS = 3, 4


def boxed_shots(bundle: bytes) -> dict[str, bytes]:
    """Pairs of PNG, clean and with boxes, by the suffix behind the bundle's name; empty when no finding was located."""
    members = read_canonical_zip(bundle)
    shots: dict[str, bytes] = {}
    with Image.open(io.BytesIO(members[SCREENSHOT]), formats=("PNG",)) as whole:
        for number, (clean, boxed) in enumerate(views(whole, members), 1):
            shots[f".view-{number}.png"] = png(clean)
            shots[f".view-{number}.boxes.png"] = png(boxed)
    return shots


def views(whole: Image.Image, members: Mapping[str, bytes]) -> Iterator[tuple[Image.Image, Image.Image]]:
    """Pieces of `whole`, which is the screenshot or a copy of it, without and with the boxes that the members name."""
    places = json.loads(members[FINDINGS]).get("places", [])
    boxes = [box for place in places for box in place["boxes"]]
    height = int(json.loads(members[PROVENANCE])["browser"]["viewport"][1])
    for top in _tops(boxes, height, whole.height):
        clean = whole.crop((0, top, whole.width, min(top + height, whole.height))).convert("RGB")
        yield clean, _drawn(clean, boxes, top)


def _tops(boxes: Sequence[Sequence[float]], height: int, bottom: int) -> list[int]:
    """Where to cut, in pixels of the page: as few pieces as hold all boxes whole, from the top, at most MAX_SHOTS."""
    tops: list[int] = []
    for _, top, _, high in sorted(boxes, key=lambda box: box[1]):
        if tops and top + high <= tops[-1] + height:
            continue
        tops.append(max(0, min(int(top) - height // 4, bottom - height)))
    return list(dict.fromkeys(tops))[:MAX_SHOTS]


def _drawn(clean: Image.Image, boxes: Sequence[Sequence[Any]], top: int) -> Image.Image:
    copy = clean.copy()
    draw = ImageDraw.Draw(copy)
    for left, box_top, width, high in boxes:
        corners = (
            left - _MARGIN_PIXELS,
            box_top - top - _MARGIN_PIXELS,
            left + width + _MARGIN_PIXELS,
            box_top + high - top + _MARGIN_PIXELS,
        )
        draw.rectangle(corners, outline=_COLOUR, width=_LINE_PIXELS)
    return copy


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
