"""The judge of a night: words and names, then what the registry has about the page's operator."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from classifier.engine import Classifier
from domain.beijing import BEIJING
from domain.documents import document_of
from domain.findings import Judgement
from domain.page import ExtractedPage
from domain.practitioners import PractitionerBook
from domain.registry_findings import RegistryView, with_registry_findings
from domain.site_logos import OfficialLogo, logo_sources
from domain.subjects import SubjectBook
from storage.operators.certificate_lists import list_that_lacks
from storage.operators.logos import official_logos
from storage.operators.practitioners import SqlPractitioners
from storage.operators.registry import SqlRegistry
from yiguang.judging import NamesAndWords
from yiguang.lexicon_books import load_practitioner_book, load_subjects
from yiguang.settings import Settings
from yiguang.wiring import load_names


def page_judge(
    classifier: Classifier, settings: Settings, engine: Engine, clock: Callable[[], datetime]
) -> "RegistryJudge":
    """Judges a page by words, names and, when there is one, the registry; a lead's reasons name what it hangs on.

    Raises CommandFailed as `load_names` does.
    """
    registry, practitioners = SqlRegistry(engine), SqlPractitioners(engine)
    logos = official_logos(engine)
    return RegistryJudge(load_names(classifier, settings), registry, practitioners, logos, settings.lexicons, clock)


class RegistryJudge:
    """Judges pages of a night with the registry at hand; with an empty one by names and words alone.

    `registry_state` are the lists that the registry was made of when the night began: source, day and rows of each, empty
    without any. `names_sha256` stands for it and the lists of names, in every judgement.
    """

    def __init__(
        self,
        words: NamesAndWords,
        registry: SqlRegistry,
        practitioners: SqlPractitioners,
        logos: Sequence[OfficialLogo],
        lexicons: Path,
        clock: Callable[[], datetime],
    ) -> None:
        self._words = words
        self._registry = registry
        self._practitioners = practitioners
        self._forms: PractitionerBook = load_practitioner_book(lexicons)
        self._complete = registry.complete_lists()
        self._subjects: SubjectBook = load_subjects(lexicons)
        self._clock = clock
        lists = [f"{source} {as_of} {rows}" for source, as_of, rows in registry.sources()]
        complete = [f"{stated.issuer} complete in {stated.source} {stated.as_of}" for stated in self._complete]
        self._has_institutions = bool(lists)
        signs = [f"signs of {source} {as_of} {digest}" for source, as_of, digest in logo_sources(logos)]
        doctors = [f"practitioners of {source} {as_of} {rows}" for source, as_of, rows in practitioners.sources()]
        self._has_lists = bool((*lists, *complete, *doctors))
        self.registry_state = "; ".join((*lists, *complete, *doctors, *signs))
        self.names_sha256 = hashlib.sha256(f"{words.names_sha256} {self.registry_state}".encode()).hexdigest()

    def __call__(self, page: ExtractedPage) -> Judgement:
        """A lead's last reason from the words names the findings without which it would be none."""
        return replace(self._judge(page), names_sha256=self.names_sha256)

    def _judge(self, page: ExtractedPage) -> Judgement:
        document = document_of(page)
        if not self._has_lists:  # signs were held against the page's own when it was fetched
            return self._words.explain(document).judgement
        view = registry_view(page, self._registry)
        lacking = partial(list_that_lacks, self._complete)
        view = replace(view, list_that_lacks=lacking, practitioners=self._practitioners.of)
        judgement = self._words.classifier.explain(document).judgement
        judgement = self._words.with_names(judgement, document, view.found if self._has_institutions else None)
        captured_on = self._clock().astimezone(BEIJING).date()
        return with_registry_findings(
            judgement, page, view, captured_on, self._words.kinds, self._subjects, self._forms
        )


def registry_view(page: ExtractedPage, registry: SqlRegistry) -> RegistryView:
    """What the registry has of the page's operator: by its numbers, domain and account, and by the name it goes by."""
    numbers = [(number.kind, number.value) for number in page.identifiers]
    identified = registry.of_page(page.url, page.account, numbers)
    by_name = registry.find([page.site_name]) if page.site_name else ()
    found = tuple(dict.fromkeys((*identified, *by_name)))
    return RegistryView(found, identified, registry.certificate)
