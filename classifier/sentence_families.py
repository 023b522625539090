"""What a finding by sentence stands on: `lexicons/sentence_families.yml`, one entry a family.

The sentence model says which family a sentence belongs to; article, weight, severity, recipients and gates are a
lawyer's to say, as in a rule.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifier.errors import LexiconError
from classifier.patterns import UnsafePattern, compile_pattern
from classifier.rule_files import basis_law, load_law_names
from classifier.rules import GATES, RECIPIENTS, Rule
from classifier.yaml_file import line_of, load_mapping
from domain.findings import FAMILIES, FAMILY_ZH

FILE = "sentence_families.yml"
_KEYS = frozenset(["basis", "weight", "severity", "recipients", "gates"])
_WORDINGS = ("needs", "unless")


@dataclass(frozen=True, slots=True)
class Wording:
    """What a sentence of a family must say and what it must not, as patterns over folded text; None asks nothing."""

    needs: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None

    def allows(self, text: str, start: int, end: int) -> bool:
        if self.needs is not None and self.needs.search(text, start, end) is None:
            return False
        return self.unless is None or self.unless.search(text, start, end) is None


@dataclass(frozen=True, slots=True)
class SentenceFamilies:
    """`rules` by family, each without anchors of its own; `wordings` by family, of those that have one.

    `least_score` (0..1): pages that score less are not read.
    """

    rules: Mapping[str, Rule]
    wordings: Mapping[str, Wording]
    least_score: float
    sha256: str


def load_sentence_families(lexicons: Path) -> SentenceFamilies:
    """Raises `LexiconError` for anything that is not known: a family, a law, a gate, a recipient, a key."""
    path = lexicons / FILE
    data = load_mapping(path)
    if set(data) != {"least_score", "families"} or not isinstance(data["families"], dict):
        raise LexiconError(path, "expected `least_score` and `families`")
    least = _number(path, data["least_score"], 0.0, 1.0, "least_score")
    laws = load_law_names(lexicons / "laws")
    rules = {family: _rule(path, family, entry, laws) for family, entry in data["families"].items()}
    wordings = {
        family: _wording(path, family, entry) for family, entry in data["families"].items() if set(entry) & {*_WORDINGS}
    }
    return SentenceFamilies(rules, wordings, least, hashlib.sha256(path.read_bytes()).hexdigest())


def _wording(path: Path, family: str, entry: Mapping[str, Any]) -> Wording:
    patterns: dict[str, re.Pattern[str]] = {}
    for key in _WORDINGS:
        if key in entry:
            try:
                patterns[key] = compile_pattern(str(entry[key]))
            except UnsafePattern as error:
                raise LexiconError(path, str(error), line_of(path, "families", family, key)) from error
    return Wording(**patterns)


def _rule(path: Path, family: str, entry: Any, laws: frozenset[str]) -> Rule:
    where = ("families", family)
    if family not in FAMILIES:
        raise LexiconError(path, f"no family {family!r}", line_of(path, *where))
    if not isinstance(entry, dict) or set(entry) - {*_WORDINGS} != _KEYS:
        wanted = f"expected {', '.join(sorted(_KEYS))} and perhaps {', '.join(_WORDINGS)}"
        raise LexiconError(path, wanted, line_of(path, *where))
    for key in ("basis", "recipients", "gates"):
        if not isinstance(entry[key], list) or not entry[key]:
            raise LexiconError(path, f"`{key}` is a list", line_of(path, *where, key))
    for index, basis in enumerate(entry["basis"]):
        if basis_law(str(basis)) not in laws:
            raise LexiconError(path, f"no law for basis {basis!r}", line_of(path, *where, "basis", index))
    for key, known in (("gates", frozenset(GATES)), ("recipients", RECIPIENTS)):
        for name in entry[key]:
            if name not in known:
                raise LexiconError(
                    path, f"{name!r} is not one of {', '.join(sorted(known))}", line_of(path, *where, key)
                )
    return Rule(
        id=f"sentence-{family}",
        title=f"{FAMILY_ZH[family]}（按句识别）",
        status="live",
        family=family,
        basis=tuple(map(str, entry["basis"])),
        weight=_number(path, entry["weight"], 0.0, 1.0, *where, "weight"),
        severity=int(_number(path, entry["severity"], 1, 5, *where, "severity")),
        recipients=tuple(entry["recipients"]),
        gates=tuple(entry["gates"]),
        words=(),
        pages=(),
        fires_on=(),
        silent_on=(),
    )


def _number(path: Path, value: object, low: float, high: float, *where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise LexiconError(path, f"`{where[-1]}` is a number from {low:g} to {high:g}", line_of(path, *where))
    return float(value)
