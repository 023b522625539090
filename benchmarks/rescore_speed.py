"""How fast stored pages are judged again, and that a rescore which is killed twice comes out the same.

    python -m benchmarks.rescore_speed [PAGES]

A night of as many pages is made from the texts of `lexicons/corpus/`, each made different by a line of its own. The pages are judged by one
process, then by two, then by two that are killed (SIGKILL) after a third and after two thirds.
"""

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

YIGUANG = (sys.executable, "-c", "from yiguang.cli import main; main()")
NIGHT, NOW = "2026-11-25", datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
_AT_A_TIME = 5000


def corpus_texts(folder: Path) -> list[str]:
    rows = (json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.open(encoding="utf-8"))
    return [row["text"] for row in rows if len(row.get("text", "")) > 100]


def page_rows(number: int, text: str) -> dict[str, dict[str, Any]]:
    """What a night stores of one page, as far as a rescore reads it."""
    url = f"http://clinic-{number % 500}.example/{number}.html"
    own = f"{text}\n第 {number} 页"
    common = {"night_id": NIGHT, "target_id": 1}
    judged_as = {"body": [0, len(own)], "widgets": [], "cta": [], "images": 0}
    return {
        "frontier": {
            "id": number, **common, "url_key": hashlib.sha256(url.encode()).hexdigest(), "url": url, "depth": 1,
            "state": "done", "due_at": NOW, "outcome": "content",
        },
        "visits": {
            "id": number, **common, "frontier_id": number, "attempt": 1, "outcome": "content", "detail": "",
            "started_at": NOW, "ended_at": NOW, "final_url": url, "robots": "allowed",
        },
        "pages": {
            "id": number, **common, "visit_id": number, "url": url, "final_url": url, "outcome": "content", "detail": "",
            "captured_at": NOW, "page_type": "page", "title": text[:30], "text": own, "score": 0.0, "flagged": False,
            "contacts": [], "identifiers": [], "institutions": [], "judged_as": judged_as,
        },
    }  # fmt: skip


def make_night(home: Path, texts: list[str], pages: int) -> int:
    """The characters of all texts."""
    from sqlalchemy import insert

    from storage.database import open_engine, writing
    from storage.tables import metadata, nights

    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    with writing(engine) as connection:
        connection.execute(insert(nights).values(id=NIGHT, started_at=NOW, ended_at=NOW))
    numbered = enumerate(islice(cycle(texts), pages), 1)
    characters = 0
    while some := [page_rows(number, text) for number, text in islice(numbered, _AT_A_TIME)]:
        characters += sum(len(rows["pages"]["text"]) for rows in some)
        with writing(engine) as connection:
            for name in ("frontier", "visits", "pages"):
                connection.execute(insert(metadata.tables[name]), [rows[name] for rows in some])
    engine.dispose()
    return characters


@dataclass(frozen=True, slots=True)
class Run:
    """Wall-clock and CPU seconds of a whole run, start-up included, and the digest of its results."""

    seconds: float
    cpu_seconds: float
    digest: str


def rescore(processes: int) -> Run:
    before, cpu = time.perf_counter(), _cpu_seconds()
    command = [*YIGUANG, "rescore", "--processes", str(processes), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Run(time.perf_counter() - before, _cpu_seconds() - cpu, json.loads(done.stdout)["digest"])


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def killed(home: Path, processes: int, after: Iterator[float], pages: int) -> str:
    """The digest of a run that is killed when each share of its pages is done."""
    from storage.database import open_engine
    from storage.pages.rescores import pages_done

    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    for share in after:
        run = subprocess.Popen(
            [*YIGUANG, "rescore", "--processes", str(processes)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while pages_done(engine, 3) < share * pages and run.poll() is None:
            time.sleep(0.2)
        assert run.poll() is None, "it ended before it could be killed"
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        print(f"   killed with {pages_done(engine, 3)} of {pages} pages done", flush=True)
    engine.dispose()
    return rescore(processes).digest


def main() -> int:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    texts = corpus_texts(Path(__file__).parent.parent / "lexicons" / "corpus")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        os.environ["YIGUANG_HOME"] = folder
        subprocess.run([*YIGUANG, "init"], stdout=subprocess.DEVNULL, check=True)
        characters = make_night(home, texts, pages)
        print(f"{pages} pages of {characters / pages:.0f} characters each, {os.cpu_count()} cores")
        runs = [rescore(1), rescore(2)]
        for number, run in enumerate(runs, 1):
            pace = f"{run.seconds:.1f} s, {pages / run.seconds:.0f} pages/s; CPU {run.cpu_seconds:.1f} s"
            print(f"processes: {number}  {pace}, {pages / run.cpu_seconds:.0f} pages a CPU second", flush=True)
        print(f"two are {runs[0].seconds / runs[1].seconds:.2f} times as fast as one", flush=True)
        digests = {run.digest for run in runs} | {killed(home, 2, iter((1 / 3, 2 / 3)), pages)}
        print("killed twice: " + ("the same digest" if len(digests) == 1 else "ANOTHER DIGEST"))
        return int(len(digests) != 1)


if __name__ == "__main__":
    sys.exit(main())
