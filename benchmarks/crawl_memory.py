"""How much memory a crawl process holds as the pages of its night pass through it.

    python -m benchmarks.crawl_memory 20000

The pages are invented (50 a site) and served on loopback by this process; one crawl process reads them all, the whole night
as usual. Its resident memory is read from Linux's /proc every second, with the number of pages stored by then; printed are
the tenths of the night. Grows with pages what grows from the second half to the end: the first pages fill caches.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine, func, select

from benchmarks.crawl_speed import PAGES_A_SITE
from benchmarks.kill_night import YIGUANG, sample_environment
from benchmarks.many_sites import write_sites
from examples.web.server import SampleWeb
from examples.web.world import World
from storage.database import open_engine
from storage.tables import pages

_MIB = 1 << 20


def crawl_process(parent: int) -> int | None:
    """The process that crawls, below the night's own; None while there is none."""
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            command = status.with_name("cmdline").read_bytes()
            above = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:  # has ended meanwhile
            continue
        if above == parent and b"yiguang.nights.shard_main" in command:
            return int(status.parent.name)
    return None


def resident_mib(process: int) -> float | None:
    """Resident memory in MiB; None when the process has ended."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), None)
    return None if line is None else int(line.split()[1]) * 1024 / _MIB


def samples(night: "subprocess.Popen[bytes]", engine: Engine) -> list[tuple[int, float]]:
    """Pages stored and MiB resident, once a second until the night ends."""
    found: list[tuple[int, float]] = []
    while night.poll() is None:
        time.sleep(1.0)
        process = crawl_process(night.pid)
        if process is None or (mib := resident_mib(process)) is None:
            continue
        with engine.connect() as connection:
            found.append((connection.scalar(select(func.count()).select_from(pages)) or 0, mib))
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", type=int)
    sites = max(1, parser.parse_args().pages // PAGES_A_SITE)
    with (
        tempfile.TemporaryDirectory() as folder,
        SampleWeb(0, World(write_sites(Path(folder, "web"), sites, PAGES_A_SITE, 0))) as web,
    ):
        home = Path(folder, "home")
        environ = {**sample_environment(web, home), "YIGUANG_SHARDS": "1"}
        web.write_targets(home / "targets.csv")
        subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
        engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
        command = [*YIGUANG, "nightly", "--targets", str(home / "targets.csv"), "--json"]
        with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as night:
            found = samples(night, engine)
        engine.dispose()
    total = sites * PAGES_A_SITE
    for tenth in range(1, 11):
        passed = [(count, mib) for count, mib in found if count <= total * tenth / 10]
        if passed:
            print(f"{passed[-1][0]:8} pages  {passed[-1][1]:7.1f} MiB", flush=True)
    print(f"{max(count for count, _ in found)} of {total} pages seen stored")
    return 0


if __name__ == "__main__":
    sys.exit(main())
