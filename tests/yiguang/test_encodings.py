"""On a machine whose encoding is GBK commands answer too, though pages hold what GBK has not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import failed_visit, visit
from yiguang.home import make_home, open_home
from yiguang.settings import read_settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    settings = read_settings({"YIGUANG_HOME": str(place)})
    make_home(settings)
    engine = open_home(settings)
    night_id, ids = open_sample_night(engine, links=1)
    store = open_store(engine, place)
    lead, gone = claim(engine, night_id, ids, limit=2)
    store.record(visit(lead, flagged=True))
    store.record(failed_visit(gone, outcome_detail="不见了😀"))
    store.close()
    engine.dispose()
    return place


def _run(home: Path, *typed: str) -> bytes:
    code = "from yiguang.cli import main; main()"
    environ = {**os.environ, "YIGUANG_HOME": str(home), "PYTHONIOENCODING": "gbk", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", code, *typed], env=environ, capture_output=True, check=True)
    return done.stdout


def test_what_gbk_has_not_is_a_question_mark(home: Path) -> None:
    said = _run(home, "night", "lost", "--json").decode("gbk")
    assert "不见了?" in said


def test_a_table_is_in_utf8_as_its_mark_says(home: Path) -> None:
    said = _run(home, "night", "lost").decode("utf-8")
    assert said.startswith("\ufeff网址,") and "不见了😀" in said
