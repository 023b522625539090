"""From anchor hits to findings: verify around the anchor, inside its sentence, and pass the gates."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from classifier.fold import Folded
from classifier.gates import Gate, Place
from classifier.matcher import Hit, Matcher, Scan
from classifier.page_gates import PageGates
from classifier.patterns import Pattern
from classifier.rules import Condition, Rule, WordAlternative
from classifier.segment import Segmenter
from domain.findings import Finding

_SENTENCE_END = re.compile(r"[。!?;…\n]")
_CLAUSE_END = re.compile(r"[。!?;…\n,:]")
_PHRASE_BREAKS = '。!?;…\n,:、()"“”【】《》 |'
_PHRASE_RESUMES = ",:、"
_TO_PHRASE_START, _TO_PHRASE_END = 4, 8
"""A quote that stops so many code points before its phrase begins or ends takes them in: half a phrase says nothing."""
_NAMES = frozenset({"bad-naming"})
"""Families whose quote is a name: what else stands in the phrase is no part of it."""
_LEFTOVER = 3
"""What a pattern took of the phrase before (见效,治愈率达98%) is left out when it is no longer than this."""
_LIST_MARK = re.compile(r"(?:[-•·*]\s?)?(?:\d{1,2}\.(?!\d)\s?)?")
"""What stands before an item of a list (2. 效果持久) is no part of what the item says."""
_COUNTED = re.compile(r"[\d一二三四五六七八九十百千万两半]\Z")
_MOST_PER_RULE = 24
"""Findings kept per rule and page; a page that repeats one claim a thousand times is no clearer for it."""
SHADOW = "shadow"

CLAIM_FAMILIES = frozenset({
    "cure-guarantee", "efficacy-rate", "safety-assertion", "comparison", "testimonial", "endorsement", "secret-formula",
    "absolute-term", "health-product-cure",
})  # fmt: skip
"""Families that assert something of effect, safety, comparison, proof: the fact `claim` is that one of them was found."""


@dataclass(frozen=True, slots=True)
class Located:
    """A finding and where it stands in folded text."""

    finding: Finding
    rule: Rule
    start: int
    end: int
    disguised: bool


class Bounds:
    """Sentences and clauses of one folded text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.sentence_ends = [match.start() for match in _SENTENCE_END.finditer(text)]

    @cached_property
    def _clause_ends(self) -> list[int]:
        return [match.start() for match in _CLAUSE_END.finditer(self._text)]

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """The sentence around [start, end), without its final mark."""
        return self._around(self.sentence_ends, start, end)

    def clause(self, start: int, end: int) -> tuple[int, int]:
        return self._around(self._clause_ends, start, end)

    def _around(self, marks: Sequence[int], start: int, end: int) -> tuple[int, int]:
        before, after = bisect_left(marks, start), bisect_left(marks, end)
        return (marks[before - 1] + 1 if before else 0), (marks[after] if after < len(marks) else len(self._text))


class _Stretch(NamedTuple):
    """Anchors of one alternative in one sentence whose windows overlap, and the union [start, end) of the windows."""

    start: int
    end: int
    sentence: tuple[int, int]
    anchors: list[Hit]


def _stretches(anchors: Sequence[Hit], window: int, bounds: Bounds) -> Iterator[_Stretch]:
    group: list[Hit] = []
    start = end = low = high = 0
    for hit in anchors:
        first, last, _ = hit
        same = bool(group) and last <= high
        if not same:
            around = bounds.sentence(first, last)
        left, right = max(around[0], first - window), min(around[1], last + window)
        if same and left < end:
            group.append(hit)
            end = max(end, right)
            continue
        if group:
            yield _Stretch(start, end, (low, high), group)
        group, start, end, (low, high) = [hit], left, right, around
    if group:
        yield _Stretch(start, end, (low, high), group)


def _matches(pattern: Pattern | None, text: str, stretch: _Stretch) -> Iterator[tuple[int, int, Hit]]:
    """Matches that overlap an anchor, with that anchor; without a pattern the anchors themselves."""
    if pattern is None:
        yield from ((hit[0], hit[1], hit) for hit in stretch.anchors)
        return
    anchors, place = stretch.anchors, 0
    for match in pattern.compiled.finditer(text, stretch.start, stretch.end):
        start, end = match.span()
        while place < len(anchors) and anchors[place][1] <= start:
            place += 1
        if place == len(anchors):
            return
        if anchors[place][0] < end:
            yield start, end, anchors[place]


class Finder:
    """Turns hits into located findings. `alternatives[i]` is the rule and alternative that `matcher` knows by i."""

    def __init__(
        self,
        alternatives: Sequence[tuple[Rule, WordAlternative]],
        matcher: Matcher,
        gates: Mapping[str, Gate],
        segmenter: Segmenter,
    ) -> None:
        self._alternatives = alternatives
        self._matcher = matcher
        self._gates = gates
        self._segmenter = segmenter
        numbers: dict[Condition, int] = {}
        self._conditions = [numbers.setdefault(item.facts, len(numbers)) for _, item in alternatives]
        self._near = [
            re.compile("|".join(map(re.escape, item.near))) if item.near else None for _, item in alternatives
        ]

    def find(self, folded: Folded, text: str, scan: Scan, facts: frozenset[str]) -> list[Located]:
        """Findings in text order, no two of one rule overlapping. `text` is the original, `scan` of the folded text."""
        possible = self._matcher.possible(scan, self._condition(facts))
        if not possible:
            return []
        bounds, page_gates = Bounds(folded.text), PageGates(self._gates, facts)
        by_alternative = self._matcher.anchors(scan, possible, bounds.sentence_ends)
        spans: dict[str, list[tuple[int, int, Rule]]] = {}
        for index, anchors in by_alternative.items():
            rule, alternative = self._alternatives[index]
            found = self._verified(index, alternative, folded.text, anchors, bounds)
            spans.setdefault(rule.id, []).extend((start, end, rule) for start, end in found)
        located = [
            self._locate(folded, text, span, quote, rule, bounds, page_gates)
            for found in spans.values()
            for span, quote, rule in _quoted(folded.text, _apart(found)[:_MOST_PER_RULE])
        ]
        return sorted(located, key=lambda item: (item.start, item.end, item.rule.id))

    def _condition(self, facts: frozenset[str]) -> Callable[[int], bool]:
        """Whether the page meets the condition of an alternative; many alternatives share one."""
        known: dict[int, bool] = {}

        def holds(index: int) -> bool:
            number = self._conditions[index]
            if number not in known:
                known[number] = self._alternatives[index][1].facts.holds(facts)
            return known[number]

        return holds

    def _verified(
        self, index: int, alternative: WordAlternative, text: str, anchors: Sequence[Hit], bounds: Bounds
    ) -> Iterator[tuple[int, int]]:
        """Spans that hold. Windows of anchors that overlap are read once, so that cost grows with the text only."""
        for stretch in _stretches(anchors, alternative.window, bounds):
            for start, end, hit in _matches(alternative.pattern, text, stretch):
                low, high = stretch.sentence
                left, right = max(low, hit[0] - alternative.window), min(high, hit[1] + alternative.window)
                near = self._near[index]
                if near is not None and not near.search(
                    text, max(low, start - alternative.near_within), min(high, end + alternative.near_within)
                ):
                    continue
                if any(pattern.compiled.search(text, left, right) for pattern in alternative.unless):
                    continue
                if alternative.boundary and not self._segmenter.on_boundaries(text, hit[0], hit[1]):
                    continue
                yield start, end

    def _locate(
        self,
        folded: Folded,
        text: str,
        span: tuple[int, int],
        quote: tuple[int, int],
        rule: Rule,
        bounds: Bounds,
        page_gates: PageGates,
    ) -> Located:
        """Gates look around the span that matched; the analyst reads the quote."""
        start, end = span
        place = Place(folded.text, start, end, bounds.clause(start, end), bounds.sentence(start, end), rule.family)
        gates = page_gates.silencing(rule.gates, place)
        if rule.status == SHADOW:
            gates = (*gates, SHADOW)
        first, last = folded.original_span(*quote)
        return Located(make_finding(rule, text, first, last, gates), rule, start, end, folded.is_disguised(start, end))


def make_finding(rule: Rule, text: str, start: int, end: int, gates: tuple[str, ...]) -> Finding:
    return Finding(
        rule=rule.id,
        family=rule.family,
        quote=text[start:end],
        start=start,
        end=end,
        weight=rule.weight,
        basis=rule.basis,
        severity=rule.severity,
        silenced=bool(gates),
        gates=gates,
    )


def _quoted(text: str, found: list[tuple[int, int, Rule]]) -> Iterator[tuple[tuple[int, int], tuple[int, int], Rule]]:
    """Each span with its quote, whole phrases where they are near; quotes do not overlap either."""
    free = 0
    for index, (start, end, rule) in enumerate(found):
        limit = found[index + 1][0] if index + 1 < len(found) else len(text)
        first, last = start, end
        if rule.family not in _NAMES:
            first, last = max(free, phrase_start(text, start, end)), min(limit, phrase_end(text, end))
        first = min(first, end - 1)
        free, last = max(last, end), max(last, first + 1)
        yield (start, end), (first, last), rule


def phrase_start(text: str, start: int, end: int) -> int:
    """Where the phrase of text[start:end] begins: a little before `start`, or after the rest of another phrase."""
    for place in range(start, max(-1, start - _TO_PHRASE_START - 1), -1):
        if place == 0 or text[place - 1] in _PHRASE_BREAKS:
            mark = _LIST_MARK.match(text, place, start)
            begun = mark.end() if mark else place
            # What a closing mark leaves behind (》的疗效) begins with the word, not with its particle
            return begun + 1 if text[begun] == "的" and begun < start else begun
    for place in range(start, min(start + _LEFTOVER + 1, end - 1)):
        if text[place] in _PHRASE_RESUMES:
            return place + 1
    return start


def phrase_end(text: str, end: int) -> int:
    """Where the phrase that text[:end] stops in comes to its end, if that is near; else a number gets its unit.

    A match that took the mark behind its phrase (无痛,) has come to the end already: the mark is left out.
    """
    if text[end - 1] in _PHRASE_RESUMES:
        return end - 1
    for place in range(end, min(len(text), end + _TO_PHRASE_END) + 1):
        if place == len(text) or text[place] in _PHRASE_BREAKS:
            return place
    return end + 1 if _COUNTED.search(text, max(0, end - 1), end) else end


def _apart(found: list[tuple[int, int, Rule]]) -> list[tuple[int, int, Rule]]:
    """Spans in order, of overlapping ones the longer."""
    kept: list[tuple[int, int, Rule]] = []
    ends: list[int] = []
    for span in sorted(found, key=lambda item: (item[0], -item[1])):
        if not kept or span[0] >= ends[-1]:
            kept.append(span)
            ends.append(span[1])
        elif span[1] - span[0] > kept[-1][1] - kept[-1][0] and bisect_right(ends[:-1], span[0]) == len(ends) - 1:
            kept[-1], ends[-1] = span, span[1]
    return kept
