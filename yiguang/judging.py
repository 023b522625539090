"""A page is judged by its wording, then by the names it uses. No database is needed for that."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from classifier.engine import Classifier, Explanation
from domain.brand_book import BrandBook
from domain.findings import Document, Judgement
from domain.institutions import RegisteredInstitution
from domain.name_findings import FindingKinds, with_brand_findings, with_naming_findings
from domain.operator_findings import with_operator_findings
from domain.operator_scope import ScopeBook
from yiguang.lexicon_books import load_brand_book, load_finding_kinds, load_scope_book

#: Under lexicons/: what judging by names and registry reads beside the classifier's own files.
_NAME_FILES = (
    "brands.csv", "brand_names/words.toml", "registry/findings.toml", "registry/operators.toml",
    "registry/practitioners.toml", "registry/subjects.csv",
)  # fmt: skip


def names_sha256(lexicons: Path) -> str:
    """One digest over the lists of names, for the evidence; the classifier's digest covers the rest. Raises OSError."""
    digest = hashlib.sha256()
    for name in _NAME_FILES:
        digest.update(f"{name}\n".encode() + hashlib.sha256((lexicons / name).read_bytes()).digest())
    return digest.hexdigest()


class NamesAndWords:
    """The classifier, with leads from names added to its findings; its score is as it was."""

    def __init__(
        self, classifier: Classifier, book: BrandBook, scopes: ScopeBook, kinds: FindingKinds, names_sha256: str
    ) -> None:
        self.classifier = classifier
        self.book = book
        self.scopes = scopes
        self.kinds = kinds
        self.names_sha256 = names_sha256

    @classmethod
    def load(cls, classifier: Classifier, lexicons: Path) -> "NamesAndWords":
        """Raises OSError, ValueError or KeyError when a list of names does not hold what it should."""
        return cls(
            classifier,
            load_brand_book(lexicons),
            load_scope_book(lexicons),
            load_finding_kinds(lexicons),
            names_sha256(lexicons),
        )

    def judge(self, document: Document) -> Judgement:
        return self.with_names(self.classifier.judge(document), document)

    def explain(self, document: Document) -> Explanation:
        explained = self.classifier.explain(document)
        return replace(explained, judgement=self.with_names(explained.judgement, document))

    def with_names(
        self,
        judgement: Judgement,
        document: Document,
        registered: Sequence[RegisteredInstitution] | None = None,
    ) -> Judgement:
        """`registered` are rows of the page's operator, None without a registry."""
        facts = [institution.as_fact() for institution in registered or ()]
        judgement = with_brand_findings(judgement, document, self.book, self.kinds, facts)
        judgement = with_naming_findings(judgement, document, self.kinds)
        return with_operator_findings(judgement, document, self.scopes, self.kinds, registered)
