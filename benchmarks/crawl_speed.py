"""How many pages a second a night without leads fetches, reads, judges, archives and stores, beside a bare Scrapy spider
that only downloads the same pages, in one run.

    python -m benchmarks.crawl_speed 2000 [--kilobytes 128]

The pages are invented (50 a site, a few kilobytes each or padded to so many) and served on loopback by this process. The bare spider runs before and after ours, and
the mean of the two counts, so that a machine that others use slows both alike. Ours has as many crawl processes as a night; its pace is that
from the first visit to the last in its own records, the bare one's that from its first request to its end. CPU time is that
of the whole night with start-up and sealing. Exit 1 when the goal is missed or a page is not stored as content.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scrapy import Request, Spider
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from sqlalchemy import func, select

from benchmarks.kill_night import YIGUANG, sample_environment
from benchmarks.many_sites import write_sites
from examples.web.server import SampleWeb
from examples.web.world import World
from storage.database import open_engine
from storage.tables import visits
from yiguang.settings import read_settings

PAGES_A_SITE = 50
MIN_RATIO = 0.6


def run_bare(port: int, sites: int) -> None:
    """In a process of its own: download every page, keep nothing, print pages and seconds."""
    done: list[int] = []

    class Bare(Spider):
        name = "bare"

        async def start(self):  # type: ignore[no-untyped-def]  # as Scrapy's users write it
            for site in range(sites):
                for page in range(PAGES_A_SITE):
                    path = f"/page-{page}.html" if page else "/"
                    yield Request(
                        f"http://127.0.0.1:{port}{path}",
                        headers={"Host": f"hospital-{site:04d}.example:{port}"},
                        dont_filter=True,
                    )

        def parse(self, response: Response) -> None:
            done.append(len(response.body))

    process = CrawlerProcess(
        {"LOG_LEVEL": "ERROR", "CONCURRENT_REQUESTS": 16, "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "DOWNLOAD_DELAY": 0}
    )
    process.crawl(Bare)
    before = time.perf_counter()
    process.start()
    print(json.dumps({"pages": len(done), "seconds": time.perf_counter() - before}))


def bare_pace(port: int, sites: int) -> float:
    """Pages a second of the bare spider. Raises RuntimeError when it did not get every page."""
    command = [sys.executable, "-m", "benchmarks.crawl_speed", "--bare", str(port), str(sites)]
    result = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    if result["pages"] != sites * PAGES_A_SITE:
        raise RuntimeError(f"the bare spider got {result['pages']} pages")
    return float(result["pages"] / result["seconds"])


def our_pace(web: SampleWeb, home: Path, shards: int) -> tuple[int, float, float]:
    """Content pages of a night with so many crawl processes, pages a second, and CPU milliseconds a page."""
    environ = {**sample_environment(web, home), "YIGUANG_SHARDS": str(shards)}
    web.write_targets(home / "targets.csv")
    subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
    before = _children_cpu_seconds()
    command = [*YIGUANG, "nightly", "--targets", str(home / "targets.csv"), "--json"]
    subprocess.run(command, env=environ, check=False, capture_output=True)
    cpu_seconds = _children_cpu_seconds() - before
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    with engine.connect() as connection:
        of_content = visits.c.outcome == "content"
        times = (func.min(visits.c.started_at), func.max(visits.c.ended_at))
        pages, first, last = connection.execute(select(func.count(), *times).where(of_content)).one()
    engine.dispose()
    if not pages:
        raise RuntimeError("the night stored no page")
    return pages, pages / (last - first).total_seconds(), cpu_seconds * 1000 / pages


def _children_cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=int)
    parser.add_argument(
        "--shards", type=int, default=read_settings({}).shards, help="crawl processes (default: as a night has)"
    )
    parser.add_argument("--kilobytes", type=int, default=0, help="least size of a page (default: what its text takes)")
    asked = parser.parse_args()
    sites = max(1, asked.pages // PAGES_A_SITE)
    with (
        tempfile.TemporaryDirectory() as folder,
        SampleWeb(0, World(write_sites(Path(folder, "web"), sites, PAGES_A_SITE, 0, kilobytes=asked.kilobytes))) as web,
    ):
        bare = [bare_pace(web.port, sites)]
        pages, ours, cpu_ms = our_pace(web, Path(folder, "home"), asked.shards)
        bare.append(bare_pace(web.port, sites))
    ratio = ours / (sum(bare) / 2)
    print(f"bare Scrapy {bare[0]:.0f} and {bare[1]:.0f} pages/s, ours {ours:.0f} pages/s over {pages} pages")
    print(f"ratio {ratio:.2f} (goal {MIN_RATIO}), {cpu_ms:.1f} ms of CPU a page with start-up and sealing")
    return 0 if ratio >= MIN_RATIO and pages == sites * PAGES_A_SITE else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        run_bare(int(sys.argv[2]), int(sys.argv[3]))
        sys.exit(0)
    sys.exit(main())
