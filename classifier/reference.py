"""What the desk and letters explain findings with: articles of law, rules, and gates, as the lexicons have them."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from classifier import sentence_families
from classifier.citations import ArticleKind, Citations, load_citations
from classifier.errors import LexiconError
from classifier.matters import Matter, Matters, load_matters
from classifier.yaml_file import load_mapping
from domain.findings import FAMILY_ZH

_BASIS = re.compile(r"(?P<law>\D+)(?P<article>.*)", re.DOTALL)  # 广告法16(1)(2)
_LAST_PART = re.compile(r"\([^()]*\)$")
_STATE = "中华人民共和国"


@dataclass(frozen=True, slots=True)
class Law:
    """A law under its short name. `articles` say the point of each in our own words."""

    short: str
    name: str
    number: str
    issued_by: str
    in_force: str
    articles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CitedArticle:
    """A basis as it is cited, and what is known of it: `law` None for a law that the lexicons do not have, `point` empty where
    they do not say what the article says. `article` is the one found: 16(1) where 16(1)(2) is not there. `number` is the one cited as it is written on
    paper, 第十六条第一款第（二）项, empty for a law as a whole; `liabilities` are the articles that say what follows from it."""

    basis: str
    law: Law | None
    article: str
    point: str
    number: str = ""
    kind: ArticleKind = ArticleKind.DUTY
    liabilities: tuple["CitedArticle", ...] = ()

    @property
    def title(self) -> str:
        """The law's name as it is cited in running text, 《广告法》; the basis itself for a law that the lexicons do not have."""
        return self.basis if self.law is None else f"《{self.law.name.removeprefix(_STATE)}》"

    @property
    def short_title(self) -> str:
        """《三品一械办法》, where the full name stands elsewhere."""
        return self.basis if self.law is None else f"《{self.law.short}》"

    @property
    def parts(self) -> tuple[int, ...]:
        """Its numbers, to be put in order by."""
        return tuple(map(int, re.findall(r"\d+", self.basis)))

    @property
    def formal(self) -> str:
        """《广告法》第十六条第一款第（二）项."""
        return self.title + self.number


@dataclass(frozen=True, slots=True)
class RuleCard:
    """What a reader is told of a rule."""

    id: str
    title: str
    family: str
    status: str
    gates: tuple[str, ...]
    recipients: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """`laws` by short name, `rules` and `gates` (their titles) by id. `other_titles` are those of leads from
    names and registry, which have no rule file; `sentence_rules` those by which the sentence model's findings stand. `matters` and `citations` are
    for readers outside. An empty one explains nothing and hides nothing."""

    laws: Mapping[str, Law] = field(default_factory=dict)
    rules: Mapping[str, RuleCard] = field(default_factory=dict)
    gates: Mapping[str, str] = field(default_factory=dict)
    other_titles: Mapping[str, str] = field(default_factory=dict)
    sentence_rules: Mapping[str, RuleCard] = field(default_factory=dict)
    matters: Matters = field(default_factory=Matters)
    citations: Citations = field(default_factory=Citations)

    def card_of(self, rule: str) -> RuleCard | None:
        """The rule of a file, or of the sentence model; None for leads from names and registry and for rules of the past."""
        return self.rules.get(rule) or self.sentence_rules.get(rule)

    def title_of(self, rule: str) -> str:
        """In Chinese; the id itself of a rule that the lexicons do not have any more."""
        card = self.card_of(rule)
        return card.title if card is not None else self.other_titles.get(rule, rule)

    def matter_of(self, rule: str, family: str) -> Matter:
        """What it is called where people outside read of it."""
        return self.matters.of(rule, family) or Matter(FAMILY_ZH.get(family, family), "")

    def cite(self, basis: str) -> CitedArticle:
        match = _BASIS.fullmatch(basis)
        law = self.laws.get(match["law"]) if match else None
        if law is None or match is None:
            return CitedArticle(basis, None, "", "")
        article = match["article"]
        while article not in law.articles and _LAST_PART.search(article):
            article = _LAST_PART.sub("", article)
        cited = match["article"]
        return CitedArticle(
            basis,
            law,
            article,
            law.articles.get(article, ""),
            self.citations.number(law.short, cited),
            self.citations.kind(law.short, cited),
            tuple(self.cite(f"{law.short}{number}") for number in self.citations.liabilities(law.short, cited)),
        )


def load_reference(lexicons: Path) -> Reference:
    """Raises `classifier.errors.LexiconError` for a file that cannot be read as it should."""
    laws = [_law(load_mapping(path)) for path in sorted((lexicons / "laws").glob("*.yml"))]
    rules = [_rule(load_mapping(path)) for path in sorted((lexicons / "rules").glob("*.yml"))]
    gates = {path.stem: load_mapping(path) for path in sorted((lexicons / "gates").glob("*.yml"))}
    return Reference(
        {law.short: law for law in laws},
        {rule.id: rule for rule in rules},
        {gate: str(data.get("title", gate)) for gate, data in gates.items()},
        _other_titles(lexicons / "registry" / "findings.toml"),
        _sentence_rules(lexicons),
        load_matters(lexicons),
        load_citations(lexicons),
    )


def _sentence_rules(lexicons: Path) -> dict[str, RuleCard]:
    if not (lexicons / sentence_families.FILE).exists():
        return {}
    rules = sentence_families.load_sentence_families(lexicons).rules.values()
    return {
        rule.id: RuleCard(rule.id, rule.title, rule.family, rule.status, tuple(rule.gates), tuple(rule.recipients))
        for rule in rules
    }


def _other_titles(path: Path) -> dict[str, str]:
    """Raises LexiconError for a file that is no TOML."""
    try:
        data = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
    except tomllib.TOMLDecodeError as fault:
        raise LexiconError(path, str(fault)) from fault
    return {rule: str(item["title"]) for rule, item in data.items() if "title" in item}


def _law(data: Mapping[str, object]) -> Law:
    articles = data.get("articles")
    return Law(
        short=str(data.get("short", "")),
        name=str(data.get("name", "")),
        number=str(data.get("number", "")),
        issued_by=str(data.get("issued_by", "")),
        in_force=str(data.get("in_force", "")),
        articles={str(key): str(value) for key, value in articles.items()} if isinstance(articles, dict) else {},
    )


def _rule(data: Mapping[str, object]) -> RuleCard:
    return RuleCard(
        id=str(data.get("id", "")),
        title=str(data.get("title", "")),
        family=str(data.get("family", "")),
        status=str(data.get("status", "")),
        gates=_names(data.get("gates")),
        recipients=_names(data.get("recipients")),
    )


def _names(value: object) -> tuple[str, ...]:
    return tuple(str(name) for name in value) if isinstance(value, list) else ()
