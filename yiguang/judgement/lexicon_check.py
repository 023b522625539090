"""Every file says what its schema allows, and every rule proves itself on its own examples."""

import re
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

#: The only gate a finding of a rule on trial may carry and still count as a hit.
SHADOW = "shadow"
#: What the schema says, in Chinese for the rule editor; what is not here stays as it is. Sample: unknown key 'x'
_CHINESE = (
    (r"a repetition inside a repetition: (.*)", r"正则不安全（重复之中又有重复，可能极慢）：\1"),
    (r"an unbounded repetition of a group: (.*)", r"正则不安全（整组无限重复，可能极慢）：\1"),
    (r"a repetition above (\d+): (.*)", r"正则不安全（重复次数超过 \1）：\2"),
    (
        r"repetitions that could share out a text in (\S+) ways, .*?: (.*)",
        r"正则不安全（多个重复相连，最坏要试 \1 种分法）：\2",
    ),
    (r"pattern does not compile: (.*) in (.*)", r"正则写法有误（\1）：\2"),
    (r"pattern can match nothing at all: (.*)", r"正则可以匹配空文本：\1"),
    (r"no law for basis (.*)", r"法律依据不存在（应以 laws/ 中的简称开头）：\1"),
    (r"unknown key (.*)", r"不认识的键：\1"),
    (r"`(\w+)` is missing", r"缺少 \1"),
    (r"id (.*) is not the file name", r"id \1 与文件名不同"),
    (r"(.*) is not one of (.*)", r"\1 不在允许的值之内（\2）"),
    (r"no term list (.*)", r"没有词表 \1"),
    (r"no page fact (.*?)( here)?", r"没有页面事实 \1，或不能用在这里"),
    (r"at least four examples", "例子至少四个"),
    (r"`(\w+)` is a number from (\S+) to (\S+)", r"\1 应是 \2 到 \3 之间的数"),
    (r"`(\w+)` is a list of strings", r"\1 应是字符串的列表"),
    (r"`detect` is a list of alternatives", "detect 应是若干选项的列表"),
    (r"an alternative needs anchors, terms or page", "一个选项要有 anchors、terms 或 page"),
    (r"an example is a text or a mapping", "例子应是文本或映射"),
    (r"expected a mapping", "这里应是映射"),
    (r"expected one mapping with string keys", "文件应是一个映射"),
    (r"`(\w+)` is a list of examples", r"\1 应是例子的列表"),
    (r"`(\w+)` is a whole number", r"\1 应是整数"),
    (r"not of the shape expected: (.*)", r"写法不符合要求：\1"),
    (r"key (.*) stands here twice", r"键 \1 重复"),
    (r"not UTF-8: (.*)", r"不是 UTF-8：\1"),
)

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
    message = fault.message
    for english, chinese in _CHINESE:
        if match := re.fullmatch(english, fault.message, re.DOTALL):
            message = match.expand(chinese)
            break
    path = fault.path.relative_to(lexicons) if fault.path.is_relative_to(lexicons) else fault.path
    return f"{path} 第 {fault.line} 行：{message}" if fault.line else f"{path}：{message}"


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
    """Recipients, terms, working days and who is told of what is late; the first fault of each."""
    from domain.clocks import ClocksBroken
    from domain.working_days import CalendarBroken
    from referral.checklist import FIELDS
    from referral.deadlines import load_clocks, load_work_calendar
    from referral.late import EscalationBroken, load_escalations
    from referral.recipients import RecipientsBroken, load_recipients

    lists: dict[str, Callable[[Path], object]] = {
        "recipients.yml": lambda folder: load_recipients(folder, frozenset(FIELDS)),
        "calendar/clocks.toml": load_clocks,
        "calendar/prc-*.toml": load_work_calendar,
        "calendar/escalation.toml": load_escalations,
    }
    for name, load in lists.items():
        try:
            load(lexicons)
        except (RecipientsBroken, LexiconError, ClocksBroken, CalendarBroken, EscalationBroken) as fault:
            yield f"{name}：{fault}"


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
