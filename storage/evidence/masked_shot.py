"""The screenshot of a bundle with patients blacked out, and the list of what was blacked out where.

Words are located in three ways, and whatever any of them finds is covered: where the browser said that a piece of the page's
text stands, what is read in the pixels of the screenshot (pictures and frames have no other), and the masks of the page's text,
looked for in both. Faces are covered whose they may be. The advertiser's own numbers stay, as they do in the text.
"""

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from PIL import Image, ImageDraw

from domain.contacts import plain_digits
from domain.masking import Mask, MaskedText, Masker, MaskKind
from domain.places import Box
from domain.shown_text import ShownPage, ShownText
from storage.evidence.faces import Square, find_faces

_BLACK = (0, 0, 0)
_MARGIN_PIXELS = 3
#: The ends of a stretch within a line are known to about half a letter, which is as wide as half the line is high.
_MARGIN_OF_HEIGHT = 0.4


class ScreenshotUnread(Exception):
    """The words in the screenshot could not be read, so it must not circulate. The message is Chinese."""


class FoundBy(StrEnum):
    """How the place of a mask is known."""

    LAYOUT = "layout"  # the browser said where the text stands
    WORDS = "words"  # read in the pixels
    FACES = "faces"


@dataclass(frozen=True, slots=True)
class ShotMask:
    """One black rectangle, in pixels of the screenshot."""

    place: Square
    kind: MaskKind
    found_by: FoundBy


@dataclass(frozen=True, slots=True)
class MaskedShot:
    """The masked picture; `not_located` are masks of the text whose wording was found nowhere on the screenshot."""

    picture: Image.Image
    masks: tuple[ShotMask, ...]
    not_located: tuple[Mask, ...]


ReadWords = Callable[[bytes], Sequence[ShownText]]
"""Reads the words in the pixels of a PNG. Raises ScreenshotUnread."""


def masked_shot(
    screenshot: bytes, shown: Sequence[ShownText], original: str, text: MaskedText, masker: Masker, read: ReadWords
) -> MaskedShot:
    """`shown` is the browser's layout, `original` the page's text, `text` its masked copy. Raises ScreenshotUnread."""
    with Image.open(io.BytesIO(screenshot), formats=("PNG",)) as opened:
        picture = opened.convert("RGB")
    pages = {FoundBy.LAYOUT: ShownPage(shown), FoundBy.WORDS: ShownPage(read(screenshot))}
    kept = _squeezed(text.text)
    masks: dict[ShotMask, None] = {}
    for found_by, page in pages.items():
        for start, end, kind in (*_own_masks(page, masker), *_masks_of_text(page, original, text.masks)):
            if kind in (MaskKind.PHONE, MaskKind.ACCOUNT) and _squeezed(page.text[start:end]) in kept:
                continue  # shown on purpose elsewhere; here it may stand alone, without the word that says so
            for box in page.boxes(start, end):
                masks[ShotMask(_square(box, picture), kind, found_by)] = None
    for face in find_faces(picture):
        masks[ShotMask(face, MaskKind.FACE, FoundBy.FACES)] = None
    inside = tuple(mask for mask in masks if mask.place[2] > 0 and mask.place[3] > 0)
    _black_out(picture, inside)
    lost = [mask for mask in text.masks if not any(_has(page, original, mask) for page in pages.values())]
    return MaskedShot(picture, inside, tuple(lost))


def _own_masks(page: ShownPage, masker: Masker) -> Iterator[tuple[int, int, MaskKind]]:
    """What the masker sees in these words by themselves."""
    for mask in masker.mask(page.text).masks:
        yield mask.start, mask.end, mask.kind


def _masks_of_text(page: ShownPage, original: str, masks: Iterable[Mask]) -> Iterator[tuple[int, int, MaskKind]]:
    """What was masked in the text, wherever its wording stands."""
    for wording, kind in dict.fromkeys((original[mask.start : mask.end], mask.kind) for mask in masks):
        for start, end in page.find(wording):
            yield start, end, kind


def _has(page: ShownPage, original: str, mask: Mask) -> bool:
    return next(page.find(original[mask.start : mask.end]), None) is not None


def _squeezed(words: str) -> str:
    """Letters and digits alone, digits as plain ones: however a number is broken up, it is the same."""
    return "".join(letter for letter in plain_digits(words) if letter.isalnum())


def _square(box: Box, picture: Image.Image) -> Square:
    left, top, width, height = box
    beside = _MARGIN_PIXELS + height * _MARGIN_OF_HEIGHT
    low_x, low_y = max(0, round(left - beside)), max(0, round(top - _MARGIN_PIXELS))
    high_x = min(picture.width, round(left + width + beside))
    high_y = min(picture.height, round(top + height + _MARGIN_PIXELS))
    return low_x, low_y, high_x - low_x, high_y - low_y


def _black_out(picture: Image.Image, masks: Iterable[ShotMask]) -> None:
    draw = ImageDraw.Draw(picture)
    for left, top, width, height in (mask.place for mask in masks):
        draw.rectangle((left, top, left + width - 1, top + height - 1), fill=_BLACK)
