"""A night of processes that reach the sites and the database over links of their own: killed at random moments, and cut off.

The first process runs the night, the others are workers; `python -m benchmarks.two_workers --namespaces N` comes here.
"""

import argparse
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from benchmarks.bridge_database import BridgeDatabase
from benchmarks.namespaces import Bridge, Namespace, make_bridges
from benchmarks.worker_night import WorkerNight
from benchmarks.worker_sites import WorkerSites
from storage.crawl.workers import DEAD_AFTER, FENCED_AFTER, dead_workers
from storage.database import open_engine, shared_clock
from yiguang.home import utc_now

_KILL_EVERY = (1.0, 8.0)
_CRASH_EVERY = (5.0, 20.0)
_SHORT, _LONG = 5.0, 45.0
_TOLERANCE = 3.0
"""Seconds that a stop may take longer than its limit on a machine with other work."""
_LATECOMERS = 10.0
"""Seconds after a link came back in which what a dead process had sent may still arrive: TCP tries again at growing intervals."""
_NIGHT = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """Of the links of one process to `bridges`, for so many seconds."""

    number: int
    bridges: tuple[Bridge, ...]
    seconds: float

    @property
    def is_long(self) -> bool:
        return self.seconds > DEAD_AFTER.total_seconds()

    def __str__(self) -> str:
        who = "the night's process" if self.number == _NIGHT else f"worker w{self.number}"
        return f"{who} cut off from {' and '.join(self.bridges)} for {self.seconds:.0f} s"


def separate_night(options: argparse.Namespace, folder: Path) -> int:
    """Run it, print what happened; 1 when something was lost, twice, too early, or did not end as it should."""
    chance = random.Random(options.seed)
    with _everything(options, folder) as (night, web, spaces, database):
        party = Party(night, web, spaces)
        faults = _kill(party, options.kill, chance)
        faults += _crash(party, database, options.restart, chance)
        if options.cut:
            faults += _cut(party, chance)
        faults += party.wait()
        total = options.sites * options.pages
        print(
            f"{options.namespaces} namespaces, {options.sites} sites of {options.pages} pages, delay {options.delay:g} s, seed {options.seed}"
        )
        print(f"{total / night.seconds():.1f} pages/s over {night.seconds():.0f} s")
        for fault in faults:
            print(f"FAULT: {fault}")
        return night.judge() or int(bool(faults))


@contextmanager
def _everything(
    options: argparse.Namespace, folder: Path
) -> Iterator[tuple[WorkerNight, WorkerSites, list[Namespace], BridgeDatabase]]:
    make_bridges()
    spaces = [Namespace(number) for number in range(options.namespaces)]
    with (
        BridgeDatabase(folder, Bridge.DATABASE.address) as database,
        WorkerSites(options.sites, options.pages, Bridge.WEB.address) as web,
    ):
        yield WorkerNight(web, folder / "night", database.url, "night", options), web, spaces, database


class Party:
    """The processes of the night, each in a namespace."""

    def __init__(self, night: WorkerNight, web: WorkerSites, spaces: list[Namespace]) -> None:
        self._night, self._web, self.spaces = night, web, spaces
        self._names = [f"w{number}" for number in range(len(spaces))]
        self._engine = open_engine(night.url)
        self.processes = [self._start(number) for number in (*range(1, len(spaces)), _NIGHT)]
        self.processes.insert(0, self.processes.pop())
        while not web.seen:
            time.sleep(0.05)

    def __len__(self) -> int:
        return len(self.spaces)

    def is_over(self) -> bool:
        return self.processes[_NIGHT].poll() is not None

    def kill(self, number: int, again: str) -> None:
        """Kill a process and start another in its place, a worker under the name `again`."""
        self.processes[number].kill()
        self.processes[number].wait()
        self._names[number] = again
        self.restart(number)

    def restart(self, number: int) -> None:
        self.processes[number] = self._start(number)

    def is_known(self, number: int) -> bool:
        """Whether the night counts a worker as one of its own, dead or alive."""
        with self._engine.connect() as connection:
            asked = text("SELECT count(*) FROM workers WHERE name = :name")
            return bool(connection.scalar(asked, {"name": self._names[number]}))

    def is_dead(self, number: int) -> bool:
        return self._names[number] in dead_workers(self._engine, shared_clock(self._engine, utc_now)())

    def last_request(self, number: int) -> float:
        """Of the process in this namespace, in monotonic seconds."""
        address = self.spaces[number].address(Bridge.WEB)
        return max(
            (request.at for requests in self._web.seen.values() for request in requests if request.by == address),
            default=0.0,
        )

    def wait(self) -> list[str]:
        code = self.processes[_NIGHT].wait()
        for worker in self.processes[1:]:
            worker.send_signal(signal.SIGTERM)
            worker.wait()
        self._engine.dispose()
        return [f"the night ended with code {code}"] if code else []

    def _start(self, number: int) -> "subprocess.Popen[str]":
        through = self.spaces[number].through
        return self._night.begin(through) if number == _NIGHT else self._night.join(self._names[number], through)


def _kill(party: Party, times: int, chance: random.Random) -> list[str]:
    """Any of them at random moments, the process of the night too."""
    for killed in range(times):
        time.sleep(chance.uniform(*_KILL_EVERY))
        if party.is_over():
            return [f"the night was over after {killed} of {times} kills"]
        number = chance.randrange(len(party))
        print(f"killed {'the night' if number == _NIGHT else f'a worker in namespace {number}'}", flush=True)
        party.kill(number, again=f"w{number}-{killed}")
    return []


def _crash(party: Party, database: BridgeDatabase, times: int, chance: random.Random) -> list[str]:
    for restarted in range(times):
        time.sleep(chance.uniform(*_CRASH_EVERY))
        if party.is_over():
            return [f"the night was over after {restarted} of {times} restarts of PostgreSQL"]
        begun = time.monotonic()
        database.restart()
        print(f"PostgreSQL crashed, and was there again after {time.monotonic() - begun:.1f} s", flush=True)
    if not times:
        return []
    time.sleep(FENCED_AFTER.total_seconds())
    workers = enumerate(party.processes[1:], start=1)
    return [f"worker w{number} ended: {_last_words(worker)}" for number, worker in workers if worker.poll() is not None]


def _cut(party: Party, chance: random.Random) -> list[str]:
    both = (Bridge.WEB, Bridge.DATABASE)
    one, other = chance.sample(range(1, len(party)), 2)
    faults: list[str] = []
    for cut in (
        Cut(one, both, _SHORT),
        Cut(one, (Bridge.DATABASE,), _SHORT),
        Cut(one, (Bridge.DATABASE,), _LONG),
        Cut(other, both, _LONG),
        Cut(_NIGHT, both, _LONG),
    ):
        if party.is_over():
            return [*faults, f"the night was over before: {cut}"]
        said, wrong = _long(party, cut) if cut.is_long and cut.number != _NIGHT else _outlived(party, cut)
        print(f"{cut}: {said}", flush=True)
        faults += [f"{cut}: {each}" for each in wrong]
    return faults


def _outlived(party: Party, cut: Cut) -> tuple[str, list[str]]:
    """What is to go on by itself when the link is back."""
    party.spaces[cut.number].cut(*cut.bridges)
    time.sleep(cut.seconds)
    party.spaces[cut.number].mend(*cut.bridges)
    mended, process = time.monotonic(), party.processes[cut.number]
    while process.poll() is None and party.last_request(cut.number) < mended and time.monotonic() < mended + 60:
        time.sleep(0.1)
    asked = party.last_request(cut.number) - mended
    wrong = []
    if process.poll() is not None and (cut.number or process.returncode):
        wrong.append(f"it ended with code {process.returncode}")
    elif asked < 0:
        wrong.append("it asked for nothing within 60 s of the link's coming back")
    time.sleep(FENCED_AFTER.total_seconds())
    if cut.number != _NIGHT and (not party.is_known(cut.number) or party.is_dead(cut.number)):
        wrong.append("its work was taken over")
    return f"went on {asked:.1f} s after the link came back", wrong


def _long(party: Party, cut: Cut) -> tuple[str, list[str]]:
    """The worker is to stop by itself, others to have its work; it comes back under its name."""
    process, begun = party.processes[cut.number], time.monotonic()
    party.spaces[cut.number].cut(*cut.bridges)
    ended = taken_over = 0.0
    while time.monotonic() < begun + cut.seconds:
        ended = ended or (time.monotonic() - begun if process.poll() is not None else 0.0)
        taken_over = taken_over or (time.monotonic() - begun if not party.is_known(cut.number) else 0.0)
        time.sleep(0.1)
    party.spaces[cut.number].mend(*cut.bridges)
    time.sleep(_LATECOMERS)
    asked = party.last_request(cut.number) - begun
    wrong = []
    if not ended or ended > FENCED_AFTER.total_seconds() + _TOLERANCE:
        wrong.append("it did not stop by itself in time")
        process.kill()
    said = _last_words(process)
    if process.wait() != 1 or len(said) != 1:
        wrong.append(f"it ended with code {process.returncode} and said {said}")
    if asked > FENCED_AFTER.total_seconds() + _TOLERANCE:
        wrong.append(f"it still asked sites after {asked:.1f} s")
    if not taken_over:
        wrong.append("its work was not taken over")
    party.restart(cut.number)
    return f"stopped after {ended:.1f} s, last request after {asked:.1f} s, taken over after {taken_over:.1f} s", wrong


def _last_words(worker: "subprocess.Popen[str]") -> list[str]:
    """What it said to its operator, without the lines of its log."""
    assert worker.stderr is not None
    return [line for line in worker.stderr.read().splitlines() if not line.startswith("{")]
