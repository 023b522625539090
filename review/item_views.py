"""What a reader of an item is shown, in parts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from classifier.reference import CitedArticle
from domain.findings import Finding
from domain.institutions import RegisteredInstitution
from domain.outbox import Statement
from domain.page import Contact, Identifier
from domain.pictures import PagePicture, PicturePlace
from domain.places import QuotePlace
from domain.reviews import FindingVerdict, ItemState, Stage, Verdict
from domain.roles import Role
from domain.versions import PageVersion, TextChange
from review.history import EarlierItem
from review.items import ItemSummary
from review.shots import ShotPlaces
from storage.pages.clusters import PageCopy


@dataclass(frozen=True, slots=True)
class PageView:
    """The page as it was read. Offsets of everything are code points into `text`, except where `cleared` says that its words were
    deleted when their term was over: then `text` and all quotes are empty."""

    id: int
    url: str
    final_url: str
    title: str
    site_name: str
    account: str
    author: str
    page_type: str
    captured_at: datetime
    published_at: datetime | None
    text: str
    text_sha256: str
    contacts: tuple[Contact, ...]
    identifiers: tuple[Identifier, ...]
    institutions: tuple[str, ...]
    pictures: tuple[PagePicture, ...]
    cleared: bool = False


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding and what explains it. `passed_gates` are those of its rule that could have silenced it and did not;
    `silenced_by` those that did, with their titles. `shots` stand on the screenshot, `in_pictures` in the page's pictures."""

    id: int
    finding: Finding
    rule_title: str
    articles: tuple[CitedArticle, ...]
    passed_gates: tuple[tuple[str, str], ...]
    silenced_by: tuple[tuple[str, str], ...]
    shots: tuple[QuotePlace, ...]
    in_pictures: tuple[PicturePlace, ...]


@dataclass(frozen=True, slots=True)
class JudgementView:
    """What the machine made of the page. `score` is None and `parts` empty where the reader is not to know them."""

    genre: str
    is_ad: bool
    ad_basis: tuple[CitedArticle, ...]
    reasons: tuple[str, ...]
    score: float | None
    parts: Mapping[str, float]
    rules_sha256: str
    model_sha256: str


@dataclass(frozen=True, slots=True)
class ReadingView:
    """A verdict on the item, also one that was taken back or superseded."""

    by: str
    role: Role
    stage: Stage
    verdict: Verdict
    reason: str
    note: str
    made_at: datetime
    state_after: ItemState
    counts: bool
    findings: Mapping[int, FindingVerdict]


@dataclass(frozen=True, slots=True)
class ItemView:
    """One item. `bundle` is None where no evidence was sealed, as for a page drawn at random; `shot` None where there is no
    readable one, and then `evidence_fault` says why (Chinese, empty for no bundle). `changes` are from the version before.
    `readings` leaves out what a reader is not to know before the own verdict; `statements` are what the institution said against the
    lead, and whether we took it back."""

    item: ItemSummary
    page: PageView
    judgement: JudgementView
    live: tuple[FindingView, ...]
    silenced: tuple[FindingView, ...]
    bundle: str | None
    bundle_sha256: str
    shot: ShotPlaces | None
    evidence_fault: str
    versions: tuple[PageVersion, ...]
    changes: tuple[TextChange, ...]
    copies: tuple[PageCopy, ...]
    registered: tuple[RegisteredInstitution, ...]
    earlier: tuple[EarlierItem, ...]
    readings: tuple[ReadingView, ...]
    statements: tuple[Statement, ...]
