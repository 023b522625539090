"""A shard of sites as a process of its own: started, watched, started again, never left behind."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, NoReturn

from domain.abilities import EVERYTHING, written

#: Exit code of a shard that cannot work whatever the number of tries (settings, lexicons).
EXIT_HOPELESS = 2
#: Exit code of a shard whose database went away: started again when it is back.
EXIT_DATABASE_AWAY = 3
SHARD_COMMAND = (sys.executable, "-m", "yiguang.nights.shard_main")
#: Were every page to blame, or the database away so often, the fault would be somewhere else.
MAX_EXCUSED = 30
_PR_SET_PDEATHSIG = 1  # from linux/prctl.h
_FINISH = b"finish\n"


def worker_name(shard: int) -> str:
    """The name under which a shard holds leases and writes its archive."""
    return f"shard-{shard:03}"


@dataclass(frozen=True, slots=True)
class ShardJob:
    """What a crawl process is told on its standard input. `parent` is the process id it must not outlive.

    `share` is the shard's part of the night's time for pictures, 0..1; `to_show` is true of a shard whose pages
    were left to a process with a browser. `can` is what this process is set up for, as `domain.abilities.written`.
    """

    night_id: str
    shard: int
    target_ids: list[int]
    parent: int
    share: float = 1.0
    to_show: bool = False
    can: str = written(EVERYTHING)

    @property
    def worker(self) -> str:
        """The name under which the shard holds leases and writes its archive; the same at every start."""
        return worker_name(self.shard)

    def dump(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def load(cls, line: bytes) -> "ShardJob":
        return cls(**json.loads(line))


class ShardProcesses:
    """The crawl processes of this night, `at_once` at a time. `lock_descriptor` is inherited by each, see `night_lock`."""

    def __init__(
        self, lock_descriptor: int, logs: Path, command: Sequence[str] = SHARD_COMMAND, at_once: int = sys.maxsize
    ) -> None:
        # The engine bounds the jobs of each queue; this bounds those of all queues together
        self._places = threading.Semaphore(at_once)
        self._command = command
        self._lock_descriptor = lock_descriptor
        self._logs = logs
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._guard = threading.Lock()
        self._stopping = False

    def log_file(self, job: ShardJob) -> Path:
        return self._logs / f"{job.night_id}-{job.worker}.log"

    def run(
        self,
        job: ShardJob,
        restarts: int,
        excused: Callable[[], int] = lambda: 0,
        wait_for_database: Callable[[], None] = lambda: None,
    ) -> str:
        """Run to the end, starting again after a crash; an empty string when it ended well, else why not (Chinese).

        `excused` says how many of the crashes so far are a single page's doing, which the next start leaves out; up to
        `MAX_EXCUSED` of them do not count against `restarts`. Nor do as many losses of the database, each of which is waited out
        by calling `wait_for_database`.
        """
        with self._places:
            return self._run(job, restarts, excused, wait_for_database)

    def _run(
        self, job: ShardJob, restarts: int, excused: Callable[[], int], wait_for_database: Callable[[], None]
    ) -> str:
        ending, starts, losses = 0, 0, 0
        while starts <= restarts + min(excused(), MAX_EXCUSED) + min(losses, MAX_EXCUSED):
            starts += 1
            ending = self._run_once(job)
            if ending in (0, EXIT_HOPELESS):
                break
            if ending == EXIT_DATABASE_AWAY:
                losses += 1
                wait_for_database()
        if ending == 0:
            return ""
        how = f"被信号 {-ending} 终止" if ending < 0 else f"以退出码 {ending} 结束"
        return f"采集进程 {job.worker} {how}，日志在 {self.log_file(job)}"

    def _run_once(self, job: ShardJob) -> int:
        with self.log_file(job).open("ab") as log:
            child = self._start(job, log)
            assert child.stdin is not None
            try:
                # The pipe stays open while we live; its end tells the child that we do not.
                child.stdin.write(job.dump())
                child.stdin.flush()
                child.wait()
            except BrokenPipeError:
                child.wait()
            finally:
                with self._guard:
                    del self._running[child.pid]
                _kill_group(child.pid)
                with suppress(BrokenPipeError):
                    child.stdin.close()
        if self._stopping:
            _leave_unfinished()
        return child.returncode

    def _start(self, job: ShardJob, log: IO[bytes]) -> "subprocess.Popen[bytes]":
        # The arguments only tell a person looking at the process list; the job itself goes through the pipe.
        command = [*self._command, "--night", job.night_id, "--shard", str(job.shard)]
        with self._guard:
            stopping = self._stopping
            if not stopping:
                child = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=(self._lock_descriptor,),
                )
                self._running[child.pid] = child
        if stopping:
            _leave_unfinished()
        return child

    def finish(self, grace_seconds: float, at_once: threading.Event) -> None:
        """Have every crawl process finish the pages in hand and end; kill those that have not after so many seconds, or when
        `at_once` is set. None is started after this."""
        with self._guard:
            self._stopping = True
            for child in self._running.values():
                assert child.stdin is not None
                with suppress(BrokenPipeError, ValueError):  # it is ending by itself
                    child.stdin.write(_FINISH)
                    child.stdin.flush()
        until = time.monotonic() + grace_seconds
        while self._running and time.monotonic() < until and not at_once.wait(0.1):
            pass
        self.stop()

    def stop(self) -> None:
        """Kill every crawl process; none is started after this."""
        with self._guard:
            self._stopping = True
            for process_id in self._running:
                _kill_group(process_id)


def _leave_unfinished() -> NoReturn:
    """Never comes back: the night is being interrupted, and a job that is left unfinished the next run takes up."""
    while True:
        threading.Event().wait()


def _kill_group(process_id: int) -> None:
    """The crawl process leads a group of its own, in which the browser's driver runs too."""
    try:
        os.killpg(process_id, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        # Gone already; macOS answers EPERM for a group of which only zombies are left.
        return


def killed_with(parent: int) -> None:
    """Have the kernel kill this process when the parent ends, on Linux; end it at once when the parent has ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def die_with_parent(parent: int, pipe: int, finish: Callable[[], None]) -> None:
    """End this process as soon as the parent is gone: the kernel sees to it on Linux, the closed pipe everywhere.

    `pipe` is the descriptor of the pipe whose other end only the parent holds; `finish` is called when it says that no further page is
    to be begun.
    """
    killed_with(parent)

    def watch() -> None:
        while os.read(pipe, 4096):
            finish()
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()
