"""Reads the words and codes in one picture. Runs in the process of `crawler.pictures.ocr_worker` only: pictures are hostile input
to their decoders, and the models take hundreds of megabytes.

With `crawler.pictures.logo_marks` it is the only module that imports rapidocr, zxing-cpp and Pillow.
"""

import hashlib
import io
import time
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import zxingcpp
from PIL import Image, ImageOps, UnidentifiedImageError
from rapidocr import RapidOCR
from rapidocr.utils.output import RapidOCROutput

from crawler.pictures.ocr_tiles import OVERLAP, TILE_HEIGHT, joined, tiles
from domain.pictures import Box, PictureCode, PictureLine, PictureReading

#: Smaller pictures are icons, buttons and rules. Banners of old sites are 468 x 60.
MIN_SIDE, MIN_PIXELS = 40, 20_000
#: Codes to add a friend are shown at a hundred pixels: in pictures too small for words only codes are looked for.
CODE_MIN_SIDE = 60
#: Signs of sites are small: their names beside them are of no matter.
LOGO_MIN_SIDE, LOGO_MIN_PIXELS = 24, 576
#: What browsers say that they take, so what a page shown in one may hold: content networks answer ours in AVIF.
_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF")
#: More pixels than this, as the header states them, are not decoded: 40 megapixels are 120 MB.
MAX_PIXELS = 40_000_000
#: What is broader is shrunk: no poster has print that small. What is narrower than the other is enlarged, at most twice.
MAX_WIDTH, MIN_WIDTH = 1600, 900
_MIN_CONFIDENCE = 0.6
#: A coarse hash to find pictures by, a fine one to compare them: what differs in a word differs in the fine one.
_COARSE, _FINE = 8, 32


class TooSmall(Exception):
    """A picture that is too small to hold words."""


class Undecodable(Exception):
    """Not a picture, damaged, or of more pixels than are decoded. The message is Chinese."""


@dataclass(frozen=True, slots=True)
class PictureReader:
    """The models, loaded once."""

    ocr: RapidOCR
    engine: str

    @classmethod
    def load(cls) -> "PictureReader":
        settings = {
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            # Its own habit, to bring the shorter side to 736 pixels, makes a banner of 468 x 60 twelve times as large
            "Det.limit_type": "max",
            "Det.limit_side_len": max(TILE_HEIGHT + OVERLAP, MAX_WIDTH),
        }
        names = ("rapidocr", "onnxruntime", "zxing-cpp")
        return cls(RapidOCR(params=settings), " ".join(f"{name}/{version(name)}" for name in names))

    def read(self, body: bytes) -> PictureReading:
        """Raises TooSmall or Undecodable."""
        sha256 = hashlib.sha256(body).hexdigest()
        try:
            return self._read(decode(body), sha256)
        except TooSmall:
            return self._read_codes(decode(body, CODE_MIN_SIDE, CODE_MIN_SIDE**2), sha256)

    def _read_codes(self, picture: Image.Image, sha256: str) -> PictureReading:
        began = time.monotonic()
        codes, look = codes_in(picture), look_of(picture)
        if not codes:
            raise TooSmall
        seconds = round(time.monotonic() - began, 3)
        return PictureReading(sha256, picture.width, picture.height, look, (), codes, self.engine, seconds)

    def _read(self, picture: Image.Image, sha256: str) -> PictureReading:
        began = time.monotonic()
        scale = min(MAX_WIDTH / picture.width, max(1.0, min(2.0, MIN_WIDTH / picture.width)))
        size = round(picture.width * scale), max(1, round(picture.height * scale))
        shown = picture if scale == 1.0 else picture.resize(size, Image.Resampling.BICUBIC)
        pixels = np.ascontiguousarray(np.asarray(shown)[:, :, ::-1])
        pieces = [(top, self._lines(pixels[top:bottom], top)) for top, bottom in tiles(shown.height)]
        return PictureReading(
            sha256=sha256,
            width=picture.width,
            height=picture.height,
            look=look_of(picture),
            lines=tuple(_scaled(line, scale) for line in joined(pieces)),
            codes=codes_in(picture),
            engine=self.engine,
            seconds=round(time.monotonic() - began, 3),
        )

    def _lines(self, pixels: Any, top: int) -> list[PictureLine]:
        found = self.ocr(pixels)
        if not isinstance(found, RapidOCROutput) or found.boxes is None or found.txts is None or found.scores is None:
            return []
        return [
            PictureLine(" ".join(text.split()), tuple((round(x), round(y) + top) for x, y in box), round(score, 3))
            for box, text, score in zip(found.boxes.tolist(), found.txts, found.scores, strict=True)
            if score >= _MIN_CONFIDENCE and text.strip()
        ]


def decode(body: bytes, min_side: int = MIN_SIDE, min_pixels: int = MIN_PIXELS) -> Image.Image:
    """The picture as it is shown, on white, the first frame of a moving one. Raises TooSmall or Undecodable."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(body), formats=_FORMATS) as opened:
                width, height = opened.size
                if width * height > MAX_PIXELS:
                    raise Undecodable(f"像素过多（{width} × {height}）")
                if min(width, height) < min_side or width * height < min_pixels:
                    raise TooSmall
                whole = ImageOps.exif_transpose(opened).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Undecodable("像素过多") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, RuntimeError) as error:  # the last one of AVIF
        raise Undecodable(f"图片无法解码：{str(error)[:100]}") from error
    ground = Image.new("RGBA", whole.size, "white")
    ground.alpha_composite(whole)
    return ground.convert("RGB")


def look_of(picture: Image.Image) -> str:
    """The perceptual hash: whether each of 8 x 8, then of 32 x 32 cells is brighter than its neighbour to the right."""
    grey = picture.convert("L")
    return _gradient(grey, _COARSE) + _gradient(grey, _FINE)


def _gradient(grey: Image.Image, side: int) -> str:
    cells = np.asarray(grey.resize((side + 1, side), Image.Resampling.BOX), dtype=np.int16)
    return np.packbits(cells[:, :-1] > cells[:, 1:]).tobytes().hex()


def codes_in(picture: Image.Image) -> tuple[PictureCode, ...]:
    """The two-dimensional codes, each payload once."""
    formats = zxingcpp.barcode_formats_from_str("QRCode,MicroQRCode,DataMatrix,Aztec")
    found: dict[str, PictureCode] = {}
    for code in zxingcpp.read_barcodes(np.asarray(picture), formats=formats):
        place = code.position
        corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
        if code.text:
            found.setdefault(code.text, PictureCode(code.text, tuple((corner.x, corner.y) for corner in corners)))
    return tuple(found.values())


def _scaled(line: PictureLine, scale: float) -> PictureLine:
    if scale == 1.0:
        return line
    box: Box = tuple((round(x / scale), round(y / scale)) for x, y in line.box)
    return PictureLine(line.text, box, line.confidence)
