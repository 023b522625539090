"""A process that judges parts of a rescore; it loads the rules once, and does not outlive the process that started it."""

import multiprocessing
import os
import signal
import threading
from datetime import datetime

from sqlalchemy import Engine

from storage.database import open_engine
from storage.pages.rescores import JudgedBy, Rejudged, open_batches, read_batch, store_batch
from yiguang.errors import CommandFailed
from yiguang.home import utc_now
from yiguang.night_judge import RegistryJudge, page_judge
from yiguang.nights.shard_processes import killed_with
from yiguang.settings import Settings
from yiguang.wiring import load_classifier


class PartJudge:
    """Judges the pages of a part by today's rules, each as of the day on which it was captured."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._engine = engine
        self._captured_at = utc_now()
        classifier = load_classifier(settings)
        self._judge: RegistryJudge = page_judge(classifier, settings, engine, self._then)
        self.judged_by = JudgedBy(classifier.rules_sha256, classifier.model_sha256, self._judge.names_sha256)

    def _then(self) -> datetime:
        return self._captured_at

    def do(self, rescore_id: int, number: int) -> None:
        if number not in open_batches(self._engine, rescore_id):
            return  # by an earlier process that died before the workflow noted it
        judged = []
        for stored, before in read_batch(self._engine, rescore_id, number):
            self._captured_at = stored.captured_at
            judged.append(Rejudged(stored, before, self._judge(stored.page)))
        store_batch(self._engine, rescore_id, number, judged, utc_now())


_HERE: list[PartJudge] = []


def stay_with(parent: int) -> None:
    """To be called first in a new process of `multiprocessing`, which ends as soon as the parent does: the kernel sees to it on Linux,
    the parent's closed pipe everywhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    killed_with(parent)
    begun_by = multiprocessing.parent_process()
    assert begun_by is not None

    def watch() -> None:
        begun_by.join()
        os._exit(1)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


def load(settings: Settings, expected: JudgedBy) -> None:
    """Load the rules, once a process. Raises CommandFailed when they are not those that the rescore began with."""
    if _HERE:
        return
    judge = PartJudge(settings, open_engine(settings.database_url))
    if judge.judged_by != expected:
        raise CommandFailed("词库、模型或名录在重评开始后有改动；请再次运行 yiguang rescore")
    _HERE.append(judge)


def judge_part(settings: Settings, expected: JudgedBy, rescore_id: int, number: int) -> None:
    """Judge and store one part, unless that was done. Raises CommandFailed as `load` does."""
    load(settings, expected)
    _HERE[0].do(rescore_id, number)
