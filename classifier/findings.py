"""From anchor hits to findings: verify around the anchor, inside its sentence, and pass the gates."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from classifier.fold import Folded
from classifier.gates import Gate, Place
from classifier.matcher import Hit
from classifier.rules import Rule, WordAlternative
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
        hits = tuple(hits)
        if not hits:
            return []
        bounds = Bounds(folded.text)
        spans: dict[str, list[tuple[int, int, Rule]]] = {}
        done: dict[int, int] = {}
        for hit in hits:
            for index in hit.alternatives:
                if hit.start < done.get(index, 0):
                    continue
                rule, alternative = self._alternatives[index]
                if not alternative.facts.holds(facts):
                    continue
                span = self._verify(index, alternative, folded.text, hit, bounds)
                if span is not None:
                    done[index] = span[1]
                    spans.setdefault(rule.id, []).append((*span, rule))
        located = [
            self._locate(folded, text, start, end, rule, bounds, facts)
            for found in spans.values()
            for start, end, rule in _apart(found)[:_MOST_PER_RULE]
        ]
        return sorted(located, key=lambda item: (item.start, item.end, item.rule.id))

    def _verify(
        self, index: int, alternative: WordAlternative, text: str, hit: Hit, bounds: Bounds
    ) -> tuple[int, int] | None:
        low, high = bounds.sentence(hit.start, hit.end)
        left, right = max(low, hit.start - alternative.window), min(high, hit.end + alternative.window)
        start, end = hit.start, hit.end
        if alternative.pattern is not None:
            for match in alternative.pattern.finditer(text, left, right):
                if match.start() < hit.end and hit.start < match.end():
                    start, end = match.span()
                    break
                if match.start() >= hit.end:
                    return None
            else:
                return None
        near = self._near[index]
        if near is not None and not near.search(
            text, max(low, start - alternative.near_within), min(high, end + alternative.near_within)
        ):
            return None
        if any(pattern.search(text, left, right) for pattern in alternative.unless):
            return None
        if alternative.boundary and not self._segmenter.on_boundaries(text, hit.start, hit.end):
            return None
        return start, end

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
