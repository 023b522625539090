"""Which character stands for which: the one-to-one part of folding, and the one door to OpenCC.

A table over all code points is made once per process: simplified for traditional, half width for full width, lower
case, one kind of quotation mark, newline for every line break. Characters that vanish or grow are marked in it.
"""

import unicodedata
from dataclasses import dataclass

import numpy as np
import opencc
from numpy.typing import NDArray

SPECIAL = 0x110000
"""Values from here on are not characters: `SPECIAL` itself means dropped, `SPECIAL + 1 + k` grows to `grown[k]`."""

_CJK_RANGES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))
_COMPATIBLE_RANGES = ((0x80, 0xD800), (0xE000, 0x10000), (0x1D400, 0x1D800), (0x1F100, 0x1F300), (0x2F800, 0x2FA20))
_DROPPED_RANGES = (
    (0x00AD, 0x00AE), (0x0300, 0x0370), (0x180B, 0x180F), (0x200B, 0x2010), (0x202A, 0x202F), (0x2060, 0x2070),
    (0x20D0, 0x2100), (0x3164, 0x3165), (0xFE00, 0xFE10), (0xFEFF, 0xFF00), (0xE0000, 0xE01F0),
)  # fmt: skip
_OWN_CHOICE = {
    "\x00": " ", "\t": " ", "\r": "\n", "\x0b": "\n", "\x0c": "\n", "\x85": "\n", "\u2028": "\n", "\u2029": "\n",
    "…": "…", "‥": "…", "「": "“", "」": "”", "『": "“", "』": "”", "〝": "“", "〞": "”", "〟": "”", "﹂": "”", "﹁": "“",
    "＂": '"', "﹪": "%", "‰": "‰", "～": "~", "〜": "~", "－": "-", "‐": "-", "‑": "-", "‒": "-", "―": "—",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CharacterTable:
    """`table[code point]` is the folded code point, or a value >= `SPECIAL`."""

    table: NDArray[np.uint32]
    grown: tuple[str, ...]

    def fold_short(self, text: str) -> str:
        """Fold character by character, without joining anything; for anchors, terms and literals."""
        out: list[str] = []
        for character in text:
            value = int(self.table[ord(character)])
            if value < SPECIAL:
                out.append(chr(value))
            elif value > SPECIAL:
                out.append(self.grown[value - SPECIAL - 1])
        return "".join(out)


def make_table() -> CharacterTable:
    table = np.arange(SPECIAL, dtype=np.uint32)
    grown: list[str] = []
    simplified = _simplified()
    for code in range(0x41, 0x5B):
        table[code] = code + 32
    for first, last in _COMPATIBLE_RANGES:
        for code in range(first, last):
            character = chr(code)
            folded = unicodedata.normalize("NFKC", character)
            if len(folded) == 1:
                lower = folded.lower()
                folded = lower if len(lower) == 1 else folded
                folded = simplified.get(folded, folded)
                if folded != character:
                    table[code] = ord(folded)
            else:
                grown.append("".join(simplified.get(c, c) for c in folded.lower()))
                table[code] = SPECIAL + len(grown)
    for first, last in _DROPPED_RANGES:
        table[first:last] = SPECIAL
    table[0xD800:0xE000] = ord("\ufffd")  # a lone surrogate is no character, and the automaton takes none
    for character, folded in _OWN_CHOICE.items():
        table[ord(character)] = ord(folded)
    return CharacterTable(table, tuple(grown))


def _simplified() -> dict[str, str]:
    characters = [chr(code) for first, last in _CJK_RANGES for code in range(first, last)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {a: b for a, b in zip(characters, converted, strict=True) if a != b and len(b) == 1}
