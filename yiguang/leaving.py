"""How the process of a night ends before its time: asked to by a person, or because its database stays away."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from storage.away import is_away
from yiguang.faults import in_words
from yiguang.shard_processes import ShardProcesses

EXIT_INTERRUPTED = 130
#: How much longer than it may be away a database is waited for when the caller cannot mind it, being stuck in the engine.
STUCK_SECONDS = 20.0


@contextmanager
def interruptible(processes: ShardProcesses) -> Iterator[None]:
    """On an interrupt, kill the crawl processes and leave at once, as a kill would: the durable state is what counts."""

    def leave(_signal: int, _frame: object) -> NoReturn:
        processes.stop()
        os.write(2, "\n已中断；再次运行 yiguang nightly 会接着做完这一夜\n".encode())
        os._exit(EXIT_INTERRUPTED)

    before = {number: signal.signal(number, leave) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def leaving_without_database(processes: ShardProcesses, engine: Engine, at_most_seconds: float) -> Iterator[None]:
    """Ends the process at once when the database stays away for `at_most_seconds`, which the caller minds: the threads of the engine
    wait for it without end, and so does the caller when it was just asking the engine something; then a little later."""
    ended = threading.Event()
    if engine.dialect.name == "postgresql":
        watch = (processes, engine, ended, at_most_seconds + STUCK_SECONDS)
        threading.Thread(target=_leave_when_stuck, args=watch, name="database", daemon=True).start()
    try:
        yield
    except DBAPIError as fault:
        if not is_away(fault):
            raise
        _leave(processes, fault)
    finally:
        ended.set()


def _leave_when_stuck(
    processes: ShardProcesses, engine: Engine, ended: threading.Event, at_most_seconds: float
) -> None:
    there_at = time.monotonic()
    while not ended.wait(STUCK_SECONDS / 10):
        try:
            with engine.connect() as connection:
                connection.execute(select(1))
            there_at = time.monotonic()
        except DBAPIError as fault:
            if is_away(fault) and time.monotonic() - there_at > at_most_seconds:
                _leave(processes, fault)


def _leave(processes: ShardProcesses, fault: DBAPIError) -> NoReturn:
    processes.stop()
    os.write(2, f"\n错误：{in_words(fault)}\n".encode())
    os._exit(1)
