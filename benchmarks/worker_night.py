"""A night that several processes share: a data folder, a database and targets of its own, and what the server's log says of it."""

import argparse
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import create_engine, make_url, select, text

from benchmarks.worker_sites import WorkerSites
from storage.database import open_engine
from storage.tables import pages

YIGUANG = Path(sys.executable).with_name("yiguang")
DELAY_KEPT = 0.9
"""Share of the delay that must lie between two requests, as the server saw them: its clock is not the crawler's."""


class WorkerNight:
    """One night. `options` has `sites`, `pages` and `delay`; `through` are words before a command, such as those that run it in another
    network namespace."""

    def __init__(self, web: WorkerSites, folder: Path, server: str, name: str, options: argparse.Namespace) -> None:
        folder.mkdir()
        admin = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        self.url = make_url(server).set(database=name).render_as_string(hide_password=False)
        self._web, self._options = web, options
        hosts, self._targets = folder / "hosts", folder / "targets.csv"
        hosts.write_text("".join(f"{web.address} {host}\n" for host in web.hosts))
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

    def begin(self, through: Sequence[str] = ()) -> "subprocess.Popen[str]":
        command = [*through, str(YIGUANG), "nightly", "--targets", str(self._targets)]
        return subprocess.Popen(command, env=self._environ, stdout=subprocess.DEVNULL, text=True)

    def join(self, name: str, through: Sequence[str] = ()) -> "subprocess.Popen[str]":
        """A worker that has joined. Raises RuntimeError when it did not."""
        command = [*through, str(YIGUANG), "worker", "--name", name]
        worker = subprocess.Popen(command, env=self._environ, stderr=subprocess.PIPE, text=True)
        assert worker.stderr is not None
        said = ""
        while "已加入" not in (line := worker.stderr.readline()):
            said += line
            if not line:
                raise RuntimeError(f"worker {name} did not join: {said}")
        return worker

    def seconds(self) -> float:
        """Between the first and the last request."""
        times = [request.at for requests in self._web.seen.values() for request in requests]
        return max(times) - min(times)

    def judge(self) -> int:
        """Print whether all is there once and every delay was kept; 1 when not."""
        engine = open_engine(self.url)
        with engine.connect() as connection:
            stored = Counter(connection.scalars(select(pages.c.url).where(pages.c.outcome == "content")))
        engine.dispose()
        lost = self._options.sites * self._options.pages - len(stored)
        twice = sum(count > 1 for count in stored.values())
        hasty = again = 0
        for requests in self._web.seen.values():
            asked = [request for request in requests if request.path != "/robots.txt"]
            gaps = (later.at - earlier.at for earlier, later in zip(asked, asked[1:], strict=False))
            hasty += sum(gap < self._options.delay * DELAY_KEPT for gap in gaps)
            again += len(asked) - len({request.path for request in asked})
        print(f"lost {lost}, stored twice {twice}, requests too early {hasty}; asked for again {again}")
        return int(bool(lost or twice or hasty))
