"""A home that a newer version of the program made."""

from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database import open_engine
from yiguang.cli import run


def test_no_older_program_touches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`init` ended in a traceback, and every other command said to run `init`."""
    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    assert run(["init"]) == 0
    engine = open_engine(f"sqlite:///{tmp_path}/yiguang.sqlite")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    capsys.readouterr()
    for command in (["init"], ["cases", "list"]):
        assert run(command) == 1
        assert capsys.readouterr().err.startswith("错误：数据库是由更新版本的程序建立或升级的")
