"""Every rule proves itself on its own examples."""

from collections.abc import Iterator

from classifier.engine import Analyser
from classifier.rules import Example, Rule
from domain.findings import Document

#: The only gate a finding of a rule on trial may carry and still count as a hit.
SHADOW = "shadow"


def check_rules(analyser: Analyser) -> Iterator[str]:
    """One Chinese sentence for each example that a rule that is not retired does not bear out."""
    for rule in analyser.rules:
        if rule.status == "retired":
            continue
        for number, example in enumerate(rule.fires_on, 1):
            if not _fires(analyser, rule, example):
                yield f"{rule.id}：fires_on 第 {number} 例没有命中：{example.text[:40]}"
        for number, example in enumerate(rule.silent_on, 1):
            if _fires(analyser, rule, example):
                yield f"{rule.id}：silent_on 第 {number} 例不应命中：{example.text[:40]}"


def _fires(analyser: Analyser, rule: Rule, example: Example) -> bool:
    given = example.fields
    document = Document(
        text=example.text,
        title=given.get("title", ""),
        site_name=given.get("site_name", ""),
        url=given.get("url", ""),
        account=given.get("account", ""),
    )
    found = analyser.analyse(document).located
    return any(item.finding.rule == rule.id and set(item.finding.gates) <= {SHADOW} for item in found)
