"""The marks of a picture that may be a logo. Runs in the process of `crawler.pictures.ocr_worker` only, as all decoding of pictures.

A sign is drawn dark on white, white on blue, with the name beside it or without: a mark is made of how much each place stands
out from the ground, whatever their colours, of the whole picture and of the sign in front of a name. Rings are taken away,
as most hospitals' signs are round.
"""

from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from domain.site_logos import MARK_SIDE, encode_mark

#: A place that stands out less from the ground (0..1) is taken for ground when the sign is cut out.
_STANDS_OUT = 0.3
#: Fewer pixels on a side show no sign.
_MIN_SIDE = 20
#: A picture is looked at in no more pixels than this on a side.
_MAX_SIDE = 600
#: A picture broader than this many times its height may be a sign with a name behind it; the gap between them is at least
#: this share of the height.
_BANNER, _GAP = 1.4, 0.05
#: How broad a sign is, in heights.
_NARROWEST, _BROADEST = 0.6, 1.6
#: Share (0..1) of the places that may stand out more than what is taken for full strength.
_STRONGEST = 98
#: Contrast below this is noise of JPEG.
_MIN_CONTRAST = 0.1
_BLUR_CELLS = 0.7


def marks_of(picture: Image.Image) -> tuple[str, ...]:
    """The marks of the whole picture and of the sign at its left, none for a picture of one colour."""
    picture = picture.copy()
    picture.thumbnail((_MAX_SIDE, _MAX_SIDE))
    strength = _trimmed(_strength(picture))
    if strength is None:
        return ()
    sign = _sign_before_name(strength)
    return tuple(dict.fromkeys(_mark(part) for part in (strength, sign) if part is not None))


def _strength(picture: Image.Image) -> Any:
    """How much each pixel differs from the ground (0..1): the median colour of the picture's rim."""
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
    rim = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    differs = np.abs(pixels - np.median(rim, axis=0)).max(axis=2)
    return _to_full_strength(differs / 255)


def _to_full_strength(differs: Any) -> Any:
    strongest = float(np.percentile(differs, _STRONGEST))
    return np.clip(differs / max(strongest, _MIN_CONTRAST), 0.0, 1.0)


def _trimmed(strength: Any) -> Any | None:
    """The part that stands out, None when there is too little of it."""
    stands_out = strength > _STANDS_OUT
    rows, columns = np.flatnonzero(stands_out.any(axis=1)), np.flatnonzero(stands_out.any(axis=0))
    if not len(rows) or rows[-1] - rows[0] < _MIN_SIDE or columns[-1] - columns[0] < _MIN_SIDE:
        return None
    return strength[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _sign_before_name(strength: Any) -> Any | None:
    """The sign in front of a name, cut where the first gap between columns is wide enough."""
    height, width = strength.shape
    if width <= _BANNER * height:
        return None
    empty = ~(strength > _STANDS_OUT).any(axis=0)
    gap = 0
    for column in range(width):
        gap = gap + 1 if empty[column] else 0
        begins = column - gap + 1
        if gap >= max(2, _GAP * height) and begins > height / 2:
            sign = _trimmed(_to_full_strength(strength[:, :begins]))
            return sign if sign is not None and _NARROWEST < sign.shape[1] / sign.shape[0] < _BROADEST else None
    return None


def _mark(strength: Any) -> str:
    grey = Image.fromarray((strength * 255).astype(np.uint8))
    small = grey.resize((MARK_SIDE, MARK_SIDE), Image.Resampling.BOX).filter(ImageFilter.GaussianBlur(_BLUR_CELLS))
    cells = _without_rings(np.asarray(small, dtype=np.float32))
    cells -= cells.mean()
    largest = float(np.abs(cells).max())
    scaled = np.rint(cells * (127 / largest)) if largest else cells
    return encode_mark([int(cell) for cell in scaled.ravel()])


def _without_rings(cells: Any) -> Any:
    """The cells less the mean of all that are as far from the middle."""
    middle = (MARK_SIDE - 1) / 2
    rows, columns = np.mgrid[:MARK_SIDE, :MARK_SIDE]
    ring = np.rint(np.hypot(rows - middle, columns - middle)).astype(int).ravel()
    means = np.bincount(ring, cells.ravel()) / np.maximum(np.bincount(ring), 1)
    return cells - means[ring].reshape(cells.shape)
