"""Judging stored pages again by today's rules: broken off at any moment, the next call takes it up where it stopped."""

import fcntl
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from domain.documents import document_of
from review.intake import take_in_rescored
from storage.pages.rescore_results import RescoreFigures, differing, hand_over_gained, rescore_figures
from storage.pages.rescores import (
    JudgedBy,
    Rejudged,
    Rescore,
    Scope,
    finish_rescore,
    open_batches,
    open_rescore,
    pages_done,
)
from yiguang.errors import CommandFailed
from yiguang.home import utc_now
from yiguang.judgement.lexicon_diff import Difference, Page
from yiguang.nights.disk_watch import ends_when_full
from yiguang.nights.rescoring_jobs import RescoreWorkflows, durable_rescore
from yiguang.nights.rescoring_worker import PartJudge, judge_part, load, stay_with
from yiguang.settings import Settings

PROGRESS_SECONDS = 0.3
#: Parts handed out beyond one a process, so that none waits for the queue.
_AHEAD = 1


def run_rescore(
    settings: Settings,
    engine: Engine,
    scope: Scope,
    processes: int,
    show: Callable[[int, int], None],
    tell: Callable[[str], None],
) -> Rescore:
    """Judge all pages of the scope and end the run; `show` is given the pages done and in all, several times a second.

    Raises CommandFailed when another rescore of this data folder is under way, or a part cannot be done.
    """
    with _lock(settings.home / "rescore.lock"):
        run, known = open_rescore(engine, scope, judged_by(settings, engine), utc_now())
        if known:
            tell(f"接着做未完成的重评 {run.id}（{pages_done(engine, run.id)}/{run.pages} 页已完成）")
        if parts := open_batches(engine, run.id):
            _work(settings, engine, run, parts, processes, show)
        show(run.pages, run.pages)
        return finish_rescore(engine, run.id, utc_now())


def judged_by(settings: Settings, engine: Engine) -> JudgedBy:
    """What pages would be judged by now."""
    return PartJudge(settings, engine).judged_by


def _work(
    settings: Settings, engine: Engine, run: Rescore, parts: list[int], processes: int, show: Callable[[int, int], None]
) -> None:
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), stay_with, (os.getpid(),))

    def judge(rescore_id: int, number: int) -> None:
        pool.submit(judge_part, settings, run.judged_by, rescore_id, number).result()

    try:
        # Begun by this thread: the kernel ends a process when the thread that began it ends
        for begun in [pool.submit(load, settings, run.judged_by) for _ in range(processes)]:
            begun.result()
        full = ends_when_full(settings.home, "yiguang rescore")
        with full, durable_rescore(settings, RescoreWorkflows(judge), run.id, parts, processes + _AHEAD) as handle:
            while handle.get_status().status in ("PENDING", "ENQUEUED"):
                show(pages_done(engine, run.id), run.pages)
                time.sleep(PROGRESS_SECONDS)
            handle.get_result()
    except BrokenProcessPool as fault:
        raise CommandFailed("重评的进程意外结束；已完成的部分保留，再次运行会接着做") from fault
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandFailed(f"已有一次重评正在进行（锁文件 {path}）；请等它结束") from None
        yield
    finally:
        os.close(descriptor)


def difference(engine: Engine, run: Rescore) -> tuple[Difference, RescoreFigures]:
    """What the run gained and lost against what the nights had said, as `yiguang lexicon diff` tells it."""
    found = Difference()
    for one in differing(engine, run.id):
        found.add(_page(one), one.before.as_judgement(), one.now)
    figures = rescore_figures(engine, run.id)
    found.pages, found.leads_before, found.leads_after = figures.pages, figures.leads_before, figures.leads_after
    return found, figures


def enqueue_gained(engine: Engine, run: Rescore) -> int:
    """Send the leads that a finished run gained to the desk; how many items are new there."""
    now = utc_now()
    return take_in_rescored(engine, hand_over_gained(engine, run.id, now), now, run.id)


def _page(one: Rejudged) -> Page:
    return Page(str(one.stored.id), document_of(one.stored.page))


def rescore_row(run: Rescore, found: Difference, figures: RescoreFigures) -> dict[str, Any]:
    """The run as `rescore --json` prints it. Times are ISO 8601 in UTC."""
    return {
        "rescore_id": run.id,
        "night": run.scope.night_id,
        "since": run.scope.since.isoformat() if run.scope.since else None,
        "rules_sha256": run.judged_by.rules_sha256,
        "model_sha256": run.judged_by.model_sha256,
        "names_sha256": run.judged_by.names_sha256,
        "started_at": run.started_at.isoformat(),
        "ended_at": run.ended_at.isoformat() if run.ended_at else None,
        "digest": run.digest,
        "partial": figures.partial,
        **found.as_json(),
    }
