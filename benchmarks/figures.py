"""Makes docs/figures.md: every benchmark, one after the other, with what it printed.

    python -m benchmarks.figures [--full] > docs/figures.md

Without `--full` the sizes are such that all of it ends within half an hour on two cores; with it they are those that the goals are
stated for, which takes most of a day. A benchmark that misses its goal stands in the table as missed, and the rest goes on.
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

_LAST_LINES = 14
_HIDDEN = ("Warning", "return Path")
"""Lines of libraries that say nothing of the figures."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """`small` and `full` are its arguments; `goal` is what is wanted at full size."""

    title: str
    module: str
    small: Sequence[str]
    full: Sequence[str]
    goal: str


BENCHMARKS = (
    Benchmark("Reading and judging", "bench", (), (), "0.4 of a bare parse-and-match loop on real pages; text 20 and 3 MB/s"),
    Benchmark("A crawl beside a bare spider", "crawl_speed", ("1000",), ("5000",), "0.6 of bare Scrapy; 10 ms CPU a page"),
    Benchmark("Memory of a crawl", "crawl_memory", ("5000",), ("100000",), "flat from 10,000 to 100,000 pages"),
    Benchmark("Showing pages", "render_load", ("60",), ("5000",), "0.8 of a bare loop; 1.5 GB; no stall above 120 s"),
    Benchmark("A night killed again and again", "kill_crawl", ("4", "--sites", "20", "--pages", "20"), ("20",), "nothing lost, nothing twice"),
    Benchmark("A night shared by processes", "two_workers", ("--sites", "40", "--pages", "40"), ("--sites", "500", "--pages", "40"), "1.8 times one process"),
    Benchmark("Workers killed", "two_workers", ("--sites", "20", "--pages", "30", "--delay", "0.3", "--kill", "3"), ("--sites", "60", "--pages", "60", "--delay", "0.3", "--kill", "10"), "nothing lost or twice, every delay kept"),
    Benchmark("Judging stored pages again", "rescore_speed", ("4000",), ("200000",), "linear to two processes; interrupted twice, the same result"),
    Benchmark("The desk under load", "desk_load", ("--pages", "50000", "--items", "5000", "--decisions", "20", "--think", "0.2"), (), "p95 under 100 ms for the next item and a decision"),
    Benchmark("Operators", "identity_speed", ("10000",), ("100000",), ""),
    Benchmark("The registry", "registry_speed", ("50000",), ("1000000",), "import within 5 minutes, a look-up under 5 ms"),
)  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description=__doc__)
    parser.add_argument("--full", action="store_true")
    full = parser.parse_args().full
    runs = [_run(each, full) for each in BENCHMARKS]
    print("\n".join(_page(runs, full)))
    return int(any(run.code for run in runs))


@dataclass(frozen=True, slots=True)
class _Run:
    benchmark: Benchmark
    command: str
    seconds: float
    code: int
    output: str


def _run(benchmark: Benchmark, full: bool) -> _Run:
    arguments = benchmark.full if full else benchmark.small
    command = ["python", "-m", f"benchmarks.{benchmark.module}", *arguments]
    sys.stderr.write(f"{' '.join(command)}\n")
    begun = time.monotonic()
    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, check=False)
    said = [line for line in done.stdout.splitlines() if not any(part in line for part in _HIDDEN)]
    if done.returncode and not said:
        said = done.stderr.splitlines()[-3:]
    return _Run(benchmark, " ".join(command), time.monotonic() - begun, done.returncode, "\n".join(said[-_LAST_LINES:]))


def _page(runs: Sequence[_Run], full: bool) -> Iterator[str]:
    yield "# Figures"
    yield ""
    yield (
        "Made by `python -m benchmarks.figures" + (" --full" if full else "") + f" > docs/figures.md` on {datetime.now(UTC):%Y-%m-%d}, "
        f"{os.cpu_count()} cores ({platform.machine()}), Python {platform.python_version()}. Machines differ and are noisy: what counts are the ratios,"
        " each taken in one run. Sizes are " + ("those of the goals." if full else "small; the goals are stated for larger ones (`--full`).")
    )  # fmt: skip
    yield ""
    yield "| what | goal | seconds | |"
    yield "|---|---|---|---|"
    for run in runs:
        met = "done" if not run.code else "**missed or failed**"
        yield f"| {run.benchmark.title} | {run.benchmark.goal} | {run.seconds:.0f} | {met} |"
    for run in runs:
        yield from ("", f"## {run.benchmark.title}", "", f"    {run.command}", "", "```text", run.output, "```")
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
