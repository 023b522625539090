"""Rules as data, read strictly: `lexicons/rules/*.yml`, the term lists they name, the laws they cite."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from classifier.errors import LexiconError
from classifier.fold import Folder
from classifier.patterns import Pattern, UnsafePattern, compile_pattern
from classifier.rules import (
    GATES,
    RECIPIENTS,
    STAGE_TWO_FACTS,
    Condition,
    Example,
    PageAlternative,
    Rule,
    Status,
    WordAlternative,
)
from classifier.text_file import read_text
from classifier.yaml_file import line_of, load_mapping
from domain.findings import FAMILIES

QUOTES = (
    "contact",
    "appointment",
    "title",
    "institution",
    "promo",
    "medical-beauty-item",
    "goods",
    "product",
    "claim",
    "first-sentence",
)
_KEYS = frozenset(
    [
        "id",
        "title",
        "status",
        "family",
        "basis",
        "weight",
        "severity",
        "recipients",
        "gates",
        "author",
        "date",
        "detect",
        "fires_on",
        "silent_on",
        "known_false_positives",
        "note",
    ]
)
_REQUIRED = _KEYS - {"known_false_positives", "note", "recipients", "author", "date"}
_WORD_KEYS = frozenset(["anchors", "terms", "pattern", "window", "near", "near_within", "unless", "boundary", "facts"])
_BASIS = re.compile(r"(?P<law>[^0-9(]+?)(?P<article>\d+[^,]*)?$")


def load_rules(
    lexicons: Path, folder: Folder, facts: Iterable[str], *, patterns_checked: bool = False
) -> tuple[Rule, ...]:
    """Every rule of `lexicons/rules`, sorted by id. Raises `LexiconError` for anything the schema does not know, and for a
    pattern that could run away unless these very patterns were checked before."""
    terms = load_terms(lexicons / "terms")
    laws = load_law_names(lexicons / "laws")
    reader = _Reader(folder, terms, laws, frozenset(facts) | STAGE_TWO_FACTS, patterns_checked)
    return tuple(reader.rule(path) for path in sorted((lexicons / "rules").glob("*.yml")))


def rule_faults(lexicons: Path, folder: Folder, facts: Iterable[str]) -> Iterator[LexiconError]:
    """What `load_rules` would raise, for every rule file instead of the first. Raises for terms and laws as it does."""
    reader = _Reader(
        folder, load_terms(lexicons / "terms"), load_law_names(lexicons / "laws"), frozenset(facts) | STAGE_TWO_FACTS
    )
    for path in sorted((lexicons / "rules").glob("*.yml")):
        try:
            reader.rule(path)
        except LexiconError as fault:
            yield fault


def load_terms(folder: Path) -> dict[str, tuple[str, ...]]:
    """Term lists by file name: one term a line, `#` begins a comment line."""
    lists: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.glob("*.txt")):
        lines = (line.split("#", 1)[0].strip() for line in read_text(path).split("\n"))
        lists[path.stem] = tuple(dict.fromkeys(line for line in lines if line))
        if not lists[path.stem]:
            raise LexiconError(path, "a term list without terms")
    return lists


def load_law_names(folder: Path) -> frozenset[str]:
    """Short names of laws: the `short` of each file, or of each entry of a file that is a mapping or has `laws`."""
    names: set[str] = set()
    for path in sorted(folder.glob("*.yml")):
        data = load_mapping(path)
        if "short" in data:
            names.add(str(data["short"]))
        else:
            names.update(str(name) for name in data)
    return frozenset(names)


def basis_law(entry: str) -> str:
    """The short name of the law that a basis as `广告法16(1)(2)` begins with; empty when there is none."""
    match = _BASIS.match(entry)
    return match["law"] if match else ""


def lexicons_sha256(lexicons: Path) -> str:
    """One digest over what judging reads besides the model: rules, terms, laws, gates, adtest, fold."""
    digest = hashlib.sha256()
    for name in ("rules", "terms", "laws", "gates", "adtest", "fold"):
        for path in sorted((lexicons / name).rglob("*")):
            if path.suffix in {".yml", ".txt", ".tsv"}:
                digest.update(f"{path.relative_to(lexicons).as_posix()}\n".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


class _Reader:
    """Checks and folds one rule file at a time; `where` follows the keys so that errors name the line."""

    def __init__(
        self,
        folder: Folder,
        terms: Mapping[str, tuple[str, ...]],
        laws: frozenset[str],
        facts: frozenset[str],
        patterns_checked: bool = False,
    ) -> None:
        self._folder = folder
        self._terms = terms
        self._laws = laws
        self._facts = facts
        self._patterns_checked = patterns_checked
        self._path = Path()

    def rule(self, path: Path) -> Rule:
        self._path = path
        data = load_mapping(path)
        self._keys(data, _KEYS, ())
        for key in sorted(_REQUIRED - data.keys()):
            raise self._wrong(f"`{key}` is missing")
        if data["id"] != path.stem:
            raise self._wrong(f"id {data['id']!r} is not the file name", "id")
        self._one_of(data["status"], ("shadow", "live", "retired"), "status")
        self._one_of(data["family"], FAMILIES, "family")
        basis = self._strings(data, "basis")
        for entry in basis:
            self._law(entry)
        for gate in self._strings(data, "gates"):
            self._one_of(gate, GATES, "gates")
        for recipient in self._strings(data, "recipients"):
            self._one_of(recipient, tuple(RECIPIENTS), "recipients")
        weight = self._number(data, "weight", 0.0, 1.0)
        severity = int(self._number(data, "severity", 1, 5))
        detect = data["detect"]
        if not isinstance(detect, list) or not detect:
            raise self._wrong("`detect` is a list of alternatives", "detect")
        for index, item in enumerate(detect):
            if not isinstance(item, dict):
                raise self._wrong("expected a mapping", "detect", index)
        words = [self._words(item, index) for index, item in enumerate(detect) if "page" not in item]
        pages = [self._page(item, index) for index, item in enumerate(detect) if "page" in item]
        return Rule(
            id=str(data["id"]),
            title=str(data["title"]),
            status=cast(Status, data["status"]),
            family=str(data["family"]),
            basis=basis,
            weight=weight,
            severity=severity,
            recipients=self._strings(data, "recipients"),
            gates=self._strings(data, "gates"),
            words=tuple(words),
            pages=tuple(pages),
            fires_on=self._examples(data, "fires_on"),
            silent_on=self._examples(data, "silent_on"),
        )

    def _words(self, item: Mapping[str, Any], index: int) -> WordAlternative:
        where = ("detect", index)
        self._keys(item, _WORD_KEYS, where)
        anchors = list(self._strings(item, "anchors", *where))
        for name in self._strings(item, "terms", *where):
            if name not in self._terms:
                raise self._wrong(f"no term list {name!r}", *where, "terms")
            anchors += self._terms[name]
        if not anchors:
            raise self._wrong("an alternative needs anchors, terms or page", *where)
        near: list[str] = []
        for entry in self._strings(item, "near", *where):
            near += self._terms.get(entry, (entry,))
        return WordAlternative(
            anchors=self._literals(anchors),
            pattern=self._pattern(item["pattern"], *where, "pattern") if "pattern" in item else None,
            window=int(self._number(item, "window", 0, 80, 24, *where)),
            near=self._literals(near),
            near_within=int(self._number(item, "near_within", 1, 120, 20, *where)),
            unless=tuple(self._pattern(text, *where, "unless") for text in self._strings(item, "unless", *where)),
            boundary=bool(item.get("boundary", False)),
            facts=self._condition(item.get("facts", {}), *where, "facts"),
        )

    def _page(self, item: Mapping[str, Any], index: int) -> PageAlternative:
        where = ("detect", index)
        self._keys(item, frozenset({"page", "quote"}), where)
        quote = self._strings(item, "quote", *where) or (
            "contact",
            "appointment",
            "institution",
            "promo",
            "first-sentence",
        )
        for name in quote:
            self._one_of(name, QUOTES, *where, "quote")
        return PageAlternative(self._condition(item["page"], *where, "page", second_stage=True), quote)

    def _condition(self, data: object, *where: str | int, second_stage: bool = False) -> Condition:
        if not isinstance(data, dict):
            raise self._wrong("expected `all`, `any`, `none`", *where)
        self._keys(data, frozenset({"all", "any", "none"}), where)
        lists = {key: self._strings(data, key, *where) for key in ("all", "any", "none")}
        for name in (name for names in lists.values() for name in names):
            if name not in self._facts or (name in STAGE_TWO_FACTS and not second_stage):
                raise self._wrong(f"no page fact {name!r} here", *where)
        return Condition(**lists)

    def _literals(self, words: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(folded for word in words if (folded := self._folder.fold_literal(word).strip())))

    def _pattern(self, text: object, *where: str | int) -> Pattern:
        folded = self._folder.fold_pattern(str(text))
        if self._patterns_checked:
            return Pattern(folded)
        try:
            return Pattern(folded, compile_pattern(folded))
        except UnsafePattern as error:
            raise self._wrong(str(error), *where) from error

    def _examples(self, data: Mapping[str, Any], key: str) -> tuple[Example, ...]:
        given = data.get(key) or []
        if not isinstance(given, list):
            raise self._wrong(f"`{key}` is a list of examples", key)
        examples: list[Example] = []
        for index, item in enumerate(given):
            if isinstance(item, str):
                examples.append(Example(item, {}))
            elif isinstance(item, dict):
                self._keys(item, frozenset({"text", "title", "site_name", "url", "account"}), (key, index))
                fields = {str(name): str(value) for name, value in item.items() if name != "text"}
                examples.append(Example(str(item.get("text", "")), fields))
            else:
                raise self._wrong("an example is a text or a mapping", key, index)
        if len(examples) < 4:
            raise self._wrong("at least four examples", key)
        return tuple(examples)

    def _law(self, entry: str) -> None:
        if self._laws and basis_law(entry) not in self._laws:
            raise self._wrong(f"no law for basis {entry!r}", "basis")

    def _strings(self, data: Mapping[str, Any], key: str, *where: str | int) -> tuple[str, ...]:
        value = data.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str | int) for item in value):
            raise self._wrong(f"`{key}` is a list of strings", *where, key)
        return tuple(str(item) for item in value)

    def _number(
        self,
        data: Mapping[str, Any],
        key: str,
        low: float,
        high: float,
        default: float | None = None,
        *where: str | int,
    ) -> float:
        value = data.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self._wrong(f"`{key}` is a number from {low:g} to {high:g}", *where, key)
        return float(value)

    def _one_of(self, value: object, known: tuple[str, ...], *where: str | int) -> None:
        if value not in known:
            raise self._wrong(f"{value!r} is not one of {', '.join(sorted(known))}", *where)

    def _keys(self, data: object, known: frozenset[str], where: tuple[str | int, ...]) -> None:
        if not isinstance(data, dict):
            raise self._wrong("expected a mapping", *where)
        for key in data:
            if key not in known:
                raise self._wrong(f"unknown key {key!r}", *where, str(key))

    def _wrong(self, message: str, *where: str | int) -> LexiconError:
        return LexiconError(self._path, message, line_of(self._path, *where) if where else 0)
