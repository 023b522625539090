"""What a night found becomes items of the desk: its leads, and a random sample of what the machine let pass."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, func, insert, select, text, update

from domain.institutions import name_key
from domain.nights import NightKind
from domain.outcome import Outcome
from domain.reviews import ItemKind, ItemState, Stage
from review.audit_log import MACHINE, AuditLog
from review.conflicts import link_parties
from review.draws import choose, choose_share, new_seed, record_draw
from review.settings import DeskSettings
from storage.database import writing
from storage.tables import (
    desk_item_families,
    desk_item_parties,
    desk_items,
    desk_nights,
    findings,
    nights,
    page_bodies,
    pages,
    targets,
)
from storage.url_keys import url_key

_AT_A_TIME = 500
_TENTHS = 10
_INTAKE_LOCK = 0x5969496E  # any fixed number of ours


def take_in(engine: Engine, night_id: str, now: datetime, settings: DeskSettings | None = None, seed: str = "") -> int:
    """Make items of a night's leads and, once it is finished, of a random sample of its other pages; how many are new.

    Called again it adds what has come since: what is an item already, or was one in an earlier night with the same text
    and no new rule, makes none. With an empty `seed` one is made up; it is recorded.
    """
    settings, seed = settings or DeskSettings(), seed or new_seed()
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":  # a night's end and a desk that opens may take in the same night
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _INTAKE_LOCK})
        ended_at = connection.scalar(select(nights.c.ended_at).where(nights.c.id == night_id))
        known = select(desk_items.c.page_id)
        leads = _page_rows(connection, pages.c.flagged & (pages.c.night_id == night_id) & pages.c.id.not_in(known))
        new = _Intake(connection, night_id, now).add_leads(leads, seed, settings.read_twice_share)
        if new:
            population = [item["page_id"] for item in new]
            chosen = [item["page_id"] for item in new if item["read_twice"]]
            record_draw(connection, "read-twice", night_id, seed, population, chosen, now, MACHINE)
        taken = connection.scalar(select(desk_nights.c.night_id).where(desk_nights.c.night_id == night_id)) is not None
        if ended_at is not None and not taken:
            figures = _night_figures(connection, night_id, now, len(new))
            drawn = _draw_audit(connection, night_id, seed, settings.audit_pages, now)
            new += _Intake(connection, night_id, now).add_drawn(drawn, [item["priority"] for item in new], seed)
            connection.execute(insert(desk_nights), figures)
        if new:
            log = AuditLog(engine, lambda: now)
            detail = {"leads": len(leads), "items": len(new), "seed": seed}
            log.record(connection, MACHINE, "taken-in", f"night:{night_id}", detail)
    return len(new)


def take_in_rescored(engine: Engine, scores: Mapping[int, float], now: datetime, rescore_id: int) -> int:
    """Make items of pages that became leads after their nights, by their ids with their scores as they are now; how many are new.

    Their findings are stored already. Nobody reads them twice unknowing, and no draw counts them: they are not of a night's leads.
    """
    new = 0
    with writing(engine) as connection:
        known = select(desk_items.c.page_id)
        for some in _parts(sorted(scores)):
            rows = _page_rows(connection, pages.c.id.in_(some) & pages.c.id.not_in(known))
            for night_id in sorted({row.night_id for row in rows}):
                of_night = [row for row in rows if row.night_id == night_id]
                new += _Intake(connection, night_id, now).add_rescored(of_night, scores)
        if new:
            detail = {"leads": len(scores), "items": new}
            AuditLog(engine, lambda: now).record(connection, MACHINE, "taken-in", f"rescore:{rescore_id}", detail)
    return new


def take_in_missing(engine: Engine, now: datetime, settings: DeskSettings | None = None) -> int:
    """Take in every finished night that was not, oldest first."""
    query = select(nights.c.id).where(
        nights.c.ended_at.is_not(None),
        nights.c.kind == NightKind.NIGHT.value,
        nights.c.id.not_in(select(desk_nights.c.night_id)),
    )
    with engine.connect() as connection:
        missing = connection.scalars(query.order_by(nights.c.started_at)).all()
    return sum(take_in(engine, night_id, now, settings) for night_id in missing)


def _draw_audit(connection: Connection, night_id: str, seed: str, size: int, now: datetime) -> list[Any]:
    """Pages of content below the threshold, each with the same chance."""
    below = (
        (pages.c.night_id == night_id)
        & pages.c.flagged.is_(False)
        & (pages.c.outcome == Outcome.CONTENT.value)
        & pages.c.score.is_not(None)
    )
    population = connection.scalars(select(pages.c.id).where(below).order_by(pages.c.id)).all()
    drawn = choose(seed, population, size)
    if population:
        record_draw(connection, "audit", night_id, seed, population, drawn, now, MACHINE)
    known = set(connection.scalars(select(desk_items.c.page_id).where(desk_items.c.page_id.in_(drawn))))
    return [row for row in _page_rows(connection, pages.c.id.in_(drawn)) if row.id not in known]


def _page_rows(connection: Connection, condition: Any) -> list[Any]:
    """Without the texts, which may be long and are many."""
    columns = (
        "id", "night_id", "target_id", "url", "title", "site_name", "account", "institutions", "score", "captured_at",
        "same_as",
    )  # fmt: skip
    query = (
        select(
            *(pages.c[name] for name in columns),
            targets.c.name.label("target"),
            targets.c.region,
            targets.c.institution.label("target_institution"),
            page_bodies.c.body_sha256,
            page_bodies.c.cluster_id,
        )
        .join(targets, targets.c.id == pages.c.target_id)
        .outerjoin(page_bodies, page_bodies.c.page_id == pages.c.id)
        .where(condition)
        .order_by(pages.c.id)
    )
    return list(connection.execute(query).all())


@dataclass(frozen=True, slots=True)
class _Live:
    """The live findings of a page: families weightiest first, rules sorted, the gravest severity."""

    families: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    severity: int = 1


class _Intake:
    """The pages of one night on their way in."""

    def __init__(self, connection: Connection, night_id: str, now: datetime) -> None:
        self._connection = connection
        self._night_id = night_id
        self._now = now

    def add_leads(self, rows: Sequence[Any], seed: str, share: float) -> list[dict[str, Any]]:
        """Each new one is to be read twice with the chance `share`, whatever else the night has."""
        new: list[dict[str, Any]] = []
        for some in _parts(rows):
            live = self._live(some)
            fresh = self._not_seen_before([self._item(row, live.get(row.id, _Live()), ItemKind.LEAD) for row in some])
            twice = choose_share(seed, (item["page_id"] for item in fresh), share)
            for item in fresh:
                item["read_twice"] = item["page_id"] in twice
            self._insert(fresh, {row.id: row for row in some})
            new += fresh
        return new

    def add_drawn(self, rows: Sequence[Any], priorities: Sequence[float], seed: str) -> list[dict[str, Any]]:
        """A drawn page stands in the queue where a lead of the night stands that chance names, else its place would tell."""
        live = self._live(rows)
        items = []
        for row in rows:
            item = self._item(row, live.get(row.id, _Live()), ItemKind.AUDIT)
            if priorities:
                item["priority"] = priorities[choose(f"{seed}:{row.id}", range(len(priorities)), 1)[0]]
                item["rank"] = -item["priority"]
            items.append(item)
        self._insert(items, {row.id: row for row in rows})
        return items

    def add_rescored(self, rows: Sequence[Any], scores: Mapping[int, float]) -> int:
        """Items whose score is that of `scores`, not the one of the night."""
        live = self._live(rows)
        items = [self._item(row, live.get(row.id, _Live()), ItemKind.LEAD, scores[row.id]) for row in rows]
        fresh = self._not_seen_before(items)
        self._insert(fresh, {row.id: row for row in rows})
        return len(fresh)

    def _live(self, rows: Sequence[Any]) -> Mapping[int, _Live]:
        """By page; those of a page that had not changed are with the earlier one."""
        pages_of: dict[int, list[int]] = {}
        for row in rows:
            pages_of.setdefault(row.same_as or row.id, []).append(row.id)
        found: dict[int, list[Any]] = {}
        for some in _parts(sorted(pages_of)):
            query = select(findings).where(findings.c.page_id.in_(some), findings.c.silenced.is_(False))
            for finding in self._connection.execute(query.order_by(findings.c.weight.desc(), findings.c.id)):
                found.setdefault(finding.page_id, []).append(finding)
        live: dict[int, _Live] = {}
        for page_id, those in found.items():
            summed = _Live(
                tuple(dict.fromkeys(finding.family for finding in those)),
                tuple(sorted({finding.rule for finding in those})),
                max(finding.severity for finding in those),
            )
            live |= dict.fromkeys(pages_of[page_id], summed)
        return live

    def _item(self, row: Any, live: _Live, kind: ItemKind, later_score: float | None = None) -> dict[str, Any]:
        named = row.institutions or ()
        score = row.score if later_score is None else later_score
        priority = live.severity * score
        return {
            "page_id": row.id,
            "night_id": self._night_id,
            "target_id": row.target_id,
            "target": row.target,
            "region": row.region,
            "institution": row.target_institution or (named[0] if named else row.site_name or ""),
            "url": row.url,
            "title": row.title or "",
            "url_key": url_key(row.url),
            "body_sha256": row.body_sha256 or "",
            "cluster_id": row.cluster_id,
            "families": list(live.families),
            "rules": list(live.rules),
            "severity": live.severity,
            "probability": score,
            "priority": priority,
            "rank": -priority,
            "kind": kind.value,
            "read_twice": False,
            "state": ItemState.WAITING.value,
            "stage": Stage.FIRST.value,
            "created_at": self._now,
            "stage_since": self._now,
            "seen_at": row.captured_at,
            "version": 1,
        }

    def _not_seen_before(self, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Items whose text was not there before at their address, or has a rule now that it had not then."""
        wanted = {(item["url_key"], item["body_sha256"]) for item in items if item["body_sha256"]}
        earlier: dict[tuple[str, str], list[Any]] = {}
        query = select(desk_items.c.id, desk_items.c.url_key, desk_items.c.body_sha256, desk_items.c.rules)
        keys = sorted({key for key, _ in wanted})
        for some in _parts(keys):
            for row in self._connection.execute(
                query.where(desk_items.c.url_key.in_(some), desk_items.c.kind == "lead")
            ):
                earlier.setdefault((row.url_key, row.body_sha256), []).append(row)
        fresh, seen_again = [], []
        for item in items:
            same = earlier.get((item["url_key"], item["body_sha256"]), [])
            known = [row for row in same if set(item["rules"]) <= set(row.rules)]
            if known:
                seen_again.append((known[-1].id, item["seen_at"]))
            else:
                fresh.append(item)
        for item_id, seen_at in seen_again:
            again = update(desk_items).where(desk_items.c.id == item_id, desk_items.c.seen_at < seen_at)
            self._connection.execute(again.values(seen_at=seen_at))
        return fresh

    def _insert(self, items: Sequence[dict[str, Any]], rows: Mapping[int, Any]) -> None:
        if not items:
            return
        self._connection.execute(insert(desk_items), items)
        pages_in = [item["page_id"] for item in items]
        ids = {
            row.page_id: row.id
            for row in self._connection.execute(
                select(desk_items.c.id, desk_items.c.page_id).where(desk_items.c.page_id.in_(pages_in))
            )
        }
        kinds = [{"family": family, "item_id": ids[item["page_id"]]} for item in items for family in item["families"]]
        if kinds:
            self._connection.execute(insert(desk_item_families), kinds)
        parties = [
            {"party": party, "item_id": ids[item["page_id"]]}
            for item in items
            for party in parties_of(rows[item["page_id"]])
        ]
        if parties:
            self._connection.execute(insert(desk_item_parties), parties)
            link_parties(self._connection, (row["party"] for row in parties))


def parties_of(row: Any) -> list[str]:
    """Every name by which the institution of a page may be known, as `name_key` writes them."""
    names: Iterable[str | None] = (
        row.target_institution, row.target, row.site_name, row.account, *(row.institutions or ()),
    )  # fmt: skip
    return sorted({key for name in names if name and (key := name_key(name))})


def _night_figures(connection: Connection, night_id: str, now: datetime, items: int) -> dict[str, Any]:
    """What later nights are compared with."""
    judged = (pages.c.night_id == night_id) & pages.c.score.is_not(None)
    scores = [0] * _TENTHS
    leads = 0
    reached = (case((pages.c.score >= number / _TENTHS, 1), else_=0) for number in range(2, _TENTHS))
    tenth = sum(reached, start=case((pages.c.score >= 1 / _TENTHS, 1), else_=0))  # databases round in different ways
    query = select(tenth.label("tenth"), pages.c.flagged, func.count().label("pages")).where(judged)
    for row in connection.execute(query.group_by(tenth, pages.c.flagged)):
        scores[min(max(int(row.tenth), 0), _TENTHS - 1)] += row.pages
        leads += row.pages if row.flagged else 0
    hits = (
        select(findings.c.rule, func.count(findings.c.page_id.distinct()).label("pages"))
        .join(pages, pages.c.id == findings.c.page_id)
        .where(pages.c.night_id == night_id, findings.c.silenced.is_(False))
        .group_by(findings.c.rule)
    )
    return {
        "night_id": night_id,
        "taken_at": now,
        "pages": sum(scores),
        "leads": leads,
        "items": items,
        "scores": scores,
        "rule_hits": {row.rule: row.pages for row in connection.execute(hits)},
    }


def _parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), _AT_A_TIME):
        yield values[start : start + _AT_A_TIME]
