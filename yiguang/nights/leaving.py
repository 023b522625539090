"""How the process of a night ends before its time when a person asks for it."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from yiguang.nights.shard_processes import ShardProcesses

EXIT_INTERRUPTED = 130


@contextmanager
def interruptible(processes: ShardProcesses, command: str) -> Iterator[None]:
    """On an interrupt, kill the crawl processes and leave at once, as a kill would: the durable state is what counts. One line says that
    `command` goes on."""

    def leave(_signal: int, _frame: object) -> NoReturn:
        processes.stop()
        os.write(2, f"\n已中断；再次运行 {command} 会接着做完\n".encode())
        os._exit(EXIT_INTERRUPTED)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
