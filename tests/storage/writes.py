"""Failing at the n-th write: a commit, a file brought to disk, a file put in place."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from sqlalchemy import Engine, event

from domain.stamps import StampReading


class Crash(BaseException):
    """What nothing catches: the process is as good as dead."""


@dataclass(frozen=True)
class Unplugged:
    """An authority that answers at once and out of itself."""

    name: str
    suffix: str = "receipt"

    def stamp(self, document: bytes) -> bytes:
        return b"receipt of " + document

    def read(self, document: bytes, token: bytes) -> StampReading:
        return StampReading(token == self.stamp(document), "示例", datetime(2026, 11, 26, tzinfo=UTC))


def count_writes(engine: Engine, run: Callable[[], object]) -> int:
    counted = [0]
    with _before_each_write(engine, lambda: counted.__setitem__(0, counted[0] + 1)):
        run()
    return counted[0]


@contextmanager
def crash_at(engine: Engine, number: int, die: Callable[[], None] | None = None) -> Iterator[None]:
    """Raise Crash, or call `die`, just before write `number` (from 0), and before every one after it."""
    left = [number]

    def tick() -> None:
        if left[0] <= 0:
            if die is not None:
                die()
            raise Crash
        left[0] -= 1

    with _before_each_write(engine, tick):
        yield


@contextmanager
def once_records_are_read(engine: Engine, act: Callable[[], object]) -> Iterator[None]:
    """Do something else at the same time, once the records of acts on evidence were first read inside; it is done at the end."""
    doing: list[Future[object]] = []

    def meanwhile(*asked: object) -> None:
        if not doing and "keep_records.kind" in str(asked[2]):
            doing.append(others.submit(act))
            wait(doing, 0.5)  # else it waits for this

    event.listen(engine, "after_cursor_execute", meanwhile)
    try:
        with ThreadPoolExecutor(1) as others:
            yield
    finally:
        event.remove(engine, "after_cursor_execute", meanwhile)
    (done,) = doing
    done.result()


@contextmanager
def _before_each_write(engine: Engine, tick: Callable[[], None]) -> Iterator[None]:
    sync, replace = os.fsync, Path.replace

    def ticking_sync(descriptor: int) -> None:
        tick()
        sync(descriptor)

    def ticking_replace(self: Path, target: Path) -> Path:
        tick()
        return replace(self, target)

    def ticking_commit(connection: object) -> None:  # noqa: ARG001  # signature is SQLAlchemy's
        tick()

    event.listen(engine, "commit", ticking_commit)
    try:
        with mock.patch.object(os, "fsync", ticking_sync), mock.patch.object(Path, "replace", ticking_replace):
            yield
    finally:
        event.remove(engine, "commit", ticking_commit)
