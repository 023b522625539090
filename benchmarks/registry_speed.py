"""How fast a list of institutions is taken in, taken in again, and looked up.

    python -m benchmarks.registry_speed [ROWS] [DATABASE_URL]

Without a URL a SQLite file that is thrown away; a PostgreSQL database must be an empty one. The institutions are invented.
"""

import csv
import random
import resource
import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import Engine

from storage.database import migrate, open_engine
from storage.operators.registry import SqlRegistry
from storage.operators.registry_file import open_registry_file
from storage.operators.registry_import import import_institutions
from storage.operators.registry_rows import RowReader, load_headings
from yiguang.lexicon_books import load_subjects

LEXICONS = Path(__file__).parents[1] / "lexicons"
DAY = date(2026, 11, 1)
LOOK_UPS = 1000


def write_list(path: Path, rows: int) -> None:
    chance = random.Random(1)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("机构名称", "登记号", "类别", "经营性质", "地区", "地址", "诊疗科目", "第二名称", "官方网站"))
        for number in range(rows):
            alias = f"别名{number}" if chance.random() < 0.2 else ""
            site = f"s{number}.example" if chance.random() < 0.3 else ""
            licence = f"PDY{number:06}31010412A1002"
            address = f"青屿区某路{number}号"
            writer.writerow(
                (f"青屿第{number}门诊部", licence, "综合门诊部", "营利性", "青屿区", address, "内科；外科", alias, site)
            )


def take_in(engine: Engine, path: Path) -> tuple[float, float]:
    """Seconds of wall-clock time and of this process's processor time; a server's own work is in the first only."""
    headings, public, private = load_headings(LEXICONS)
    reader = RowReader(load_subjects(LEXICONS), public, private, "大名录", DAY)
    before, before_cpu = time.perf_counter(), time.process_time()
    with open_registry_file(path, headings) as table:
        import_institutions(engine, (row for row in reader.read_all(table)), "大名录", DAY)  # type: ignore[misc]  # none is bad
    return time.perf_counter() - before, time.process_time() - before_cpu


def look_up(engine: Engine, rows: int) -> list[float]:
    """Milliseconds of each look-up of a page with a name, an alias, a licence and a host, in order of length."""
    registry, chance, taken = SqlRegistry(engine), random.Random(2), []
    for _ in range(LOOK_UPS):
        number = chance.randrange(rows)
        before = time.perf_counter()
        found = registry.find(
            (f"青屿第{number}门诊部", f"别名{number}"),
            (),
            (f"PDY{number:06}31010412A1002",),
            (f"www.s{number}.example",),
        )
        taken.append((time.perf_counter() - before) * 1000)
        assert len(found) == 1
    return sorted(taken)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/a.db")
        migrate(engine)
        path = Path(folder) / "list.csv"
        write_list(path, rows)
        for what in ("first", "again"):
            wall, cpu = take_in(engine, path)
            print(f"{what}: {wall:.0f} s, {rows / wall:,.0f} rows/s; processor {cpu:.0f} s", flush=True)
            print(f"  peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB", flush=True)
        before = time.process_time()
        taken = look_up(engine, rows)
        cpu = (time.process_time() - before) * 1000 / LOOK_UPS
        print(f"look-up: median {statistics.median(taken):.2f} ms, 95 % within {taken[int(LOOK_UPS * 0.95)]:.2f} ms")
        print(f"  processor {cpu:.2f} ms each")
        print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")
        engine.dispose()


if __name__ == "__main__":
    main()
