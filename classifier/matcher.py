"""One automaton over every literal that anything asks for, and what each literal is for."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter

import daachorse

Hit = tuple[int, int, int]
"""A literal found at folded [start, end), and its number."""
_literal_of = itemgetter(2)
_DIGITS = frozenset("0123456789")
_POINTS = frozenset(".,")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True)
class Scan:
    """Hits in text order; `cues` are the literals of word groups that were seen and how often; `mask` says which
    clauses are satisfied; `within_words` are hits that are no cues, as they stand inside a number or a Latin word."""

    hits: Sequence[Hit]
    times: Mapping[int, int]
    cues: Mapping[int, int]
    mask: int
    within_words: frozenset[Hit] = frozenset()

    @cached_property
    def first_seen(self) -> Mapping[int, tuple[int, int]]:
        """Where each literal of a word group was seen first."""
        cues, within = self.cues, self.within_words
        hits = reversed(self.hits)
        return {hit[2]: (hit[0], hit[1]) for hit in hits if hit[2] in cues and hit not in within}


_NOTHING = Scan((), {}, {}, 0)


class Matcher:
    """Anchors of alternatives and words of cue groups in one daachorse automaton (code-point offsets).

    An alternative holds nowhere in a text without one of its anchors, nor in one without a literal of each of the
    clauses that are `required` of it; most alternatives are done with by that.
    """

    def __init__(
        self,
        anchors: Iterable[tuple[int, str]],
        groups: Mapping[str, Iterable[str]],
        required: Iterable[tuple[int, Iterable[str]]] = (),
    ) -> None:
        literals: dict[str, int] = {}
        anchoring: dict[int, list[int]] = {}
        belonging: dict[int, list[str]] = {}
        clauses: dict[int, list[set[int]]] = {}
        for alternative, literal in anchors:
            number = literals.setdefault(literal, len(literals))
            anchoring.setdefault(number, []).append(alternative)
            clauses.setdefault(alternative, [set()])[0].add(number)
        for group, words in groups.items():
            for word in words:
                belonging.setdefault(literals.setdefault(word, len(literals)), []).append(group)
        for alternative, clause in required:
            clauses[alternative].append({literals.setdefault(literal, len(literals)) for literal in clause})
        self.literals = tuple(literals)
        self.groups_of = {index: tuple(names) for index, names in belonging.items()}
        doubtful = _DIGITS | _LETTERS
        self._continuable = {index: word for index in belonging if (word := self.literals[index])[:1] in doubtful}
        self._anchoring = {index: tuple(alternatives) for index, alternatives in anchoring.items()}
        self._satisfies, self._needs = _masks(clauses, len(literals))
        self._automaton = daachorse.CharwiseDoubleArrayAhoCorasick(list(literals))

    def scan(self, text: str) -> Scan:
        found = self._automaton.find_overlapping(text) if text else []
        if not found:
            return _NOTHING
        times = Counter(map(_literal_of, found))
        groups_of, satisfies = self.groups_of, self._satisfies
        mask = 0
        for literal in times:
            mask |= satisfies[literal]
        within = self._within_words(text, found, times)
        cues = Counter({literal: count for literal, count in times.items() if literal in groups_of})
        if within:
            cues -= Counter(map(_literal_of, within))
        return Scan(found, times, cues, mask, within)

    def cues_within(self, scan: Scan, low: int, high: int) -> Mapping[int, int]:
        """The cues of a scan that stand within [low, high), as a scan of that part alone would count them."""
        hits, skip = scan.hits, scan.within_words
        times = Counter([hit[2] for hit in hits if low <= hit[0] and hit[1] <= high and hit not in skip])
        return {literal: count for literal, count in times.items() if literal in self.groups_of}

    def _within_words(self, text: str, found: Sequence[Hit], times: Mapping[int, int]) -> frozenset[Hit]:
        """Hits of words of groups that are part of a longer number or Latin word: 0元 in 800元, spa in spark.

        A word that ends in Latin letters may go on (加v is followed by a name) unless it is wholly Latin, of three
        letters or more.
        """
        doubtful = self._continuable.keys() & times.keys()
        if not doubtful:
            return frozenset()
        words = self._continuable
        return frozenset([hit for hit in found if hit[2] in doubtful and _continues(text, hit, words[hit[2]])])

    def possible(self, scan: Scan, holds: Callable[[int], bool]) -> frozenset[int]:
        """The alternatives that the text as a whole leaves possible and of which `holds` is true."""
        if not (mask := scan.mask):
            return frozenset()
        return frozenset([number for number, need in self._needs.items() if mask & need == need and holds(number)])

    def anchors(self, scan: Scan, possible: frozenset[int], sentence_ends: Sequence[int]) -> dict[int, list[Hit]]:
        """The anchors of `possible` alternatives in those sentences that leave them possible too, in text order.

        `sentence_ends` are the places of the marks that end sentences.
        """
        needs, satisfies = self._needs, self._satisfies
        needed = 0
        for number in possible:
            needed |= needs[number]
        told = {literal: satisfies[literal] & needed for literal in scan.times if satisfies[literal] & needed}
        hits = [hit for hit in scan.hits if hit[2] in told]
        places, masks = _sentence_masks(hits, told, sentence_ends)
        wanted = {
            literal: numbers
            for literal in told
            if (numbers := [number for number in self._anchoring.get(literal, ()) if number in possible])
        }
        anchors: dict[int, list[Hit]] = {}
        for hit, place in zip(hits, places, strict=True):
            if hit[2] in wanted:
                mask = masks[place]
                for number in wanted[hit[2]]:
                    need = needs[number]
                    if mask & need == need:
                        anchors.setdefault(number, []).append(hit)
        return anchors

    def literals_of(self, groups: Collection[str]) -> frozenset[int]:
        """The numbers of the literals that are words of any of the groups."""
        wanted = set(groups)
        return frozenset(number for number, names in self.groups_of.items() if wanted.intersection(names))

    def by_group(self, cues: Mapping[int, int]) -> dict[str, tuple[int, int]]:
        """Per word group: (distinct words seen, times seen)."""
        seen: dict[str, tuple[int, int]] = {}
        for literal, times in cues.items():
            for group in self.groups_of[literal]:
                distinct, total = seen.get(group, (0, 0))
                seen[group] = (distinct + 1, total + times)
        return seen


def _continues(text: str, hit: Hit, word: str) -> bool:
    start, end, _ = hit
    before = text[start - 1] if start else ""
    if word[0] in _DIGITS and (before in _DIGITS or (before in _POINTS and text[max(start - 2, 0)] in _DIGITS)):
        return True
    if word[0] in _LETTERS and before in _LETTERS:
        return True
    return len(word) > 2 and _LETTERS.issuperset(word) and text[end : end + 1] in _LETTERS


def _masks(clauses: Mapping[int, list[set[int]]], literals: int) -> tuple[list[int], dict[int, int]]:
    """A bit for each clause: which bits each literal sets, and which each alternative needs."""
    satisfies, needs = [0] * literals, dict.fromkeys(clauses, 0)
    bit = 1
    for alternative, sets in clauses.items():
        for members in sets:
            needs[alternative] |= bit
            for literal in members:
                satisfies[literal] |= bit
            bit <<= 1
    return satisfies, needs


def _sentence_masks(
    hits: Sequence[Hit], told: Mapping[int, int], sentence_ends: Sequence[int]
) -> tuple[list[int], list[int]]:
    """The number of the sentence that each hit stands in, and the clauses that each sentence satisfies.

    When a literal reaches over the end of a sentence, sentences are not told apart.
    """
    places: list[int] = []
    masks = [0] * (len(sentence_ends) + 1)
    place, begin = 0, -1
    count = len(sentence_ends)
    for start, end, literal in hits:
        while place < count and sentence_ends[place] < end:
            begin = sentence_ends[place]
            place += 1
        if start <= begin:
            together = 0
            for bits in told.values():
                together |= bits
            return [0] * len(hits), [together]
        masks[place] |= told[literal]
        places.append(place)
    return places, masks
