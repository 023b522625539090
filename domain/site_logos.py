"""Whether the sign of a site is that of a well-known hospital: a likeness of pictures, one piece of evidence among others.

Signs of hospitals are alike by habit (a ring, a cross, a serpent), so a likeness alone is a question (待核), never a lead.
"""

import base64
import binascii
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from hashlib import sha256
from math import sqrt
from operator import mul

MARK_SIDE = 24
"""A mark is this many cells wide and high."""
ALIKE_FROM = 0.95
"""Likeness (-1..1) from which two marks count as the same sign. Measured on drawn signs and copies of them, small, on coloured
ground, beside a name and saved as JPEG (`benchmarks.drawn_logos`): 66 of 100 copies are recognised, 0.8 in 100 are taken for one of
264 others."""
MOST_LOGOS = 2
"""Pictures of a page that are held against the known signs; the first are the site's own, others those of partners."""


@dataclass(frozen=True, slots=True)
class OfficialLogo:
    """The sign of an owner, from a picture that the user of the program had from the owner. `marks` are its marks, see
    `likeness`, `sha256` is of the picture's bytes."""

    owner: str
    sha256: str
    marks: tuple[str, ...]
    source: str
    as_of: date


@dataclass(frozen=True, slots=True)
class LogoLikeness:
    """The sign at `url` looks like that of `owner`. `sha256` is of the picture's bytes, `similarity` from ALIKE_FROM to 1."""

    owner: str
    url: str
    sha256: str
    similarity: float


def encode_mark(cells: Sequence[int]) -> str:
    """A mark as text. Raises ValueError for another number of cells than MARK_SIDE squared, OverflowError beyond -128..127."""
    if len(cells) != MARK_SIDE * MARK_SIDE:
        raise ValueError(f"a mark has {MARK_SIDE * MARK_SIDE} cells, not {len(cells)}")
    return base64.b64encode(array("b", cells).tobytes()).decode()


def likeness(mark: str, other: str) -> float:
    """The correlation (-1..1) of two marks, 0 for one without any contrast. Raises ValueError when one is none."""
    first, first_length = _cells(mark)
    second, second_length = _cells(other)
    if not first_length or not second_length:
        return 0.0
    return float(sum(map(mul, first, second))) / (first_length * second_length)


def closest(marks: Sequence[str], logos: Iterable[OfficialLogo]) -> tuple[str, float] | None:
    """The owner whose sign is most like a picture with these marks, and how much; None when none is alike."""
    found = [(likeness(mark, known), logo.owner) for logo in logos for known in logo.marks for mark in marks]
    similarity, owner = max(found, default=(0.0, ""))
    return (owner, round(min(1.0, similarity), 3)) if similarity >= ALIKE_FROM else None


def logo_sources(logos: Iterable[OfficialLogo]) -> tuple[tuple[str, date, str], ...]:
    """Source, newest day and a SHA-256 over what it says, for each source of signs in order of name."""
    by_source: dict[str, list[OfficialLogo]] = {}
    for logo in logos:
        by_source.setdefault(logo.source, []).append(logo)
    return tuple(
        (
            source,
            max(logo.as_of for logo in by_source[source]),
            sha256("".join(sorted(f"{logo.owner} {logo.sha256}\n" for logo in by_source[source])).encode()).hexdigest(),
        )
        for source in sorted(by_source)
    )


@lru_cache(maxsize=4000)
def _cells(mark: str) -> "tuple[array[int], float]":
    """The cells and their length as a vector."""
    try:
        cells = array("b", base64.b64decode(mark, validate=True))
    except binascii.Error as error:
        raise ValueError("not a mark") from error
    if len(cells) != MARK_SIDE * MARK_SIDE:
        raise ValueError("not a mark")
    return cells, sqrt(sum(map(mul, cells, cells)))
