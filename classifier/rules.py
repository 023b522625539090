"""What a rule is, once read and checked (`classifier.rule_files` does that)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from classifier.patterns import Pattern

Status = Literal["shadow", "live", "retired"]
GATES = tuple(f"G{number}" for number in range(1, 14))
RECIPIENTS = frozenset({"amr", "nhc", "cac", "police", "nhsa", "nmpa"})
STAGE_TWO_FACTS = frozenset({"is-ad", "claim", "evasion"})


@dataclass(frozen=True, slots=True)
class Condition:
    """Facts that must all hold, of which one must hold, of which none may hold."""

    all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()

    def holds(self, facts: frozenset[str]) -> bool:
        return (
            facts.issuperset(self.all)
            and facts.isdisjoint(self.none)
            and (not self.any or not facts.isdisjoint(self.any))
        )


@dataclass(frozen=True, slots=True)
class WordAlternative:
    """Anchors found by the automaton, verified around them. Literals and patterns are folded already."""

    anchors: tuple[str, ...]
    pattern: Pattern | None
    window: int
    near: tuple[str, ...]
    near_within: int
    unless: tuple[Pattern, ...]
    boundary: bool
    facts: Condition


@dataclass(frozen=True, slots=True)
class PageAlternative:
    """A condition over page facts; `quote` names what the finding points at, first that exists."""

    condition: Condition
    quote: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A text, or a document given by its fields, that a rule must fire on or stay silent on."""

    text: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    id: str
    title: str
    status: Status
    family: str
    basis: tuple[str, ...]
    weight: float
    severity: int
    recipients: tuple[str, ...]
    gates: tuple[str, ...]
    words: tuple[WordAlternative, ...]
    pages: tuple[PageAlternative, ...]
    fires_on: tuple[Example, ...]
    silent_on: tuple[Example, ...]
