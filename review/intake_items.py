"""Pages on their way to the desk: what is known of them becomes the rows of an item."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from domain.institutions import PUBLIC_ACCOUNT_PLATFORM, name_key
from domain.reviews import ItemKind, ItemState, Stage
from review.conflicts import link_parties
from review.draws import choose, choose_share
from storage.tables import (
    desk_item_families,
    desk_item_parties,
    desk_items,
    findings,
    page_bodies,
    pages,
    targets,
)
from storage.url_keys import url_key

_AT_A_TIME = 500


def page_rows(connection: Connection, condition: Any) -> list[Any]:
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


class Intake:
    """The pages of one night on their way in."""

    def __init__(self, connection: Connection, night_id: str, now: datetime) -> None:
        self._connection = connection
        self._night_id = night_id
        self._now = now

    def add_leads(self, rows: Sequence[Any], seed: str, share: float) -> list[dict[str, Any]]:
        """Each new one is to be read twice with the chance `share`, whatever else the night has."""
        new: list[dict[str, Any]] = []
        for some in in_parts(rows):
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
        for some in in_parts(sorted(pages_of)):
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
        score = row.score if later_score is None else later_score
        priority = live.severity * score
        return {
            "page_id": row.id,
            "night_id": self._night_id,
            "target_id": row.target_id,
            "target": row.target,
            "region": row.region,
            "institution": _institution_of(row),
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
        for some in in_parts(keys):
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
        row.target_institution, row.target, _own_site_name(row), row.account, *(row.institutions or ()),
    )  # fmt: skip
    return sorted({key for name in names if name and (key := name_key(name))})


def _institution_of(row: Any) -> str:
    """Who the page seems to be of, empty when nothing says so."""
    named = row.institutions or ("",)
    return row.target_institution or named[0] or row.account or _own_site_name(row)


def _own_site_name(row: Any) -> str:
    """The name of the page's site unless it is the platform's: under that one all public accounts would be one operator."""
    return "" if row.site_name == PUBLIC_ACCOUNT_PLATFORM else row.site_name or ""


def in_parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """So many at a time as one statement may name."""
    for start in range(0, len(values), _AT_A_TIME):
        yield values[start : start + _AT_A_TIME]
