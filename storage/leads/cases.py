"""What was flagged, as it is shown to a person."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Row, Select, select

from domain.findings import Judgement
from domain.nights import Case
from domain.pictures import PagePicture
from domain.reviews import ItemState
from storage.pages.pictures import pictures_of_page
from storage.pages.visit_rows import contacts_of, finding_of, identifiers_of
from storage.tables import bundles, desk_items, findings, night_targets, pages


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case with all that was judged. Offsets of `judgement.findings` are code points into `text`; `domain.pictures.places_of`
    says which of them stand in pictures."""

    case: Case
    judgement: Judgement
    text: str
    text_sha256: str
    account: str
    contacts: tuple[tuple[str, str], ...]
    identifiers: tuple[tuple[str, str], ...]
    pictures: tuple[PagePicture, ...] = ()


def list_cases(engine: Engine, night_id: str | None = None) -> list[Case]:
    """Flagged pages, highest score first; of one night or, with None, newest night first of all."""
    query = _case_query().order_by(pages.c.night_id.desc(), pages.c.score.desc(), pages.c.id)
    if night_id is not None:
        query = query.where(pages.c.night_id == night_id)
    with engine.connect() as connection:
        rows = connection.execute(query).all()
        families: dict[int, list[str]] = {}
        live = (
            select(findings.c.page_id, findings.c.family)
            .join(pages, pages.c.id == findings.c.page_id)
            .where(pages.c.flagged, findings.c.silenced.is_(False))
            .order_by(findings.c.weight.desc(), findings.c.id)
        )
        if night_id is not None:
            live = live.where(pages.c.night_id == night_id)
        for finding in connection.execute(live):
            families.setdefault(finding.page_id, []).append(finding.family)
    return [_case_of(row, tuple(dict.fromkeys(families.get(row.id, ())))) for row in rows]


def show_case(engine: Engine, case_id: int) -> CaseDetail:
    """One case in full. Raises KeyError when there is no flagged page of that id."""
    with engine.connect() as connection:
        row = connection.execute(_case_query().where(pages.c.id == case_id)).one_or_none()
        if row is None:
            raise KeyError(case_id)
        page = connection.execute(select(pages).where(pages.c.id == case_id)).one()
        pictures = pictures_of_page(connection, case_id)
        found = connection.execute(select(findings).where(findings.c.page_id == case_id).order_by(findings.c.id)).all()
    live = sorted((item for item in found if not item.silenced), key=lambda item: -item.weight)
    return CaseDetail(
        case=_case_of(row, tuple(dict.fromkeys(item.family for item in live))),
        judgement=_judgement_of(page.judgement, found),
        text=page.text,
        text_sha256=page.text_sha256,
        account=page.account,
        contacts=tuple((contact.kind.value, contact.value) for contact in contacts_of(page)),
        identifiers=tuple((number.kind, number.value) for number in identifiers_of(page)),
        pictures=pictures,
    )


def desk_states(engine: Engine, night_id: str | None = None) -> dict[int, ItemState]:
    """How far the desk is with each case, of one night or of all; one that is not at the desk is left out."""
    query = select(desk_items.c.page_id, desk_items.c.state)
    if night_id is not None:
        query = query.where(desk_items.c.night_id == night_id)
    with engine.connect() as connection:
        return {row.page_id: ItemState(row.state) for row in connection.execute(query)}


def desk_state(engine: Engine, case_id: int) -> ItemState | None:
    """How far the desk is with one case; None when it is not at the desk."""
    with engine.connect() as connection:
        state = connection.scalar(select(desk_items.c.state).where(desk_items.c.page_id == case_id))
    return None if state is None else ItemState(state)


def _case_query() -> Select[Any]:
    return (
        select(
            pages.c.id,
            pages.c.night_id,
            pages.c.url,
            pages.c.title,
            pages.c.score,
            pages.c.captured_at,
            night_targets.c.name.label("target"),
            bundles.c.path.label("bundle"),
            bundles.c.sha256,
        )
        .join(bundles, bundles.c.page_id == pages.c.id)
        .join(
            night_targets,
            (night_targets.c.night_id == pages.c.night_id) & (night_targets.c.target_id == pages.c.target_id),
        )
        .where(pages.c.flagged)
    )


def _case_of(row: Row[Any], families: tuple[str, ...]) -> Case:
    return Case(
        id=row.id,
        night_id=row.night_id,
        target=row.target,
        url=row.url,
        title=row.title,
        score=row.score,
        families=families,
        captured_at=row.captured_at,
        bundle=row.bundle,
        bundle_sha256=row.sha256,
    )


def _judgement_of(stored: dict[str, Any], found: list[Row[Any]] | tuple[Row[Any], ...] | Any) -> Judgement:
    return Judgement(
        score=stored["score"],
        flagged=stored["flagged"],
        genre=stored["genre"],
        is_ad=stored["is_ad"],
        ad_basis=tuple(stored["ad_basis"]),
        findings=tuple(map(finding_of, found)),
        reasons=tuple(stored["reasons"]),
        rules_sha256=stored["rules_sha256"],
        model_sha256=stored["model_sha256"],
        names_sha256=stored.get("names_sha256", ""),  # judgements of older versions knew no lists of names
        parts=stored["parts"],
    )
