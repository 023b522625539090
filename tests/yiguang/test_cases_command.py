"""`yiguang cases`: a night that there never was, and how far the desk is with a lead."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.roles import Role
from storage.database import open_engine
from storage.tables import desk_items
from tests.referral.leads import confirm
from tests.review.desk import Clock, Page, desk, people
from yiguang.cli import run


def test_leads_of_a_night_that_never_was(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YIGUANG_HOME", str(tmp_path_factory.mktemp("home")))
    assert run(["init"]) == 0
    capsys.readouterr()
    assert run(["cases", "list", "--night", "2026-11-25"]) == 1
    assert "没有 2026-11-25 这一夜的记录" in capsys.readouterr().err
    assert run(["cases", "list"]) == 0


def test_what_two_persons_decided_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A confirmed lead was said to wait for its readers for ever."""
    home = tmp_path / "home"
    monkeypatch.setenv("YIGUANG_HOME", str(home))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    assert run(["init"]) == 0
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    items = desk(engine, home, {"a": Page(0.9), "b": Page(0.8)})
    confirm(engine, items["a"], people(engine, Clock(), Role.ANALYST, Role.REVIEWER))
    with engine.connect() as connection:
        case = connection.scalar(select(desk_items.c.page_id).where(desk_items.c.id == items["a"]))
    engine.dispose()
    capsys.readouterr()
    assert run(["cases", "list"]) == 0
    confirmed, waiting = capsys.readouterr().out.splitlines()
    assert confirmed.endswith("/a\t已确认（两人）") and waiting.endswith("/b")
    assert run(["cases", "list", "--json"]) == 0
    assert [json.loads(line)["state"] for line in capsys.readouterr().out.splitlines()] == ["confirmed", "waiting"]
    assert run(["cases", "show", str(case)]) == 0
    assert capsys.readouterr().out.splitlines()[0].endswith("，已确认（两人）")
    assert run(["cases", "show", str(case), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "confirmed"
