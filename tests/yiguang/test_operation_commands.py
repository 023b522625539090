"""Backup, restore, metrics and the ledger of lost URLs, as typed."""

import csv
import errno
import io
import json
import os
import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.beijing import BEIJING
from domain.outcome import Outcome
from domain.retention import RecordKind
from domain.tips import Reporter, TipRecord, TipSource
from storage.crawl.nights import finish_night, list_nights
from storage.keeping.backup import alone_in
from storage.leads.cases import list_cases
from storage.leads.tip_records import add_tip
from storage.operators.practitioners import (
    RegisteredPractitioner,
    import_practitioners,
    number_digest,
    practitioner_key,
)
from storage.sealing.keep_records import read_records
from storage.sealing.seals import seal_night
from storage.tables import pages
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, failed_visit, visit
from tests.storage.writes import crash_at
from yiguang.cli import run
from yiguang.home import make_home, open_home
from yiguang.settings import read_settings


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With one lead, one page that is gone, and one URL whose reason is a formula."""
    place = tmp_path / "home"
    settings = read_settings({"YIGUANG_HOME": str(place)})
    make_home(settings)
    engine = open_home(settings)
    night_id, ids = open_sample_night(engine, links=1)
    store = open_store(engine, place)
    lead, gone, odd, last = claim(engine, night_id, ids, limit=4)
    store.record(visit(lead, flagged=True))
    store.record(failed_visit(gone))
    store.record(failed_visit(odd, Outcome.UNKNOWN, outcome_detail='＝HYPERLINK("http://x.example")'))
    store.record(visit(last))
    store.close()
    seal_night(engine, place, night_id, seal_key(place), NOW)
    engine.dispose()
    monkeypatch.setenv("YIGUANG_HOME", str(place))
    return place


@pytest.mark.usefixtures("home")
def test_a_backup_is_restored_and_proven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, place = tmp_path / "backup", tmp_path / "restored"
    assert run(["backup", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["with_keys"], told["missing"], told["database"]) == (False, [], "sqlite")
    assert run(["restore", str(out), "--home", str(place)]) == 0
    said = capsys.readouterr().out
    written = datetime.fromisoformat(told["created_at"]).astimezone(BEIJING)
    assert f"备份时间：{written:%Y-%m-%d %H:%M:%S}（北京时间）" in said
    assert "全部通过核验" in said and "备份中没有签名私钥" in said and told["key_fingerprint"] in said
    assert (place / "initialised").exists() and not (place / "keys").exists()
    assert run(["restore", str(out), "--home", str(place)]) == 1
    assert capsys.readouterr().err == f"错误：{place} 不是空目录；恢复只写入新的或空的数据目录\n"


def test_every_key_that_must_be_put_back_is_named(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the signing key was named; the next reporter was sealed with another key."""
    engine = open_home(read_settings())
    tip = TipRecord(0, TipSource.PUBLIC, "", NOW, "wang", "称包治", ())
    add_tip(engine, home, tip, Reporter("赵某", ""), NOW, lambda *_: None)
    doctor = RegisteredPractitioner(
        "李云屿", "青屿安和门诊部", number_digest("110000000000001", practitioner_key(home))
    )
    import_practitioners(engine, [doctor], "市卫健委", NOW.date())
    engine.dispose()
    out, place = tmp_path / "backup", tmp_path / "restored"
    assert run(["backup", "--out", str(out)]) == 0
    assert "不含 keys/" in capsys.readouterr().out
    assert run(["restore", str(out), "--home", str(place)]) == 0
    said = capsys.readouterr().out
    assert all(
        f"把原来的 {name} 放回 {place}/keys" in said for name in ("seal.pem", "reporters.key", "practitioners.key")
    )
    whole, again = tmp_path / "whole", tmp_path / "again"
    assert run(["backup", "--out", str(whole), "--with-keys"]) == 0
    capsys.readouterr()
    assert run(["restore", str(whole), "--home", str(again)]) == 0
    assert "放回" not in capsys.readouterr().out
    assert {key.name for key in (again / "keys").iterdir()} == {"seal.pem", "reporters.key", "practitioners.key"}


@pytest.mark.usefixtures("home")
def test_a_backup_is_not_restored_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, place = tmp_path / "backup", tmp_path / "restored"
    assert run(["backup", "--out", str(out)]) == 0
    place.write_bytes(b"")
    assert run(["restore", str(out), "--home", str(place)]) == 1
    assert capsys.readouterr().err == f"错误：{place} 不是空目录；恢复只写入新的或空的数据目录\n"


@pytest.mark.usefixtures("home")
def test_two_backups_do_not_write_to_one_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One cleared away what the list of the other still named, or the older list took the place of the newer one."""
    out = tmp_path / "backup"
    with alone_in(out):
        assert run(["backup", "--out", str(out)]) == 1
    assert capsys.readouterr().err == f"错误：另一次备份正在写入 {out}；请等它结束，或换一个目录\n"
    assert run(["backup", "--out", str(out)]) == 0
    assert run(["restore", str(out), "--home", str(tmp_path / "restored")]) == 0


@pytest.mark.usefixtures("home")
def test_a_backup_leaves_a_folder_of_something_else_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "papers"
    out.mkdir()
    (out / "letter.txt").write_text("x", encoding="utf-8")
    assert run(["backup", "--out", str(out)]) == 1
    assert "不属于备份的文件" in capsys.readouterr().err
    assert [entry.name for entry in out.iterdir()] == ["letter.txt"]


def test_evidence_that_is_gone_is_told_by_the_backup(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (bundle,) = home.glob("evidence/*/*.wacz")
    bundle.unlink()
    assert run(["backup", "--out", str(tmp_path / "backup")]) == 1
    path = bundle.relative_to(home)
    assert capsys.readouterr().err == f"错误：1 个登记在册的证据文件不在数据目录中，首先是 {path}\n"


@pytest.mark.usefixtures("home")
def test_lost_urls_are_a_table_without_formulas(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["night", "lost"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("\ufeff网址,")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    reasons = {row["结果或规则"]: row["原因"] for row in rows}
    assert reasons == {"页面不存在（404/410）": "页面不存在", "无法判定": '\'＝HYPERLINK("http://x.example")'}
    assert run(["night", "lost", "1999-01-01"]) == 1


class _Pager(io.StringIO):
    """Knows whether the database was being read while it was written to."""

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.database = database
        self.held: list[bool] = []

    def write(self, text: str) -> int:
        with closing(sqlite3.connect(self.database, timeout=0, isolation_level=None)) as other:
            other.execute("CREATE TABLE IF NOT EXISTS newer (a)")
            # A reader that began before the table keeps the log from being emptied.
            self.held.append(bool(other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]))
            other.execute("DROP TABLE newer")
        return super().write(text)


@pytest.mark.parametrize("typed", ["night lost", "night lost --json", "evidence records"])
def test_what_is_printed_into_a_pager_does_not_hold_the_database(
    typed: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["evidence", "hold", "1", "--by", "张示例", "--reason", "复议"]) == 0
    pager = _Pager(home / "yiguang.sqlite")
    monkeypatch.setattr("sys.stdout", pager)
    assert run(typed.split()) == 0
    assert pager.getvalue() and not any(pager.held)


def test_metrics_are_put_in_a_file(home: Path, tmp_path: Path) -> None:
    out = tmp_path / "yiguang.prom"
    assert run(["metrics", "--out", str(out)]) == 0
    assert 'yiguang_night_pages{outcome="content"} 2.0' in out.read_text(encoding="utf-8").splitlines()
    assert run(["metrics", "--out", str(out), "--port", "9464"]) == 2
    assert run(["metrics", "--out", str(home / "yiguang.sqlite" / "x")]) == 1


@pytest.mark.usefixtures("home")
def test_a_night_over_a_file_without_a_good_row_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    engine = open_home(read_settings())
    for night_id, _start, _end in list_nights(engine):
        finish_night(engine, night_id, NOW)
    engine.dispose()
    file = tmp_path / "targets.csv"
    file.write_text("name,url\n示例门诊部,clinic.example\n", encoding="utf-8")
    assert run(["nightly", "--targets", str(file)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == f"错误：{file} 中没有可以巡查的目标（1 行有误）"


@pytest.mark.usefixtures("home")
def test_evidence_expires_on_a_day_in_beijing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nights run when it is still the day before by UTC."""
    engine = open_home(read_settings())
    for night_id, _start, _end in list_nights(engine):
        finish_night(engine, night_id, NOW)
    engine.dispose()
    monkeypatch.setattr("yiguang.home.utc_now", lambda: NOW + timedelta(days=3650))
    assert run(["evidence", "expire", "--dry-run"]) == 0
    due = {line.rpartition(" ")[2] for line in capsys.readouterr().out.splitlines() if "期满 " in line}
    assert due == {"2027-11-26", "2031-11-26"}


@pytest.mark.usefixtures("home")
def test_words_that_a_reader_keeps_in_the_database_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = open_home(read_settings())
    for night_id, _start, _end in list_nights(engine):
        finish_night(engine, night_id, NOW)
    monkeypatch.setattr("yiguang.home.utc_now", lambda: NOW + timedelta(days=3650))
    monkeypatch.setattr("storage.database.BUSY_TIMEOUT_SECONDS", 0)
    with engine.connect() as reader:
        assert reader.scalar(select(pages.c.id)) is not None
        assert run(["evidence", "expire", "--by", "张示例"]) == 1
        said = capsys.readouterr()
        assert "页的文字期满" in said.out and "仍留在数据库文件" in said.err and "再次运行" in said.err
    assert run(["evidence", "expire", "--by", "张示例"]) == 0
    engine.dispose()


@pytest.mark.usefixtures("home")
def test_a_picture_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "none" / "picture.svg"
    assert run(["registry", "show", "clinic.example", "--picture", str(picture)]) == 1
    assert capsys.readouterr().err.startswith(f"错误：无法写入 {picture}：")


@pytest.mark.parametrize(("writes", "recorded"), [(0, False), (2, True)])
def test_a_full_disk_says_whether_a_change_of_keys_is_on_record(
    home: Path, capsys: pytest.CaptureFixture[str], writes: int, recorded: bool
) -> None:
    """The new key is the first file that is written, and its folder the second; what follows them stands behind the record."""
    engine = open_home(read_settings())
    for night_id, _start, _end in list_nights(engine):
        finish_night(engine, night_id, NOW)
    with crash_at(engine, writes, _full):
        assert run(["evidence", "rotate-key", "--by", "张示例", "--reason", "年度更换"]) == 1
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("错误：已登记，" if recorded else "错误：未登记，") and "磁盘已满" in said
    with engine.connect() as connection:
        assert bool(read_records(connection, RecordKind.KEY)) is recorded
    engine.dispose()
    assert run(["evidence", "rotate-key", "--by", "张示例", "--reason", "年度更换"]) == 0
    assert not list(home.glob("keys/*.next.pem"))


@pytest.mark.usefixtures("home")
def test_a_full_disk_says_that_a_hold_is_on_record(capsys: pytest.CaptureFixture[str]) -> None:
    engine = open_home(read_settings())
    with crash_at(engine, 0, _full):
        assert run(["evidence", "hold", "1", "--by", "张示例", "--reason", "复议"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("错误：已登记，")
    with engine.connect() as connection:
        assert len(read_records(connection, RecordKind.HOLD)) == 1
    engine.dispose()


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.usefixtures("home")
def test_what_was_done_to_a_lead_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """It was a path, and English."""
    said = ["--by", "张示例", "--reason", "核实"]
    assert run(["evidence", "retain", "1", "--as", "dismissed", *said]) == 0
    assert capsys.readouterr().err == "线索 1：改类（线索 → 审核后排除），已登记（第 1 号）\n"
    assert run(["evidence", "hold", "1", *said]) == 0
    assert capsys.readouterr().err == "线索 1：留置，已登记（第 2 号）\n"
    assert run(["evidence", "records"]) == 0
    assert "\t改类（线索 → 审核后排除）\t张示例\t核实\t" in capsys.readouterr().out


@pytest.mark.usefixtures("home")
def test_what_was_done_to_evidence_is_told_in_chinese_and_by_beijing(capsys: pytest.CaptureFixture[str]) -> None:
    engine = open_home(read_settings())
    case = list_cases(engine)[0].id
    engine.dispose()
    before = datetime.now(BEIJING).replace(microsecond=0)
    assert run(["evidence", "hold", str(case), "--by", "甲", "--reason", "行政复议未结"]) == 0
    capsys.readouterr()
    assert run(["evidence", "records"]) == 0
    _, at, kind, by, reason, _ = capsys.readouterr().out.splitlines()[-1].split("\t")
    assert (kind, by, reason) == ("留置", "甲", "行政复议未结")
    assert before <= datetime.fromisoformat(at).replace(tzinfo=BEIJING) <= datetime.now(BEIJING)


def test_a_folder_whose_key_is_lost_is_still_verified(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By the fingerprint that was published: nothing is signed, so no private key is needed."""
    fingerprint = seal_key(home).fingerprint
    (home / "keys" / "seal.pem").unlink()
    assert run(["init"]) == 1
    assert "须另建数据目录" in capsys.readouterr().err
    assert run(["evidence", "verify", "--all"]) == 1
    assert run(["evidence", "verify", "--all", "--key", fingerprint]) == 0, capsys.readouterr().out
    assert run(["evidence", "verify", "--all", "--key", "0" * 64]) == 1
    assert not (home / "keys" / "seal.pem").exists()
