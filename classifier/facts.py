"""Page facts: what kind of page this is, who speaks, how one would reach them. Data: `lexicons/adtest/`.

Word groups (`cues.yml`) are counted by the one automaton pass; a fact (`facts.yml`) is a condition over such counts,
over earlier facts, over short fields (title, site name, URL) and over what extraction saw in the markup.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import LexiconError, shape_of
from classifier.fold import Folder
from classifier.patterns import UnsafePattern, compile_pattern
from classifier.yaml_file import line_of, load_mapping
from domain.findings import FAMILIES, GENRES

SCOPES = ("text", "body", "title", "site", "head", "any")
SIGNALS = ("contact-body", "contact-footer", "wechat", "address", "widgets", "cta", "medical-ad",
           "product-ad", "images", "long", "short",
           "named-product", "named-brand", "planted-product", "named-institution", "strong-findings")  # fmt: skip
FIELDS = ("title", "site", "url")
NAME_KINDS = ("products", "product_kinds", "any_maker", "dwelling", "brand_followers", "latin_kinds",
              "institutions", "no_private_institution", "kinds", "no_name", "no_institution")  # fmt: skip
"""What the word groups of `names` say of the name that such a word ends or stands in."""


@dataclass(slots=True)
class PageView:
    """What conditions may ask about one page.

    `cues[scope][group]` is (distinct words seen, times seen); `signals` counts what extraction or the grammars saw;
    `fields` are folded short texts; `families` the families of live findings (empty before the rules have run).
    """

    cues: Mapping[str, Mapping[str, tuple[int, int]]]
    signals: dict[str, int]
    fields: Mapping[str, str]
    facts: set[str]
    families: frozenset[str] = frozenset()


Test = Callable[[PageView], bool]


@dataclass(frozen=True, slots=True)
class FactBook:
    """Word groups, facts in order of evaluation, and the genres with their tests, first that holds wins."""

    groups: Mapping[str, tuple[str, ...]]
    facts: Mapping[str, Test]
    genres: tuple[tuple[str, Test], ...]
    relevant_groups: tuple[str, ...]
    relevant_in_full: int
    relevant_per_hundred: float
    topic_groups: tuple[str, ...]
    name_groups: Mapping[str, tuple[str, ...]]

    def relevance(self, view: PageView) -> float:
        """How far (0..1) the page is about bodies and medicine: distinct words, and words per hundred code points,
        so that a long page on another subject is not medical for two words it happens to hold."""
        seen = [view.cues["any"].get(name, (0, 0)) for name in self.relevant_groups]
        distinct, times = sum(entry[0] for entry in seen), sum(entry[1] for entry in seen)
        density = times / max(1.0, view.signals.get("length", 0) / 100)
        return min(1.0, distinct / self.relevant_in_full) * min(1.0, density / self.relevant_per_hundred)

    def evaluate(self, view: PageView) -> str:
        """Add every fact that holds to `view.facts`; returns the genre."""
        for name, test in self.facts.items():
            if test(view):
                view.facts.add(name)
        return next((genre for genre, test in self.genres if test(view)), "other")


def load_facts(folder: Path, folder_of_text: Folder) -> FactBook:
    """Read `cues.yml` and `facts.yml`; unknown groups, facts, scopes and keys raise `LexiconError`."""
    groups = _load_groups(folder / "cues.yml", folder_of_text)
    path = folder / "facts.yml"
    with shape_of(path):
        return _read_facts(path, groups, folder_of_text)


def _read_facts(path: Path, groups: dict[str, tuple[str, ...]], folder_of_text: Folder) -> FactBook:
    data = load_mapping(path)
    if set(data) != {"relevance", "topics", "names", "facts", "genres"}:
        raise LexiconError(path, "expected `relevance`, `topics`, `names`, `facts` and `genres`")
    if not isinstance(data["names"], dict) or set(data["names"]) != set(NAME_KINDS):
        raise LexiconError(path, f"expected {', '.join(NAME_KINDS)}", line_of(path, "names"))
    lists = {("topics",): data["topics"]} | {("names", kind): data["names"][kind] for kind in NAME_KINDS}
    for where, members in lists.items():
        if not isinstance(members, list) or not set(members) <= set(groups):
            raise LexiconError(path, "expected known word groups", line_of(path, *where))
    relevance = data["relevance"]
    if (
        set(relevance) != {"groups", "full", "per_hundred"}
        or not set(relevance["groups"]) <= set(groups)
        or min(relevance["full"], relevance["per_hundred"]) <= 0
    ):
        raise LexiconError(path, "expected known `groups`, `full` and `per_hundred`", line_of(path, "relevance"))
    reader = ConditionReader(path, frozenset(groups), folder_of_text)
    facts: dict[str, Test] = {}
    for name, condition in data["facts"].items():
        facts[name] = reader.test(condition, "facts", name)
        reader.known_facts.add(name)
    genres: list[tuple[str, Test]] = []
    for index, entry in enumerate(data["genres"]):
        if not isinstance(entry, dict) or set(entry) != {"genre", "when"} or entry["genre"] not in GENRES:
            raise LexiconError(path, "expected a known `genre` and `when`", line_of(path, "genres", index))
        genres.append((entry["genre"], reader.test(entry["when"], "genres", index, "when")))
    return FactBook(
        groups,
        facts,
        tuple(genres),
        tuple(relevance["groups"]),
        int(relevance["full"]),
        float(relevance["per_hundred"]),
        tuple(data["topics"]),
        {kind: tuple(data["names"][kind]) for kind in NAME_KINDS},
    )


def _load_groups(path: Path, folder: Folder) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for name, words in load_mapping(path).items():
        if not isinstance(words, list) or not words:
            raise LexiconError(path, f"word group {name!r} is a list of words", line_of(path, name))
        groups[name] = tuple(dict.fromkeys(folded for word in words if (folded := folder.fold_literal(str(word)))))
    return groups


class ConditionReader:
    """Builds tests out of conditions; `known_facts` grows as facts are defined, so that none is used before."""

    def __init__(self, path: Path, groups: frozenset[str], folder: Folder) -> None:
        self._path = path
        self._groups = groups
        self._folder = folder
        self.known_facts: set[str] = set()

    def test(self, condition: object, *where: str | int) -> Test:
        """One of: {all: [...]}, {any: [...]}, {none: [...]} (these combine), {fact}, {cues, in, at_least, times, per_hundred},
        {signal, at_least}, {pattern, in}, {families, at_least}; a bare string is a fact."""
        if isinstance(condition, str):
            condition = {"fact": condition}
        if not isinstance(condition, dict) or not condition:
            raise self._wrong("expected a condition", *where)
        keys = set(condition)
        if keys <= {"all", "any", "none"}:
            return self._combined(condition, *where)
        if keys == {"fact"}:
            return self._fact(condition["fact"], *where)
        if "cues" in keys and keys <= {"cues", "in", "at_least", "times", "per_hundred"}:
            return self._cues(condition, *where)
        if "signal" in keys and keys <= {"signal", "at_least"}:
            return self._signal(condition, *where)
        if keys == {"pattern", "in"}:
            return self._pattern(condition, *where)
        if "families" in keys and keys <= {"families", "at_least"}:
            return self._families(condition, *where)
        raise self._wrong(f"unknown condition with keys {sorted(keys)}", *where)

    def _combined(self, condition: Mapping[str, Any], *where: str | int) -> Test:
        parts: dict[str, Sequence[Test]] = {}
        for key in ("all", "any", "none"):
            items = condition.get(key) or []
            if not isinstance(items, list):
                raise self._wrong(f"`{key}` is a list of conditions", *where, key)
            parts[key] = [self.test(item, *where, key, index) for index, item in enumerate(items)]
        every, some, no = parts["all"], parts["any"], parts["none"]

        def holds(view: PageView) -> bool:  # plain loops: this runs hundreds of times a page
            for test in every:
                if not test(view):
                    return False
            for test in no:
                if test(view):
                    return False
            for test in some:
                if test(view):
                    return True
            return not some

        return holds

    def _fact(self, name: str, *where: str | int) -> Test:
        if name not in self.known_facts:
            raise self._wrong(f"no page fact {name!r} before this line", *where)
        return lambda view: name in view.facts

    def _cues(self, condition: Mapping[str, Any], *where: str | int) -> Test:
        groups, scope = condition["cues"], condition.get("in", "any")
        groups = [groups] if isinstance(groups, str) else groups
        for name in groups:
            if name not in self._groups:
                raise self._wrong(f"no word group {name!r}", *where)
        if scope not in SCOPES:
            raise self._wrong(f"no scope {scope!r}", *where)
        distinct, times = int(condition.get("at_least", 1)), int(condition.get("times", 1))
        share = float(condition.get("per_hundred", 0)) / 100
        if share and scope not in ("text", "body", "any"):
            raise self._wrong("`per_hundred` is for `text`, `body` and `any`", *where)
        length = "text-length" if scope == "text" else "length"

        def holds(view: PageView) -> bool:
            seen = view.cues[scope]
            words = total = 0
            for name in groups:
                if name in seen:
                    entry = seen[name]
                    words += entry[0]
                    total += entry[1]
            return words >= distinct and total >= times and total >= share * view.signals[length]

        return holds

    def _signal(self, condition: Mapping[str, Any], *where: str | int) -> Test:
        name, least = condition["signal"], int(condition.get("at_least", 1))
        if name not in SIGNALS:
            raise self._wrong(f"no signal {name!r}", *where)
        return lambda view: view.signals.get(name, 0) >= least

    def _pattern(self, condition: Mapping[str, Any], *where: str | int) -> Test:
        field = condition["in"]
        if field not in FIELDS:
            raise self._wrong(f"a pattern is for {', '.join(FIELDS)}, not {field!r}", *where)
        try:
            pattern: re.Pattern[str] = compile_pattern(self._folder.fold_pattern(condition["pattern"]))
        except UnsafePattern as error:
            raise self._wrong(str(error), *where) from error
        return lambda view: pattern.search(view.fields[field]) is not None

    def _families(self, condition: Mapping[str, Any], *where: str | int) -> Test:
        names, least = frozenset(condition["families"]), int(condition.get("at_least", 1))
        for name in names:
            if name not in FAMILIES:
                raise self._wrong(f"no family {name!r}", *where)
        return lambda view: len(names & view.families) >= least

    def _wrong(self, message: str, *where: str | int) -> LexiconError:
        return LexiconError(self._path, message, line_of(self._path, *where))
