"""Referred pages, and what later visits found of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select

from domain.outbox import Step
from domain.outcome import Outcome
from domain.takedown import Claim, Grade, Graded, Look, grade, next_visit
from storage.columns import UtcDateTime
from storage.leads.outbox import rescinded_pages, struck_steps
from storage.tables import (
    findings,
    look_bundles,
    pages,
    referral_packages,
    referral_steps,
    referred_leads,
    takedown_looks,
)

_IDS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class FoundClaims:
    """Claims by page: in order of the text those that count, and those that a gate silenced."""

    live: Mapping[int, tuple[Claim, ...]]
    silenced: Mapping[int, frozenset[Claim]]


@dataclass(frozen=True, slots=True)
class RecordedLook:
    """A look as it was graded at the time. `page_id` is the page of the visit, `detail` short Chinese about its outcome. `bundle` is the path
    of its evidence in the data folder, empty as its digest for a look that was recorded before looks had their own."""

    look: Look
    page_id: int
    night_id: str
    detail: str
    grade: Grade
    reappeared: bool
    bundle: str
    bundle_sha256: str


@dataclass(frozen=True, slots=True)
class ReferredCase:
    """A lead that is in a complete package. `referred_at` is when the first one was sent, or made as long as none of its packages is
    sent; looks are oldest first. Packages that were returned or withdrawn and leads that were taken back are
    left out."""

    case_id: int
    target_id: int
    url: str
    title: str
    referred_at: datetime
    text_sha256: str
    claims: tuple[Claim, ...]
    looks: tuple[RecordedLook, ...]

    @property
    def graded(self) -> Graded | None:
        """What the last look says; None when there was none yet."""
        return grade(self.claims, [each.look for each in self.looks]) if self.looks else None

    @property
    def due_at(self) -> datetime | None:
        """When the page is to be visited next; None when the ladder is at its end."""
        return next_visit(self.referred_at, [each.look for each in self.looks], self.claims)


def referred_cases(engine: Engine, case_ids: Sequence[int] | None = None) -> list[ReferredCase]:
    """All of them, or those of a few hundred ids that are in a package, in the order in which they were referred."""
    with engine.connect() as connection:
        return _referred(connection, case_ids)


def referred_case(engine: Engine, case_id: int) -> ReferredCase | None:
    """One of them; None for a lead that is in no package."""
    with engine.connect() as connection:
        return next(iter(_referred(connection, [case_id])), None)


def looks_at(engine: Engine, case_id: int) -> list[RecordedLook]:
    """All looks at a lead, oldest first, also those of packages that were returned or of a lead taken back."""
    with engine.connect() as connection:
        return [_recorded(row) for row in connection.execute(_seen().where(takedown_looks.c.case_id == case_id))]


def _seen() -> Select[Any]:
    return (
        select(takedown_looks, look_bundles.c.path, look_bundles.c.sha256)
        .outerjoin(look_bundles, look_bundles.c.look_id == takedown_looks.c.id)
        .order_by(takedown_looks.c.looked_at, takedown_looks.c.id)
    )


def _referred(connection: Connection, case_ids: Sequence[int] | None = None) -> list[ReferredCase]:
    steps = referral_steps.c
    sent = (
        select(steps.package_id, func.min(steps.at).label("at"))
        .where(steps.step == Step.SENT.value, steps.id.not_in(struck_steps()))
        .group_by(steps.package_id)
        .subquery()
    )
    over = (Step.RETURNED.value, Step.WITHDRAWN.value)
    ended = select(steps.package_id).where(steps.step.in_(over), steps.id.not_in(struck_steps()))
    left_at = func.coalesce(sent.c.at, referral_packages.c.made_at)
    made = (
        select(referred_leads.c.page_id, func.min(left_at, type_=UtcDateTime()).label("referred_at"))
        .join(referral_packages, referral_packages.c.id == referred_leads.c.package_id)
        .outerjoin(sent, sent.c.package_id == referral_packages.c.id)
        .where(
            referral_packages.c.manifest_sha256.is_not(None),
            referral_packages.c.id.not_in(ended),
            referred_leads.c.page_id.not_in(rescinded_pages()),
        )
        .group_by(referred_leads.c.page_id)
        .subquery()
    )
    query = (
        select(pages.c.id, pages.c.target_id, pages.c.url, pages.c.title, pages.c.text_sha256, made.c.referred_at)
        .join(made, made.c.page_id == pages.c.id)
        .order_by(made.c.referred_at, pages.c.id)
    )
    seen = _seen()
    if case_ids is not None:
        query, seen = query.where(pages.c.id.in_(case_ids)), seen.where(takedown_looks.c.case_id.in_(case_ids))
    rows = connection.execute(query).all()
    found = claims_of(connection, [row.id for row in rows])
    looks: defaultdict[int, list[RecordedLook]] = defaultdict(list)
    for row in connection.execute(seen):
        looks[row.case_id].append(_recorded(row))
    return [
        ReferredCase(
            case_id=row.id,
            target_id=row.target_id,
            url=row.url,
            title=row.title or "",
            referred_at=row.referred_at,
            text_sha256=row.text_sha256 or "",
            claims=found.live.get(row.id, ()),
            looks=tuple(looks[row.id]),
        )
        for row in rows
    ]


def claims_of(connection: Connection, page_ids: Sequence[int]) -> FoundClaims:
    """The claims of any number of pages."""
    live: defaultdict[int, dict[Claim, None]] = defaultdict(dict)
    silenced: defaultdict[int, dict[Claim, None]] = defaultdict(dict)
    for start in range(0, len(page_ids), _IDS_AT_ONCE):
        rows = connection.execute(
            select(findings.c.page_id, findings.c.rule, findings.c.quote, findings.c.silenced)
            .where(findings.c.page_id.in_(page_ids[start : start + _IDS_AT_ONCE]))
            .order_by(findings.c.page_id, findings.c.start_offset, findings.c.id)
        )
        for row in rows:
            (silenced if row.silenced else live)[row.page_id][Claim(row.rule, row.quote)] = None
    return FoundClaims(
        {page_id: tuple(claims) for page_id, claims in live.items()},
        {page_id: frozenset(claims) for page_id, claims in silenced.items()},
    )


def _recorded(row: Row[Any]) -> RecordedLook:
    claims = tuple(Claim(rule, quote) for rule, quote in row.claims)
    look = Look(row.looked_at, Outcome(row.outcome), claims, row.flagged, tuple(row.copies))
    return RecordedLook(
        look,
        row.page_id,
        row.night_id,
        row.detail,
        Grade(row.grade),
        row.reappeared,
        row.path or "",
        row.sha256 or "",
    )
