"""When two texts are the same, or nearly: sketches of texts, and keys under which alike sketches are found.

A sketch is a one-permutation MinHash: the shingles of a text fall into SLOTS slots, each keeps its least hash, and the share
of equal slots estimates the share of shingles two texts have in common (Jaccard), with an error of about 0.06. A 64-bit
SimHash was measured too: on texts of 300 characters, half of those with 5 % of their characters edited drift beyond the
distance at which unrelated texts begin to meet.
"""

import hashlib
import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache

SHINGLE_CHARACTERS = 4
SLOTS = 64
BANDS = 16
#: Texts of fewer different shingles are compared as a whole only: a menu or a notice is like many others by accident.
MIN_SHINGLES = 24
#: Least share of equal slots of near duplicates; measured on advertisements and lawful texts (docs/sameness.md).
NEAR_SHARE = 0.7
_SLOT_DIGITS = 4
_EMPTY_SLOT = 1 << 16
"""More than any hash."""
_ROWS = SLOTS // BANDS
_BETWEEN_HANZI = re.compile(r"([^\u4e00-\u9fa5]+)")
_MARK = 8
"""Characters between two Chinese ones that are worth remembering."""
_LOW_BITS, _HIGH_BITS = int("7fff" * SLOTS, 16), int("8000" * SLOTS, 16)


def text_digest(text: str) -> str:
    """SHA-256 (hex) of a text, blanks and line breaks aside: what makes two texts exactly the same."""
    return hashlib.sha256("".join(text.split()).encode("utf-8", "replace")).hexdigest()


def sketch_of(text: str) -> str:
    """SLOTS groups of four hex digits; empty for a text too short to be sketched.

    Only letters count, in compatibility form and lower case: digits are hit counters and dates as often as prices.
    """
    shingles = _shingles(text)
    if len(shingles) < MIN_SHINGLES:
        return ""
    least = [_EMPTY_SLOT] * SLOTS
    for checksum in map(zlib.crc32, map(str.encode, shingles)):
        # CRC-32 is linear; the multiplication spreads it over the high bits, which choose the slot
        mixed = checksum * 0x9E3779B1 & 0xFFFFFFFF
        value = mixed >> 10 & 0xFFFF
        if value < least[mixed >> 26]:
            least[mixed >> 26] = value
    return "".join(f"{value:04x}" for value in _filled(least))


def likeness(one: str, other: str) -> float:
    """Share of equal slots, 0..1; 0 when either sketch is empty."""
    return next(likenesses(one, (other,)))


def likenesses(one: str, others: Iterable[str]) -> Iterator[float]:
    """The likeness of a sketch to each of some others, in their order."""
    slots = int(one, 16) if one else 0
    for other in others:
        if not one or not other:
            yield 0.0
            continue
        differing = slots ^ int(other, 16)
        # Of each slot of 16 bits the highest is set when any is: adding the largest number of 15 bits carries into it
        unequal = ((differing & _LOW_BITS) + _LOW_BITS | differing) & _HIGH_BITS
        yield 1 - unequal.bit_count() / SLOTS


def band_keys(sketch: str) -> tuple[int, ...]:
    """BANDS numbers below 2**31, none for an empty sketch. Texts that have 0.7 of their shingles in common share one of them
    in 99 of 100 cases, those that have 0.1 in common in one of 600."""
    width = _ROWS * _SLOT_DIGITS
    return tuple(
        zlib.crc32(f"{band}:{sketch[band * width : (band + 1) * width]}".encode()) & 0x7FFFFFFF
        for band in range(BANDS if sketch else 0)
    )


def _shingles(text: str) -> set[str]:
    letters = _letters(text)
    return {letters[start : start + SHINGLE_CHARACTERS] for start in range(len(letters) - SHINGLE_CHARACTERS + 1)}


def _letters(text: str) -> str:
    """The letters of a text in compatibility form and lower case. Chinese characters have no other form and change nothing beside them: only what
    stands between them is looked at, the same few marks again and again."""
    pieces = _BETWEEN_HANZI.split(text)
    pieces[1::2] = [_letters_of_mark(piece) if len(piece) <= _MARK else _letters_of(piece) for piece in pieces[1::2]]
    return "".join(pieces)


def _letters_of(text: str) -> str:
    return "".join(filter(str.isalpha, unicodedata.normalize("NFKC", text).lower()))


_letters_of_mark = lru_cache(maxsize=4096)(_letters_of)


def _filled(least: list[int]) -> Iterator[int]:
    """An empty slot takes the value of the next that is not, so that short texts can be compared with long ones."""
    following = next(value for value in least if value < _EMPTY_SLOT)
    filled: list[int] = []
    for value in reversed(least):
        following = value if value < _EMPTY_SLOT else following
        filled.append(following)
    return reversed(filled)
