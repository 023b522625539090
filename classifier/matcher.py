"""One automaton over every literal that anything asks for, and what each literal is for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import daachorse


class Hit(NamedTuple):
    """A literal found at folded [start, end); `alternatives` are the rule alternatives it anchors."""

    start: int
    end: int
    alternatives: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """Anchor hits in text order, and for each literal of a word group how often and where first it was seen."""

    hits: tuple[Hit, ...]
    cues: Mapping[int, int]
    first_seen: Mapping[int, tuple[int, int]]


_NOTHING = Scan((), {}, {})


class Matcher:
    """Anchors of alternatives and words of cue groups in one daachorse automaton (code-point offsets)."""

    def __init__(self, anchors: Iterable[tuple[int, str]], groups: Mapping[str, Iterable[str]]) -> None:
        literals: dict[str, int] = {}
        anchoring: dict[int, list[int]] = {}
        belonging: dict[int, list[str]] = {}
        for alternative, literal in anchors:
            anchoring.setdefault(literals.setdefault(literal, len(literals)), []).append(alternative)
        for group, words in groups.items():
            for word in words:
                belonging.setdefault(literals.setdefault(word, len(literals)), []).append(group)
        self.literals = tuple(literals)
        self._anchoring = [tuple(anchoring.get(index, ())) for index in range(len(literals))]
        self._is_cue = [index in belonging for index in range(len(literals))]
        self.groups_of = {index: tuple(names) for index, names in belonging.items()}
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(list(literals))

    def scan(self, text: str) -> Scan:
        found = self._automaton.find_overlapping(text) if text else []
        if not found:
            return _NOTHING
        anchoring, is_cue = self._anchoring, self._is_cue
        hits = tuple([Hit(start, end, anchoring[literal]) for start, end, literal in found if anchoring[literal]])
        seen = [literal for _, _, literal in found if is_cue[literal]]
        first = {literal: (start, end) for start, end, literal in reversed(found) if is_cue[literal]}
        return Scan(hits, Counter(seen), first)

    def by_group(self, cues: Mapping[int, int]) -> dict[str, tuple[int, int]]:
        """Per word group: (distinct words seen, times seen)."""
        seen: dict[str, tuple[int, int]] = {}
        for literal, times in cues.items():
            for group in self.groups_of[literal]:
                distinct, total = seen.get(group, (0, 0))
                seen[group] = (distinct + 1, total + times)
        return seen
