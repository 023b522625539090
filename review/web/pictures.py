"""Screenshots as the desk shows them: decoded and encoded anew, since their bytes came with a captured page."""

import hashlib
import io
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from PIL import Image, UnidentifiedImageError

from review.shots import EvidenceUnreadable, screenshot

MAX_HEIGHT = 24_000  # a page of thirty windows; what is below is in the original
_MAX_PIXELS = 80_000_000
_QUALITY = 82
_KEPT = 48


@dataclass(frozen=True, slots=True)
class Shot:
    """A screenshot to look at: `jpeg` of `width` x `height` pixels; `cut` are the pixels of the original left out below."""

    jpeg: bytes
    width: int
    height: int
    cut: int
    tag: str


class Shots:
    """The screenshots of the bundles in a data folder. The last ones asked for are kept in memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: OrderedDict[str, Shot] = OrderedDict()
        self._lock = Lock()

    def of(self, bundle: str) -> Shot:
        """`bundle` is relative to the data folder, and named by its digest. Raises EvidenceUnreadable."""
        with self._lock:
            if (kept := self._kept.get(bundle)) is not None:
                self._kept.move_to_end(bundle)
                return kept
        shot = encode(screenshot(self._folder, bundle))
        with self._lock:
            self._kept[bundle] = shot
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return shot


def encode(png: bytes) -> Shot:
    """Pixels only: whatever else the file held is gone. Raises EvidenceUnreadable for what is no picture, or far too large."""
    try:
        with Image.open(io.BytesIO(png), formats=("PNG",)) as image:
            if image.width * image.height > _MAX_PIXELS:
                raise EvidenceUnreadable("截图过大，无法显示")
            height = min(image.height, MAX_HEIGHT)
            pixels = Image.new("RGB", (image.width, height))
            pixels.paste(image.crop((0, 0, image.width, height)).convert("RGB"))  # a converted image keeps comments
            cut = image.height - height
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as fault:
        raise EvidenceUnreadable("截图无法解码") from fault
    buffer = io.BytesIO()
    pixels.save(buffer, "JPEG", quality=_QUALITY)
    jpeg = buffer.getvalue()
    return Shot(jpeg, pixels.width, pixels.height, cut, hashlib.sha256(jpeg).hexdigest()[:32])
