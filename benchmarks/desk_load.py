"""Twenty analysts at once over a year of nights: how long the next item and a decision take, and that none is lost or doubled.

    python -m benchmarks.desk_load [--pages N] [--items N] [--people N] [--decisions N] [--think SECONDS] [--url DATABASE_URL]

Without a URL a SQLite file that is thrown away; a PostgreSQL database must be an empty one. The clinics are invented. Each person
is a thread that takes the next item, thinks, decides, and takes the next; every twentieth decision is taken back. Two in twenty are
reviewers. Times are of the server's work alone: `next_item`, `decide`, and the two with what a screen loads between them.
"""

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Table, func, insert, select, text

from domain.findings import FAMILIES
from domain.reviews import Verdict
from domain.roles import Role
from review.accounts import Account, Accounts
from review.audit_log import AuditLog
from review.decisions import Decisions
from review.item import load_item
from review.items import Filters
from review.passwords import Passwords
from review.queue import ReviewQueue
from storage.database import migrate, open_engine, writing
from storage.tables import (
    desk_decisions,
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


@dataclass
class Times:
    """Milliseconds by what was done."""

    taken: dict[str, list[float]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, seconds: float) -> None:
        with self.lock:
            self.taken.setdefault(name, []).append(seconds * 1000)


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


def work(engine: Engine, folder: Path, people: Sequence[Account], decisions: int, think: float) -> Times:
    """All people at once until each has made so many decisions."""
    times, start = Times(), threading.Barrier(len(people))
    faults: list[BaseException] = []

    def morning(account: Account, seed: int) -> None:
        try:
            _morning(engine, folder, account, decisions, think, random.Random(seed), times, start)
        except BaseException as fault:  # noqa: BLE001  # told by the main thread, whatever it was
            faults.append(fault)

    threads = [threading.Thread(target=morning, args=(account, seed)) for seed, account in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]
    return times


def _morning(
    engine: Engine,
    folder: Path,
    account: Account,
    decisions: int,
    think: float,
    chance: random.Random,
    times: Times,
    start: threading.Barrier,
) -> None:
    queue, desk = ReviewQueue(engine, _clock), Decisions(engine, _clock)
    start.wait()
    for number in range(decisions):
        time.sleep(chance.uniform(0, 2 * think))
        began = time.perf_counter()
        item = queue.next_item(account)
        times.add("next", time.perf_counter() - began)
        if item is None:
            return
        before_view = time.perf_counter()
        load_item(engine, folder, item.id, account, _clock())
        times.add("view", time.perf_counter() - before_view)
        time.sleep(chance.uniform(0, 2 * think))
        verdict = chance.choice((Verdict.CONFIRM, Verdict.DISMISS, Verdict.NOT_AD))
        reason = "negated" if verdict is Verdict.DISMISS else ""
        began = time.perf_counter()
        desk.decide(account, item.id, verdict, reason, expected_version=item.version)
        times.add("decide", time.perf_counter() - began)
        if number % 20 == 19:
            began = time.perf_counter()
            desk.undo(account)
            times.add("undo", time.perf_counter() - began)
            queue.release(account, item.id)
        if number % 10 == 5:
            began = time.perf_counter()
            queue.items(account, Filters(families=(FAMILIES[number % 23],)), limit=50)
            times.add("list", time.perf_counter() - began)
            began = time.perf_counter()
            queue.counts(account)
            times.add("counts", time.perf_counter() - began)


def check(engine: Engine, times: Times) -> None:
    """Every decision that was reported is stored once, every item moved as often as it was decided, and the log is whole."""
    reported = len(times.taken["decide"])
    with engine.connect() as connection:
        stored = connection.scalar(select(func.count()).select_from(desk_decisions))
        undone = connection.scalar(
            select(func.count()).select_from(desk_decisions).where(desk_decisions.c.undone_at.is_not(None))
        )
        moves = connection.scalar(select(func.sum(desk_items.c.version - 1)))
        doubled = connection.execute(
            select(desk_decisions.c.item_id)
            .where(desk_decisions.c.undone_at.is_(None), desk_decisions.c.stage == "first")
            .group_by(desk_decisions.c.item_id)
            .having(func.count() > 1)
        ).all()
    if (
        stored != reported
        or doubled
        or moves != (stored or 0) + (undone or 0)
        or undone != len(times.taken.get("undo", ()))
    ):
        raise SystemExit(
            f"lost or doubled: {reported} reported, {stored} stored, {moves} moves, {len(doubled)} doubled"
        )
    faults = AuditLog(engine, _clock).verify()
    if faults:
        raise SystemExit(f"audit log: {faults[0].message}")
    print(f"{stored} decisions stored, {undone} taken back, none lost, none doubled; audit log whole")


def report(times: Times) -> None:
    for name, taken in times.taken.items():
        ordered = sorted(taken)
        p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
        print(
            f"{name:8} {len(ordered):7} times  median {statistics.median(ordered):7.1f} ms  p95 {p95:7.1f} ms  most {ordered[-1]:7.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--decisions", type=int, default=60, help="of each person")
    parser.add_argument("--think", type=float, default=0.5, help="seconds on average before each act")
    parser.add_argument("--url", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(given.url or f"sqlite:///{folder}/desk.sqlite")
        migrate(engine)
        began = time.perf_counter()
        build(engine, given.pages, given.items)
        print(
            f"{given.pages} pages, {given.items} items built in {time.perf_counter() - began:.0f} s ({engine.dialect.name})"
        )
        accounts = Accounts(engine, _clock, Passwords(1, 8, 1))
        people = [
            accounts.create(f"reader{n}", Role.REVIEWER if n % 10 == 0 else Role.ANALYST, "benchmark")[0]
            for n in range(given.people)
        ]
        times = work(engine, Path(folder), people, given.decisions, given.think)
        report(times)
        check(engine, times)
        engine.dispose()


def _clock() -> datetime:
    return datetime.now(UTC)


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
    """Three in ten are decided; at the top of the queue as elsewhere one in twenty is given to who is away, one is on hold."""
    lot = number * 7919 % 100
    if lot < 30:
        return {"state": "dismissed", "stage": None, "decided_at": BEGAN}
    if lot < 35:
        return {"assignee": 1_000_000}
    return {"state": "held", "held_state": "waiting", "held_until": BEGAN + timedelta(days=9999)} if lot < 40 else {}


if __name__ == "__main__":
    main()
