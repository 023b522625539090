"""A desk with people and items that do not exist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from sqlalchemy import Engine, select

from domain.findings import Finding, Judgement
from domain.roles import Role
from domain.visits import TargetInNight
from review.accounts import Account, Accounts
from review.intake import take_in
from review.passwords import Passwords
from review.settings import DeskSettings
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from storage.tables import desk_items
from tests.storage.samples import KEY, NOW, PROVENANCE, TARGETS, TEXT, judgement, page, visit

#: Weak on purpose: a test hashes a few passwords
PASSWORDS = Passwords(time_cost=1, memory_kib=8, lanes=1)
PASSWORD = "corrigible-tureen-42"
#: Nothing is drawn unless a test asks for it
PLAIN = DeskSettings(audit_pages=0, read_twice_share=0.0)
SEED = "0011223344556677"


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass(frozen=True)
class Page:
    """A page of a night: its score, and the rule and severity of its one live finding."""

    score: float
    flagged: bool = True
    rule: str = "cure-rate"
    severity: int = 4
    text: str = ""  # empty: one like no other


def people(engine: Engine, clock: Clock, *roles: Role) -> list[Account]:
    """One account for each role, named by role and number."""
    accounts = Accounts(engine, clock, PASSWORDS)
    made = [accounts.create(f"{role.value}{number}", role, "test", PASSWORD)[0] for number, role in enumerate(roles, 1)]
    return [accounts.find(account.name) for account in made]


def night(engine: Engine, folder: Path, pages: Mapping[str, Page], day: int = 0) -> tuple[str, dict[str, int]]:
    """A finished night with these pages, by path under the clinic's site; its id and their ids by path."""
    now = NOW + timedelta(days=day)
    save_targets(engine, TARGETS)
    targets = list_targets(engine)
    night_id = open_night(engine, now, targets)
    queue = SqlFrontier(engine)
    queue.seed(night_id, [(_clinic(targets).id, f"http://clinic.example/{path}") for path in pages], now)
    ids: dict[str, int] = {}
    store = SqlVisitStore(engine, folder, PROVENANCE, lambda: now, KEY)
    rows = queue.claim(night_id, [target.id for target in targets], "w1", len(pages), now, 60.0)
    for row in rows:
        path = row.url.removeprefix("http://clinic.example/")
        ids[path] = row.id
        spec = replace(pages[path], text=pages[path].text or own_text(path))
        read = page(row.url, spec.text)
        store.record(visit(row, spec.flagged, page=read, judgement=judged(spec), started_at=now, ended_at=now))
    store.close()
    finish_night(engine, night_id, now + timedelta(hours=1))
    return night_id, ids


def own_text(path: str) -> str:
    """TEXT and a body that is like that of no other path."""
    chance = Random(path)
    return TEXT + "\n" + "".join(chr(chance.randrange(0x4E00, 0x9000)) for _ in range(200))


def judged(spec: Page) -> Judgement:
    plain = judgement(spec.flagged, spec.text)
    live, silenced = plain.findings
    changed: Finding = replace(live, rule=spec.rule, severity=spec.severity)
    return replace(plain, score=spec.score, findings=(changed, silenced))


def _clinic(targets: Sequence[TargetInNight]) -> TargetInNight:
    return next(target for target in targets if target.target.url == "http://clinic.example/")


def desk(
    engine: Engine, folder: Path, pages: Mapping[str, Page], settings: DeskSettings = PLAIN, day: int = 0
) -> dict[str, int]:
    """A night taken in; the ids of its items by path."""
    night_id, ids = night(engine, folder, pages, day)
    take_in(engine, night_id, NOW + timedelta(days=day, hours=2), settings, SEED)
    return item_ids(engine, ids)


def item_ids(engine: Engine, page_ids: Mapping[str, int]) -> dict[str, int]:
    with engine.connect() as connection:
        rows = connection.execute(select(desk_items.c.id, desk_items.c.page_id)).all()
    by_page = {row.page_id: row.id for row in rows}
    return {path: by_page[page_id] for path, page_id in page_ids.items() if page_id in by_page}
