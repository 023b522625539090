"""A copy of a data folder that is consistent although the folder is in use, and getting it back.

The database is copied first and the files after it: every file that the copy of the database knows was there before, and files of
evidence only ever grow. What a file has beyond what that database vouches for is cut off again when the copy is put to use, as after a
crash. In the backup each file lies under its SHA-256, so that a further backup to the same place adds what is new and no more;
the manifest is put in place last.
"""

import errno
import fcntl
import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import Engine, select

from domain.system_words import file_fault
from storage.archive.all_bundles import all_bundles
from storage.durable_file import write_whole
from storage.keeping.expiry import deletions
from storage.tables import warc_files

FORMAT = "yiguang-backup-1"
MANIFEST = "manifest.json"
OBJECTS = "objects"
LOCK = "backup.lock"
#: In a data folder: what is of the moment, or is made again.
_NOT_KEPT_FOLDERS = ("in-hand", "logs")
_NOT_KEPT_SUFFIXES = (".lock", ".part", "-wal", "-shm", "-journal")
KEYS_FOLDER = "keys"
_CHUNK_BYTES = 1 << 20
_PART_SECONDS = 86_400
#: What a mounted folder answers that knows no locks; there nobody is kept out.
_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class BackupUnusable(Exception):
    """The message is Chinese and says what is wrong with the backup."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """`path` is relative to the data folder. `mtime_ns` is of the original."""

    path: str
    bytes: int
    sha256: str
    mtime_ns: int

    @property
    def object(self) -> str:
        return f"{OBJECTS}/{self.sha256[:2]}/{self.sha256}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """`database` is the copy of the database: an SQLite file, or what pg_dump wrote; its path is empty. `key_fingerprint` is of
    the key that signs evidence, empty when there is none; `with_keys` says whether private keys are among the files."""

    created_at: str
    tool_version: str
    dialect: str
    database: KeptFile
    key_fingerprint: str
    with_keys: bool
    files: tuple[KeptFile, ...]

    def dump(self) -> bytes:
        return json.dumps({"format": FORMAT, **asdict(self)}, ensure_ascii=False, indent=1, sort_keys=True).encode()


@dataclass(frozen=True, slots=True)
class Copied:
    """What a backup did. `dropped` counts objects of the backup before that no file has any more; `missing` are files of evidence
    that the database knows and that are not there."""

    manifest: Manifest
    new_bytes: int
    new_files: int
    dropped: int
    missing: tuple[str, ...]


def copy_sqlite(source: Path, target: Path) -> None:
    """A consistent copy of a database in use, in one step. Raises sqlite3.Error."""
    with closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, that may be opened where nothing may be written
    target.chmod(0o600)


def evidence_paths(engine: Engine) -> set[str]:
    """Files of evidence that should be in the data folder, by their paths in it."""
    with engine.connect() as connection:
        known = {*connection.scalars(all_bundles()), *connection.scalars(select(warc_files.c.path))}
        return known - set(deletions(connection))


@contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Makes the folder of a backup. The one that ends last clears away what it does not know, so that there is one at a time.
    Raises BackupUnusable and OSError."""
    _known_files(out)  # nothing is written to a folder of something else
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (out / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupUnusable(f"另一次备份正在写入 {out}；请等它结束，或换一个目录") from None
        except OSError as fault:
            if fault.errno not in _NO_LOCKS:
                raise
        try:
            yield
        finally:
            if [entry.name for entry in out.iterdir()] == [LOCK]:  # a first backup that came to nothing
                shutil.rmtree(out)


@contextmanager
def room_for_database(out: Path) -> Iterator[Path]:
    """Where the copy of the database is to be written until it is moved: in the folder of the backup itself, which may be all that can
    be written to (a mounted disk, a sandboxed service), and has room for it. To be used in `alone_in`. Raises OSError."""
    objects = out / OBJECTS
    objects.mkdir(exist_ok=True)
    part = objects / f"new.{uuid4().hex}.part"
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
        if not any(objects.iterdir()):
            objects.rmdir()


def take_backup(
    home: Path, out: Path, database: Path, about: Manifest, expected: set[str], *, databases: Sequence[str]
) -> Copied:
    """Copy the files of a data folder beside the copy of its database, which is moved into the backup.

    To be called in `alone_in`. `about` is the manifest as far as it is known; `databases` are names of files in `home` that hold databases. Raises
    OSError and BackupUnusable.
    """
    old = _known_files(out)
    _clear_parts(out)
    before = _objects(out)
    kept = [
        _keep(out, home / path, path, old.get(path), before)
        for path in _files_to_keep(home, databases, about.with_keys)
    ]
    database.chmod(0o600)
    digest, size = _digest(database)
    snapshot = KeptFile("", size, digest, 0)
    _place(database, out / snapshot.object)
    manifest = replace(about, database=snapshot, files=tuple(file for file in kept if file is not None))
    write_whole(out / MANIFEST, manifest.dump())
    used = {file.object for file in (*manifest.files, manifest.database)}
    for name in before.keys() - used:  # deleted by policy, above all: it is not to live on here
        (out / name).unlink()
    new = [file for file in {file.object: file for file in manifest.files}.values() if file.object not in before]
    there = {file.path for file in manifest.files}
    dropped = {file.object for file in old.values()} - used
    missing = tuple(sorted(expected - there))
    return Copied(manifest, sum(file.bytes for file in new), len(new), len(dropped), missing)


def _files_to_keep(home: Path, databases: Sequence[str], with_keys: bool) -> Iterator[str]:
    for path in sorted(home.rglob("*")):
        relative = path.relative_to(home)
        top = relative.parts[0]
        if (
            not path.is_file()
            or path.is_symlink()
            or top in _NOT_KEPT_FOLDERS
            or (top == KEYS_FOLDER and not with_keys)
        ):
            continue
        if relative.as_posix() not in databases and not path.name.endswith(_NOT_KEPT_SUFFIXES):
            yield relative.as_posix()


def _known_files(out: Path) -> Mapping[str, KeptFile]:
    if not (out / MANIFEST).exists():
        if out.is_dir() and any(entry.name not in (OBJECTS, LOCK) for entry in out.iterdir()):
            raise BackupUnusable(f"{out} 中有不属于备份的文件；请给出新的或已有备份的目录")
        return {}
    return {file.path: file for file in read_manifest(out).files}


def _objects(out: Path) -> dict[str, int]:
    """Sizes of what a backup has, by name."""
    return {path.relative_to(out).as_posix(): path.stat().st_size for path in out.glob(f"{OBJECTS}/*/*")}


def _keep(out: Path, source: Path, path: str, old: KeptFile | None, there: Mapping[str, int]) -> KeptFile | None:
    """None for a file that is gone by now."""
    try:
        state = source.stat()
        same = old is not None and (old.bytes, old.mtime_ns) == (state.st_size, state.st_mtime_ns)
        if old is not None and same and there.get(old.object) == old.bytes:
            return old
        part = out / OBJECTS / f"new.{os.getpid()}.part"
        part.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, part)
    except FileNotFoundError:
        return None
    part.chmod(0o600)
    digest, size = _digest(part)
    kept = KeptFile(path, size, digest, state.st_mtime_ns if size == state.st_size else 0)
    _place(part, out / kept.object)
    return kept


def _clear_parts(out: Path) -> None:
    """Of a backup that was killed; one that may still be written to is left."""
    for part in (out / OBJECTS).glob("new.*.part*"):
        if time.time() - part.stat().st_mtime > _PART_SECONDS:
            part.unlink(missing_ok=True)


def _place(part: Path, target: Path) -> None:
    with part.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(part, target)


def _digest(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def read_manifest(source: Path) -> Manifest:
    """Raises BackupUnusable."""
    try:
        document: dict[str, Any] = json.loads((source / MANIFEST).read_bytes())
        if document.pop("format") != FORMAT:
            raise BackupUnusable(f"{source} 的备份格式不是 {FORMAT}")
        files = tuple(KeptFile(**file) for file in document.pop("files"))
        return Manifest(**document | {"files": files, "database": KeptFile(**document["database"])})
    except OSError as fault:
        raise BackupUnusable(f"{source} 不是备份目录：{MANIFEST} 无法读取（{file_fault(fault)}）") from None
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise BackupUnusable(f"{source} 的备份清单无法解读：{fault}") from None


def restore_files(source: Path, manifest: Manifest, home: Path) -> None:
    """Put the files of a backup into an empty data folder, each held against its digest. Raises BackupUnusable and OSError."""
    for file in manifest.files:
        target = home / file.path
        if not target.resolve().is_relative_to(home.resolve()):
            raise BackupUnusable(f"备份清单中的路径越出数据目录：{file.path}")
        restore_object(source, file, target)
        if file.path.split("/")[0] == KEYS_FOLDER:
            target.parent.chmod(0o700)
        else:
            target.chmod(0o644)


def restore_object(source: Path, file: KeptFile, target: Path) -> None:
    """Copy one object (mode 0600), held against its digest. Raises BackupUnusable and OSError."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source / file.object, target)
    except FileNotFoundError:
        raise BackupUnusable(f"备份不完整：缺少 {file.path or '数据库'}（{file.object}）") from None
    target.chmod(0o600)
    if _digest(target) != (file.sha256, file.bytes):
        raise BackupUnusable(f"备份已损坏：{file.path or '数据库'} 与清单的 SHA-256 不符")
    os.utime(target, ns=(file.mtime_ns, file.mtime_ns)) if file.mtime_ns else None
