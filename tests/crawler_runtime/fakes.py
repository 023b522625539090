"""The two ports in memory, and a judge that flags a word."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler.fetching.site_rests import NoMemory
from crawler.night.in_hand import OnlyInMemory
from crawler.night.shard import run_shard
from crawler.night.shard_work import ShardWork
from crawler.settings import CrawlSettings
from crawler.wordings import load_wordings
from domain.evidence import EvidenceIncomplete
from domain.findings import Finding, Judgement
from domain.outcome import Outcome
from domain.page import ExtractedPage
from domain.targets import Target
from domain.visits import CrawlMemory, Frontier, FrontierUrl, InHand, Judge, TargetInNight, Visit, VisitStore

WORDINGS = load_wordings(Path(__file__).parents[2] / "lexicons" / "web")
NIGHT = "2026-11-25"


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Row:
    id: int
    target_id: int
    url: str
    depth: int
    due_at: datetime
    state: str = "waiting"
    worker: str = ""
    attempts: int = 0


@dataclass
class MemoryFrontier:
    """As the protocol says; the store writes into it."""

    rows: list[Row] = field(default_factory=list)
    heartbeats: int = 0
    claims: list[int] = field(default_factory=list)
    targets_asked: list[int] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, target_id: int, url: str, depth: int) -> None:
        if all(row.url != url for row in self.rows):
            self.rows.append(Row(len(self.rows) + 1, target_id, url, depth, now()))

    def claim(
        self,
        night_id: str,
        target_ids: Sequence[int],
        worker: str,
        limit: int,
        now: datetime,
        lease_seconds: float,
        each: int | None = None,
    ) -> list[FrontierUrl]:
        with self._lock:
            self.targets_asked.append(len(target_ids))
            due = [
                row
                for row in self.rows
                if row.state not in ("done", "to-show") and row.due_at <= now and row.target_id in target_ids
            ]
            of_target: Counter[int] = Counter()
            free = []
            for row in due:
                of_target[row.target_id] += 1
                if each is None or of_target[row.target_id] <= each:
                    free.append(row)
            for row in free[:limit]:
                row.state, row.worker, row.attempts = "leased", worker, row.attempts + 1
                row.due_at = now + timedelta(seconds=lease_seconds)
                self.claims.append(row.id)
            return [
                FrontierUrl(row.id, night_id, row.target_id, row.url, row.depth, row.attempts) for row in free[:limit]
            ]

    def heartbeat(self, ids: Sequence[int], worker: str, now: datetime, lease_seconds: float) -> None:
        with self._lock:
            self.heartbeats += 1
            for row in self.rows:
                if row.id in ids and row.worker == worker and row.state == "leased":
                    row.due_at = now + timedelta(seconds=lease_seconds)

    def give_back(self, ids: Sequence[int], worker: str, due_at: datetime) -> None:
        with self._lock:
            for row in self.rows:
                if row.id in ids and row.worker == worker and row.state == "leased":
                    row.state, row.worker, row.due_at, row.attempts = "waiting", "", due_at, row.attempts - 1

    def hand_on(self, frontier_id: int, worker: str) -> None:
        with self._lock:
            row = self.rows[frontier_id - 1]
            assert (row.state, row.worker) == ("leased", worker)
            row.state = "to-show"

    def next_dues(self, night_id: str, target_ids: Sequence[int], now: datetime) -> dict[int, datetime]:
        assert night_id == NIGHT
        assert now.tzinfo is not None
        open_rows = [row for row in self.rows if row.state not in ("done", "to-show") and row.target_id in target_ids]
        return {row.target_id: row.due_at for row in sorted(open_rows, key=lambda row: row.due_at, reverse=True)}


@dataclass
class MemoryStore:
    """Keeps visits; `refuse` names URLs whose flagged visits it finds incomplete."""

    frontier: MemoryFrontier
    visits: list[Visit] = field(default_factory=list)
    refuse: frozenset[str] = frozenset()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def record(self, visit: Visit) -> None:
        with self._lock:
            if visit.outcome is Outcome.CONTENT and visit.frontier.url in self.refuse:
                raise EvidenceIncomplete("缺少截图")
            self.visits.append(visit)
            row = self.frontier.rows[visit.frontier.id - 1]
            row.state = "done" if visit.retry_at is None else "waiting"
            row.due_at = visit.retry_at or row.due_at
            for found in visit.discovered:
                self.frontier.add(row.target_id, found.url, found.depth)

    def record_all(self, visits: Sequence[Visit]) -> None:
        if len(visits) > 1 and any(visit.frontier.url in self.refuse for visit in visits):
            raise EvidenceIncomplete("缺少截图")
        for visit in visits:
            self.record(visit)

    def last(self, url: str) -> Visit:
        return next(visit for visit in reversed(self.visits) if visit.frontier.url == url)

    def final(self) -> dict[str, Visit]:
        return {visit.frontier.url: visit for visit in self.visits if visit.retry_at is None}


def judge_word(page: ExtractedPage) -> Judgement:
    quote = "包治百病"
    start = page.text.find(quote)
    flagged = start >= 0
    end = start + len(quote)
    found = (Finding("cure-all", "cure-guarantee", quote, start, end, 0.9, ("广告法16(1)(1)",), 5),) if flagged else ()
    return Judgement(score=0.9 if flagged else 0.1, flagged=flagged, genre="promotion", is_ad=flagged, findings=found)


def settings(**changes: object) -> CrawlSettings:
    """Short times, for tests."""
    values: dict[str, object] = {
        "wordings": WORDINGS,
        "contact": "http://bot.example/about",
        "timeout_seconds": 2.5,
        "max_body_bytes": 3_000_000,
        "max_decoded_bytes": 6_000_000,
        "max_attempts": 2,
        "retry_seconds": 0.05,
        "max_retry_seconds": 1.5,
        "idle_seconds": 0.05,
        "render_timeout_seconds": 15.0,
        "render_settle_seconds": 0.1,
        "patience_seconds": 0.0,
    }
    return CrawlSettings(**(values | changes))  # type: ignore[arg-type]  # one dictionary for fields of all types


def crawl_over(
    targets: Sequence[TargetInNight],
    frontier: Frontier,
    store: VisitStore,
    crawl_settings: CrawlSettings,
    judge: Judge = judge_word,
    memory: CrawlMemory | None = None,
    clock: Callable[[], datetime] = now,
    in_hand: InHand | None = None,
    night_id: str = NIGHT,
) -> None:
    """Run a shard over what a test has put on the frontier."""
    run_shard(
        ShardWork(
            night_id=night_id,
            worker="worker-1",
            targets=targets,
            frontier=frontier,
            store=store,
            judge=judge,
            settings=crawl_settings,
            clock=clock,
            memory=memory or NoMemory(),
            in_hand=in_hand or OnlyInMemory(),
        )
    )


def crawl(
    targets: Sequence[Target],
    crawl_settings: CrawlSettings,
    judge: Judge = judge_word,
    refuse: frozenset[str] = frozenset(),
    memory: CrawlMemory | None = None,
    clock: Callable[[], datetime] = now,
) -> MemoryStore:
    """Run one shard to its end over fakes."""
    frontier = MemoryFrontier()
    store = MemoryStore(frontier, refuse=refuse)
    numbered = [TargetInNight(number, target) for number, target in enumerate(targets, 1)]
    for item in numbered:
        frontier.add(item.id, item.target.url, 0)
    crawl_over(numbered, frontier, store, crawl_settings, judge, memory, clock)
    return store
