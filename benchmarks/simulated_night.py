"""A large night in which only the web is simulated: queue, frontier, reading, judging, archive and store are the real ones.

    python -m benchmarks.simulated_night [--sites 1000] [--pages 50] [--shards 1] [--database URL]

Requests are answered inside the crawl process, after no time and without delays, so that what is measured is what the processors have to do.
The database is SQLite, or the empty PostgreSQL of `--database`. Printed are pages a second of each shard, its CPU time, the share of its time that
its calls of the queue (claim, next due, heartbeat, give back) and of the store took, and its resident memory by quarters of its night. At
the end stands what follows for 50,000 sites of 50 pages by multiplication alone.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.http import Response
from sqlalchemy import func, select

from benchmarks.crawl_memory import resident_mib
from benchmarks.kill_night import YIGUANG
from benchmarks.many_sites import DEPARTMENTS, SENTENCES
from domain.page import Exchange
from storage.database import open_engine
from storage.tables import frontier, pages

MAX_QUEUE_SHARE = 0.05
_PROVINCE_SITES, _PROVINCE_PAGES = 50_000, 50
_QUEUE_CALLS = ("claim", "next_dues", "heartbeat", "give_back")


def page_html(host: str, path: str, pages_a_site: int) -> str | None:
    """The page of an invented hospital site, the same at every call; None where there is none."""
    number = 0 if path == "/" else int(path[6:-5]) if path.startswith("/page-") else -1
    if not 0 <= number < pages_a_site:
        return None
    dice = random.Random(f"{host}{path}")
    said = (dice.choice(SENTENCES).format(d=dice.choice(DEPARTMENTS)) for _ in range(24))
    body = "".join(f"<p>{line}{dice.randint(1, 10**6)}号。</p>" for line in said)
    links = "".join(f'<li><a href="/page-{page}.html">院务公开 {page}</a></li>' for page in range(1, pages_a_site))
    title = f"{host} 院务公开第{number}期"
    return (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>{title}</title></head><body>'
        f"<h1>{title}</h1>{'' if number else f'<ul>{links}</ul>'}{body}</body></html>"
    )


class SimulatedWeb(BaseDownloadHandler):
    """Stands in the place of `crawler.fetching.download.CaptureHandler`."""

    pages_a_site = 0

    async def download_request(self, request: Request) -> Response:
        url: str = request.meta["url"]
        parts = urlsplit(url)
        html = page_html(parts.hostname or "", parts.path, self.pages_a_site)
        status, body = (404, b"") if html is None else (200, html.encode())
        request.meta["exchange"] = Exchange(
            url=url,
            method="GET",
            request_headers=(("Host", parts.netloc),),
            status=status,
            reason="OK" if html else "Not Found",
            response_headers=(("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))),
            body=body,
            fetched_at=datetime.now(UTC),
        )
        return Response(url, status=status, request=request)

    async def close(self) -> None:
        """Nothing is held open."""


def crawl_one_shard(pages_a_site: int) -> None:
    """In a process of its own, in the place of `yiguang.nights.shard_main`; prints its figures as JSON."""
    from crawler.night import shard
    from storage.crawl.frontier import SqlFrontier
    from storage.crawl.visits import SqlVisitStore
    from yiguang.nights.shard_main import crawl
    from yiguang.nights.shard_processes import ShardJob
    from yiguang.settings import read_settings

    SimulatedWeb.pages_a_site = pages_a_site
    shard._SCRAPY["DOWNLOAD_HANDLERS"].update(http=SimulatedWeb, https=SimulatedWeb)
    job = ShardJob.load(sys.stdin.buffer.readline())
    spent: Counter[str] = Counter()
    memory: list[float] = []
    for name in _QUEUE_CALLS:
        setattr(SqlFrontier, name, _timed(getattr(SqlFrontier, name), spent, "queue"))
    SqlVisitStore.record_all = _timed(SqlVisitStore.record_all, spent, "store")  # type: ignore[method-assign]
    ended = threading.Event()
    watch = threading.Thread(target=_sample, args=(memory, ended))
    watch.start()
    begun, cpu = time.perf_counter(), time.process_time()
    try:
        crawl(job, read_settings(), lambda: False)
    finally:
        ended.set()
        watch.join()
    seconds = time.perf_counter() - begun
    print(json.dumps({"seconds": seconds, "cpu": time.process_time() - cpu, **spent, "memory": memory}))


def _timed(call: Callable[..., Any], spent: "Counter[str]", name: str) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        begun = time.perf_counter()
        try:
            return call(*arguments)
        finally:
            spent[name] += time.perf_counter() - begun  # type: ignore[assignment]  # seconds, not counts

    return timed


def _sample(memory: list[float], ended: threading.Event) -> None:
    while not ended.wait(1.0):
        memory.append(resident_mib(os.getpid()) or 0.0)


def make_night(url: str, sites: int, pages_a_site: int) -> tuple[str, list[int]]:
    """A night over invented sites, its start pages on the frontier, and the ids of its targets."""
    from crawler.addresses.target_file import parse_targets, read_targets_csv
    from storage.crawl.frontier import SqlFrontier
    from storage.crawl.nights import open_night
    from storage.crawl.targets import list_targets, save_targets

    rows = "".join(
        f"示例第{number}医院,http://hospital-{number:05}.example/,never,0,{pages_a_site},1,1\n"
        for number in range(sites)
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "targets.csv")
        file.write_text(f"name,url,render,delay_seconds,max_pages,depth,local\n{rows}", "utf-8")
        given, _ = parse_targets(read_targets_csv(file).rows)
    engine = open_engine(url)
    save_targets(engine, given)
    members = list_targets(engine)
    night_id = open_night(engine, datetime.now(UTC), members)
    SqlFrontier(engine).seed(night_id, [(member.id, member.target.url) for member in members], datetime.now(UTC))
    engine.dispose()
    return night_id, [member.id for member in members]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulated_night", description=__doc__)
    parser.add_argument("--sites", type=int, default=1000)
    parser.add_argument("--pages", type=int, default=50, help="a site")
    parser.add_argument("--shards", type=int, default=1)
    parser.add_argument("--database", help="postgresql://...")
    parser.add_argument("--shard", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.shard:
        crawl_one_shard(options.pages)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        url = options.database or f"sqlite:///{folder}/yiguang.sqlite"
        os.environ["YIGUANG_HOME"] = folder
        if options.database:
            os.environ["YIGUANG_DATABASE_URL"] = url
        subprocess.run([*YIGUANG, "init"], check=True, capture_output=True)
        night_id, ids = make_night(url, options.sites, options.pages)
        begun = time.perf_counter()
        shards = _crawl(night_id, ids, options.shards, options.pages)
        seconds = time.perf_counter() - begun
        return _judge(url, shards, seconds, options.sites * options.pages)


def _crawl(night_id: str, ids: Sequence[int], shards: int, pages_a_site: int) -> list[dict[str, Any]]:
    from yiguang.nights.shard_processes import ShardJob

    command = [sys.executable, "-m", "benchmarks.simulated_night", "--shard", "--pages", str(pages_a_site)]
    running = []
    for number in range(shards):
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert child.stdin is not None
        child.stdin.write(ShardJob(night_id, number, list(ids[number::shards]), os.getpid()).dump())
        child.stdin.flush()
        running.append(child)
    said = [child.communicate()[0] for child in running]
    return [json.loads(out.splitlines()[-1]) for out in said]


def _judge(url: str, shards: Sequence[dict[str, Any]], seconds: float, expected: int) -> int:
    engine = open_engine(url)
    with engine.connect() as connection:
        stored = int(
            connection.scalar(select(func.count()).select_from(pages).where(pages.c.outcome == "content")) or 0
        )
        left = int(connection.scalar(select(func.count()).where(frontier.c.state != "done")) or 0)
    engine.dispose()
    cpu = sum(shard["cpu"] for shard in shards)
    print(
        f"{expected} pages, {len(shards)} shard(s), {os.cpu_count()} cores, {url.partition(':')[0]}: {stored} stored, {left} left"
    )
    print(
        f"{seconds:.0f} s, {stored / seconds:.1f} pages/s; CPU of the shards {1000 * cpu / stored:.1f} s per 1,000 pages"
    )
    for number, shard in enumerate(shards):
        memory = shard["memory"]
        quarters = [max(memory[: max(1, len(memory) * part // 4)]) for part in (1, 2, 3, 4)]
        print(
            f"shard {number}: {shard['seconds']:.0f} s, queue {shard['queue'] / shard['seconds']:.1%}, store {shard['store'] / shard['seconds']:.1%} of it;"
            f" MiB by quarters {' '.join(f'{mib:.0f}' for mib in quarters)}"
        )
    province = _PROVINCE_SITES * _PROVINCE_PAGES
    print(
        f"arithmetic, not measured: {province:,} pages at {1000 * cpu / stored:.1f} CPU seconds per 1,000 take {province * cpu / stored / 3600:.0f} core hours"
    )
    missed = max(shard["queue"] / shard["seconds"] for shard in shards) > MAX_QUEUE_SHARE
    return int(missed or stored != expected or left > 0)


if __name__ == "__main__":
    sys.exit(main())
