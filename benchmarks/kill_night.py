"""Kills nights over the sample web at random moments and checks that each, taken up again, is whole.

    python -m benchmarks.kill_night 10 [--seed 1]

A kill hits the night itself or one of its crawl processes, without warning (SIGKILL). A night that is left is started
again until one start is not hit. Then every URL that was fetched must be stored once, none left waiting, none lost, and
all evidence must verify.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from examples.web.server import SampleWeb
from examples.web.truth import load_truth
from storage.database import open_engine
from storage.tables import frontier, pages

YIGUANG = (sys.executable, "-c", "from yiguang.cli import main; main()")


@dataclass(frozen=True, slots=True)
class KilledNight:
    """`hits` says what was killed after how many seconds; `faults` what was wrong in the end, empty when nothing."""

    hits: tuple[str, ...]
    faults: tuple[str, ...]


def sample_environment(web: SampleWeb, home: Path) -> dict[str, str]:
    """The environment in which `yiguang` visits the sample web, its host map written into `home`."""
    home.mkdir(parents=True, exist_ok=True)
    hosts = home / "hosts"
    web.write_hosts(hosts)
    return {
        **os.environ,
        "YIGUANG_HOME": str(home),
        "YIGUANG_HOSTS": str(hosts),
        "YIGUANG_SHARDS": "2",
        "YIGUANG_TIMEOUT_SECONDS": "3",
        "YIGUANG_RETRY_SECONDS": "0.5",
    }


def kill_night(environ: Mapping[str, str], targets: Path, kills: int, dice: random.Random) -> KilledNight:
    """One night that is hit `kills` times, then left alone."""
    subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
    command = [*YIGUANG, "nightly", "--targets", str(targets), "--json"]
    hits = [hit for _ in range(kills) if (hit := _hit(command, environ, dice))]
    last = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    faults = [] if last.returncode == 0 else [f"last start ended {last.returncode}: {last.stderr.strip()}"]
    faults += json.loads(last.stdout)["complaints"] if last.stdout else []
    verify = [*YIGUANG, "evidence", "verify", "--all", "--json"]
    checked = subprocess.run(verify, env=environ, capture_output=True, text=True, check=False)
    for line in checked.stdout.splitlines():
        if not (report := json.loads(line))["ok"]:
            faults.append(f"evidence: {report}")
    return KilledNight(tuple(hits), (*faults, *_stored_wrongly(Path(environ["YIGUANG_HOME"]))))


def _hit(command: list[str], environ: Mapping[str, str], dice: random.Random) -> str:
    """Start the night and kill it, or a crawl process of it, somewhere between its first and twelfth second."""
    night = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = dice.uniform(0.5, 12.0)
    try:
        night.wait(seconds)
        return ""
    except subprocess.TimeoutExpired:
        pass
    children = _children(night.pid)
    victim = dice.choice(children) if children and dice.random() < 0.3 else night.pid
    os.kill(victim, signal.SIGKILL)
    if victim != night.pid:
        time.sleep(dice.uniform(0.1, 3.0))
        night.kill()
    night.wait()
    return f"{'night' if victim == night.pid else 'crawl process, then night'} after {seconds:.1f} s"


def _children(process_id: int) -> list[int]:
    try:
        return [int(name) for name in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _stored_wrongly(home: Path) -> list[str]:
    """What the database holds twice, not at all, or with an outcome other than the truth table's."""
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    truth = load_truth()
    faults = []
    with engine.connect() as connection:
        open_urls = connection.scalar(select(func.count()).where(frontier.c.state != "done", frontier.c.attempts > 0))
        if open_urls:
            faults.append(f"{open_urls} URLs begun and not finished")
        rows = connection.execute(select(pages.c.night_id, pages.c.url, pages.c.outcome, pages.c.detail)).all()
    engine.dispose()
    twice = [url for url, count in Counter(row.url for row in rows).items() if count > 1]
    faults += [f"stored twice: {url}" for url in twice]
    for row in rows:
        expected = truth.of(row.url)
        if expected is None or row.outcome not in expected.outcomes:
            faults.append(f"{row.url}: {row.outcome} {row.detail}")
    nights = {row.night_id for row in rows}
    return faults if len(nights) == 1 else [*faults, f"nights: {sorted(nights)}"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_night")
    parser.add_argument("kills", type=int, help="how often the night is hit before it is left alone")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--home", type=Path, help="data folder, kept afterwards; must not exist yet")
    options = parser.parse_args()
    dice = random.Random(options.seed)
    with SampleWeb() as web, tempfile.TemporaryDirectory() as folder:
        targets = Path(folder, "targets.csv")
        web.write_targets(targets)
        home = options.home or Path(folder, "home")
        night = kill_night(sample_environment(web, home), targets, options.kills, dice)
    print(*night.hits, sep="\n")
    print(*(night.faults or ["whole: every page stored once, none lost, all evidence verifies"]), sep="\n")
    return bool(night.faults)


if __name__ == "__main__":
    sys.exit(main())
