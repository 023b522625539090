"""Drafts of typical cases (典型案例): closed cases told without names, for people to finish and publish."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document

from classifier.citations import ArticleKind
from domain.beijing import BEIJING
from domain.outbox import MEASURE_ZH, Measure, Step
from domain.routing import Medium
from referral.lead import ReferredLead
from referral.paper import on_paper
from storage.leads.outbox import Package

_SHORTEST_NAME = 3
"""Shorter parts of names are in too many other words to be replaced."""


class TypicalCaseBroken(Exception):
    """`typical_case.toml` does not hold what it should; the message is Chinese for whoever keeps it."""


@dataclass(frozen=True, slots=True)
class CaseWords:
    """The words of a draft, as the file has them."""

    head: str
    caution: str
    sentence: str
    otherwise: str
    quotes: int
    kinds: tuple[str, ...]
    media: Mapping[Medium, str]


@dataclass(frozen=True, slots=True)
class Draft:
    """One case, anonymous; `case` is its id, for whoever finishes it."""

    case: int
    text: str


def load_case_words(lexicons: Path) -> CaseWords:
    """Raises TypicalCaseBroken."""
    path = lexicons / "letters" / "typical_case.toml"
    try:
        told: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        words = CaseWords(
            told["head"],
            told["caution"],
            told["sentence"],
            told["else"],
            int(told["quotes"]),
            tuple(told["kinds"]),
            {medium: str(told["media"][medium.value]) for medium in Medium},
        )
        words.sentence.format(kind="", medium="", quotes="", articles="", recipient="", measures="")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as fault:
        raise TypicalCaseBroken(f"{path.name} 有误：{fault}") from fault
    return words


def closed_between(packages: Sequence[Package], first: date, last: date) -> list[Package]:
    """Those that their recipients closed with a measure from `first` to `last` (days in Beijing), in that order."""
    found = []
    for package in packages:
        days = [taken.at.astimezone(BEIJING).date() for taken in package.steps if taken.step is Step.CLOSED]
        if package.counts and any(first <= day <= last for day in days) and measures_of(package):
            found.append((max(days), package.id, package))
    return [package for _, _, package in sorted(found, key=lambda entry: entry[:2])]


def measures_of(package: Package) -> tuple[Measure, ...]:
    """What the recipient did, each once; not that nothing was done."""
    taken = dict.fromkeys(measure for step in package.steps for measure in step.measures)
    return tuple(measure for measure in taken if measure is not Measure.NOTHING)


def draft_of(lead: ReferredLead, package: Package, recipient: str, words: CaseWords) -> Draft:
    """The case in one sentence. `recipient` is the authority's kind in Chinese."""
    names = _names(lead)
    # In what the page says alone: titles of laws are full of words that pages are called by
    shown = [on_paper(_without(claim.quote, names, words.otherwise)) for claim in lead.claims]
    claims = [_without(quote, names, words.otherwise) for quote in shown]
    quotes = "、".join(f"“{quote}”" for quote in dict.fromkeys(claims[: words.quotes]))
    articles = dict.fromkeys(
        f"《{article.law.name}》{article.number}" if article.law else article.basis
        for claim in lead.claims[: words.quotes]
        for article in claim.articles
        if article.kind is not ArticleKind.GUIDE
    )
    text = words.sentence.format(
        kind=_kind(lead.subject.name, words),
        medium=words.media[lead.publication.medium],
        quotes=quotes,
        articles="、".join(articles) or "有关规定",
        recipient=recipient,
        measures="，".join(MEASURE_ZH[measure] for measure in measures_of(package)),
    )
    return Draft(lead.case_id, text)


def drafts_docx(drafts: Sequence[Draft], first: date, last: date, words: CaseWords) -> bytes:
    document = Document()
    document.add_heading(words.head.format(first=first.isoformat(), last=last.isoformat()), level=1)
    document.add_paragraph(words.caution)
    for number, draft in enumerate(drafts, 1):
        document.add_heading(f"案例{number}（线索 {draft.case}，发布时删去）", level=2)
        document.add_paragraph(on_paper(draft.text))
    if not drafts:
        document.add_paragraph("期间没有办结并有处理结果的线索。")
    out = BytesIO()
    document.save(out)
    return out.getvalue()


def _kind(name: str, words: CaseWords) -> str:
    fitting = [kind for kind in words.kinds if name.endswith(kind)]
    return f"某{max(fitting, key=len)}" if fitting else words.otherwise


def _names(lead: ReferredLead) -> list[str]:
    """Every name by which the institution could be known, the longest first."""
    registered = [name for one in lead.registered for name in (one.name, *one.aliases)]
    found = {lead.subject.name, lead.site_name, lead.account, lead.title, *lead.named, *lead.contacts, *registered}
    return sorted((name for name in found if len(name) >= _SHORTEST_NAME), key=lambda name: (-len(name), name))


def _without(text: str, names: Sequence[str], instead: str) -> str:
    for name in names:
        text = text.replace(name, instead)
    return text
