"""Makes docs/figures.md: every benchmark, one after the other, with what it printed.

    python -m benchmarks.figures > docs/figures.md               # all of them
    python -m benchmarks.figures --only rescore --only soak > docs/figures.md
    python -m benchmarks.figures --no-run > docs/figures.md      # the page, from what was measured before

Each result is kept in `--store` as soon as it is there, with the load of the machine before it, so that the page can be made in parts. The
page shows the newest result of each benchmark and names those that were not run. Sizes are such that all of it ends within an hour on two
quiet cores; `--quick` takes a few minutes and says little more than that each benchmark works; `--full` takes those that the goals are stated
for, most of a day. A benchmark that misses its goal stands in the table as missed, and the rest goes on.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile

_LAST_LINES = 14
_HIDDEN = ("Warning", "return Path")
"""Lines of libraries that say nothing of the figures."""
_STORE = Path(__file__).parent / ".results"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`quick`, `small` and `full` are its arguments, an empty `full` being the small ones; `goal` is what is wanted at full size."""

    name: str
    title: str
    module: str
    quick: Sequence[str]
    small: Sequence[str]
    full: Sequence[str]
    goal: str

    def arguments(self, size: str) -> Sequence[str]:
        return {"quick": self.quick, "small": self.small, "full": self.full or self.small}[size]


_DESK_QUICK = ("--pages", "2000", "--items", "200", "--decisions", "5", "--think", "0.2")
_DESK_SMALL = ("--pages", "50000", "--items", "5000", "--decisions", "20", "--browser", "10")
_DESK_FULL = ("--decisions", "50", "--browser", "40")

BENCHMARKS = (
    Benchmark("bench", "Reading and judging", "bench", (), (), (), "0.4 of a bare parse-and-match loop on real pages; text 20 and 3 MB/s"),
    Benchmark("crawl", "A crawl beside a bare spider", "crawl_speed", ("200",), ("1000",), ("5000",), "0.6 of bare Scrapy; 10 ms CPU a page"),
    Benchmark("crawl-large", "The same with pages of 128 KiB", "crawl_speed", ("200", "--kilobytes", "128"), ("1000", "--kilobytes", "128"), ("5000", "--kilobytes", "128"), "the same"),
    Benchmark("memory", "Memory of a crawl", "crawl_memory", ("1000",), ("5000",), ("100000",), "flat from 10,000 to 100,000 pages"),
    Benchmark("render", "Showing pages", "render_load", ("10",), ("60",), ("5000", "--bare", "300"), "0.8 of a bare loop; 1.5 GB; no stall above 120 s"),
    Benchmark("kill", "A night killed again and again", "kill_crawl", ("1", "--sites", "5", "--pages", "10"), ("4", "--sites", "20", "--pages", "20"), ("20",), "nothing lost, nothing twice"),
    Benchmark("workers", "A night shared by processes", "two_workers", ("--sites", "10", "--pages", "20"), ("--sites", "40", "--pages", "40"), ("--sites", "500", "--pages", "40"), "1.8 times one process"),
    Benchmark("workers-killed", "Workers killed", "two_workers", ("--sites", "10", "--pages", "15", "--delay", "0.3", "--kill", "1"), ("--sites", "20", "--pages", "30", "--delay", "0.3", "--kill", "3"), ("--sites", "60", "--pages", "60", "--delay", "0.3", "--kill", "10"), "nothing lost or twice, every delay kept"),
    Benchmark("workers-apart", "Processes in network namespaces, killed", "two_workers", ("--namespaces", "3", "--sites", "12", "--pages", "40", "--delay", "0.5", "--kill", "2"), ("--namespaces", "4", "--sites", "100", "--pages", "60", "--delay", "0.3", "--kill", "10"), ("--namespaces", "4", "--sites", "500", "--pages", "40", "--delay", "0.3", "--kill", "10"), "nothing lost or twice, every delay kept"),
    Benchmark("workers-restart", "The same with PostgreSQL crashing", "two_workers", ("--namespaces", "3", "--sites", "12", "--pages", "30", "--delay", "1", "--restart", "1"), ("--namespaces", "4", "--sites", "40", "--pages", "60", "--delay", "2", "--restart", "4"), (), "nothing lost or twice, every worker goes on"),
    Benchmark("workers-cut", "The same with links cut", "two_workers", ("--namespaces", "4", "--sites", "12", "--pages", "110", "--delay", "3", "--cut"), ("--namespaces", "4", "--sites", "40", "--pages", "110", "--delay", "3", "--cut"), (), "5 s outlived; after 45 s stopped by itself and taken over"),
    Benchmark("simulated", "A large night with a simulated web", "simulated_night", ("--sites", "40", "--pages", "10"), ("--sites", "80", "--pages", "50"), ("--sites", "2000", "--pages", "50"), "queue below 5 % of a shard's time; memory flat"),
    Benchmark("rescore", "Judging stored pages again", "rescore_speed", ("1000",), ("4000",), ("200000",), "linear to two processes; interrupted twice, the same result"),
    Benchmark("soak", "Nights without end", "soak", ("--minutes", "2"), ("--minutes", "10"), ("--minutes", "120"), "nothing left over, memory flat"),
    Benchmark("desk", "The desk under load", "desk_load", _DESK_QUICK, _DESK_SMALL, _DESK_FULL, "p95 under 100 ms for the next item and a decision, 200 ms in the browser"),
    Benchmark("desk-postgresql", "The same on PostgreSQL", "desk_load", (*_DESK_QUICK, "--postgresql"), (*_DESK_SMALL, "--postgresql"), (*_DESK_FULL, "--postgresql"), "the same"),
    Benchmark("refer", "Packages of many leads", "refer_load", ("20",), ("100", "400"), ("250", "1000", "5000"), "memory does not grow with the leads"),
    Benchmark("operators", "Operators", "identity_speed", ("1000",), ("10000",), ("100000",), ""),
    Benchmark("registry", "The registry", "registry_speed", ("5000",), ("50000",), ("1000000",), "import within 5 minutes, a look-up under 5 ms"),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    sizes = parser.add_mutually_exclusive_group()
    for size in ("quick", "full"):
        sizes.add_argument(f"--{size}", dest="size", action="store_const", const=size, default="small")
    parser.add_argument("--only", action="append", choices=[each.name for each in BENCHMARKS], metavar="NAME")
    parser.add_argument("--no-run", action="store_true", help="make the page from what is stored")
    parser.add_argument("--store", type=Path, default=_STORE, help="folder of the results")
    options = parser.parse_args()
    options.store.mkdir(parents=True, exist_ok=True)
    chosen = [each for each in BENCHMARKS if not options.no_run and (not options.only or each.name in options.only)]
    failed = False
    for benchmark in chosen:
        result = run(benchmark, options.size)
        failed = failed or bool(result.code)
        (options.store / f"{benchmark.name}.json").write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
    print("\n".join(figures_page(stored(options.store))))
    return int(failed)


@dataclass(frozen=True, slots=True)
class Result:
    """`load` is the machine's one-minute load average when the benchmark began; `measured` is in UTC."""

    name: str
    size: str
    command: str
    measured: str
    machine: str
    load: float
    seconds: float
    code: int
    output: str


def run(benchmark: Benchmark, size: str) -> Result:
    command = ["python", "-m", f"benchmarks.{benchmark.module}", *benchmark.arguments(size)]
    sys.stderr.write(f"{' '.join(command)}\n")
    load, begun, at = os.getloadavg()[0], time.monotonic(), datetime.now(UTC)
    told: deque[str] = deque(maxlen=3)
    with (
        TemporaryFile("w+", encoding="utf-8") as out,
        subprocess.Popen([sys.executable, *command[1:]], stdout=out, stderr=subprocess.PIPE, text=True) as process,
    ):
        for line in process.stderr or ():  # some run for hours, and tell on stderr how far they are
            sys.stderr.write(line)
            told.append(line.rstrip())
        code = process.wait()
        out.seek(0)
        said = [line for line in out.read().splitlines() if not any(part in line for part in _HIDDEN)]
    if code and not said:
        said = list(told)
    machine = f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}"
    return Result(
        benchmark.name, size, " ".join(command), f"{at:%Y-%m-%d %H:%M}", machine, round(load, 1),
        time.monotonic() - begun, code, "\n".join(said[-_LAST_LINES:]),
    )  # fmt: skip


def stored(store: Path) -> dict[str, Result]:
    """The results by the name of the benchmark; raises TypeError for a file of another version."""
    found = (Result(**json.loads(path.read_text(encoding="utf-8"))) for path in sorted(store.glob("*.json")))
    return {result.name: result for result in found}


def figures_page(results: dict[str, Result]) -> Iterator[str]:
    yield "# Figures"
    yield ""
    yield "Made by `python -m benchmarks.figures`. Machines differ and are noisy: what counts are the ratios, each taken in one run. The load is the one-minute"
    yield "average before a run: above the number of cores, others were at work on the machine, and pages a second are lower and times longer than on a"
    yield "quiet one. Goals are stated for the size `full`."
    yield ""
    yield "| what | goal | size | measured (UTC) | load | seconds | |"
    yield "|---|---|---|---|---|---|---|"
    for benchmark in BENCHMARKS:
        if (result := results.get(benchmark.name)) is None:
            yield f"| {benchmark.title} | {benchmark.goal} | | | | | not run |"
            continue
        met = "done" if not result.code else "**missed or failed**"
        yield (
            f"| {benchmark.title} | {benchmark.goal} | {result.size} | {result.measured} | {result.load:.1f} | {result.seconds:.0f} | {met} |"
        )  # fmt: skip
    for benchmark in BENCHMARKS:
        if (result := results.get(benchmark.name)) is not None:
            where = f"{result.machine}, load {result.load:.1f}"
            yield from ("", f"## {benchmark.title}", "", f"    {result.command}", "", f"{where}.", "")
            yield from ("```text", result.output, "```")
    yield from _ARITHMETIC


_ARITHMETIC = """
## What a night takes

A site is visited at its own pace, so a night is bounded twice: by the pages that the processors can read, judge and store, and by the delay that each
site is owed. With `c` cores that crawl, `r` pages a second of one process ("A night shared by processes", one process), a delay of `d` seconds and `p` pages a
site, visited `s` at once in each process, a night of `n` sites takes at least

    max(n * p / (c * r),  n * p * d / (c * s)) seconds.

2,500,000 pages of 50,000 sites (50 each) at 60 pages a second and core take 11.6 hours on one core, 2.9 on four; with a delay of two seconds and 16 sites at
once in each process the delays alone take 86.8 hours of one process, so `YIGUANG_CONCURRENT_SITES` has to go up with the number of sites: with 128 at once it is
10.9 hours of one process, 2.7 of four. Such a night has not been run.
""".splitlines()


if __name__ == "__main__":
    sys.exit(main())
