"""What goes wrong with disk and database ends a command with one line, and what is our own fault with a traceback."""

import errno
import os
import resource
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from yiguang import home as home_module
from yiguang.cli import run
from yiguang.faults import in_words
from yiguang.home import make_home
from yiguang.settings import read_settings

TARGETS = "name,url\n" + "".join(f"示例门诊部{number},http://clinic-{number}.example/\n" for number in range(3000))

#: Less than the journal of that import takes, whatever the size of the tables
FREE_BYTES = 100_000


def test_a_disk_that_is_full_is_one_line_and_the_command_can_be_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home, targets = tmp_path / "home", tmp_path / "targets.csv"
    make_home(read_settings({"YIGUANG_HOME": str(home)}))
    targets.write_text(TARGETS, encoding="utf-8")
    monkeypatch.setenv("YIGUANG_HOME", str(home))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (FREE_BYTES, hard))
    try:
        assert run(["targets", "import", str(targets)]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said = capsys.readouterr().err
    assert said.startswith("错误：数据库无法使用：") and said.count("\n") == 1
    assert said.endswith("；已完成的部分不受影响，排除后再次运行即可\n")
    assert run(["targets", "import", str(targets)]) == 0


def test_causes_are_looked_for() -> None:
    try:
        try:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/home/warc/a.warc.gz")
        except OSError as full:
            raise RuntimeError("the night could not be closed") from full
    except RuntimeError as fault:
        assert in_words(fault) == "磁盘已满（/srv/home/warc/a.warc.gz）；已完成的部分不受影响，排除后再次运行即可"
    gone = OperationalError("SELECT 1", None, ConnectionError("server closed the connection\nunexpectedly"))
    assert (in_words(gone) or "").startswith(
        "数据库无法使用：(builtins.ConnectionError) server closed the connection；"
    )
    assert in_words(OSError(errno.ENOENT, "No such file")) is None


def test_a_fault_of_ours_keeps_its_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path))
    monkeypatch.setattr(home_module, "make_home", broken)
    with pytest.raises(ZeroDivisionError):
        run(["init"])
