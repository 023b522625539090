"""Backup and restore of a data folder with its database, whichever it is."""

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Engine, inspect, make_url
from sqlalchemy.exc import SQLAlchemyError

from domain.evidence import VerifyReport
from storage.archive.orphans import clean_orphans
from storage.checking.verify import verify_all
from storage.checking.verify_chain import verify_chain
from storage.database import migrate, open_engine
from storage.keeping.backup import (
    BackupUnusable,
    Copied,
    KeptFile,
    Manifest,
    alone_in,
    copy_sqlite,
    evidence_paths,
    read_manifest,
    restore_files,
    restore_object,
    room_for_database,
    take_backup,
)
from storage.leads.reporters import KEY_FILE as REPORTERS_KEY
from storage.leads.reporters import has_reporters
from storage.operators.practitioners import KEY_FILE as PRACTITIONERS_KEY
from storage.operators.practitioners import has_digests
from yiguang.authorities import load_authorities
from yiguang.errors import CommandFailed, UsageError
from yiguang.home import MARK, load_seal_key
from yiguang.settings import DATABASE_FILE, Settings

#: The workflow engine's own state beside SQLite. A night that was under way is taken up from the frontier without it.
_WORKFLOWS = "workflows.sqlite"


def back_up(settings: Settings, engine: Engine, out: Path, now: datetime, *, with_keys: bool) -> Copied:
    """Copy database, evidence and whatever else is in the data folder to `out`. Raises UsageError for a place in the data folder, CommandFailed."""
    home = settings.home.resolve()
    if out.resolve().is_relative_to(home):
        raise UsageError(f"备份不能放在数据目录之内：{out}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with alone_in(out), room_for_database(out) as snapshot:
            _copy_database(settings, snapshot)
            about = Manifest(
                created_at=now.isoformat(),
                tool_version=version("yiguang"),
                dialect=engine.dialect.name,
                database=KeptFile("", 0, "", 0),
                key_fingerprint=load_seal_key(settings).fingerprint,
                with_keys=with_keys,
                files=(),
            )
            expected = evidence_paths(engine)
            copied = take_backup(
                home, out, snapshot, about, expected, databases=(_sqlite_name(settings, home), _WORKFLOWS)
            )
    except BackupUnusable as fault:
        raise CommandFailed(str(fault)) from fault
    except OSError as fault:
        raise CommandFailed(f"备份没有完成：{fault.filename or out}：{fault.strerror}；原有的备份仍然有效") from fault
    return copied


def _sqlite_name(settings: Settings, home: Path) -> str:
    """The name of the database in the data folder; where it lies elsewhere, none that a file has."""
    place = _sqlite_file(settings)
    return place.relative_to(home).as_posix() if place is not None and place.is_relative_to(home) else DATABASE_FILE


def _sqlite_file(settings: Settings) -> Path | None:
    parsed = make_url(settings.database_url)
    return Path(parsed.database or "").resolve() if parsed.get_backend_name() == "sqlite" else None


def _copy_database(settings: Settings, target: Path) -> None:
    if (place := _sqlite_file(settings)) is None:
        _run_postgres_tool("pg_dump", ["--format=custom", "--no-owner", "--file", str(target)], settings.database_url)
        return
    try:
        copy_sqlite(place, target)
    except sqlite3.Error as fault:
        raise CommandFailed(f"数据库无法备份：{fault}") from fault


def _run_postgres_tool(name: str, arguments: Sequence[str], url: str) -> None:
    """The password goes through the environment: arguments are for everybody on the machine to see."""
    if shutil.which(name) is None:
        raise CommandFailed(f"PostgreSQL 的备份与恢复需要 {name}，本机没有找到（安装 postgresql-client）")
    parsed = make_url(url).set(drivername="postgresql")
    environ = {**os.environ, **({"PGPASSWORD": str(parsed.password)} if parsed.password else {})}
    place = parsed.set(password=None).render_as_string(hide_password=False)
    done = subprocess.run(
        [name, *arguments, "--dbname", place], env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"退出码 {done.returncode}"])[-1]
        raise CommandFailed(f"{name} 失败：{said}")


def restore(settings: Settings, source: Path, tell: Callable[[str], None]) -> tuple[Manifest, Sequence[VerifyReport]]:
    """Put a backup into the empty data folder of `settings`, bring its tables up to date and check all evidence.

    Raises CommandFailed; what was put there by then is to be deleted before another try.
    """
    home = settings.home
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise CommandFailed(f"{home} 不是空目录；恢复只写入新的或空的数据目录")
    try:
        manifest = read_manifest(source)
        place = _sqlite_file(settings)
        if (place is None) != (manifest.dialect == "postgresql"):
            raise CommandFailed(
                f"备份的数据库是 {manifest.dialect}，YIGUANG_DATABASE_URL 指定的是另一种；请改为同一种后再恢复"
            )
        _require_empty_database(settings, place)
        home.mkdir(parents=True, exist_ok=True)
        restore_files(source, manifest, home)
        tell(f"已恢复 {len(manifest.files)} 个文件，逐个与清单核对；接着恢复数据库")
        _restore_database(settings, source, manifest.database, place)
    except BackupUnusable as fault:
        raise CommandFailed(str(fault)) from fault
    except OSError as fault:
        raise CommandFailed(f"恢复没有完成：{fault.filename}：{fault.strerror}；请清空 {home} 后再试") from fault
    return manifest, _put_to_use(settings, manifest)


def _require_empty_database(settings: Settings, place: Path | None) -> None:
    if place is not None:
        if place.exists():
            raise CommandFailed(f"数据库 {place} 已存在；恢复不覆盖已有的数据库")
        return
    engine = open_engine(settings.database_url)
    try:
        if inspect(engine).get_table_names():
            raise CommandFailed("YIGUANG_DATABASE_URL 指定的数据库不是空的；恢复不覆盖已有的数据库")
    except SQLAlchemyError as fault:
        raise CommandFailed(f"无法使用数据库：{str(fault).splitlines()[0]}") from fault
    finally:
        engine.dispose()


def _restore_database(settings: Settings, source: Path, database: KeptFile, place: Path | None) -> None:
    if place is not None:
        restore_object(source, database, place)
        return
    with tempfile.TemporaryDirectory() as scratch:
        dump = Path(scratch) / "database"
        restore_object(source, database, dump)
        _run_postgres_tool("pg_restore", ["--no-owner", "--exit-on-error", str(dump)], settings.database_url)


def _put_to_use(settings: Settings, manifest: Manifest) -> Sequence[VerifyReport]:
    engine = open_engine(settings.database_url)
    try:
        migrate(engine)
        settings.logs.mkdir(exist_ok=True)
        clean_orphans(engine, settings.home)
        authorities = load_authorities(settings.authorities)
        reports = [
            *verify_all(engine, settings.home),
            *verify_chain(engine, settings.home, manifest.key_fingerprint, authorities),
        ]
    except SQLAlchemyError as fault:
        raise CommandFailed(f"恢复的数据库无法使用：{str(fault).splitlines()[0]}") from fault
    finally:
        engine.dispose()
    (settings.home / MARK).touch()
    return reports


def missing_keys(settings: Settings) -> Sequence[str]:
    """What to put back into `keys/` besides the signing key, of what the restored database has values made with."""
    engine, home = open_engine(settings.database_url), settings.home
    notices = []
    try:
        with engine.connect() as connection:
            if has_reporters(connection) and not (place := home / REPORTERS_KEY).exists():
                notices.append(
                    f"备份中没有举报人密钥：把原来的 {place.name} 放回 {place.parent}（权限 0600），否则已登记的举报人无法查看"
                )
            if has_digests(connection) and not (place := home / PRACTITIONERS_KEY).exists():
                notices.append(
                    f"备份中没有医师名单密钥：把原来的 {place.name} 放回 {place.parent}（权限 0600）；没有它，下次导入名单时另生成一把，"
                    "同一来源的证书编码按新密钥重记"
                )
    finally:
        engine.dispose()
    return notices


def counts(copied: Copied) -> Mapping[str, object]:
    """The backup as `backup --json` prints it."""
    manifest = copied.manifest
    return {
        "created_at": manifest.created_at,
        "database": manifest.dialect,
        "database_bytes": manifest.database.bytes,
        "files": len(manifest.files),
        "bytes": sum(file.bytes for file in manifest.files),
        "new_files": copied.new_files,
        "new_bytes": copied.new_bytes,
        "dropped": copied.dropped,
        "with_keys": manifest.with_keys,
        "key_fingerprint": manifest.key_fingerprint,
        "missing": list(copied.missing),
    }
