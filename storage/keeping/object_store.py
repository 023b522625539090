"""A second place for evidence: a folder, S3 or whatever fsspec opens by URL. Names are digests, and nothing is overwritten."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import fsspec

from domain.system_words import file_fault
from storage.digests import sha256_hex
from storage.durable_file import write_whole

#: What an operator can do something about, by the names of the errors: their library is not always installed.
_IN_CHINESE = {
    "EndpointConnectionError": "连接不上",
    "ConnectTimeoutError": "连接不上",
    "ReadTimeoutError": "没有回答",
    "NoCredentialsError": "没有账号：设置环境变量 AWS_ACCESS_KEY_ID 与 AWS_SECRET_ACCESS_KEY",
    "PartialCredentialsError": "账号不全：设置环境变量 AWS_ACCESS_KEY_ID 与 AWS_SECRET_ACCESS_KEY",
}


class StoreUnusable(Exception):
    """The store cannot be opened, reached or written; the message is Chinese for the operator."""


class Locks(Protocol):
    """What a store can do beyond keeping bytes, if it can."""

    def put(self, path: str, data: bytes, until: datetime) -> None:
        """Store an object that nobody may delete before `until`."""

    def remove(self, path: str) -> None:
        """Remove an object with all its versions."""


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """A store that is open. `locks` is None when the store offers no object lock; `note` says so in Chinese."""

    files: Any  # fsspec.AbstractFileSystem, which has no types
    root: str
    locks: Locks | None
    note: str

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of each object below a folder, by its name relative to the store."""
        found = self._told(lambda: self.files.find(self._path(folder), detail=True))
        return {name[len(self.root) + 1 :]: int(info["size"]) for name, info in found.items()}

    def read(self, name: str) -> bytes | None:
        """None when there is no such object."""
        try:
            data = self._told(lambda: self.files.cat_file(self._path(name)))
        except FileNotFoundError:
            return None
        return bytes(data)

    def put(self, name: str, data: bytes, until: datetime | None = None) -> bool:
        """Store an object unless it is there; false when it was. Raises StoreUnusable when another one is under its name.

        Whole or not at all: what is there afterwards is read back. `until` is for stores with an object lock.
        """
        known = self.read(name)
        if known == data:
            return False
        if known is not None:
            raise StoreUnusable(f"{name} 在存储中已有不同内容，不覆盖")
        path, locks = self._path(name), self.locks
        if locks is not None and until is not None:
            lock, due = locks, until
            self._told(lambda: lock.put(path, data, due))
        elif "file" in _protocols(self.files):
            self._told(lambda: write_whole(Path(path), data))
        else:
            self._told(lambda: self.files.pipe_file(path, data))
        if self.read(name) != data:
            raise StoreUnusable(f"{name} 写入后读回的内容不符")
        return True

    def remove(self, name: str) -> None:
        """Remove an object. Raises StoreUnusable when a lock, or anything else, forbids it."""
        locks = self.locks
        if locks is None:
            self._told(lambda: self.files.rm_file(self._path(name)))
        else:
            lock = locks
            self._told(lambda: lock.remove(self._path(name)))

    def _path(self, name: str) -> str:
        return f"{self.root}/{name}"

    def _told(self, act: Callable[[], Any]) -> Any:
        try:
            self.files.invalidate_cache()
            return act()
        except (FileNotFoundError, MemoryError):
            raise
        except Exception as fault:  # whatever the library behind the URL raises: botocore's are of no common kind
            raise StoreUnusable(f"存储出错：{_why(fault)}") from fault


def object_name(sha256: str) -> str:
    """Where an object lies in every store."""
    return f"objects/{sha256[:2]}/{sha256}"


def is_whole(name: str, data: bytes) -> bool:
    """Whether the bytes are those that an object's name promises."""
    return name == object_name(sha256_hex(data))


def open_store(url: str, options: dict[str, Any] | None = None) -> ObjectStore:
    """Open a folder or a URL as `s3://bucket/folder`; `options` go to fsspec. Raises StoreUnusable."""
    try:
        files, root = fsspec.core.url_to_fs(url, **(options or {}))
    except ImportError as fault:
        raise StoreUnusable(f"打开 {url} 所需的程序包未安装（S3 用 pip install 'yiguang[s3]'）：{fault}") from fault
    except (OSError, ValueError) as fault:
        raise StoreUnusable(f"无法打开存储 {url}：{_why(fault)}") from fault
    root = root.rstrip("/")
    if "s3" in _protocols(files):
        from storage.keeping.object_lock import s3_locks

        try:
            locks = s3_locks(files, root)
        except Exception as fault:  # as in `ObjectStore`: whatever botocore raises
            raise StoreUnusable(f"无法使用存储 {url}：{_why(fault)}") from fault
        return ObjectStore(files, root, locks, "" if locks else "该桶未启用对象锁定：写入后能否删改取决于账号权限")
    return ObjectStore(files, root, None, "该存储没有对象锁定：写入后能否删改取决于账号权限")


def _why(fault: Exception) -> str:
    if said := _IN_CHINESE.get(type(fault).__name__):
        return f"{said}（{fault}）"
    return file_fault(fault) if isinstance(fault, OSError) else str(fault) or type(fault).__name__


def _protocols(files: Any) -> tuple[str, ...]:
    protocol = files.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)
