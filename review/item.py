"""All that a reader needs to decide one item."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, select

from classifier.reference import Reference
from domain.beijing import beijing_time
from domain.institutions import RegisteredInstitution
from domain.pictures import places_of
from domain.reviews import FindingVerdict, ItemState, Stage, Verdict
from domain.roles import Act, Role, may
from domain.versions import PageVersion, TextChange, text_changes
from review.accounts import Account, require
from review.history import earlier_items
from review.item_views import FindingView, ItemView, JudgementView, PageView, ReadingView
from review.items import NoSuchItem, is_blind, summaries, summary_of, without_conflicts
from review.shots import EvidenceUnreadable, ShotPlaces, shot_places
from storage.leads.outbox import statements_of
from storage.operators.registry import SqlRegistry
from storage.pages.clusters import copies_of
from storage.pages.pictures import pictures_of_page
from storage.pages.rescore_results import rescored_at
from storage.pages.versions import version_text, versions_of
from storage.pages.visit_rows import contacts_of, finding_of, identifiers_of
from storage.tables import bundles, desk_accounts, desk_decisions, desk_finding_verdicts, desk_items, findings, pages


def load_item(
    engine: Engine, folder: Path, item_id: int, reader: Account, now: datetime, reference: Reference | None = None
) -> ItemView:
    """An item as that reader may see it. Raises RoleMayNot or NoSuchItem, also for an institution declared as a conflict."""
    require(reader, Act.READ_ITEM)
    reference = reference or Reference()
    with engine.connect() as connection:
        row = connection.execute(without_conflicts(summaries(), reader).where(desk_items.c.id == item_id)).one_or_none()
        if row is None:
            raise NoSuchItem(item_id)
        page = _page(connection, row.page_id)
        found = connection.execute(
            select(findings)
            .where(findings.c.page_id == page.findings_of)
            .order_by(findings.c.start_offset, findings.c.id)
        ).all()
        bundle = connection.execute(select(bundles).where(bundles.c.page_id == row.page_id)).one_or_none()
        readings = _readings(connection, item_id)
        rescored = rescored_at(connection, page.findings_of)
    blind = is_blind(row) and not may(reader.role, Act.SEE_KIND)
    shot, fault = _shot(folder, None if bundle is None else bundle.path)
    views = [_finding(item, page.view, shot, reference) for item in found]
    versions = versions_of(engine, row.url)
    return ItemView(
        item=summary_of(row, reader, now),
        page=page.view,
        judgement=_judgement(page.judgement, reference, blind, _said_of(rescored, page.view)),
        live=tuple(view for view in views if not view.finding.silenced),
        silenced=tuple(view for view in views if view.finding.silenced),
        bundle=None if bundle is None else bundle.path,
        bundle_sha256="" if bundle is None else bundle.sha256,
        shot=shot,
        evidence_fault=fault,
        versions=versions,
        changes=_changes(engine, versions, row.body_sha256),
        copies=copies_of(engine, row.url) if versions else (),
        registered=_registered(engine, page.view),
        earlier=earlier_items(engine, reader, row),
        readings=tuple(reading for reading in readings if not blind or reading.by == reader.name),
        statements=statements_of(engine, [row.page_id]).get(row.page_id, ()),
    )


@dataclass(frozen=True, slots=True)
class _Page:
    view: PageView
    judgement: Mapping[str, Any]
    findings_of: (
        int  # the page whose findings these are: the earlier one where the server said that nothing had changed
    )


def _page(connection: Connection, page_id: int) -> _Page:
    row = connection.execute(select(pages).where(pages.c.id == page_id)).one()
    text = row.text
    if text is None and row.same_as is not None:
        text = connection.scalar(select(pages.c.text).where(pages.c.id == row.same_as))
    source = page_id if row.same_as is None else row.same_as
    view = PageView(
        id=row.id,
        url=row.url,
        final_url=row.final_url,
        title=row.title or "",
        site_name=row.site_name or "",
        account=row.account or "",
        author=row.author or "",
        page_type=row.page_type or "page",
        captured_at=row.captured_at,
        published_at=row.published_at,
        text=text or "",
        text_sha256=row.text_sha256 or "",
        contacts=contacts_of(row),
        identifiers=identifiers_of(row),
        institutions=tuple(row.institutions or ()),
        pictures=pictures_of_page(connection, source),
        cleared=text is None,
    )
    return _Page(view, row.judgement or {}, source)


def _finding(row: Any, page: PageView, shot: ShotPlaces | None, reference: Reference) -> FindingView:
    finding = finding_of(row)
    rule = reference.card_of(row.rule)
    passed = () if rule is None else tuple(gate for gate in rule.gates if gate not in finding.gates)
    return FindingView(
        id=row.id,
        finding=finding,
        rule_title=reference.title_of(row.rule),
        articles=tuple(reference.cite(basis) for basis in finding.basis),
        passed_gates=tuple((gate, reference.gates.get(gate, gate)) for gate in passed),
        silenced_by=tuple((gate, reference.gates.get(gate, gate)) for gate in finding.gates),
        shots=() if shot is None else tuple(place for place in shot.places if place.quote == finding.quote),
        in_pictures=tuple(places_of(page.pictures, finding.start, finding.end)),
    )


def _said_of(rescored: datetime | None, page: PageView) -> tuple[str, ...]:
    """For a page that a later rescore made a lead: how old it is, and that nobody sealed evidence of it."""
    if rescored is None:
        return ()
    return (
        f"重评新增：页面取得于 {beijing_time(page.captured_at)}，当夜未列为线索；{beijing_time(rescored)} 按新规则重评后列入。"
        "只有当夜的原始记录，没有截图与证据包；移送前须重新取证",
    )


def _judgement(
    stored: Mapping[str, Any], reference: Reference, blind: bool, said: tuple[str, ...] = ()
) -> JudgementView:
    return JudgementView(
        genre=stored.get("genre", "other"),
        is_ad=bool(stored.get("is_ad")),
        ad_basis=tuple(reference.cite(basis) for basis in stored.get("ad_basis", ())),
        reasons=(*said, *stored.get("reasons", ())),
        score=None if blind else stored.get("score"),
        parts={} if blind else dict(stored.get("parts", {})),
        rules_sha256=stored.get("rules_sha256", ""),
        model_sha256=stored.get("model_sha256", ""),
    )


def _shot(folder: Path, bundle: str | None) -> tuple[ShotPlaces | None, str]:
    if bundle is None:
        return None, ""
    try:
        return shot_places(folder, bundle), ""
    except EvidenceUnreadable as fault:
        return None, str(fault)


def _changes(engine: Engine, versions: tuple[PageVersion, ...], body_sha256: str) -> tuple[TextChange, ...]:
    """What the item's text has that the version before did not, and the other way round."""
    place = next((number for number, version in enumerate(versions) if version.digest == body_sha256), 0)
    if not place or not all(_has_words(engine, version) for version in versions[place - 1 : place + 1]):
        return ()
    return text_changes(version_text(engine, versions[place - 1]), version_text(engine, versions[place]))


def _has_words(engine: Engine, version: PageVersion) -> bool:
    """Whether a version's text is kept still; its digest is in any case."""
    earlier = pages.alias("earlier")
    query = (
        select(func.coalesce(pages.c.text, earlier.c.text).is_not(None))
        .select_from(pages.outerjoin(earlier, earlier.c.id == pages.c.same_as))
        .where(pages.c.id == version.page_id)
    )
    with engine.connect() as connection:
        return bool(connection.scalar(query))


def _registered(engine: Engine, page: PageView) -> tuple[RegisteredInstitution, ...]:
    """What lists of institutions have under the page's names, numbers, host and account."""
    numbers = [(number.kind, number.value) for number in page.identifiers]
    return SqlRegistry(engine).of_page(page.url, page.account, numbers, (page.site_name, *page.institutions))


def _readings(connection: Connection, item_id: int) -> list[ReadingView]:
    made = connection.execute(
        select(desk_decisions, desk_accounts.c.name)
        .join(desk_accounts, desk_accounts.c.id == desk_decisions.c.account_id)
        .where(desk_decisions.c.item_id == item_id)
        .order_by(desk_decisions.c.id)
    ).all()
    said: dict[int, dict[int, FindingVerdict]] = {}
    query = select(desk_finding_verdicts).where(
        desk_finding_verdicts.c.decision_id.in_([decision.id for decision in made])
    )
    for row in connection.execute(query):
        said.setdefault(row.decision_id, {})[row.finding_id] = FindingVerdict(row.verdict)
    return [
        ReadingView(
            by=row.name,
            role=Role(row.role),
            stage=Stage(row.stage),
            verdict=Verdict(row.verdict),
            reason=row.reason,
            note=row.note,
            made_at=row.made_at,
            state_after=ItemState(row.state_after),
            counts=row.undone_at is None and row.superseded_at is None and row.verdict != Verdict.LATER.value,
            findings=said.get(row.id, {}),
        )
        for row in made
    ]
