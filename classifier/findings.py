"""From anchor hits to findings: verify around the anchor, inside its sentence, and pass the gates."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from classifier.fold import Folded
from classifier.gates import Gate, Place
from classifier.matcher import Hit
from classifier.rules import Condition, Rule, WordAlternative
from classifier.segment import Segmenter
from domain.findings import Finding

_SENTENCE_END = re.compile(r"[。!?;…\n]")
_CLAUSE_END = re.compile(r"[。!?;…\n,:]")
_MOST_PER_RULE = 24
"""Findings kept per rule and page; a page that repeats one claim a thousand times is no clearer for it."""
SHADOW = "shadow"


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
        self._sentence_ends = [match.start() for match in _SENTENCE_END.finditer(text)]
        self._clause_ends = [match.start() for match in _CLAUSE_END.finditer(text)]

    def sentence(self, start: int, end: int) -> tuple[int, int]:
        """The sentence around [start, end), without its final mark."""
        return self._around(self._sentence_ends, start, end)

    def clause(self, start: int, end: int) -> tuple[int, int]:
        return self._around(self._clause_ends, start, end)

    def _around(self, marks: Sequence[int], start: int, end: int) -> tuple[int, int]:
        before, after = bisect_left(marks, start), bisect_left(marks, end)
        return (marks[before - 1] + 1 if before else 0), (marks[after] if after < len(marks) else len(self._text))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Anchors of one alternative in one sentence whose windows overlap, and the union [start, end) of the windows."""

    start: int
    end: int
    sentence: tuple[int, int]
    anchors: tuple[Hit, ...]


def _stretches(anchors: Sequence[Hit], window: int, bounds: Bounds) -> Iterator[_Stretch]:
    group: list[Hit] = []
    start = end = 0
    sentence = (0, 0)
    for hit in anchors:
        around = sentence if group and hit.end <= sentence[1] else bounds.sentence(hit.start, hit.end)
        left, right = max(around[0], hit.start - window), min(around[1], hit.end + window)
        if group and around == sentence and left < end:
            group.append(hit)
            end = max(end, right)
            continue
        if group:
            yield _Stretch(start, end, sentence, tuple(group))
        group, start, end, sentence = [hit], left, right, around
    if group:
        yield _Stretch(start, end, sentence, tuple(group))


def _matches(pattern: re.Pattern[str] | None, text: str, stretch: _Stretch) -> Iterator[tuple[int, int, Hit]]:
    """Matches that overlap an anchor, with that anchor; without a pattern the anchors themselves."""
    if pattern is None:
        yield from ((hit.start, hit.end, hit) for hit in stretch.anchors)
        return
    place = 0
    for match in pattern.finditer(text, stretch.start, stretch.end):
        start, end = match.span()
        while place < len(stretch.anchors) and stretch.anchors[place].end <= start:
            place += 1
        if place == len(stretch.anchors):
            return
        if stretch.anchors[place].start < end:
            yield start, end, stretch.anchors[place]


class Finder:
    """Turns hits into located findings. `alternatives[i]` is the rule and alternative that hits name by i."""

    def __init__(
        self, alternatives: Sequence[tuple[Rule, WordAlternative]], gates: Mapping[str, Gate], segmenter: Segmenter
    ) -> None:
        self._alternatives = alternatives
        self._gates = gates
        self._segmenter = segmenter
        self._near = [
            re.compile("|".join(map(re.escape, item.near))) if item.near else None for _, item in alternatives
        ]

    def find(self, folded: Folded, text: str, hits: Iterable[Hit], facts: frozenset[str]) -> list[Located]:
        """Findings in text order, no two of one rule overlapping. `text` is the original."""
        by_alternative: dict[int, list[Hit]] = {}
        for hit in hits:
            for index in hit.alternatives:
                by_alternative.setdefault(index, []).append(hit)
        if not by_alternative:
            return []
        bounds = Bounds(folded.text)
        spans: dict[str, list[tuple[int, int, Rule]]] = {}
        holds: dict[Condition, bool] = {}  # many alternatives share one condition
        for index, anchors in by_alternative.items():
            rule, alternative = self._alternatives[index]
            if alternative.facts not in holds:
                holds[alternative.facts] = alternative.facts.holds(facts)
            if holds[alternative.facts]:
                found = self._verified(index, alternative, folded.text, anchors, bounds)
                spans.setdefault(rule.id, []).extend((start, end, rule) for start, end in found)
        located = [
            self._locate(folded, text, start, end, rule, bounds, facts)
            for found in spans.values()
            for start, end, rule in _apart(found)[:_MOST_PER_RULE]
        ]
        return sorted(located, key=lambda item: (item.start, item.end, item.rule.id))

    def _verified(
        self, index: int, alternative: WordAlternative, text: str, anchors: Sequence[Hit], bounds: Bounds
    ) -> Iterator[tuple[int, int]]:
        """Spans that hold. Windows of anchors that overlap are read once, so that cost grows with the text only."""
        for stretch in _stretches(anchors, alternative.window, bounds):
            for start, end, hit in _matches(alternative.pattern, text, stretch):
                low, high = stretch.sentence
                left, right = max(low, hit.start - alternative.window), min(high, hit.end + alternative.window)
                near = self._near[index]
                if near is not None and not near.search(
                    text, max(low, start - alternative.near_within), min(high, end + alternative.near_within)
                ):
                    continue
                if any(pattern.search(text, left, right) for pattern in alternative.unless):
                    continue
                if alternative.boundary and not self._segmenter.on_boundaries(text, hit.start, hit.end):
                    continue
                yield start, end

    def _locate(
        self, folded: Folded, text: str, start: int, end: int, rule: Rule, bounds: Bounds, facts: frozenset[str]
    ) -> Located:
        place = Place(folded.text, start, end, bounds.clause(start, end), bounds.sentence(start, end), rule.family)
        gates = tuple(name for name in rule.gates if self._gates[name].silences(place, facts))
        if rule.status == SHADOW:
            gates = (*gates, SHADOW)
        first, last = folded.original_span(start, end)
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
