"""The classifier: a document in, a judgement out. Same input, rules and model give the same bytes."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifier.adtest import load_ad_test
from classifier.analysis import Analysis
from classifier.explain import reasons_for
from classifier.facts import NAME_KINDS, load_facts
from classifier.features import CHARACTERS_READ, MASKED_FROM, characters, discount, names, off_topic, structure
from classifier.findings import CLAIM_FAMILIES, Finder, Located
from classifier.fold import Folded, Folder
from classifier.gates import load_gates
from classifier.matcher import Matcher, Scan
from classifier.model import Model, load_model, rules_trained_with
from classifier.naming import NameWords
from classifier.operating_point import SCORE_DIGITS
from classifier.page_rules import page_findings
from classifier.patterns import parsed
from classifier.reading import Read, read_document
from classifier.removal import Removal, all_of_them, removal_reason, smallest_removal
from classifier.required import clauses_of
from classifier.rule_files import lexicons_sha256, load_rules
from classifier.rules import Rule
from classifier.segment import Segmenter
from classifier.sentence_families import load_sentence_families
from classifier.sentence_findings import SentenceFinder
from classifier.sentence_grams import Grams
from classifier.sentence_model import load_sentence_model
from classifier.tone import sentences_of
from classifier.topics import without_topics
from domain.findings import Document, Finding, Judgement

_STRONG = 0.6
"""Weight (0..1) from which one finding may make an advertisement without any other sign of promotion."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page as read and searched, before anything is concluded from what was found; `facts` are those of the reading."""

    read: Read
    genre: str
    facts: frozenset[str]
    located: tuple[Located, ...]
    title_families: frozenset[str]
    relevance: float


class Analyser:
    """Everything but the model: rules, gates, facts, ad test.

    `checked_sha256` is the digest of lexicons whose patterns were checked before, as those are that a model was trained with.
    Checking and compiling them is half of the time that loading takes, and every process of a night loads them.
    """

    def __init__(self, lexicons: Path, checked_sha256: str = "") -> None:
        self.rules_sha256 = lexicons_sha256(lexicons)
        self._folder = Folder.load(lexicons / "fold")
        book = load_facts(lexicons / "adtest", self._folder)
        self._book = book
        fact_names = frozenset(book.facts)
        self.rules: tuple[Rule, ...] = load_rules(
            lexicons, self._folder, fact_names, patterns_checked=self.rules_sha256 == checked_sha256
        )
        self._active = tuple(rule for rule in self.rules if rule.status != "retired")
        self._ad_test = load_ad_test(lexicons / "adtest", self._folder, book.groups, fact_names)
        alternatives = [(rule, item) for rule in self._active for item in rule.words]
        anchors = ((index, word) for index, (_, item) in enumerate(alternatives) for word in item.anchors)
        required = ((index, clause) for index, (_, item) in enumerate(alternatives) for clause in clauses_of(item))
        self._matcher = Matcher(anchors, book.groups, required)
        self._topics = self._matcher.literals_of(book.topic_groups)
        self._names = NameWords(*(self._matcher.literals_of(book.name_groups[kind]) for kind in NAME_KINDS))
        self.gates = load_gates(lexicons / "gates", self._folder, fact_names)
        self._finder = Finder(alternatives, self._matcher, self.gates, Segmenter())
        self.facts = tuple(sorted(book.facts))
        self.groups = tuple(sorted(book.groups))
        self.bases = tuple(sorted({g.basis for g in (*self._ad_test.grounds, *self._ad_test.exclusions)}))
        parsed.cache_clear()

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        return names(self.facts, self.groups, self.bases)

    def analyse(self, document: Document) -> Analysis:
        return self.conclude(self.find(document))

    def find(self, document: Document) -> Found:
        """Read the page and find the places that rules of words point at."""
        read = read_document(document, self._folder, self._matcher, self._names)
        genre = self._book.evaluate(read.view)
        facts = frozenset(read.view.facts)
        located = tuple(self._finder.find(read.folded, document.text, read.scan, facts))
        title = self._title_families(read.view.fields["title"], read.title_scan, facts)
        return Found(read, genre, facts, located, title, self._book.relevance(read.view))

    def conclude(self, found: Found, without: frozenset[Finding] = frozenset()) -> Analysis:
        """Advertisement or not, and the rules of the whole page; as if the findings `without` had not been made."""
        view = replace(found.read.view, facts=set(found.facts), signals=dict(found.read.view.signals))
        located, title = found.located, found.title_families
        if without:
            located = tuple(item for item in located if item.finding not in without)
            title -= {finding.family for finding in without} - {item.finding.family for item in located}
        live = [item for item in located if not item.finding.silenced]
        view.families = frozenset(item.finding.family for item in live)
        view.signals["strong-findings"] = sum(1 for item in live if item.finding.weight >= _STRONG)
        if view.families & CLAIM_FAMILIES:
            view.facts.add("claim")
        if any(item.disguised for item in located):
            view.facts.add("evasion")
        ad = self._ad_test.decide(view)
        if ad.is_ad:
            view.facts.add("is-ad")
        read = replace(found.read, view=view)
        analysis = Analysis(read, found.genre, frozenset(view.facts), ad, located, title, found.relevance)
        pages = [item for item in page_findings(self._active, analysis, self._matcher) if item.finding not in without]
        if not pages:
            return analysis
        return replace(analysis, located=tuple(sorted((*located, *pages), key=_order)))

    def with_residual_ground(self, analysis: Analysis) -> Analysis:
        """The analysis of a page that the model flags, its ad test completed by the residual clauses."""
        return replace(analysis, ad=self._ad_test.catch_all(analysis.read.view, analysis.ad))

    def features(self, analysis: Analysis) -> NDArray[np.float32]:
        return structure(analysis, self.facts, self.groups, self.bases)

    def characters(self, analysis: Analysis) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        read = analysis.read
        low, high = read.body
        masked = without_topics(read.folded.text, read.scan.hits, self._topics, low, min(high, low + MASKED_FROM))
        return characters(masked[:CHARACTERS_READ], analysis.relevance, _aside(analysis))

    def sentences(self, analysis: Analysis) -> Grams:
        """The sentences by which the tone of the page is judged."""
        low, high = analysis.read.body
        return sentences_of(analysis.read.folded.text[low:high])

    def discount(self, analysis: Analysis) -> float:
        """By how much (0..1) everything said counts less, because the page is about something else."""
        return discount(_aside(analysis))

    def _title_families(self, title: str, scan: Scan, facts: frozenset[str]) -> frozenset[str]:
        found = self._finder.find(Folded(title), title, scan, facts)
        return frozenset(item.finding.family for item in found if not item.finding.silenced)


def _aside(analysis: Analysis) -> float:
    return off_topic(analysis.relevance, analysis.read.view.signals["length"])


def _points_at_something(analysis: Analysis) -> bool:
    """A page that is no advertisement and in which no rule finds anything is no lead, however its words sound: no article and no
    place in the text could be named to whoever reviews it."""
    return analysis.ad.is_ad or any(not item.finding.silenced for item in analysis.located)


def _order(item: Located) -> tuple[int, int, str]:
    return item.finding.start, item.finding.end, item.rule.id


@dataclass(frozen=True, slots=True)
class Explanation:
    """`removal` is None when the page is not flagged; else the last of the judgement's reasons puts it into words."""

    judgement: Judgement
    removal: Removal | None


class Classifier:
    """Judges documents. `threshold` is the score (0..1) from which a page is flagged.

    Findings by sentence come after the score and never change it; without `sentences` there are none.
    """

    def __init__(self, analyser: Analyser, model: Model, sentences: SentenceFinder | None = None) -> None:
        self._analyser = analyser
        self._model = model
        self._sentences = sentences
        self.rules = analyser.rules
        self.rules_sha256 = analyser.rules_sha256
        self.model_sha256 = model.sha256
        if sentences is not None:
            self.model_sha256 = hashlib.sha256(f"{model.sha256} {sentences.sha256}".encode()).hexdigest()
        self.threshold = model.threshold

    @classmethod
    def load(cls, lexicons: Path) -> "Classifier":
        """Read rules, gates, ad test and model. Raises `LexiconError` for anything the schemas do not know."""
        analyser = Analyser(lexicons, rules_trained_with(lexicons))
        sentences = SentenceFinder(load_sentence_families(lexicons), load_sentence_model(lexicons), analyser.gates)
        return cls(analyser, load_model(lexicons, analyser.feature_names), sentences)

    def judge(self, document: Document) -> Judgement:
        """Never raises for any text: lone surrogates, NULs, an empty page, a line of megabytes."""
        return self._judge(self._analyser.find(document))

    def explain(self, document: Document) -> Explanation:
        """The judgement, and for a flagged page the smallest set of findings without which it would not be flagged."""
        found = self._analyser.find(document)
        judgement = self._judge(found)
        if not judgement.flagged:
            return Explanation(judgement, None)
        analysis = self._analyser.conclude(found)
        words, tone = self._analyser.characters(analysis), self._tone(analysis)

        def score_without(removed: frozenset[Finding]) -> float:
            structure = np.concatenate([self._analyser.features(self._analyser.conclude(found, removed)), tone])
            return round(self._model.score(structure, words).score, SCORE_DIGITS)

        scored = [item.finding for item in analysis.located]  # findings by sentence do not bear on the score
        removal = smallest_removal(scored, score_without, self.threshold)
        if removal.findings is None and not self._is_ad_without(found, scored):
            removal = all_of_them(judgement.findings, removal.score)
        return Explanation(replace(judgement, reasons=(*judgement.reasons, removal_reason(removal))), removal)

    def _is_ad_without(self, found: Found, findings: Iterable[Finding]) -> bool:
        """Of a page whose score reaches the threshold without these findings too."""
        bare = self._analyser.conclude(found, frozenset(finding for finding in findings if not finding.silenced))
        return self._analyser.with_residual_ground(bare).ad.is_ad

    def _tone(self, analysis: Analysis) -> NDArray[np.float32]:
        return self._model.tone(self._analyser.sentences(analysis), self._analyser.discount(analysis))

    def _judge(self, found: Found) -> Judgement:
        analysis = self._analyser.conclude(found)
        structure = np.concatenate([self._analyser.features(analysis), self._tone(analysis)])
        features = structure, self._analyser.characters(analysis)
        scored = self._model.score(*features)
        score = round(scored.score, SCORE_DIGITS)
        reached = score >= self.threshold
        if reached:
            analysis = self._analyser.with_residual_ground(analysis)
        if self._sentences is not None and (more := self._sentences.find(analysis, score)):
            analysis = replace(analysis, located=tuple(sorted((*analysis.located, *more), key=_order)))
        return Judgement(
            score=score,
            flagged=reached and _points_at_something(analysis),
            genre=self._model.genre(*features),
            is_ad=analysis.ad.is_ad,
            ad_basis=analysis.ad.basis if analysis.ad.is_ad else (),
            findings=tuple(item.finding for item in analysis.located),
            reasons=reasons_for(analysis, scored),
            rules_sha256=self.rules_sha256,
            model_sha256=self.model_sha256,
            parts={name: round(value, SCORE_DIGITS) for name, value in sorted(scored.parts.items())},
        )
