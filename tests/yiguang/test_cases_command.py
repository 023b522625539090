"""A night that there never was has no empty list of leads."""

import pytest

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
