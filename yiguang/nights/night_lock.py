"""One night at a time in one data folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yiguang.errors import CommandFailed

#: How long the crawl processes of a night that was killed may take to be gone.
LEFTOVERS_SECONDS = 30.0


@contextmanager
def night_lock(path: Path) -> Iterator[int]:
    """Holds the lock and gives its file descriptor, which every crawl process of the night is to inherit.

    So the lock outlives a killed parent until its last crawl process is gone. Raises CommandFailed at once when the
    night that holds it is alive, and waits for the leftovers of a dead one.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(descriptor, path)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path) -> None:
    patience = time.monotonic() + LEFTOVERS_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            holder = _holder(descriptor)
        if holder is not None and _is_alive(holder):
            raise CommandFailed(f"已有一夜正在进行（进程 {holder}，锁文件 {path}）；请等它结束")
        if time.monotonic() > patience:
            raise CommandFailed(f"上一夜的采集进程仍未退出（锁文件 {path}）；请检查后再运行")
        time.sleep(0.1)


def _holder(descriptor: int) -> int | None:
    text = os.pread(descriptor, 32, 0).decode("ascii", "replace")
    return int(text) if text.isdigit() else None


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
