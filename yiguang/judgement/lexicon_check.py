"""Every file says what its schema allows, and every rule proves itself on its own examples."""

from collections.abc import Callable, Iterator
from pathlib import Path

from classifier.engine import Analyser
from classifier.errors import LexiconError
from classifier.facts import load_facts
from classifier.fold import Folder
from classifier.rule_files import rule_faults
from classifier.rules import Example, Rule
from classifier.yaml_file import line_of
from domain.findings import Document
from yiguang.lexicon_books import (
    load_brand_book,
    load_finding_kinds,
    load_identity_policy,
    load_practitioner_book,
    load_risk_weights,
    load_scope_book,
    load_subjects,
)
from yiguang.lexicon_words import said_of, told

#: The only gate a finding of a rule on trial may carry and still count as a hit.
SHADOW = "shadow"
_REGISTRY_LISTS: dict[str, Callable[[Path], object]] = {
    "brand_names/words.toml": load_brand_book,
    "registry/findings.toml": load_finding_kinds,
    "registry/identity.toml": load_identity_policy,
    "registry/operators.toml": load_scope_book,
    "registry/practitioners.toml": load_practitioner_book,
    "registry/risk.toml": load_risk_weights,
    "registry/subjects.csv": load_subjects,
}


def in_chinese(fault: LexiconError, lexicons: Path) -> str:
    """`rules/cure-rate.yml 第 12 行：…`"""
    path = fault.path.relative_to(lexicons) if fault.path.is_relative_to(lexicons) else fault.path
    return told(fault, path)


def schema_faults(lexicons: Path) -> list[str]:
    """Every fault of rule files; else the first of any other file; empty when all can be loaded."""
    try:
        folder = Folder.load(lexicons / "fold")
        facts = load_facts(lexicons / "adtest", folder).facts
        faults = list(rule_faults(lexicons, folder, facts))
        if not faults:
            Analyser(lexicons)
    except LexiconError as fault:
        faults = [fault]
    return [*(in_chinese(fault, lexicons) for fault in faults), *_registry_faults(lexicons), *office_faults(lexicons)]


def _registry_faults(lexicons: Path) -> Iterator[str]:
    """Lists that name and weigh institutions; what is wrong in one is told as its reader finds it."""
    for name, load in _REGISTRY_LISTS.items():
        try:
            load(lexicons)
        except KeyError as fault:
            yield f"{name}：缺少 {fault}"
        except (OSError, ValueError, TypeError) as fault:
            yield f"{name}：{fault}"


def office_faults(lexicons: Path) -> Iterator[str]:
    """Recipients, what letters call things, terms, working days and who is told of what is late; the first fault of each."""
    from classifier.citations import load_citations
    from classifier.matters import load_matters
    from domain.clocks import ClocksBroken
    from domain.working_days import CalendarBroken
    from referral.checklist import FIELDS
    from referral.deadlines import load_clocks, load_work_calendar
    from referral.late import EscalationBroken, load_escalations
    from referral.recipients import RecipientsBroken, load_recipients

    lists: dict[str, Callable[[Path], object]] = {
        "recipients.yml": lambda folder: load_recipients(folder, frozenset(FIELDS)),
        "letters/matters.toml": load_matters,
        "letters/citations.toml": load_citations,
        "calendar/clocks.toml": load_clocks,
        "calendar/prc-*.toml": load_work_calendar,
        "calendar/escalation.toml": load_escalations,
    }
    for name, load in lists.items():
        try:
            load(lexicons)
        except (RecipientsBroken, LexiconError, ClocksBroken, CalendarBroken, EscalationBroken) as fault:
            yield f"{name}：{said_of(fault)}"


def example_faults(analyser: Analyser, lexicons: Path) -> Iterator[str]:
    """One Chinese sentence for each example that a rule that is not retired does not bear out."""
    for rule in analyser.rules:
        if rule.status == "retired":
            continue
        for key, examples, wanted in (("fires_on", rule.fires_on, True), ("silent_on", rule.silent_on, False)):
            for number, example in enumerate(examples, 1):
                if _fires(analyser, rule, example) is not wanted:
                    line = line_of(lexicons / "rules" / f"{rule.id}.yml", key, number - 1)
                    said = "没有命中" if wanted else "不应命中"
                    text = " ".join(example.text.split())[:40]
                    yield f"{rule.id}：{key} 第 {number} 例{said}（第 {line} 行）：{text}"


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
