"""Accounts and decisions from the command line."""

import errno
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.reviews import Verdict
from domain.roles import ROLE_ZH, Role
from review.accounts import Accounts
from review.audit_log import AuditLog, export_faults
from review.decisions import Decisions
from storage.database import open_engine
from tests.review.desk import PASSWORD, PASSWORDS, Clock, Page, desk
from yiguang.cli import run


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "home"
    monkeypatch.setenv("YIGUANG_HOME", str(folder))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    monkeypatch.setenv("YIGUANG_OPERATOR", "示例中心")
    assert run(["init"]) == 0
    capsys.readouterr()
    return folder


@pytest.mark.parametrize(
    "command",
    [
        ("accounts",), ("accounts", "add"), ("accounts", "list"), ("accounts", "disable"), ("accounts", "enable"),
        ("accounts", "role"), ("accounts", "password"), ("accounts", "link"), ("accounts", "unlink"), ("decisions",), ("decisions", "export"), ("decisions", "ledger"),
        ("decisions", "log"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_help_shows_an_example(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*command, "--help"]) == 0
    assert f"yiguang {' '.join(command)}" in capsys.readouterr().out.partition("例：")[2]


def test_accounts_are_linked_to_persons_of_the_sign_in_provider(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["accounts", "link", "admin"]) == 2 and "没有设置统一身份登录" in capsys.readouterr().err
    monkeypatch.setenv("YIGUANG_OIDC_ISSUER", "https://id.office.example/realm")
    monkeypatch.setenv("YIGUANG_OIDC_CLIENT_ID", "desk")
    monkeypatch.setenv("YIGUANG_OIDC_CLIENT_SECRET", "kept-from-all-output")
    monkeypatch.setenv("YIGUANG_OIDC_BASE_URL", "https://desk.office.example")
    assert run(["accounts", "link", "admin", "--subject", "s-1"]) == 0
    assert run(["accounts", "link", "admin"]) == 1 and "已有关联" in capsys.readouterr().err
    assert run(["accounts", "unlink", "admin"]) == 0
    assert run(["accounts", "link", "admin"]) == 0
    assert run(["accounts", "unlink", "nobody"]) == 1
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    told = [(entry.actor, entry.act) for entry in AuditLog(engine, Clock()).entries(subject="account:admin", limit=3)]
    assert told == [("命令行 示例中心", f"identity-{act}") for act in ("allowed", "unlinked", "linked")]
    assert "kept-from" not in "".join(AuditLog(engine, Clock()).lines())
    engine.dispose()


def test_accounts_are_made_listed_changed_and_stopped(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["accounts", "add", "Ann", "--role", "analyst", "--display", "安示例"]) == 0
    said = capsys.readouterr().out
    assert "账号：ann（初审员）" in said
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    accounts = Accounts(engine, Clock(), PASSWORDS)
    first = said.split("一次性口令：")[1].strip()
    assert isinstance(accounts.authenticate("ann", first, "192.0.2.1"), str)
    assert run(["accounts", "password", "ann"]) == 0
    second = capsys.readouterr().out.split("一次性口令：")[1].strip()
    assert second != first and isinstance(accounts.authenticate("ann", second, "192.0.2.1"), str)
    assert run(["accounts", "role", "ann", "--role", "reviewer"]) == 0
    assert run(["accounts", "disable", "ann"]) == 0
    assert capsys.readouterr().out == "ann 现为复审员\n已停用：ann\n"
    assert run(["accounts", "list"]) == 0
    assert "ann\t复审员\t安示例\t已停用" in capsys.readouterr().out.splitlines()
    assert run(["accounts", "enable", "ann"]) == 0
    engine.dispose()


def test_a_role_is_named_as_the_desk_names_it_or_by_its_code(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.is_dir()
    for number, (role, name) in enumerate(ROLE_ZH.items()):
        assert run(["accounts", "add", f"person{number}", "--role", name]) == 0
        assert f"（{name}）" in capsys.readouterr().out
        assert run(["accounts", "role", f"person{number}", "--role", role.value]) == 0
        assert capsys.readouterr().out == f"person{number} 现为{name}\n"
    for word in ("king", "初审", "Analyst", ""):
        assert run(["accounts", "add", "ann", "--role", word]) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and all(f"{role.value} {name}" in told for role, name in ROLE_ZH.items())
    for command in ("add", "role"):
        assert run(["accounts", command, "--help"]) == 0
        shown = re.sub(r"\s+", "", capsys.readouterr().out)
        assert "英文、中文均可" in shown and all(f"{role.value}{name}" in shown for role, name in ROLE_ZH.items())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["accounts", "add", "a b", "--role", "analyst"], 2),
        (["accounts", "add", "ann", "--role", "king"], 2),
        (["accounts", "add", "ann"], 2),
        (["accounts", "disable", "nobody"], 1),
        (["accounts", "password", "nobody"], 1),
        (["decisions", "log", "--head", "x"], 2),
    ],
)
def test_what_cannot_be_is_one_line(
    home: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert home.is_dir() and run(arguments) == code
    told = capsys.readouterr()
    assert told.out == "" and len(told.err.strip().splitlines()) == 1 and told.err.startswith("错误：")


def test_an_export_that_breaks_off_leaves_no_half_file(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be taken for all decisions, and a model trained on it."""

    def rows(_engine: object) -> Iterator[dict[str, str]]:
        yield {"id": "1"}
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("review.training.training_rows", rows)
    file = tmp_path / "decisions.jsonl"
    assert home.is_dir() and run(["decisions", "export", str(file)]) == 1
    assert capsys.readouterr().err.startswith("错误：无法写入")
    assert not file.exists()


def _check_the_export(log: Path, lines: list[str], head: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Also on a machine that has no data folder."""
    check = ["decisions", "log", "--check", str(log), "--head", head]
    with pytest.MonkeyPatch.context() as elsewhere:
        elsewhere.setenv("YIGUANG_HOME", str(log.parent / "nowhere"))
        assert run(check) == 0
        assert capsys.readouterr().out == f"{head}\n"
        log.write_text("".join(lines[:-1]), "utf-8")  # by itself it holds together
        assert (run(check[:-2]), run(check)) == (0, 1)
        assert f"找不到先前记下的第 {len(lines)} 条" in capsys.readouterr().out
        log.write_bytes(b"\xff" + "".join(lines).encode())
        assert run(check[:-2]) == 1
        told = capsys.readouterr()
        assert told.out.splitlines()[0] == "审计日志第 1 行与前一行不相接" and "处不符" in told.err
        log.write_bytes(b"")
        assert run(check[:-2]) == 1
        assert "没有记录" in capsys.readouterr().err
        assert run([*check, "--export", "x"]) == 2
        assert run(["decisions", "log", "--check", str(log.parent)]) == 2


def test_decisions_are_exported_counted_and_the_log_checked(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    ids = desk(engine, home, {"a": Page(0.9)})
    ann = Accounts(engine, Clock(), PASSWORDS).create("ann", Role.ANALYST, "test", PASSWORD)[0]
    Decisions(engine, Clock()).decide(ann, ids["a"], Verdict.NOT_AD, expected_version=1)
    engine.dispose()
    file = tmp_path / "decisions.jsonl"
    assert run(["decisions", "export", str(file)]) == 0
    assert json.loads(file.read_text("utf-8"))["decision"] == "dismissed"
    assert run(["decisions", "export", str(file)]) == 1
    assert run(["decisions", "ledger", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["cure-rate"]["dismissed"] == 1
    log = tmp_path / "log.jsonl"
    assert run(["decisions", "log", "--export", str(log)]) == 0
    told = capsys.readouterr()
    head = told.out.strip()
    assert "核对无误" in told.err
    lines = log.read_text("utf-8").splitlines(keepends=True)
    assert export_faults(iter(lines)) == () and json.loads(lines[-1])["act"] == "decisions-exported"
    assert json.loads(lines[-1])["actor"] == "命令行 示例中心"
    assert run(["decisions", "log", "--head", head]) == 0
    capsys.readouterr()
    _check_the_export(log, lines, head, capsys)
    assert run(["decisions", "log", "--head", f"{len(lines)}:{'0' * 64}"]) == 1
    assert "找不到先前记下的" in capsys.readouterr().out
