import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from classifier.segment import Segmenter

ROOT = Path(__file__).parents[2]
PROGRAM = "from classifier.segment import Segmenter; print(Segmenter().on_boundaries('我院技术最好', 4, 6))"


@pytest.mark.parametrize(
    ("text", "words", "whole"),
    [
        ("我院最近引进设备", "最", False),
        ("本地最好的医院", "最好", True),
        ("第一人民医院", "人民", True),
        ("路口交通拥堵", "口交", False),
        ("市第一人民医院", "民医", False),
        ("最好", "最好", True),
    ],
)
def test_boundaries(text: str, words: str, whole: bool) -> None:
    start = text.index(words)
    assert Segmenter().on_boundaries(text, start, start + len(words)) is whole


def run(**env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **env},
        capture_output=True,
        text=True,
    )


def test_quiet_and_its_cache_is_private(tmp_path: Path) -> None:
    done = run(XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path / "nowhere"))
    assert (done.stdout.strip(), done.stderr, done.returncode) == ("True", "", 0)
    folder = tmp_path / "yiguang"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(folder.iterdir())


def test_works_without_a_home(tmp_path: Path) -> None:
    done = run(HOME="", TMPDIR=str(tmp_path))
    assert (done.stdout.strip(), done.stderr) == ("True", "")
    assert not list(tmp_path.iterdir())
