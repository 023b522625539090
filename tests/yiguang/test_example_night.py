"""What `make run` says when its night is over."""

import os
import stat
from pathlib import Path

import pytest

from domain.roles import ROLE_ZH, Act, Role, may
from examples import run_night


def test_the_accounts_that_a_lead_needs_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With an analyst alone nothing is ever confirmed or referred."""
    command = tmp_path / "yiguang"  # one that does nothing: what is said afterwards is told whatever the night found
    command.write_text("#!/bin/sh\n", "ascii")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    assert run_night.run(tmp_path / "targets.csv", os.environ) == 0
    said = capsys.readouterr().out
    for act in (Act.DECIDE_FIRST, Act.DECIDE_SECOND, Act.REFER):
        assert any(f"{ROLE_ZH[role]} {role}" in said for role in Role if may(role, act)), act
    assert all(f"{ROLE_ZH[role]} {role}" in said for role in (Role.ANALYST, Role.REVIEWER, Role.OFFICER))
