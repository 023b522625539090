"""A page is judged by its wording, then by the names it uses and by what the registry has about its operator."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit

from classifier.engine import Classifier, Explanation
from domain.brand_book import BrandBook, load_brand_book
from domain.brand_names import InstitutionFact
from domain.documents import document_of
from domain.findings import Document, Judgement
from domain.licence_numbers import parse_licence
from domain.name_findings import FindingKinds, load_finding_kinds, with_brand_findings, with_naming_findings
from domain.page import ExtractedPage
from domain.registry_findings import RegistryView, with_registry_findings
from domain.subjects import SubjectBook, load_subjects
from storage.registry import SqlRegistry

_CHINA = timezone(timedelta(hours=8))
#: Under lexicons/: what judging by names and registry reads beside the classifier's own files.
_NAME_FILES = ("brands.csv", "brand_names/words.toml", "registry/findings.toml", "registry/subjects.csv")


def names_sha256(lexicons: Path) -> str:
    """One digest over the lists of names, for the evidence; the classifier's digest covers the rest. Raises OSError."""
    digest = hashlib.sha256()
    for name in _NAME_FILES:
        digest.update(f"{name}\n".encode() + hashlib.sha256((lexicons / name).read_bytes()).digest())
    return digest.hexdigest()


class NamesAndWords:
    """The classifier, with leads from names added to its findings; its score is as it was."""

    def __init__(self, classifier: Classifier, book: BrandBook, kinds: FindingKinds) -> None:
        self.classifier = classifier
        self.book = book
        self.kinds = kinds

    @classmethod
    def load(cls, classifier: Classifier, lexicons: Path) -> "NamesAndWords":
        """Raises OSError, ValueError or KeyError when a list of names does not hold what it should."""
        return cls(classifier, load_brand_book(lexicons), load_finding_kinds(lexicons))

    def judge(self, document: Document) -> Judgement:
        return self.with_names(self.classifier.judge(document), document)

    def explain(self, document: Document) -> Explanation:
        explained = self.classifier.explain(document)
        return replace(explained, judgement=self.with_names(explained.judgement, document))

    def with_names(
        self, judgement: Judgement, document: Document, registered: Sequence[InstitutionFact] = ()
    ) -> Judgement:
        judgement = with_brand_findings(judgement, document, self.book, self.kinds, registered)
        return with_naming_findings(judgement, document, self.kinds)


class RegistryJudge:
    """Judges pages of a night with the registry at hand; without one by names and words alone."""

    def __init__(
        self, words: NamesAndWords, registry: SqlRegistry | None, lexicons: Path, clock: Callable[[], datetime]
    ) -> None:
        self._words = words
        self._registry = registry
        self._subjects: SubjectBook = load_subjects(lexicons)
        self._clock = clock

    def __call__(self, page: ExtractedPage) -> Judgement:
        """A lead's last reason from the words names the findings without which it would be none."""
        document = document_of(page)
        if self._registry is None:
            return self._words.explain(document).judgement
        view = registry_view(page, self._registry)
        facts = [institution.as_fact() for institution in view.found]
        judgement = self._words.classifier.explain(document).judgement
        judgement = self._words.with_names(judgement, document, facts)
        captured_on = self._clock().astimezone(_CHINA).date()
        return with_registry_findings(judgement, page, view, captured_on, self._words.kinds, self._subjects)


def registry_view(page: ExtractedPage, registry: SqlRegistry) -> RegistryView:
    """What the registry has of the page's operator: by its numbers, domain and account, and by the name it goes by."""
    numbers: dict[str, list[str]] = {"credit-code": [], "licence": []}
    for identifier in page.identifiers:
        if identifier.kind in numbers:
            numbers[identifier.kind].append(_plain_number(identifier.value))
    host = urlsplit(page.url).hostname or ""
    accounts = [page.account] if page.account else []
    identified = registry.find((), numbers["credit-code"], numbers["licence"], [host], accounts)
    by_name = registry.find([page.site_name]) if page.site_name else ()
    found = tuple(dict.fromkeys((*identified, *by_name)))
    return RegistryView(found, identified, registry.certificate)


def _plain_number(value: str) -> str:
    return value.replace("-", "") if parse_licence(value) is not None else value
