"""The night's workflow survives the death of its process."""

import subprocess
import sys
from pathlib import Path

import pytest

NIGHT = """
import os, sys
from pathlib import Path
from yiguang.nights.durable import NightWorkflows, durable_night
from yiguang.settings import read_settings

home = Path(os.environ["YIGUANG_HOME"])
die_in = int(sys.argv[1])

def note(what):
    with (home / "log").open("a") as log:
        log.write(what + "\\n")

def crawl(job):
    note(f"{job.worker} {job.target_ids}{' shown' if job.to_show else ''}")
    if job.shard == die_in:
        os._exit(9)
    return "坏" if job.shard == 1 else ""

def close(night_id):
    note(f"close {night_id}")
    if die_in == 99:
        os._exit(9)

def left(night_id, target_ids):
    note(f"left of {target_ids}")
    return target_ids == [1, 4]

shards = [[1, 4], [2], [3]] if die_in != -1 else [[5]]
workflows = NightWorkflows(crawl, close, lambda night_id: note(f"begin {night_id}"), left)
with durable_night(read_settings(), workflows, "2026-11-25", shards) as handle:
    print(handle.get_result())
"""

#: The seconds for pictures that each shard of a night has.
PICTURES = """
import sys
from yiguang.home import utc_now
from yiguang.nights.durable import NightWorkflows, durable_night
from yiguang.settings import read_settings
from yiguang.wiring import crawl_settings, load_classifier, with_pictures

settings = read_settings()
classifier = load_classifier(settings)

def crawl(job):
    crawled = with_pictures(crawl_settings(settings, utc_now()), settings, classifier, 0.0, 1, (), job.share)
    print(round(crawled.ocr_budget_seconds), flush=True)
    return ""

shards = [[number] for number in range(int(sys.argv[1]))]
with durable_night(settings, NightWorkflows(crawl, lambda night_id: []), "2026-11-25", shards) as handle:
    handle.get_result()
"""


def night(home: Path, die_in: int) -> subprocess.CompletedProcess[str]:
    environ = {"YIGUANG_HOME": str(home), "YIGUANG_SHARDS": "1", "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-c", NIGHT, str(die_in)], env=environ, capture_output=True, text=True, check=False, timeout=60
    )


def test_a_night_that_died_goes_on_with_the_shards_it_had(tmp_path: Path) -> None:
    assert night(tmp_path, 2).returncode == 9
    assert night(tmp_path, 99).returncode == 9
    last = night(tmp_path, -1)
    assert (last.returncode, last.stdout, last.stderr) == (0, "['坏']\n", "")
    log = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    done_once = [line for line in log if line.startswith(("shard-000", "shard-001"))]
    assert sorted(done_once) == ["shard-000 [1, 4]", "shard-000 [1, 4] shown", "shard-001 [2]"]
    assert log.index("shard-000 [1, 4]") < log.index("left of [1, 4]") < log.index("shard-000 [1, 4] shown")
    assert "left of [2]" not in log  # it was not brought to an end
    assert log.count("shard-002 [3]") == 2
    assert log.count("begin 2026-11-25") == 1
    assert log[-1] == "close 2026-11-25"
    assert log.count("close 2026-11-25") == 2


@pytest.mark.parametrize("parts", [1, 4, 6])
def test_a_night_has_its_time_for_pictures_whole_whatever_parts_it_has(tmp_path: Path, parts: int) -> None:
    """One site is one part, however many are crawled at once."""
    environ = {"YIGUANG_HOME": str(tmp_path), "YIGUANG_SHARDS": "4", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", PICTURES, str(parts)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [str(1800 // parts)] * parts
