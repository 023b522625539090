"""A worker says that it is there, and stops by its own clock when it could not say so."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from storage.crawl.workers import FENCED_AFTER, HEARD_EVERY

#: A database that was refused is asked again sooner: one that restarts is there again well within the limit.
TRY_AGAIN_EVERY = timedelta(seconds=1)


class Heartbeat:
    """Calls `hear` every `HEARD_EVERY`, and `fence` once it has been said nowhere for `FENCED_AFTER` that the worker is there, or at once
    when `hear` gives False, because others have its work.

    The clock is watched by a thread of its own: a call to a database that neither answers nor breaks off may never come back.
    `since` is the `time.monotonic()` before the worker was announced. `fence` is called in a thread of this object, and twice at worst.
    """

    def __init__(self, hear: Callable[[], bool], fence: Callable[[], None], since: float) -> None:
        self._hear, self._fence = hear, fence
        self._heard_at = since
        self._ended = threading.Event()

    def start(self) -> None:
        for work in (self._say, self._watch):
            threading.Thread(target=work, name="heartbeat", daemon=True).start()

    def end(self) -> None:
        """The worker leaves: it no longer says that it is there, and is fenced if it does not get away."""
        self._ended.set()

    def _say(self) -> None:
        pause = HEARD_EVERY
        while not self._ended.wait(pause.total_seconds()):
            asked_at = time.monotonic()  # others count from what is written, not from when the answer came
            try:
                known = self._hear()
            except SQLAlchemyError:
                pause = TRY_AGAIN_EVERY
                continue
            pause = HEARD_EVERY
            if known:
                self._heard_at = asked_at
            elif not self._ended.is_set():
                self._fence()

    def _watch(self) -> None:
        while (left := self._heard_at + FENCED_AFTER.total_seconds() - time.monotonic()) > 0:
            time.sleep(left)
        self._fence()
