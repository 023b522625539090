"""What a change of the lexicons gains and loses, on the same pages: leads, and findings by rule and family."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from domain.findings import FAMILY_ZH, Document, Finding, Judgement
from yiguang.errors import CommandFailed
from yiguang.judgement.scan import BadLine, parse_line, read_lines
from yiguang.terminal import printable

Judge = Callable[[Document], Judgement]
#: Examples shown of each kind; all are counted.
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Page:
    """One page to judge twice. `label` is 1 or 0 where a person has said, else None."""

    id: str
    document: Document
    label: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A page that became a lead or ceased to be one; `findings` are live ones that only one side made."""

    page: Page
    before: float
    after: float
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class Difference:
    """`rules` and `families`: on how many pages each had a live finding (before only, after only).

    A finding counts for a page once a rule. `scores_moved` counts pages whose score changed by more than 0.05.
    """

    pages: int = 0
    leads_before: int = 0
    leads_after: int = 0
    scores_moved: int = 0
    gained: list[Change] = field(default_factory=list)
    lost: list[Change] = field(default_factory=list)
    rules_gained: Counter[str] = field(default_factory=Counter)
    rules_lost: Counter[str] = field(default_factory=Counter)
    families_gained: Counter[str] = field(default_factory=Counter)
    families_lost: Counter[str] = field(default_factory=Counter)
    examples: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "pages": self.pages,
            "leads_before": self.leads_before,
            "leads_after": self.leads_after,
            "scores_moved": self.scores_moved,
            "gained": [_change_row(change) for change in self.gained],
            "lost": [_change_row(change) for change in self.lost],
            "rules": _counts(self.rules_gained, self.rules_lost),
            "families": _counts(self.families_gained, self.families_lost),
        }

    def add(self, page: Page, old: Judgement, new: Judgement) -> None:
        """Count one more page that was judged twice."""
        self.pages += 1
        self.leads_before += old.flagged
        self.leads_after += new.flagged
        self.scores_moved += abs(old.score - new.score) > 0.05
        only_old, only_new = _only(old, new), _only(new, old)
        _count(self.rules_gained, self.families_gained, old, new)
        _count(self.rules_lost, self.families_lost, new, old)
        for sign, findings in (("+", only_new), ("-", only_old)):
            for finding in findings:
                self.examples.setdefault((sign, finding.rule), finding)
        if new.flagged and not old.flagged:
            self.gained.append(Change(page, old.score, new.score, only_new))
        elif old.flagged and not new.flagged:
            self.lost.append(Change(page, old.score, new.score, only_old))


def read_pages(path: Path) -> Iterator[Page]:
    """Pages of a JSONL file. Raises CommandFailed with the line for a row without `id` and `text`."""
    with path.open("rb") as stream:
        for number, line in enumerate(read_lines(stream), 1):
            try:
                request = parse_line(line)
                label = json.loads(line or b"").get("label")
            except BadLine as fault:
                raise CommandFailed(f"{path} 第 {number} 行：{fault}") from None
            if request.text is None:
                raise CommandFailed(f"{path} 第 {number} 行：需要 text")
            document = Document(
                text=request.text,
                title=request.title,
                url=request.url,
                site_name=request.site_name,
                account=request.account,
            )
            yield Page(str(request.id), document, label if label in (0, 1) else None)


def compare(pages: Iterable[Page], before: Judge, after: Judge) -> Difference:
    """Judge every page by both."""
    found = Difference()
    for page in pages:
        found.add(page, before(page.document), after(page.document))
    return found


def _live(judgement: Judgement) -> list[Finding]:
    return [finding for finding in judgement.findings if not finding.silenced]


def _only(one: Judgement, other: Judgement) -> tuple[Finding, ...]:
    there = {(finding.rule, finding.start, finding.end) for finding in _live(other)}
    return tuple(finding for finding in _live(one) if (finding.rule, finding.start, finding.end) not in there)


def _count(rules: Counter[str], families: Counter[str], without: Judgement, having: Judgement) -> None:
    """Count what `having` has and `without` has not."""
    rules.update({finding.rule for finding in _live(having)} - {finding.rule for finding in _live(without)})
    families.update({finding.family for finding in _live(having)} - {finding.family for finding in _live(without)})


def _counts(gained: Mapping[str, int], lost: Mapping[str, int]) -> dict[str, dict[str, int]]:
    return {name: {"gained": gained.get(name, 0), "lost": lost.get(name, 0)} for name in sorted({*gained, *lost})}


def _change_row(change: Change) -> dict[str, Any]:
    return {
        "id": change.page.id,
        "label": change.page.label,
        "before": change.before,
        "after": change.after,
        "findings": [
            {"rule": one.rule, "family": one.family, "quote": one.quote, "start": one.start, "end": one.end}
            for one in change.findings
        ],
    }


def in_words(found: Difference) -> str:
    """The difference for a person."""
    lines = [
        f"{found.pages} 篇：线索 {found.leads_before} → {found.leads_after}"
        f"（新增 {len(found.gained)}，失去 {len(found.lost)}；得分变动超过 0.05 的 {found.scores_moved} 篇）"
    ]
    for title, changes in (("新增的线索：", found.gained), ("失去的线索：", found.lost)):
        if changes:
            lines += ["", title + _labelled(changes), *(_change_line(change) for change in changes[:SHOWN])]
            lines += [f"  另有 {len(changes) - SHOWN} 篇"] if len(changes) > SHOWN else []
    lines += _table("规则", found.rules_gained, found.rules_lost, found.examples)
    lines += _table("类别", found.families_gained, found.families_lost, {})
    return "\n".join(lines)


def _labelled(changes: Sequence[Change]) -> str:
    labels = Counter(change.page.label for change in changes)
    if set(labels) == {None}:
        return ""
    return f"（人工或语料标注：涉嫌 {labels[1]}，合法 {labels[0]}，未标注 {labels[None]}）"


def _change_line(change: Change) -> str:
    said = {1: "涉嫌", 0: "合法", None: ""}[change.page.label]
    quotes = "、".join(f"{one.rule}「{_short(one.quote)}」" for one in change.findings[:3])
    text = quotes or _short(change.page.document.title or change.page.document.text)
    return f"  {printable(change.page.id)} {change.before:.2f} → {change.after:.2f} {said} {text}"


def _table(
    title: str, gained: Counter[str], lost: Counter[str], examples: Mapping[tuple[str, str], Finding]
) -> list[str]:
    names = sorted({*gained, *lost}, key=lambda name: (-gained[name] - lost[name], name))
    lines = ["", f"{title}（新增、失去的篇数）："] if names else []
    for name in names:
        shown = [f"{sign}「{_short(examples[sign, name].quote)}」" for sign in "+-" if (sign, name) in examples]
        lines.append(f"  {FAMILY_ZH.get(name, name)}  +{gained[name]} -{lost[name]}  {' '.join(shown)}".rstrip())
    return lines


def _short(text: str) -> str:
    flat = printable(text)
    return flat if len(flat) <= 30 else f"{flat[:30]}…"
