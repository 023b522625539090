"""One package of very many leads: whether the memory of `yiguang refer` grows with them, and how long it takes.

    python -m benchmarks.refer_load [250 1000 5000] [--shot WIDTHxHEIGHT] [--keep FOLDER]

Builds one data folder with as many confirmed leads as the largest package wants: every page is a visit recorded by the crawl's own
store, with a signed WACZ bundle, sealed under one head, taken in by the desk and confirmed by two readers. Then `yiguang refer` runs for
the first N of them, as a user would start it, and its memory is read from /proc twice a second. Screenshots are grey pictures, by
default too small to hold words, so that reading them in pixels costs nothing; with `--shot 800x600` the reader works on each.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, select

from domain.reviews import Verdict
from domain.roles import Role
from domain.targets import Target
from review.accounts import Accounts
from review.decisions import Decisions
from review.intake import take_in
from review.passwords import Passwords
from review.settings import DeskSettings
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.visits import SqlVisitStore
from storage.database import open_engine
from storage.sealing.seal_key import SealKey
from storage.sealing.seals import seal_night
from storage.tables import desk_items
from tests.review.desk import own_text
from tests.storage.samples import PROVENANCE, judgement, page, png, rendering, visit
from yiguang.home import make_home
from yiguang.settings import Settings, read_settings

YIGUANG = (sys.executable, "-c", "from yiguang.cli import main; main()")
_SECONDS_BETWEEN = 0.5
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Referred:
    """What one run took. `own_bytes` is the most memory of the process itself, `others_bytes` of those it started, taken together
    and each counted with what it shares; `package_bytes` is the folder with the package, `sent_bytes` its archives."""

    leads: int
    seconds: float
    own_bytes: int
    others_bytes: int
    files: int
    package_bytes: int
    sent_bytes: int


def build(settings: Settings, leads: int, shot: tuple[int, int]) -> list[int]:
    """A data folder with so many confirmed leads; their case numbers."""
    make_home(settings)
    engine = open_engine(settings.database_url)
    accounts = Accounts(engine, _now, Passwords(1, 8, 1))
    for name, role in (("first", Role.ANALYST), ("second", Role.REVIEWER), ("officer", Role.OFFICER)):
        accounts.create(name, role, "benchmark")
    night_id = _night(settings, engine, leads, shot)
    finish_night(engine, night_id, _now())
    take_in(engine, night_id, _now(), DeskSettings(audit_pages=0, read_twice_share=0.0))
    cases = _confirm(engine, accounts)
    engine.dispose()
    return cases


def _night(settings: Settings, engine: Engine, leads: int, shot: tuple[int, int]) -> str:
    """The visits of one night, recorded and sealed."""
    save_targets(engine, [Target("示例门诊部", "http://clinic.example/", max_pages=leads)])
    targets = list_targets(engine)
    (clinic,) = targets
    night_id = open_night(engine, _now(), targets)
    queue = SqlFrontier(engine)
    queue.seed(night_id, [(clinic.id, f"http://clinic.example/{number}/") for number in range(leads)], _now())
    key = SealKey.load(settings.seal_key)
    store = SqlVisitStore(engine, settings.home, PROVENANCE, _now, key)
    picture = png(*shot)
    while rows := queue.claim(night_id, [clinic.id], "benchmark", _AT_ONCE, _now(), 600.0):
        for row in rows:
            text = own_text(row.url)
            shown = replace(rendering(row.url), screenshot_png=picture)
            store.record(visit(row, True, page=page(row.url, text), judgement=judgement(True, text), rendering=shown))
    store.close()
    seal_night(engine, settings.home, night_id, key, _now())
    return night_id


def _confirm(engine: Engine, accounts: Accounts) -> list[int]:
    desk = Decisions(engine, _now)
    readers = [accounts.find("first"), accounts.find("second")]
    with engine.connect() as connection:
        items = connection.execute(select(desk_items.c.id, desk_items.c.page_id, desk_items.c.version)).all()
    for item in items:
        version = item.version
        for reader in readers:
            made = desk.decide(reader, item.id, Verdict.CONFIRM, expected_version=version)
            version = made.items[0].version
    return [item.page_id for item in items]


def refer(settings: Settings, cases: Sequence[int], out: Path) -> Referred:
    """One run of the command. Raises CalledProcessError when it fails."""
    command = [*YIGUANG, "refer", *map(str, cases), "--to", "amr", "--out", str(out)]
    began = time.monotonic()
    with subprocess.Popen(command, env=_environment(settings), stdout=subprocess.PIPE) as process:
        own = others = 0
        while process.poll() is None:
            own = max(own, _bytes_of(process.pid, "VmHWM"))
            others = max(others, sum(_bytes_of(child, "VmRSS") for child in _below(process.pid)))
            time.sleep(_SECONDS_BETWEEN)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, "yiguang refer")
    seconds = time.monotonic() - began
    (folder,) = (path for path in out.iterdir() if path.is_dir())
    files = [path.stat().st_size for path in folder.iterdir()]
    sent = sum(path.stat().st_size for path in out.glob("*.zip"))
    return Referred(len(cases), seconds, own, others, len(files), sum(files), sent)


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, "YIGUANG_HOME": str(settings.home)}


def _bytes_of(pid: int, what: str) -> int:
    """A line of /proc/PID/status; 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{what}:")), 0)


def _below(pid: int) -> list[int]:
    """The processes that a process started, and those that these did."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        started = [int(each) for task in tasks for each in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [each for child in started for each in (child, *_below(child))]


def _now() -> datetime:
    return datetime.now(UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("leads", nargs="*", type=int, default=[250, 1000, 5000])
    parser.add_argument("--shot", default="48x48", help="size of every screenshot in pixels")
    parser.add_argument(
        "--keep", type=Path, help="build the data folder here and leave it, or use the one that is there"
    )
    given = parser.parse_args()
    width, _, height = given.shot.partition("x")
    with tempfile.TemporaryDirectory() as scratch:
        home = (given.keep or Path(scratch) / "home").absolute()
        settings = read_settings({"YIGUANG_HOME": str(home)})
        began = time.monotonic()
        if (home / "cases").exists():
            cases = [int(line) for line in (home / "cases").read_text().split()]
        else:
            cases = build(settings, max(given.leads), (int(width), int(height)))
            (home / "cases").write_text("\n".join(map(str, cases)))
        print(
            f"{len(cases)} confirmed leads, screenshots {given.shot}, ready after {time.monotonic() - began:.0f} s",
            flush=True,
        )
        for number in given.leads:
            out = Path(scratch) / "out"
            row = refer(settings, cases[:number], out)
            shutil.rmtree(out)
            print(
                f"{row.leads:6} leads {row.seconds:7.1f} s  own memory {row.own_bytes / 1e6:6.0f} MB  "
                f"started processes {row.others_bytes / 1e6:6.0f} MB  {row.files} files, {row.package_bytes / 1e6:.1f} MB, "
                f"sent {row.sent_bytes / 1e6:.1f} MB",
                flush=True,
            )


if __name__ == "__main__":
    main()
