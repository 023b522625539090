"""One night over saved real pages, served on loopback as the sites they came from.

    python -m benchmarks.real_night FOLDER [FOLDER...] [--promotional REGEX]

Prints one line a page: outcome, score, lead or not, encoding, title; then the counts. `--promotional` picks, by file name,
the pages that should become leads and counts those that did. Nothing of the pages is kept.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from benchmarks.kill_night import YIGUANG, sample_environment
from benchmarks.real_pages_server import load_pages
from examples.web.server import SampleWeb
from examples.web.world import World
from storage.database import open_engine
from storage.tables import pages, targets


def run_night(folder: Path, home: Path) -> Sequence[Row[Any]]:
    """The stored pages of one night over the files of `folder`, each with the name of its file as `file`."""
    with SampleWeb(0, World(load_pages(folder))) as web:
        environ = sample_environment(web, home)
        web.write_targets(home / "targets.csv")
        subprocess.run([*YIGUANG, "init"], env=environ, check=True, capture_output=True)
        command = [*YIGUANG, "nightly", "--targets", str(home / "targets.csv")]
        subprocess.run(command, env=environ, check=False, stdout=subprocess.DEVNULL)
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    named = select(targets.c.name.label("file"), pages).join(targets, targets.c.id == pages.c.target_id)
    with engine.connect() as connection:
        rows = connection.execute(named.order_by(targets.c.name)).all()
    engine.dispose()
    return rows


def print_page(page: Row[Any]) -> None:
    score = "     " if page.score is None else f"{page.score:.3f}"
    lost = f" U+FFFD x{page.text.count(chr(0xFFFD))}" if page.text and chr(0xFFFD) in page.text else ""
    about = (page.title or "")[:40] if page.outcome == "content" else page.detail
    print(
        f"{page.outcome:22} {score} {'LEAD' if page.flagged else '    '} {page.encoding or '':10} {page.file}  {about}{lost}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_night")
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--promotional", type=re.compile, default=None, help="file names that should become leads")
    options = parser.parse_args()
    stored: list[Row[Any]] = []
    with tempfile.TemporaryDirectory() as homes:
        for number, folder in enumerate(options.folders):
            stored += run_night(folder, Path(homes, str(number)))
    for page in stored:
        print_page(page)
    print(
        *(f"{count} {outcome}" for outcome, count in Counter(page.outcome for page in stored).most_common()), sep=", "
    )
    print(f"{sum(page.flagged for page in stored)} leads among {len(stored)} pages")
    if options.promotional:
        promotional = [page for page in stored if options.promotional.search(page.file)]
        missed = [page.file for page in promotional if not page.flagged]
        print(f"{len(promotional) - len(missed)} of {len(promotional)} promotional pages are leads; missed: {missed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
