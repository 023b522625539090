"""Every rule's own examples, and every finding's quote."""

from pathlib import Path
from typing import Any

import pytest

from classifier.analysis import Analysis
from classifier.engine import Analyser
from classifier.rules import Example, Rule
from domain.findings import Document

LEXICONS = Path(__file__).parents[2] / "lexicons"
ANALYSER = Analyser(LEXICONS)


def analyse(example: Example) -> Analysis:
    return ANALYSER.analyse(Document(text=example.text, **dict[str, Any](example.fields)))


def examples(key: str) -> list[object]:
    return [
        pytest.param(rule, example, id=f"{rule.id}-{index}")
        for rule in ANALYSER.rules
        if rule.status != "retired"
        for index, example in enumerate(getattr(rule, key))
    ]


@pytest.mark.parametrize(("rule", "example"), examples("fires_on"))
def test_rule_fires(rule: Rule, example: Example) -> None:
    findings = [item.finding for item in analyse(example).located if item.finding.rule == rule.id]
    assert any(finding.gates in ((), ("shadow",)) for finding in findings), findings


@pytest.mark.parametrize(("rule", "example"), examples("silent_on"))
def test_rule_is_silent(rule: Rule, example: Example) -> None:
    findings = [item.finding for item in analyse(example).located if item.finding.rule == rule.id]
    assert all(finding.gates not in ((), ("shadow",)) for finding in findings), findings


def test_every_quote_is_in_the_text() -> None:
    for rule in ANALYSER.rules:
        for example in (*rule.fires_on, *rule.silent_on):
            for item in analyse(example).located:
                finding = item.finding
                assert example.text[finding.start : finding.end] == finding.quote
                assert finding.quote
