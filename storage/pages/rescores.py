"""Runs that judge stored pages again: cut into parts, each done as a whole or not at all, so that any of them may be broken off."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, func, insert, or_, select, update

from domain.findings import Finding, Judgement
from domain.nights import NightKind
from storage.columns import storable_json
from storage.database import writing
from storage.pages.stored_texts import STORED_TEXT, StoredPage, earlier_pages, stored_pages
from storage.pages.visit_rows import finding_of
from storage.tables import findings, nights, pages, rescore_batches, rescore_pages, rescores

BATCH_PAGES = 400
#: A score that moved by less, with the same findings, is no difference worth keeping.
MOVED = 0.05


@dataclass(frozen=True, slots=True)
class Scope:
    """Which pages: those of one night, those captured `since` (aware), or with neither all. Pages of visits that only follow
    up on a referral are never among them."""

    night_id: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class JudgedBy:
    """What a run judges by, as SHA-256 digests; as long as they are the same, it may be taken up again."""

    rules_sha256: str
    model_sha256: str
    names_sha256: str


@dataclass(frozen=True, slots=True)
class Rescore:
    """One run. `digest` is over all results, in order of page; None, as `ended_at`, while it is unfinished."""

    id: int
    scope: Scope
    judged_by: JudgedBy
    started_at: datetime
    ended_at: datetime | None
    pages: int
    digest: str | None


@dataclass(frozen=True, slots=True)
class Before:
    """What the night made of a page."""

    score: float | None
    flagged: bool
    findings: tuple[Finding, ...]

    def as_judgement(self) -> Judgement:
        return Judgement(self.score or 0.0, self.flagged, "", False, findings=self.findings)


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A page, and what was made of it then and now."""

    stored: StoredPage
    before: Before
    now: Judgement


def open_rescore(
    engine: Engine, scope: Scope, judged_by: JudgedBy, now: datetime, batch_pages: int = BATCH_PAGES
) -> tuple[Rescore, bool]:
    """The unfinished run over the same pages by the same rules, or a new one; and whether it is taken up.

    An unfinished run by other rules is given up: half of its results would be of each.
    """
    same = [rescores.c[name] == value for name, value in asdict(judged_by).items()]
    of_scope = [
        rescores.c.night_id.is_not_distinct_from(scope.night_id),
        rescores.c.since.is_not_distinct_from(scope.since),
    ]
    is_open = rescores.c.ended_at.is_(None) & rescores.c.abandoned.is_(False)
    with writing(engine) as connection:
        known = connection.scalar(select(rescores.c.id).where(is_open, *of_scope, *same).order_by(rescores.c.id.desc()))
        others = update(rescores).where(is_open, *of_scope, rescores.c.id != (known or 0))
        connection.execute(others.values(abandoned=True))
        number = _new_rescore(connection, scope, judged_by, now, batch_pages) if known is None else int(known)
        return _read(connection, number), known is not None


def _new_rescore(connection: Connection, scope: Scope, judged_by: JudgedBy, now: datetime, batch_pages: int) -> int:
    values = {"night_id": scope.night_id, "since": scope.since, "started_at": now, "abandoned": False, "pages": 0}
    number = connection.execute(
        insert(rescores).values(values | asdict(judged_by)).returning(rescores.c.id)
    ).scalar_one()
    query = _in_scope(select(pages.c.id), scope, now).order_by(pages.c.id)
    ids = list(connection.scalars(query))
    batches = [
        {
            "rescore_id": number,
            "number": at // batch_pages,
            "first_page": part[0],
            "last_page": part[-1],
            "pages": len(part),
        }
        for at in range(0, len(ids), batch_pages)
        if (part := ids[at : at + batch_pages])
    ]
    if batches:
        connection.execute(insert(rescore_batches), batches)
    connection.execute(update(rescores).where(rescores.c.id == number).values(pages=len(ids)))
    return int(number)


def _in_scope(query: Any, scope: Scope, started_at: datetime) -> Any:
    return query.select_from(pages.outerjoin(earlier_pages, earlier_pages.c.id == pages.c.same_as)).where(
        STORED_TEXT.is_not(None), *_conditions(scope, started_at)
    )


def _conditions(scope: Scope, started_at: datetime) -> list[ColumnElement[bool]]:
    """A page that had not changed is judged only where the one whose text it has is not judged itself."""
    visits_of_nights = select(nights.c.id).where(nights.c.kind == NightKind.NIGHT.value)
    conditions = [pages.c.captured_at <= started_at, pages.c.night_id.in_(visits_of_nights)]
    if scope.night_id is not None:
        conditions.append(pages.c.night_id == scope.night_id)
        elsewhere: ColumnElement[bool] = earlier_pages.c.night_id != scope.night_id
    elif scope.since is not None:
        conditions.append(pages.c.captured_at >= scope.since)
        elsewhere = earlier_pages.c.captured_at < scope.since
    else:
        return [*conditions, pages.c.same_as.is_(None)]
    return [*conditions, or_(pages.c.same_as.is_(None), elsewhere)]


def open_batches(engine: Engine, rescore_id: int) -> list[int]:
    """The numbers of the parts still to do."""
    query = select(rescore_batches.c.number).where(
        rescore_batches.c.rescore_id == rescore_id, rescore_batches.c.done_at.is_(None)
    )
    with engine.connect() as connection:
        return list(connection.scalars(query.order_by(rescore_batches.c.number)))


def pages_done(engine: Engine, rescore_id: int) -> int:
    query = select(func.sum(rescore_batches.c.pages)).where(
        rescore_batches.c.rescore_id == rescore_id, rescore_batches.c.done_at.is_not(None)
    )
    with engine.connect() as connection:
        return int(connection.scalar(query) or 0)


def read_batch(engine: Engine, rescore_id: int, number: int) -> list[tuple[StoredPage, Before]]:
    """The pages of one part with what their nights made of them."""
    with engine.connect() as connection:
        run = _read(connection, rescore_id)
        batch = connection.execute(
            select(rescore_batches).where(
                rescore_batches.c.rescore_id == rescore_id, rescore_batches.c.number == number
            )
        ).one()
        in_range = pages.c.id.between(batch.first_page, batch.last_page)
        stored = list(stored_pages(connection, in_range, *_conditions(run.scope, run.started_at)))
        return list(with_before(connection, stored))


def with_before(connection: Connection, stored: Sequence[StoredPage]) -> Iterator[tuple[StoredPage, Before]]:
    """Pages with what their nights made of them."""
    found: dict[int, list[Finding]] = {}
    wanted = sorted({page.findings_of for page in stored})
    query = select(findings).where(findings.c.page_id.in_(wanted), findings.c.rescore_id.is_(None))
    for row in connection.execute(query.order_by(findings.c.id)):
        found.setdefault(row.page_id, []).append(finding_of(row))
    ids = [page.id for page in stored]
    rows = connection.execute(select(pages.c.id, pages.c.score, pages.c.flagged).where(pages.c.id.in_(ids)))
    said = {row.id: row for row in rows}
    for page in stored:
        row = said[page.id]
        yield page, Before(row.score, row.flagged, tuple(found.get(page.findings_of, ())))


def store_batch(engine: Engine, rescore_id: int, number: int, judged: Iterable[Rejudged], now: datetime) -> None:
    """Write one part; written again, as after a crash, it takes the place of what was there."""
    rows = [_row(rescore_id, one) for one in judged]
    batch = (rescore_batches.c.rescore_id == rescore_id) & (rescore_batches.c.number == number)
    with writing(engine) as connection:
        bounds = connection.execute(select(rescore_batches).where(batch)).one()
        in_range = rescore_pages.c.page_id.between(bounds.first_page, bounds.last_page)
        connection.execute(delete(rescore_pages).where(rescore_pages.c.rescore_id == rescore_id, in_range))
        if rows:
            connection.execute(insert(rescore_pages), rows)
        connection.execute(update(rescore_batches).where(batch).values(done_at=now))


def _row(rescore_id: int, one: Rejudged) -> dict[str, Any]:
    judgement = storable_json(asdict(one.now))
    found = json.dumps(judgement["findings"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return {
        "rescore_id": rescore_id,
        "page_id": one.stored.id,
        "old_score": one.before.score,
        "old_flagged": one.before.flagged,
        "new_score": one.now.score,
        "new_flagged": one.now.flagged,
        "partial": not one.stored.complete,
        "findings_sha256": hashlib.sha256(found.encode()).hexdigest(),
        "judgement": judgement if _differs(one) else None,
    }


def _differs(one: Rejudged) -> bool:
    moved = abs((one.before.score or 0.0) - one.now.score) > MOVED or one.before.flagged is not one.now.flagged
    return moved or _live_places(one.before.findings) != _live_places(one.now.findings)


def _live_places(found: Iterable[Finding]) -> set[tuple[str, int, int]]:
    return {(finding.rule, finding.start, finding.end) for finding in found if not finding.silenced}


def finish_rescore(engine: Engine, rescore_id: int, now: datetime) -> Rescore:
    """End a run all of whose parts are done. Raises ValueError while one is not."""
    if left := open_batches(engine, rescore_id):
        raise ValueError(f"{len(left)} parts of rescore {rescore_id} are not done")
    with engine.connect() as connection:  # before the turn to write: there are as many results as pages of a year
        digest = _digest(connection, rescore_id)
    with writing(engine) as connection:
        ended = and_(rescores.c.id == rescore_id, rescores.c.ended_at.is_(None))
        connection.execute(update(rescores).where(ended).values(ended_at=now, digest=digest))
        return _read(connection, rescore_id)


def _digest(connection: Connection, rescore_id: int) -> str:
    digest = hashlib.sha256()
    columns = [rescore_pages.c[name] for name in ("page_id", "new_score", "new_flagged", "findings_sha256")]
    query = select(*columns).where(rescore_pages.c.rescore_id == rescore_id).order_by(rescore_pages.c.page_id)
    for row in connection.execute(query.execution_options(yield_per=5000)):
        digest.update(f"{row.page_id} {row.new_score!r} {int(row.new_flagged)} {row.findings_sha256}\n".encode())
    return digest.hexdigest()


def read_rescore(engine: Engine, rescore_id: int) -> Rescore:
    """Raises KeyError for a run that does not exist."""
    with engine.connect() as connection:
        return _read(connection, rescore_id)


def _read(connection: Connection, rescore_id: int) -> Rescore:
    row = connection.execute(select(rescores).where(rescores.c.id == rescore_id)).one_or_none()
    if row is None:
        raise KeyError(rescore_id)
    return Rescore(
        row.id,
        Scope(row.night_id, row.since),
        JudgedBy(row.rules_sha256, row.model_sha256, row.names_sha256),
        row.started_at,
        row.ended_at,
        row.pages,
        row.digest,
    )
