"""A night that is killed again and again ends whole."""

import csv
import random
from pathlib import Path

from benchmarks.kill_night import kill_night, sample_environment
from examples.web.server import SampleWeb

SITES = ("ankang-nanke", "qiputang", "yunbu-xiehe", "hexiaoman-baike")


def test_a_killed_night_is_taken_up_and_whole(tmp_path: Path) -> None:
    with SampleWeb() as web:
        targets = tmp_path / "targets.csv"
        rows = [row for row in web.target_rows() if any(site in row["url"] for site in SITES)]
        with targets.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        night = kill_night(sample_environment(web, tmp_path / "home"), targets, 4, random.Random())
    assert night.hits, "every start ended before it was hit: too few pages to tell anything"
    assert night.faults == (), night.hits
