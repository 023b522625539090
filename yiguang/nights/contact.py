"""Whether the database still answers the process of a night, and how that process ends when it does not."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from sqlalchemy import Engine, select
from sqlalchemy.exc import DBAPIError

from storage.away import is_away
from storage.database import open_engine
from yiguang.faults import in_words, of_a_silent_database

#: A database that is away for longer ends the command; the night stays open.
AWAY_AT_MOST_SECONDS = 600.0
#: How much longer it is waited for when the caller cannot mind the time, being stuck in a call that does not come back.
STUCK_SECONDS = 20.0
#: One that says nothing for so long counts as lost, as with a worker (`storage.crawl.workers.FENCED_AFTER`).
SILENT_SECONDS = 15.0
_ASK_EVERY_SECONDS = 2.0


class Contact:
    """What the process of a night knows of its database. `tell` gets one line (Chinese) each time that contact is lost.

    `stop_first` is called before the process ends, in whichever thread found out.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.stop_first: Callable[[], None] = lambda: None
        self._guard = threading.Lock()
        self._told = False
        self._fault: DBAPIError | None = None
        # Counted up by whoever hears something, looked at by the watch
        self._answers = self._turns = 0
        self._in_turn = False
        self._quiet_seconds = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """One round of asking the database and the engine; a fault is for `lost`."""
        self._in_turn = True
        try:
            yield
            self._turns += 1
            self._told = False
        finally:
            self._in_turn = False

    def lost(self, fault: DBAPIError) -> None:
        """A round failed. Raises `fault` when it is no loss of contact, or contact has been lost for `AWAY_AT_MOST_SECONDS`."""
        if not is_away(fault) or self._quiet_seconds > AWAY_AT_MOST_SECONDS:
            raise fault
        self._tell_once()

    @contextmanager
    def needed(self) -> Iterator[None]:
        """Ends the process at once when the block fails for want of a database: the threads of the engine wait for it without end."""
        try:
            yield
        except DBAPIError as fault:
            if not is_away(fault):
                raise
            self._leave(in_words(fault) or str(fault))

    def ask(self, engine: Engine, ended: threading.Event) -> None:
        """Asks every few seconds until `ended`. Any answer will do, also that there is no place for another connection."""
        while not ended.wait(_ASK_EVERY_SECONDS):
            try:
                with engine.connect() as connection:
                    connection.execute(select(1))
                self._fault = None
            except DBAPIError as fault:
                self._fault = fault if is_away(fault) else None
            self._answers += self._fault is None

    def watch(self, ended: threading.Event) -> None:
        """Counts the seconds, and asks nobody: whoever asks may never hear anything. Only seconds in which this process ran count, not those
        in which it, or its machine, was stopped."""
        tick = min(1.0, SILENT_SECONDS / 4)
        answers, turns, stuck_seconds = self._answers, self._turns, 0.0
        while not ended.wait(tick):
            turned = self._turns != turns
            heard = turned or self._answers != answers
            answers, turns = self._answers, self._turns
            was_silent = self._quiet_seconds > SILENT_SECONDS
            self._quiet_seconds = 0.0 if heard else self._quiet_seconds + tick
            stuck_seconds = 0.0 if turned else stuck_seconds + tick * self._in_turn
            if self._quiet_seconds > SILENT_SECONDS and not was_silent:
                self._tell_once()
            if (waited := max(self._quiet_seconds, stuck_seconds)) > AWAY_AT_MOST_SECONDS + STUCK_SECONDS:
                fault = self._fault
                self._leave((fault and in_words(fault)) or of_a_silent_database(waited))

    def _tell_once(self) -> None:
        with self._guard:
            told, self._told = self._told, True
        if told:
            return
        with suppress(OSError):  # the terminal is closed: no reason to stop watching
            self.tell(f"与数据库失去联系，恢复后自动继续；{AWAY_AT_MOST_SECONDS / 60:.0f} 分钟内未恢复则停下")

    def _leave(self, words: str) -> NoReturn:
        try:
            self.stop_first()
            os.write(2, f"\n错误：{words}\n".encode())
        finally:
            os._exit(1)


@contextmanager
def contact_with(engine: Engine, tell: Callable[[str], None]) -> Iterator[Contact]:
    """Minds a PostgreSQL while the block runs, in threads of its own: one that is away, or accepts everything and answers nothing, is told
    once, waited for, and ends the process with one line and code 1 after `AWAY_AT_MOST_SECONDS` and a little more.
    """
    contact, ended = Contact(tell), threading.Event()
    if engine.dialect.name != "postgresql":
        yield contact
        return
    # Connections of its own: others may wait on all of theirs
    own = open_engine(engine.url.render_as_string(hide_password=False))
    threading.Thread(target=contact.ask, args=(own, ended), name="database", daemon=True).start()
    threading.Thread(target=contact.watch, args=(ended,), name="database-watch", daemon=True).start()
    try:
        yield contact
    finally:
        ended.set()
        own.dispose()
