"""Leads from the names a page gives itself, added to a judgement after its score: they never move it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from domain.brand_book import BrandBook
from domain.brand_names import judge_names
from domain.brand_uses import BrandJudgement, BrandVerdict, InstitutionFact, PageNames
from domain.findings import FAMILIES, Document, Finding, Judgement

_ABOUT_OTHERS = frozenset({"news", "regulatory", "research", "recruitment"})
"""Genres of pages that speak of institutions rather than for one."""
_IN_THE_HEAD = frozenset({"keywords", "description"})
"""Places of which a person reading the page sees nothing: told in the reasons, quoted nowhere in the text."""
_NEAR = 16
_WORTH_SAYING = 0.4
"""Score (0..1) from which an undecided brand is mentioned to the analyst as 待核."""


@dataclass(frozen=True, slots=True)
class FindingKind:
    """How one kind of lead is filed; `basis` cites law by short name and article."""

    rule: str
    family: str
    basis: tuple[str, ...]
    weight: float
    severity: int

    def at(self, text: str, start: int, end: int) -> Finding:
        return Finding(self.rule, self.family, text[start:end], start, end, self.weight, self.basis, self.severity)


@dataclass(frozen=True, slots=True)
class FindingKinds:
    kinds: Mapping[str, FindingKind]
    words: Mapping[str, tuple[str, ...]]

    def __getitem__(self, rule: str) -> FindingKind:
        return self.kinds[rule]


def finding_kinds(data: Mapping[str, Any]) -> FindingKinds:
    """From `registry/findings.toml`. Raises ValueError for a family nobody knows, KeyError for a missing key."""
    words = {name: tuple(listed) for name, listed in data["words"].items()}
    kinds = {}
    for rule, item in data.items():
        if rule == "words":
            continue
        if item["family"] not in FAMILIES:
            raise ValueError(f"unknown family {item['family']} in registry/findings.toml")
        kinds[rule] = FindingKind(rule, item["family"], tuple(item["basis"]), item["weight"], item["severity"])
    return FindingKinds(kinds, words)


def names_of(document: Document) -> PageNames:
    """What the page calls itself. Wordings of claims are left to the rules, which know their surroundings."""
    return PageNames(
        site_name=document.site_name,
        account=document.account,
        host=_host(document.url),
        title=document.title,
        keywords=document.keywords,
        description=document.description,
        logo=document.logo,
    )


def with_brand_findings(
    judgement: Judgement,
    document: Document,
    book: BrandBook,
    kinds: FindingKinds,
    registered: Sequence[InstitutionFact] = (),
) -> Judgement:
    """The judgement with a lead for names that lean on a brand, or a remark (待核) where names alone cannot tell.

    A lead quotes the name where the page's text has it; a name outside the text is told in the reasons only.
    """
    if judgement.genre in _ABOUT_OTHERS:
        return judgement
    judged = judge_names(names_of(document), book, registered)
    if judged is None or judged.verdict is BrandVerdict.LAWFUL or judged.score < _WORTH_SAYING:
        return judgement
    lawful = _told_lawfully(document.text, judged, book)
    if judged.verdict is BrandVerdict.UNKNOWN or lawful:
        contrary = f"；正文“{lawful}”，或为经历、协作" if lawful else ""
        return replace(judgement, reasons=(*judgement.reasons, f"待核：{_in_words(judged)}{contrary}"))
    if judged.where in _IN_THE_HEAD:
        return replace(judgement, reasons=(*judgement.reasons, f"傍名牌线索：{_in_words(judged)}"))
    kind = kinds["brand-name"]
    start = document.text.find(judged.quote)
    findings = judgement.findings
    if start >= 0:
        findings = added(findings, [kind.at(document.text, start, start + len(judged.quote))])
    return replace(judgement, findings=findings, reasons=(*judgement.reasons, f"傍名牌线索：{_in_words(judged)}"))


def _told_lawfully(text: str, judged: BrandJudgement, book: BrandBook) -> str:
    """For a name in the page's head: the text's words around it when they tell of a doctor's past or of a union."""
    if judged.where not in _IN_THE_HEAD:
        return ""
    for match in re.finditer(re.escape(judged.token), text):
        near = text[max(0, match.start() - _NEAR) : match.end() + _NEAR]
        if any(word in near for word in (*book.words["history"], *book.words["union"])):
            return " ".join(near.split())
    return ""


def with_naming_findings(judgement: Judgement, document: Document, kinds: FindingKinds) -> Judgement:
    """The judgement with a lead for a name that carries words no institution may be named with (实施细则 42)."""
    if judgement.genre in _ABOUT_OTHERS:
        return judgement
    findings, reasons = judgement.findings, list(judgement.reasons)
    for name in dict.fromkeys((document.site_name.strip(), document.account.strip())):
        if word := forbidden_word(name, kinds):
            start = document.text.find(name)
            if start >= 0:
                findings = added(findings, [kinds["name-words"].at(document.text, start, start + len(name))])
            reasons.append(f"自称“{name}”：名称含“{word}”，以许可证所载名称为准，待核")
    if len(reasons) == len(judgement.reasons):
        return judgement
    return replace(judgement, findings=findings, reasons=tuple(reasons))


def forbidden_word(name: str, kinds: FindingKinds) -> str:
    """The word in an institution's name that none may carry, empty when there is none or it is no institution's name."""
    words = kinds.words
    plain = name.removesuffix("官网").removesuffix("官方网站")
    if not plain.endswith(words["institution_endings"]) or any(word in plain for word in words["not_a_name"]):
        return ""
    return next((word for word in words["forbidden_in_names"] if word in plain), "")


def added(findings: Sequence[Finding], more: Iterable[Finding]) -> tuple[Finding, ...]:
    """In text order; a lead over a place where one of its family is live already adds nothing."""
    kept = list(findings)
    for new in more:
        covered = any(
            old.family == new.family and not old.silenced and old.start < new.end and new.start < old.end
            for old in kept
        )
        if not covered:
            kept.append(new)
    return tuple(sorted(kept, key=lambda finding: (finding.start, finding.end, finding.rule)))


def _in_words(judged: BrandJudgement) -> str:
    where = {
        "institution": "机构名", "site_name": "站名", "account": "账号", "title": "标题", "host": "域名",
        "keywords": "关键词", "description": "页面简介", "claims": "文中",
        "logo": "站标",
    }[judged.where]  # fmt: skip
    pro = "；".join(item.text for item in judged.evidence_for)
    contra = "；".join(item.text for item in judged.evidence_against if item.weight > 0)
    return f"{where}“{judged.quote}”：{pro}" + (f"。相反：{contra}" if contra else "")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
