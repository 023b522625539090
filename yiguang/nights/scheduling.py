"""Runs the nightly timetable: a process that sleeps until a night is due, runs it, and looks after referred pages afterwards.

Each night is `yiguang nightly` in a process of its own, so that a night that dies does not take the timetable along. A sleeping
loop over a durable table, and no scheduler of the workflow engine: on SQLite there is one process of that engine, and it is the night.
"""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, time, tzinfo
from pathlib import Path

from sqlalchemy import Engine

from domain.beijing import BEIJING, beijing_time
from domain.timetable import RunState, due_times, next_time
from storage.crawl.timetable import closures, handled_until, note_due, note_end, unfinished_run
from yiguang.nights.leaving import EXIT_INTERRUPTED

#: However far the next night is, the clock is looked at again after so long: it may have been set.
LOOK_SECONDS = 30.0
AFTER_NIGHT = (("recheck", "--due"),)


class Timetable:
    """Nights at `at` by the clock of `zone`. `say` is told what happens (Chinese); `command` is how `yiguang` is called."""

    def __init__(
        self,
        engine: Engine,
        at: time,
        zone: tzinfo,
        clock: Callable[[], datetime],
        say: Callable[[str], None],
        command: Sequence[str | Path] = (Path(sys.executable).with_name("yiguang"),),
    ) -> None:
        self._engine = engine
        self._at = at
        self._zone = zone
        self._clock = clock
        self._say = say
        self._command = tuple(command)
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._began_at = clock()

    def run(self, look_seconds: float = LOOK_SECONDS) -> None:
        """Until `stop` is called. A night that was broken off is taken up first."""
        self._take_up()
        told = None
        while not self._stop.is_set():
            self.handle_due()
            upcoming = next_time(self._clock(), self._at, self._zone)
            if upcoming != told:
                told = upcoming
                self._say(f"下一夜：{beijing_time(upcoming)}（北京时间）")
            wait = (upcoming - self._clock()).total_seconds()
            self._stop.wait(max(0.0, min(look_seconds, wait)))

    def handle_due(self) -> None:
        """Deal with every time that has come since the newest on record."""
        now = self._clock()
        since = handled_until(self._engine, self._began_at)
        for due in due_times(since, now, self._at, self._zone, closures(self._engine)):
            note_due(self._engine, due, now)
            if due.state is RunState.BEGUN:
                self._night(due.at)
            else:
                self._say(f"{beijing_time(due.at)} 的一夜没有运行：{due.why}")

    def stop(self) -> None:
        """End after telling the night that runs, if one does, to leave at once; it is taken up at the next start."""
        self._stop.set()
        child = self._child
        if child is not None:
            child.send_signal(signal.SIGTERM)

    def _take_up(self) -> None:
        last = unfinished_run(self._engine)
        if last is not None and not any(each.covers(self._clock()) for each in closures(self._engine)):
            self._say(f"接着做 {beijing_time(last.due_at)} 被中断的一夜")
            self._night(last.due_at)

    def _night(self, due_at: datetime) -> None:
        day, today = (moment.astimezone(BEIJING).date() for moment in (due_at, self._clock()))
        # One that was due before midnight is that of the day before; one that is older was begun, and is known by its name
        code = self._call(("nightly", "--date", f"{day}") if (today - day).days == 1 else ("nightly",))
        broken_off = code < 0 or code == EXIT_INTERRUPTED
        state = RunState.BROKEN_OFF if broken_off else RunState.ENDED
        note_end(self._engine, due_at, state, code, self._clock())
        self._say(f"{beijing_time(due_at)} 的一夜：{'被中断' if broken_off else f'结束，退出码 {code}'}")
        if not broken_off:
            for arguments in AFTER_NIGHT:
                if not self._stop.is_set() and (code := self._call(arguments)):
                    self._say(f"yiguang {' '.join(arguments)} 退出码 {code}")

    def _call(self, arguments: Sequence[str]) -> int:
        if self._stop.is_set():
            return EXIT_INTERRUPTED
        self._child = subprocess.Popen([*self._command, *arguments], stdin=subprocess.DEVNULL, env=os.environ)
        if self._stop.is_set():  # said while it was being started, when there was nobody yet to pass it on to
            self._child.send_signal(signal.SIGTERM)
        try:
            return self._child.wait()
        finally:
            self._child = None
