"""Ends a process whose disk is full.

The workflow engine tries for ever to note a step that has ended, so on a full disk a night would hang, silent, until somebody makes room. It
is better off ended: what is recorded is recorded, and the next start goes on.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

#: Less than this is full: the engine's database alone grows by more.
FULL_BYTES = 1_000_000
CHECK_SECONDS = 5.0
#: Checks in a row; a full disk may have room again in a moment, as when a browser ends.
CHECKS = 4
EXIT_DISK_FULL = 1


def free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@contextmanager
def ends_when_full(
    folder: Path,
    command: str,
    stop: Callable[[], None] = lambda: None,
    free: Callable[[Path], int] = free_bytes,
    seconds: float = CHECK_SECONDS,
) -> Iterator[None]:
    """While inside, a disk that stays full ends this process at once, as a kill would, after `stop` was called and one line said
    that `command` goes on once there is room."""
    over = threading.Event()

    def watch() -> None:
        full = 0
        while not over.wait(seconds):
            full = full + 1 if free(folder) < FULL_BYTES else 0
            if full == CHECKS:
                stop()
                said = f"\n错误：磁盘已满（{folder}）；已完成的部分不受影响，腾出空间后再次运行 {command} 会接着做\n"
                os.write(2, said.encode())
                os._exit(EXIT_DISK_FULL)

    watcher = threading.Thread(target=watch, name="disk-watch", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
