"""A page is judged by its wording, then by the names it uses. No database is needed for that."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from classifier.engine import Classifier, Explanation
from domain.brand_book import BrandBook, load_brand_book
from domain.brand_names import InstitutionFact
from domain.findings import Document, Judgement
from domain.name_findings import FindingKinds, load_finding_kinds, with_brand_findings, with_naming_findings

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

    def __init__(self, classifier: Classifier, book: BrandBook, kinds: FindingKinds, names_sha256: str) -> None:
        self.classifier = classifier
        self.book = book
        self.kinds = kinds
        self.names_sha256 = names_sha256

    @classmethod
    def load(cls, classifier: Classifier, lexicons: Path) -> "NamesAndWords":
        """Raises OSError, ValueError or KeyError when a list of names does not hold what it should."""
        return cls(classifier, load_brand_book(lexicons), load_finding_kinds(lexicons), names_sha256(lexicons))

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
