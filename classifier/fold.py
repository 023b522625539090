"""Folded text with a way back: what evasion and typography hide is brought to one spelling, offsets are kept.

Three steps: character by character (`classifier.characters`), the readings given behind them left out; joining what was
spaced or starred apart; and resolving evasive spellings from `lexicons/fold/*.tsv`. Each step carries along where every
character came from.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import daachorse
import numpy as np
from numpy.typing import NDArray

from classifier.characters import SPECIAL, CharacterTable, make_table
from classifier.errors import LexiconError
from classifier.text_file import read_text

_HARD_SEPARATORS = "*^_~"
_SOFT_SEPARATORS = " -.·/|+•●★☆※◆■✨❤⭐"  # not the commas: enumerations of single characters are ordinary
_PICTURES = range(0x1F300, 0x1FB00)  # emoji, which are soft ones too
_TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ"
_READING = re.compile(rf"[(（](?<=[\u3400-\u9fff].)[a-zü]{{0,3}}[{_TONED}][a-z]{{0,3}}[)）]", re.IGNORECASE)
"""One syllable with its tone; without a tone it may be any abbreviation. Begins with the bracket, which is found six times as
quickly as what stands before it."""
_BARE_READING = re.compile(
    r"[(（](?<=[\u3400-\u9fff)）].)(?:[bpmfdtnlgkhjqxrzcsyw]|[zcs]h)?[aeiouü]{1,3}(?:ng?|r)?[)）]"
)
"""One syllable without its tone, behind a character or behind another reading: 軟骨(gu)(gu)素."""
_MANY_BARE, _APART = 12, 60
"""Bare readings of a text, and the code points to each at most, from which on they are no abbreviations."""
_LONGEST_RUN = 3
_Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` is folded; character i of it came from original[starts[i]:ends[i]].

    `starts` and `ends` are None when nothing moved. `joined` are the folded positions after which separators or
    invisible characters between Chinese characters were taken out, `respelled` the folded spans of evasive spellings.
    """

    text: str
    starts: _Indices | None = None
    ends: _Indices | None = None
    joined: tuple[int, ...] = ()
    respelled: tuple[tuple[int, int], ...] = ()

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The span of the original that the folded span [start, end) stands for; 0 <= start < end."""
        if self.starts is None or self.ends is None:
            return start, end
        return int(self.starts[start]), int(self.ends[end - 1])

    def is_disguised(self, start: int, end: int) -> bool:
        """Whether the folded span was spelled apart or evasively in the original."""
        return any(start <= at < end - 1 for at in self.joined) or any(a < end and start < b for a, b in self.respelled)


class Folder:
    """Folds texts; made once per process from the character table and the evasive spellings."""

    def __init__(self, table: CharacterTable, spellings: Sequence[tuple[str, str]]) -> None:
        self._characters = table
        self._lengths = np.array([0, *(len(text) for text in table.grown)], dtype=np.int64)
        pairs: dict[str, str] = {}
        for variant, canonical in spellings:
            folded, target = table.fold_short(variant), table.fold_short(canonical)
            if folded and folded != target:
                pairs.setdefault(folded, target)
        self._variants = tuple(pairs)
        self._canonical = tuple(pairs.values())
        self._spellings = (
            daachorse.CharwiseDoubleArrayAhoCorasick(list(self._variants), daachorse.MATCH_KIND_LEFTMOST_LONGEST)
            if pairs
            else None
        )

    @classmethod
    def load(cls, folder: Path) -> "Folder":
        """Read every `*.tsv` of `folder`: lines of `variant TAB canonical [TAB kind]`, `#` begins a comment."""
        spellings: list[tuple[str, str]] = []
        for path in sorted(folder.glob("*.tsv")):
            for number, line in enumerate(read_text(path).split("\n"), 1):
                if not line.strip() or line.startswith("#"):
                    continue
                cells = line.split("\t")
                if len(cells) < 2 or not cells[0] or not cells[1]:
                    raise LexiconError(path, "expected `variant TAB canonical`", number)
                spellings.append((cells[0], cells[1]))
        return cls(make_table(), spellings)

    def fold_literal(self, literal: str) -> str:
        """Fold an anchor, a term or a cue: character by character, then its typographic spaces."""
        return _join(self._characters.fold_short(literal), None, None)[0]

    def fold_pattern(self, pattern: str) -> str:
        """Fold the literals of a regular expression; a character that folds to a metacharacter is escaped."""
        out: list[str] = []
        escaped = False
        for position, character in enumerate(pattern):
            if escaped or character == "\\":
                escaped = not escaped
                out.append(character)
            elif character == "P" and pattern[max(0, position - 2) : position] == "(?":
                out.append(character)
            elif character.isascii():
                out.append(character.lower())
            else:
                folded = self._characters.fold_short(character)
                out.append("\\" + folded if folded and folded in r".^$*+?{}[]\|()" else folded)
        return "".join(out)

    def fold(self, text: str) -> Folded:
        if not text:
            return Folded("")
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        kept = _without_readings(text)
        mapped = self._characters.table[codes if kept is None else codes[kept]]
        starts: _Indices | None = None
        dropped_after: _Indices = np.empty(0, dtype=np.int64)
        if int(mapped.max()) >= SPECIAL:
            mapped, starts, dropped_after = self._expand(mapped)
        if kept is not None:
            starts, dropped_after = kept if starts is None else kept[starts], kept[dropped_after]
        mapped, starts = _shorten_runs(mapped, starts)
        folded = mapped.tobytes().decode("utf-32-le")
        ends = None if starts is None else starts + 1
        folded, starts, ends, joined = _join(folded, starts, ends, mapped)
        if len(dropped_after) and starts is not None:
            joined = np.union1d(joined, np.searchsorted(starts, dropped_after, side="right") - 1)
        if self._spellings is None:
            return Folded(folded, starts, ends, tuple(joined.tolist()))
        hits = self._spellings.find(folded)
        if not hits:
            return Folded(folded, starts, ends, tuple(joined.tolist()))
        return self._respell(folded, starts, ends, joined, hits)

    def _expand(self, mapped: NDArray[np.uint32]) -> tuple[NDArray[np.uint32], _Indices, _Indices]:
        """Drop and grow the marked characters; returns code points, their origins, and origins before a drop that
        stood between two Chinese characters."""
        special = mapped >= SPECIAL
        counts = np.ones(len(mapped), dtype=np.int64)
        counts[special] = self._lengths[mapped[special] - SPECIAL]
        starts = np.repeat(np.arange(len(mapped), dtype=np.int64), counts)
        out = mapped[starts]
        grown = np.flatnonzero(special & (counts > 0))
        positions = np.cumsum(counts) - counts
        for index in grown.tolist():
            text = self._characters.grown[int(mapped[index]) - SPECIAL - 1]
            at = int(positions[index])
            out[at : at + len(text)] = [ord(character) for character in text]
        chinese = _is_chinese(out)
        gap = np.flatnonzero((np.diff(starts) > 1) & chinese[:-1] & chinese[1:])
        return out, starts, starts[gap]

    def _respell(
        self,
        text: str,
        starts: _Indices | None,
        ends: _Indices | None,
        joined: _Indices,
        hits: list[tuple[int, int, int]],
    ) -> Folded:
        if starts is None or ends is None:
            starts = np.arange(len(text), dtype=np.int64)
            ends = starts + 1
        pieces: list[str] = []
        new_starts: list[_Indices] = []
        new_ends: list[_Indices] = []
        spans: list[tuple[int, int]] = []
        moved: list[int] = []
        joined_list = joined.tolist()
        cursor = length = index = 0
        for start, end, which in hits:
            word = self._canonical[which]
            if _cuts_latin(text, start, end):
                continue
            pieces += [text[cursor:start], word]
            while index < len(joined_list) and joined_list[index] < start:
                moved.append(joined_list[index] - cursor + length)
                index += 1
            while index < len(joined_list) and joined_list[index] < end:
                index += 1
            length += start - cursor
            spans.append((length, length + len(word)))
            length += len(word)
            new_starts += [starts[cursor:start], np.full(len(word), starts[start])]
            new_ends += [ends[cursor:start], np.full(len(word), ends[end - 1])]
            cursor = end
        moved += [at - cursor + length for at in joined_list[index:]]
        pieces.append(text[cursor:])
        new_starts.append(starts[cursor:])
        new_ends.append(ends[cursor:])
        return Folded("".join(pieces), np.concatenate(new_starts), np.concatenate(new_ends), tuple(moved), tuple(spans))


def _without_readings(text: str) -> _Indices | None:
    """Where the characters stand that are no reading given behind another one, as in 牛皮癬(xuǎn); None when all are.

    Mirrored sites have them behind every second character, some of them without tones. They are no evasive spelling: dictionaries and patients' leaflets
    give readings too.
    """
    if "(" not in text and "（" not in text:
        return None
    readings = [match.span() for match in _READING.finditer(text)]
    bare = [match.span() for match in _BARE_READING.finditer(text)]
    if len(bare) >= max(_MANY_BARE, len(text) / _APART):
        readings += bare
    if not readings:
        return None
    keep = np.ones(len(text), dtype=np.bool_)
    for start, end in readings:
        keep[start:end] = False
    return np.flatnonzero(keep)


def _is_chinese(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    chinese: NDArray[np.bool_] = ((codes >= 0x4E00) & (codes < 0xA000)) | ((codes >= 0x3400) & (codes < 0x4DC0))
    return chinese


def _join(
    text: str, starts: _Indices | None, ends: _Indices | None, codes: NDArray[np.uint32] | None = None
) -> tuple[str, _Indices | None, _Indices | None, _Indices]:
    """Take out typographic spaces (Chinese beside digit, Latin letter or %) and separators that hold single Chinese
    characters apart: a hard one at once, a soft one only when the same one does so twice running."""
    nothing = np.empty(0, dtype=np.int64)
    if codes is None:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    if len(codes) < 3:
        return text, starts, ends, nothing
    separators = _SEPARATOR_TABLE[np.minimum(codes, _PICTURES.stop)]
    candidates = np.flatnonzero(separators)
    candidates = candidates[(candidates > 0) & (candidates < len(codes) - 1)]
    if not len(candidates):
        return text, starts, ends, nothing
    before, after, kind = codes[candidates - 1], codes[candidates + 1], separators[candidates]
    chinese_before, chinese_after = _is_chinese(before), _is_chinese(after)
    latin_before, latin_after = _is_latin(before), _is_latin(after)
    space = codes[candidates] == 0x20
    typographic = space & (
        (chinese_before & latin_after) | (latin_before & chinese_after) | (latin_before & (after == 0x25))
    )
    link = chinese_before & chinese_after
    apart = link & (kind == 2)
    # c s c s c: the next candidate two positions on is a link by the same separator
    pair = link[:-1] & link[1:] & (np.diff(candidates) == 2) & (codes[candidates[:-1]] == codes[candidates[1:]])
    apart[:-1] |= pair
    apart[1:] |= pair
    remove = candidates[typographic | apart]
    if not len(remove):
        return text, starts, ends, nothing
    keep = np.ones(len(codes), dtype=np.bool_)
    keep[remove] = False
    kept = np.flatnonzero(keep)
    joined = np.searchsorted(kept, candidates[apart]) - 1
    out = codes[kept].tobytes().decode("utf-32-le")
    if starts is None or ends is None:
        return out, kept, kept + 1, joined
    return out, starts[kept], ends[kept], joined


def _cuts_latin(text: str, start: int, end: int) -> bool:
    """Whether [start, end) begins or ends inside a Latin word (`plan全面` holds no `an全`)."""
    return (start > 0 and text[start - 1].isascii() and text[start - 1].isalpha() and text[start].isascii()) or (
        end < len(text) and text[end].isascii() and text[end].isalpha() and text[end - 1].isascii()
    )


def _shorten_runs(codes: NDArray[np.uint32], starts: _Indices | None) -> tuple[NDArray[np.uint32], _Indices | None]:
    """Keep the first `_LONGEST_RUN` of a character repeated again and again; digits stay, they are numbers."""
    if len(codes) <= _LONGEST_RUN:
        return codes, starts
    same = codes[1:] == codes[:-1]
    run = same[: len(same) - _LONGEST_RUN + 1].copy()
    for shift in range(1, _LONGEST_RUN):
        run &= same[shift : len(same) - _LONGEST_RUN + 1 + shift]
    if not run.any():
        return codes, starts
    keep = np.ones(len(codes), dtype=np.bool_)
    keep[_LONGEST_RUN:] = ~run | ((codes[_LONGEST_RUN:] >= 0x30) & (codes[_LONGEST_RUN:] <= 0x39))
    kept = np.flatnonzero(keep)
    return codes[kept], kept if starts is None else starts[kept]


def _is_latin(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    latin: NDArray[np.bool_] = (
        ((codes >= 0x30) & (codes <= 0x39)) | ((codes >= 0x61) & (codes <= 0x7A)) | (codes == 0x25)
    )
    return latin


def _separator_table() -> NDArray[np.uint8]:
    table = np.zeros(_PICTURES.stop + 1, dtype=np.uint8)
    table[_PICTURES.start : _PICTURES.stop] = 1
    for character in _SOFT_SEPARATORS:
        table[ord(character)] = 1
    for character in _HARD_SEPARATORS:
        table[ord(character)] = 2
    return table


_SEPARATOR_TABLE = _separator_table()
