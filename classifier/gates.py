"""What silences a finding: `lexicons/gates/G1.yml` … `G13.yml`, each a list of tests over the place and the page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import LexiconError, shape_of
from classifier.fold import Folder
from classifier.patterns import UnsafePattern, alternation, compile_pattern
from classifier.rules import GATES, Condition
from classifier.yaml_file import line_of, load_mapping
from domain.findings import FAMILIES

KINDS = ("before", "after", "sentence", "around", "overlap", "quoted", "page")
_KEYS = frozenset(["kind", "cues", "within", "same_clause", "at_least", "without", "families", "all", "any", "none"])
_OPENING, _CLOSING = '“‘《"', '”’》"'
_OVERLAP_REACH = 20
"""How far to each side of the finding a phrase that overlaps it may begin or end, in code points."""
_SENTENCE_REACH = 150
"""How much of a long sentence is read to each side of the finding, in code points."""


@dataclass(frozen=True, slots=True)
class Place:
    """A finding in folded text: its span, its clause, its sentence (all [start, end))."""

    text: str
    start: int
    end: int
    clause: tuple[int, int]
    sentence: tuple[int, int]
    family: str


@dataclass(frozen=True, slots=True)
class GateTest:
    kind: str
    cues: re.Pattern[str] | None
    without: re.Pattern[str] | None
    within: int
    same_clause: bool
    at_least: int
    families: frozenset[str]
    condition: Condition

    def holds_at(self, place: Place) -> bool:
        """Whether the words around the place say so; whether the page does is for a test of the kind `page` to ask."""
        if self.cues is None:
            return False
        text = place.text
        low, high = place.clause if self.same_clause else place.sentence
        match self.kind:
            case "before":
                return self.cues.search(text, max(low, place.start - self.within), place.start) is not None
            case "after":
                return self.cues.search(text, place.end, min(high, place.end + self.within)) is not None
            case "sentence":
                return self.enough(text, *self.reach(place))
            case "around":
                return self.enough(text, max(0, place.start - self.within), place.end + self.within)
            case "overlap":
                begin = max(0, place.start - _OVERLAP_REACH)
                return any(
                    match.start() < place.end and place.start < match.end()
                    for match in self.cues.finditer(text, begin, place.end + _OVERLAP_REACH)
                )
            case "quoted":
                near = self.cues.search(text, max(low, place.start - self.within), min(high, place.end + self.within))
                return near is not None and _is_quoted(place)
            case kind:
                raise ValueError(f"unknown gate test {kind!r}")

    def reach(self, place: Place) -> tuple[int, int]:
        """What a test of the kind `sentence` reads of the sentence (or clause) around the place."""
        low, high = place.clause if self.same_clause else place.sentence
        return max(low, place.start - _SENTENCE_REACH), min(high, place.end + _SENTENCE_REACH)

    def enough(self, text: str, low: int, high: int) -> bool:
        """Whether text[low:high] holds so many different cues, and nothing that excuses them."""
        if self.cues is None or self.cues.search(text, low, high) is None:
            return False
        if self.at_least > 1 and len({match.group() for match in self.cues.finditer(text, low, high)}) < self.at_least:
            return False
        return not (self.without and self.without.search(text, low, high))


@dataclass(frozen=True, slots=True)
class Gate:
    """`exceptions` are patterns found over the finding and a little before it: then the gate stays open."""

    id: str
    title: str
    tests: tuple[GateTest, ...]
    exceptions: tuple[re.Pattern[str], ...]


def load_gates(folder: Path, folder_of_text: Folder, facts: frozenset[str]) -> Mapping[str, Gate]:
    """Gates by id; raises `LexiconError` when one of G1-G13 is missing or a file says something unknown."""
    gates: dict[str, Gate] = {}
    for path in sorted(folder.glob("*.yml")):
        with shape_of(path):
            gates[path.stem] = _read_gate(path, folder_of_text, facts)
    for name in GATES:
        if name not in gates:
            raise LexiconError(folder, f"no gate {name}")
    return gates


def _read_gate(path: Path, folder: Folder, facts: frozenset[str]) -> Gate:
    data = load_mapping(path)
    if set(data) - {"id", "title", "tests", "exceptions"} or data.get("id") != path.stem or path.stem not in GATES:
        raise LexiconError(path, "expected `id` as the file name, `title`, `tests` and perhaps `exceptions`")
    tests = tuple(_read_test(path, index, item, folder, facts) for index, item in enumerate(data.get("tests") or []))
    try:
        exceptions = tuple(compile_pattern(folder.fold_pattern(text)) for text in data.get("exceptions") or [])
    except UnsafePattern as error:
        raise LexiconError(path, str(error), line_of(path, "exceptions")) from error
    return Gate(path.stem, str(data["title"]), tests, exceptions)


def _read_test(path: Path, index: int, item: Any, folder: Folder, facts: frozenset[str]) -> GateTest:
    line = line_of(path, "tests", index)
    if not isinstance(item, dict) or set(item) - _KEYS or item.get("kind") not in KINDS:
        raise LexiconError(path, f"a test has a `kind` of {', '.join(KINDS)} and known keys", line)
    for key in ("cues", "without", "families", "all", "any", "none"):
        value = item.get(key) or []
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise LexiconError(path, f"`{key}` is a list of strings", line_of(path, "tests", index, key))
    for key in ("within", "at_least"):
        if type(item.get(key, 1)) is not int:
            raise LexiconError(path, f"`{key}` is a whole number", line_of(path, "tests", index, key))
    for name in item.get("families") or []:
        if name not in FAMILIES:
            raise LexiconError(path, f"no family {name!r}", line)
    condition = Condition(*(tuple(item.get(key) or ()) for key in ("all", "any", "none")))
    for name in (*condition.all, *condition.any, *condition.none):
        if name not in facts:
            raise LexiconError(path, f"no page fact {name!r}", line)
    try:
        cues, without = (_words(item.get(key) or [], folder) for key in ("cues", "without"))
    except UnsafePattern as error:
        raise LexiconError(path, str(error), line) from error
    if cues is None and item["kind"] != "page":
        raise LexiconError(path, "a test about words needs `cues`", line)
    return GateTest(
        kind=item["kind"],
        cues=cues,
        without=without,
        within=int(item.get("within", 20)),
        same_clause=bool(item.get("same_clause", False)),
        at_least=int(item.get("at_least", 1)),
        families=frozenset(item.get("families") or ()),
        condition=condition,
    )


def _words(words: list[str], folder: Folder) -> re.Pattern[str] | None:
    return alternation(
        f"re:{folder.fold_pattern(word[3:])}" if word.startswith("re:") else folder.fold_literal(word) for word in words
    )


def _is_quoted(place: Place) -> bool:
    """Whether the finding stands inside quotation marks that open and close within its sentence."""
    low, high = max(place.sentence[0], place.start - 60), min(place.sentence[1], place.end + 60)
    before, after = place.text[low : place.start], place.text[place.end : high]
    inside = place.text[place.start : place.end]
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        if inside[:1] == opening or inside[-1:] == closing:
            return True
        if opening == closing:
            if before.count(opening) % 2 == 1 and closing in after:
                return True
        elif before.rfind(opening) > before.rfind(closing) and closing in after:
            return True
    return False
