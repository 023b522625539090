"""A worker that could not say for long enough that it is there is fenced, whatever its call to the database does."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError

from yiguang.nights import heartbeat
from yiguang.nights.heartbeat import Heartbeat

PATIENCE = 30.0


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "HEARD_EVERY", timedelta(seconds=0.02))
    monkeypatch.setattr(heartbeat, "FENCED_AFTER", timedelta(seconds=0.5))


def _away() -> bool:
    raise OperationalError("update workers", {}, ConnectionError("gone"))


def _broken() -> bool:
    raise RuntimeError("a fault of ours")


def _never_answers() -> bool:
    threading.Event().wait()
    return True


@pytest.mark.parametrize("hear", [_away, _broken, _never_answers])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_it_is_fenced_when_it_cannot_be_heard(hear: Callable[[], bool]) -> None:
    fenced = threading.Event()
    Heartbeat(hear, fenced.set, time.monotonic()).start()
    assert fenced.wait(PATIENCE)


def test_it_is_fenced_at_once_when_others_have_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "FENCED_AFTER", timedelta(hours=1))
    fenced = threading.Event()
    Heartbeat(lambda: False, fenced.set, time.monotonic()).start()
    assert fenced.wait(PATIENCE)


def test_it_is_not_fenced_while_it_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "FENCED_AFTER", timedelta(hours=1))
    fenced = threading.Event()
    Heartbeat(lambda: True, fenced.set, time.monotonic() - 3600 + 3).start()  # three seconds, unless it is heard
    assert not fenced.wait(4)


def test_one_that_leaves_is_silent_and_not_taken_for_dead() -> None:
    heard, fenced = threading.Event(), threading.Event()
    asked: list[Heartbeat] = []

    def hear() -> bool:
        asked[0].end()  # the worker's row was taken away while the question was under way
        heard.set()
        return False

    asked.append(Heartbeat(hear, fenced.set, time.monotonic() + 3600))
    asked[0].start()
    assert heard.wait(PATIENCE)
    assert not fenced.wait(0.2)
