"""Kills one night over thousands of loopback pages at random moments and checks that nothing is lost or fetched again.

    python -m benchmarks.kill_crawl 20 [--sites 100] [--pages 50] [--seed 1]

A kill hits the night or one of its crawl processes (SIGKILL), and the night is started again. In the end every page must
be stored once as content, every promoting site must have its lead, all evidence must verify, and the server's own log must
show no request for a page after it had been stored, apart from the rendering of a lead.
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
from collections.abc import Mapping, Sequence
from pathlib import Path

from sqlalchemy import select

from benchmarks.kill_night import YIGUANG, sample_environment
from benchmarks.many_sites import write_sites
from examples.web.server import SampleWeb
from examples.web.world import Request, World
from storage.database import open_engine
from storage.tables import bundles, pages, visits


def kill_crawl(environ: Mapping[str, str], targets: Path, kills: int, dice: random.Random) -> list[str]:
    """The faults of the night's own last report and of its evidence. Prints every kill."""
    subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
    command = [*YIGUANG, "nightly", "--targets", str(targets), "--json"]
    for number in range(kills):
        print(number + 1, _hit(command, environ, dice.uniform(3.0, 8.0), dice.random() < 0.3), flush=True)
    last = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    faults = [] if last.returncode == 0 else [f"last start ended {last.returncode}: {last.stderr.strip()}"]
    faults += json.loads(last.stdout)["complaints"] if last.stdout else ["no report"]
    verify = [*YIGUANG, "evidence", "verify", "--all", "--json"]
    checked = subprocess.run(verify, env=environ, capture_output=True, text=True, check=False)
    return faults + [line for line in checked.stdout.splitlines() if not json.loads(line)["ok"]]


def _hit(command: Sequence[str], environ: Mapping[str, str], seconds: float, only_child: bool) -> str:
    night = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        night.wait(seconds)
        return f"ended {night.returncode} before its kill"
    except subprocess.TimeoutExpired:
        pass
    children = Path(f"/proc/{night.pid}/task/{night.pid}/children").read_text().split()
    if only_child and children:
        os.kill(int(children[0]), signal.SIGKILL)
        time.sleep(1.0)
    night.kill()
    night.wait()
    return f"killed after {seconds:.1f} s" + (", a crawl process first" if only_child and children else "")


def stored_wrongly(database: Path, expected: Mapping[str, bool], requests: Sequence[Request], port: int) -> list[str]:
    """What is stored twice, not as content or not at all, and what was fetched again; `expected` maps URL to its lead."""
    engine = open_engine(f"sqlite:///{database}")
    with engine.connect() as connection:
        rows = connection.execute(
            select(pages.c.url, pages.c.outcome, visits.c.ended_at).join(visits, visits.c.id == pages.c.visit_id)
        ).all()
        sealed = select(pages.c.url).join(bundles, bundles.c.page_id == pages.c.id)
        leads = set(connection.scalars(sealed.where(pages.c.flagged)))
    engine.dispose()
    counts = Counter(row.url for row in rows)
    faults = [f"stored {counts[url]} times: {url}" for url in expected if counts[url] != 1]
    faults += [f"{row.outcome}: {row.url}" for row in rows if row.outcome != "content" and row.url in expected]
    faults += [
        f"lead {url in leads}, expected {lead}: {url}" for url, lead in expected.items() if (url in leads) != lead
    ]
    stored_at = {row.url: row.ended_at for row in rows}
    for request in requests:
        url = f"http://{request.host}:{port}{request.path}"
        if url in stored_at and request.at > stored_at[url] and not expected.get(url):
            faults.append(f"asked for again after it was stored: {url}")
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill_crawl")
    parser.add_argument("kills", type=int)
    parser.add_argument("--sites", type=int, default=100)
    parser.add_argument("--pages", type=int, default=50, help="a site")
    parser.add_argument("--promoting", type=int, default=10, help="sites that have a lead")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sites = write_sites(Path(folder, "web"), options.sites, options.pages, options.promoting)
        with SampleWeb(0, World(sites)) as web:
            home = Path(folder, "home")
            environ = sample_environment(web, home)
            web.write_targets(home / "targets.csv")
            expected = {
                f"{web.base_url(host)}{path}": site.verdict == "unlawful" and path == "/page-1.html"
                for host, site in sites.items()
                for path in ("/", *(f"/page-{page}.html" for page in range(1, options.pages)))
            }
            began = time.perf_counter()
            faults = kill_crawl(environ, home / "targets.csv", options.kills, random.Random(options.seed))
            faults += stored_wrongly(home / "yiguang.sqlite", expected, web.requests, web.port)
            asked = len(web.requests)
    print(*(faults[:50] or [f"whole: {len(expected)} pages stored once, none lost, none fetched again"]), sep="\n")
    print(f"{asked} requests for {len(expected)} pages, {time.perf_counter() - began:.0f} s")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
