"""Rows of a year of nights over invented clinics, as the desk's benchmark fills a database with."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, Table, insert, text

from domain.findings import FAMILIES
from storage.database import writing
from storage.tables import (
    desk_item_families,
    desk_item_parties,
    desk_items,
    findings,
    frontier,
    nights,
    page_bodies,
    pages,
    targets,
    visits,
)

BEGAN = datetime(2026, 1, 1, 18, 0, tzinfo=UTC)
TARGETS, NIGHTS = 500, 200
_ROWS_AT_ONCE = 5000
_TEXT = "示例门诊部本院治愈率达98%，签约治疗，无效退款。" * 20


def build(engine: Engine, page_count: int, item_count: int) -> None:
    """Rows as a year of nights leaves them, written in bulk."""
    chance = random.Random(7)
    every = max(1, page_count // item_count)
    _insert(engine, nights, ({"id": _night(n), "started_at": BEGAN, "ended_at": BEGAN} for n in range(NIGHTS)))
    _insert(engine, targets, (_target(n) for n in range(1, TARGETS + 1)))
    for table, rows in (
        (frontier, (_frontier(n) for n in range(1, page_count + 1))),
        (visits, (_visit(n) for n in range(1, page_count + 1))),
        (pages, (_page(n, n % every == 0) for n in range(1, page_count + 1))),
        (page_bodies, (_body(n) for n in range(every, page_count + 1, every))),
        (findings, (_finding(n, chance) for n in range(every, page_count + 1, every))),
        (desk_items, (_item(n, chance) for n in range(every, page_count + 1, every))),
        (desk_item_families, ({"family": FAMILIES[n % 23], "item_id": n} for n in range(every, page_count + 1, every))),
        (
            desk_item_parties,
            ({"party": f"示例{n % TARGETS}", "item_id": n} for n in range(every, page_count + 1, every)),
        ),
    ):
        _insert(engine, table, rows)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":
            for name in ("frontier", "visits", "pages", "desk_items", "findings"):
                connection.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")
                )
            connection.execute(text("VACUUM ANALYZE"))  # as autovacuum would have by the morning


def _insert(engine: Engine, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    with writing(engine) as connection:
        some: list[dict[str, Any]] = []
        for row in rows:
            some.append(row)
            if len(some) == _ROWS_AT_ONCE:
                connection.execute(insert(table), some)
                some = []
        if some:
            connection.execute(insert(table), some)


def _night(number: int) -> str:
    return (BEGAN + timedelta(days=number % NIGHTS)).date().isoformat()


def _target(number: int) -> dict[str, Any]:
    return {
        "id": number, "url_key": f"{number:064}", "name": f"示例门诊部{number}", "url": f"http://c{number}.example/",
        "kind": "site", "institution": f"示例门诊部{number}", "region": f"示例区{number % 20}", "render": "auto",
        "max_pages": 200, "min_pages": 1, "delay_seconds": 1.0, "depth": 3, "include": [], "exclude": [], "owner": "",
        "note": "", "local": False,
    }  # fmt: skip


def _frontier(number: int) -> dict[str, Any]:
    return {
        "id": number, "night_id": _night(number), "target_id": number % TARGETS + 1, "url_key": f"{number:064}",
        "url": f"http://c.example/{number}", "depth": 1, "state": "done", "due_at": BEGAN, "outcome": "content",
    }  # fmt: skip


def _visit(number: int) -> dict[str, Any]:
    return {
        "id": number, "frontier_id": number, "attempt": 1, "night_id": _night(number), "target_id": number % TARGETS + 1,
        "outcome": "content", "detail": "", "started_at": BEGAN, "ended_at": BEGAN, "final_url": "", "robots": "allowed",
    }  # fmt: skip


def _page(number: int, flagged: bool) -> dict[str, Any]:
    return {
        "id": number, "visit_id": number, "night_id": _night(number), "target_id": number % TARGETS + 1,
        "url": f"http://c.example/{number}", "final_url": "", "outcome": "content", "detail": "", "captured_at": BEGAN,
        "page_type": "page", "title": "示例门诊部", "site_name": f"示例门诊部{number % TARGETS}", "account": "",
        "author": "", "encoding": "utf-8", "text": _TEXT if flagged else "门诊安排", "text_sha256": f"{number:064}",
        "contacts": [], "identifiers": [], "institutions": [], "judgement": {"genre": "promotion"},
        "score": 0.9 if flagged else 0.1, "flagged": flagged,
    }  # fmt: skip


def _body(number: int) -> dict[str, Any]:
    return {
        "page_id": number, "url_key": f"{number:064}", "seen_at": BEGAN, "body_start": 0, "body_end": 100,
        "body_sha256": f"{number:064}",
    }  # fmt: skip


def _finding(number: int, chance: random.Random) -> dict[str, Any]:
    return {
        "page_id": number, "rule": f"rule-{number % 80}", "family": FAMILIES[number % 23], "quote": "治愈率达98%",
        "start_offset": 7, "end_offset": 14, "weight": chance.random(), "basis": ["广告法16(1)(2)"], "severity": 4,
        "silenced": False, "gates": [],
    }  # fmt: skip


def _item(number: int, chance: random.Random) -> dict[str, Any]:
    severity, probability = chance.randint(1, 5), round(chance.uniform(0.5, 1.0), 4)
    return {
        "id": number, "page_id": number, "night_id": _night(number), "target_id": number % TARGETS + 1,
        "target": f"示例门诊部{number % TARGETS}", "region": f"示例区{number % 20}", "institution": f"示例{number % TARGETS}",
        "url": f"http://c.example/{number}", "title": "示例门诊部", "url_key": f"{number:064}",
        "body_sha256": f"{number:064}", "cluster_id": number % 40_000 if number % 3 == 0 else None,
        "families": [FAMILIES[number % 23]], "rules": [f"rule-{number % 80}"], "severity": severity,
        "probability": probability, "priority": severity * probability, "rank": -severity * probability, "kind": "lead",
        "read_twice": False, "state": "waiting", "stage": "first", "created_at": BEGAN, "stage_since": BEGAN,
        "seen_at": BEGAN, "version": 1, "assignee": None, "held_state": None, "held_until": None, "decided_at": None,
        **_past(number),
    }  # fmt: skip


def _past(number: int) -> dict[str, Any]:
    """Three in ten are decided; at the top of the queue as elsewhere one in twenty is given to who is away, one is on hold, and some are given
    to each of twenty people."""
    lot = number * 7919 % 100
    if lot < 30:
        return {"state": "dismissed", "stage": None, "decided_at": BEGAN}
    if lot < 35:
        return {"assignee": 1_000_000}
    if number % 1000 == 410:
        return {"assignee": number // 1000 % 20 + 1}
    return {"state": "held", "held_state": "waiting", "held_until": BEGAN + timedelta(days=9999)} if lot < 40 else {}
