"""`yiguang report-form`: only for leads that two persons confirmed, by one who may refer, and on the record."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from domain.roles import Role
from review.audit_log import AuditLog
from storage.database import open_engine
from storage.digests import sha256_hex
from storage.tables import desk_items
from tests.referral.leads import confirm
from tests.review.desk import Clock, Page, desk, people
from tests.storage.look_nights import gone, look_at, refer
from yiguang.cli import run
from yiguang.home import utc_now

Printed = pytest.CaptureFixture[str]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Engine, str, str]]:
    """The database, a confirmed lead's number and one that nobody has read."""
    home = tmp_path / "home"
    monkeypatch.setenv("YIGUANG_HOME", str(home))
    monkeypatch.delenv("YIGUANG_DATABASE_URL", raising=False)
    assert run(["init"]) == 0
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    items = desk(engine, home, {"a": Page(0.9), "b": Page(0.8)})
    confirm(engine, items["a"], people(engine, Clock(), Role.ANALYST, Role.REVIEWER, Role.OFFICER)[:2])
    with engine.connect() as connection:
        pages = {
            name: connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item)).scalar_one()
            for name, item in items.items()
        }
    yield engine, str(pages["a"]), str(pages["b"])
    engine.dispose()


def test_a_confirmed_lead_is_filled_in_with_its_masked_copy_and_logged(
    home: tuple[Engine, str, str], tmp_path: Path, capsys: Printed
) -> None:
    engine, case, _ = home
    assert run(["report-form", case, "--to", "12377", "--out", str(tmp_path / "out")]) == 0
    folder = tmp_path / "out" / f"12377-线索{case}"
    assert capsys.readouterr().out.splitlines()[-1] == str(folder)
    text = (folder / "12377举报内容.txt").read_text(encoding="utf-8")
    assert "http://clinic.example/a" in text and "治愈率达98%" in text
    attached = sorted(path.name for path in folder.iterdir() if path.name.startswith("附件"))
    assert attached and all(name in text for name in attached)
    newest = AuditLog(engine, utc_now).entries()[0]
    assert (newest.act, newest.subject) == ("report-form-made", f"page:{case}")
    assert newest.detail["text_sha256"] == sha256_hex(text.encode())


def test_what_later_looks_found_goes_with_the_form(home: tuple[Engine, str, str], tmp_path: Path) -> None:
    engine, case, _ = home
    looked_at = look_at(engine, Path(os.environ["YIGUANG_HOME"]), refer(engine, int(case)), 25, gone)
    assert run(["report-form", case, "--to", "12377", "--out", str(tmp_path / "out")]) == 0
    folder = tmp_path / "out" / f"12377-线索{case}"
    assert looked_at.looks[0].bundle_sha256 in (folder / "附件.复测记录.txt").read_text(encoding="utf-8")
    assert "附件.复测记录.txt" in (folder / "12377举报内容.txt").read_text(encoding="utf-8")


def test_a_form_that_was_filled_in_before_is_not_passed_off_as_the_new_one(
    home: tuple[Engine, str, str], tmp_path: Path, capsys: Printed
) -> None:
    engine, case, _ = home
    form = ["report-form", case, "--to", "12377", "--out", str(tmp_path / "out")]
    assert run(form) == 0 and run(form) == 0
    assert run(["respond", case, "dispute", "--text", "称系第三方代运营"]) == 0
    before = AuditLog(engine, utc_now).head()
    assert run(form) == 1
    assert "已存在，不覆盖" in capsys.readouterr().err
    assert AuditLog(engine, utc_now).head() == before


def test_what_two_persons_did_not_confirm_stays(home: tuple[Engine, str, str], tmp_path: Path, capsys: Printed) -> None:
    _, case, unread = home
    assert run(["report-form", case, unread, "--to", "12315", "--out", str(tmp_path / "out")]) == 1
    assert f"线索 {unread} 尚未由两人确认" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_form_that_there_is_not(tmp_path: Path, capsys: Printed) -> None:
    assert run(["report-form", "1", "--to", "12378", "--out", str(tmp_path / "out")]) == 2
    assert "12315、12377" in capsys.readouterr().err
