"""Literals that a text must hold for a pattern to match: certain, and read off what the pattern consumes only."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.engine import Analyser
from classifier.required import clauses_of, rarest, required_literals
from domain.findings import Document

ANALYSER = Analyser(Path(__file__).parents[2] / "lexicons")
SMALL = st.text(alphabet="治愈率九成%一二药方0", max_size=24)


def clauses(pattern: str) -> set[frozenset[str]]:
    return set(required_literals(pattern))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("祖传秘方", [{"祖传秘方"}]),
        ("(?:祖传|家传).{0,9}?秘方", [{"祖传", "家传"}, {"秘方"}]),
        ("有效?率", [{"有率", "有效率"}]),
        ("[治愈]率", [{"治率", "愈率"}]),
        (r"\d{2,3}%", [{"%"}]),
        (r"(?:\d{2}%|[七八]成)", [{"%", "七成", "八成"}]),
        ("(?:别家|别)药", [{"别药", "别家药"}]),
        ("(?:甲|乙丙|甲丁)", [{"甲", "乙丙"}]),
        ("(?:药.{0,3})?方", [{"方"}]),
        ("(?:药|[^。]{0,3})方", [{"方"}]),
        ("药(?=方)", [{"药"}]),
        ("(?<!不)药(?!方)酒", [{"药酒"}]),
        ("(?:药){1,3}", [{"药"}]),
        ("(?i)VX", []),
        (r"[一-龥]{2}\d", []),
    ],
)
def test_clauses(pattern: str, expected: list[set[str]]) -> None:
    assert clauses(pattern) == {frozenset(clause) for clause in expected}


def test_longer_literals_are_rarer() -> None:
    few, many, single = frozenset({"祖传秘方"}), frozenset({"祖传", "家传"}), frozenset({"的"})
    assert rarest([single, many, few], 2) == (few, many)


PARTS = [
    "治",
    "愈率",
    "(?:治|九成)",
    "药?",
    "[一二]",
    ".{0,2}?",
    r"\d",
    "(?:药|方.{0,1}率)",
    "(?=治)",
    "(?:九|[^治])",
    "(?:愈率){1,2}",
]


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PARTS), min_size=1, max_size=5), SMALL)
def test_what_matches_holds_a_literal_of_every_clause(parts: list[str], text: str) -> None:
    pattern = "".join(parts)
    for match in re.finditer(pattern, text):
        for clause in required_literals(pattern):
            assert any(literal in match[0] for literal in clause), (pattern, match[0])


def test_nothing_is_missed_in_the_examples_of_the_rules() -> None:
    """Every pattern of the rules, over every example: where it matches, its clauses are satisfied."""
    alternatives = [item for rule in ANALYSER.rules for item in rule.words if item.pattern is not None]
    texts = [
        ANALYSER.find(Document(text=example.text)).read.folded.text
        for rule in ANALYSER.rules
        for example in rule.fires_on[:2]
    ]
    known = [(item.pattern.compiled, required_literals(item.pattern.text)) for item in alternatives if item.pattern]
    matched = 0
    for text in texts:
        for pattern, required in known:
            if match := pattern.search(text):
                matched += 1
                assert all(any(literal in match[0] for literal in clause) for clause in required), pattern.pattern
    assert matched > len(texts)


def test_most_alternatives_require_something() -> None:
    alternatives = [item for rule in ANALYSER.rules for item in rule.words]
    assert sum(bool(clauses_of(item)) for item in alternatives) > 0.8 * len(alternatives)
