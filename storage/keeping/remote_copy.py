"""Keeping a second copy of all evidence in an object store, and getting it back.

The store follows the chain: each file that entered it lies under its digest, and what was deleted by policy is removed there
too. Heads and tokens lie in `seals/` under the names they have here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine

from domain.evidence import Check, VerifyReport
from domain.retention import RecordKind, RetentionPolicy
from domain.system_words import file_fault
from storage.digests import sha256_hex
from storage.durable_file import write_whole
from storage.keeping.custody import kept_items
from storage.keeping.object_store import ObjectStore, StoreUnusable, is_whole, object_name
from storage.sealing.chain import all_entries
from storage.sealing.keep_records import read_records, write_record_files
from storage.sealing.seals import write_seal_files

REMOTE = "远端"


@dataclass(frozen=True, slots=True)
class ChainFile:
    """A file that is in the chain: its path here, and its name in a store."""

    path: str
    bytes: int
    sha256: str

    @property
    def name(self) -> str:
        return object_name(self.sha256)


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a push or pull did: paths sent or fetched, how many were there already, paths removed, faults in Chinese."""

    moved: tuple[str, ...]
    present: int
    removed: tuple[str, ...]
    faults: tuple[str, ...]


def push(engine: Engine, folder: Path, store: ObjectStore, policy: RetentionPolicy) -> Transfer:
    """Send what the store lacks; with an object lock, until the term of each file ends. Raises StoreUnusable."""
    write_seal_files(engine, folder)
    write_record_files(engine, folder)
    kept, gone = chain_files(engine)
    due = _due(engine, policy)
    known = store.sizes("objects")
    moved, faults, present = [], [], 0
    for file in kept:
        if known.get(file.name) == file.bytes:
            present += 1
            continue
        try:
            data = (folder / file.path).read_bytes()
        except OSError as fault:
            faults.append(f"{file.path} 缺失或无法读取：{file_fault(fault)}")
            continue
        if sha256_hex(data) != file.sha256:
            faults.append(f"{file.path} 与登记的 SHA-256 不符，不上传")
            continue
        moved += [file.path] if store.put(file.name, data, due.get(file.path)) else []
    there = store.sizes("seals")
    for name, path in _seal_files(folder):
        # Read back only where it is new: years of nights have thousands of these, and `verify_remote` reads them all
        if there.get(name) != path.stat().st_size:
            moved += [name] if store.put(name, path.read_bytes(), max(due.values(), default=None)) else []
    removed = []
    still = {file.name for file in kept}
    for file in gone:
        if file.name in known and file.name not in still:
            try:
                store.remove(file.name)
                removed.append(file.path)
            except StoreUnusable as fault:
                faults.append(f"{file.path} 已依保存期限删除，远端副本未能删除：{fault}")
    return Transfer(tuple(moved), present, tuple(removed), tuple(faults))


def pull(engine: Engine, folder: Path, store: ObjectStore) -> Transfer:
    """Fetch what is missing here; a file that is here is never replaced. Raises StoreUnusable, also for a place without a copy:
    a mistyped folder must not read as a copy that has nothing new."""
    if not store.sizes("seals") and not store.sizes("objects"):
        raise StoreUnusable(f"{store.root} 里没有另存的证据，请核对地址（另存用 yiguang evidence push）")
    kept, _ = chain_files(engine)
    moved, faults, present = [], [], 0
    for file in kept:
        if (folder / file.path).exists():
            present += 1
            continue
        data = store.read(file.name)
        if data is None or not is_whole(file.name, data):
            faults.append(f"{file.path}：存储中{'没有' if data is None else '的内容与其摘要不符'}")
            continue
        write_whole(folder / file.path, data)
        moved.append(file.path)
    write_seal_files(engine, folder)
    return Transfer(tuple(moved), present, (), tuple(faults))


def verify_remote(engine: Engine, folder: Path, store: ObjectStore) -> Iterator[VerifyReport]:
    """A report for each file that is to be in the store, read to its last byte, and for each that is to be gone from it; heads,
    entries and tokens are held against those here."""
    kept, gone = chain_files(engine)
    still = {file.name for file in kept}
    for file in kept:
        data = store.read(file.name)
        if data is None:
            check = Check(REMOTE, False, "存储中没有")
        else:
            same = is_whole(file.name, data)
            check = Check(REMOTE, same, "与哈希链中登记的 SHA-256 一致" if same else "与哈希链中登记的 SHA-256 不符")
        yield VerifyReport(f"{REMOTE} {file.path}", (check,))
    for file in gone:
        if file.name not in still:
            absent = store.read(file.name) is None
            message = "已依保存期限删除" if absent else "已依保存期限删除，远端副本仍在，请运行 yiguang evidence push"
            yield VerifyReport(f"{REMOTE} {file.path}", (Check(REMOTE, absent, message),))

    for name, path in _seal_files(folder):
        data = store.read(name)
        good = data == path.read_bytes()
        message = "与本机的一致" if good else "存储中没有" if data is None else "与本机的不一致"
        yield VerifyReport(f"{REMOTE} {name}", (Check(REMOTE, good, message),))


def _seal_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(folder.glob("seals/*/*")):
        if path.suffix != ".part":
            yield path.relative_to(folder).as_posix(), path


def chain_files(engine: Engine) -> tuple[list[ChainFile], list[ChainFile]]:
    """The files of the chain that are kept, and those that were deleted by policy."""
    with engine.connect() as connection:
        deleted = {record.subject for record in read_records(connection, RecordKind.DELETION)}
        fields = [entry.fields for entry in all_entries(connection)]
    files = [ChainFile(str(item["path"]), int(item["bytes"]), str(item["sha256"])) for item in fields]
    kept = [file for file in files if file.path not in deleted]
    return kept, [file for file in files if file.path in deleted]


def _due(engine: Engine, policy: RetentionPolicy) -> dict[str, datetime]:
    with engine.connect() as connection:
        return {item.path: item.due_at for item in kept_items(connection, policy)}
