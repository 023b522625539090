"""`python -m yiguang.nights.shard_main`: crawls one shard of a night; its job comes as one JSON line on standard input."""

import sys
import threading
from collections.abc import Callable, Collection
from dataclasses import replace

import structlog
from sqlalchemy.exc import SQLAlchemyError

from crawler.night.shard import run_shard
from crawler.night.shard_work import ShardWork
from crawler.settings import Showing
from domain.abilities import Ability, abilities_in
from domain.nights import NightKind
from storage.away import is_away
from storage.crawl.frontier import SqlFrontier
from storage.crawl.in_hand import InHandFile
from storage.crawl.night_figures import pages_to_come
from storage.crawl.nights import night_kind
from storage.crawl.picture_questions import SqlPictureQuestions
from storage.crawl.revisits import MemoryWithoutPages, SqlCrawlMemory
from storage.crawl.targets import list_targets
from storage.crawl.visits import SqlVisitStore
from storage.crawl.workers import FENCED_AFTER, TRANSACTION_OF_A_NIGHT_AT_MOST
from storage.database import bound_transactions, shared_clock
from storage.operators.logos import official_logos
from storage.pages.pictures import SqlPictureMemory, seconds_spent
from yiguang.errors import CommandFailed, UsageError
from yiguang.home import load_seal_key, open_home, utc_now
from yiguang.logging import set_up_logging
from yiguang.machine import machine_facts
from yiguang.night_judge import page_judge
from yiguang.nights.shard_processes import EXIT_DATABASE_AWAY, EXIT_HOPELESS, ShardJob, die_with_parent
from yiguang.nights.single_pages import as_single_pages, at_any_hour
from yiguang.settings import Settings, read_settings
from yiguang.wiring import crawl_settings, load_classifier, provenance, with_pictures


def main() -> int:
    set_up_logging()
    job = ShardJob.load(sys.stdin.buffer.readline())
    ending = threading.Event()
    die_with_parent(job.parent, sys.stdin.fileno(), ending.set)
    structlog.contextvars.bind_contextvars(night=job.night_id, worker=job.worker)
    try:
        crawl(job, read_settings(), ending.is_set)
    except (CommandFailed, UsageError, SQLAlchemyError) as fault:
        if is_away(fault):
            structlog.get_logger().warning("the database is away", reason=str(fault).splitlines()[0])
            return EXIT_DATABASE_AWAY
        if isinstance(fault, SQLAlchemyError):
            raise
        structlog.get_logger().error("shard cannot work", reason=str(fault))
        return EXIT_HOPELESS
    return 0


def crawl(job: ShardJob, settings: Settings, is_ending: Callable[[], bool]) -> None:
    """Run the shard to its end, or until `is_ending` and the pages in hand are finished. Leases left by an earlier process of the same shard are freed first."""
    classifier = load_classifier(settings)
    engine = open_home(settings)
    # What a process that was cut off has locked is free before others begin
    bound_transactions(engine, FENCED_AFTER, TRANSACTION_OF_A_NIGHT_AT_MOST)
    wanted = frozenset(job.target_ids)
    targets = [known for known in list_targets(engine) if known.id in wanted]
    memory = SqlCrawlMemory
    if night_kind(engine, job.night_id) is NightKind.RECHECK:
        settings, targets, memory = at_any_hour(settings), as_single_pages(targets), MemoryWithoutPages
    can, alone = abilities_in(job.can), engine.dialect.name == "sqlite"
    spent = seconds_spent(engine, job.night_id, job.target_ids)
    pages = pages_to_come(engine, job.night_id, job.target_ids)
    frontier = SqlFrontier(engine, to_show=job.to_show)
    frontier.release_leases(job.night_id, [job.worker])
    asked_by = f"{job.night_id}:{job.worker}"
    judge = page_judge(classifier, settings, engine, utc_now)
    about = {**machine_facts(), **provenance(settings, classifier, judge.registry_state, job.worker)}
    store = SqlVisitStore(engine, settings.home, about, utc_now, load_seal_key(settings))
    base = crawl_settings(settings, utc_now())
    in_hand = InHandFile(settings.home, job.night_id, job.worker)
    try:
        run_shard(
            ShardWork(
                night_id=job.night_id,
                worker=job.worker,
                targets=targets,
                frontier=frontier,
                store=store,
                judge=judge,
                settings=replace(
                    with_pictures(base, settings, classifier, spent, pages, official_logos(engine), job.share),
                    showing=showing(job, can, alone=alone),
                    reads_here=Ability.READ in can,
                    pause_first=job.to_show,
                ),
                clock=utc_now,
                memory=memory(engine, classifier.rules_sha256, classifier.model_sha256, judge.names_sha256),
                pictures=SqlPictureMemory(engine),
                in_hand=in_hand,
                is_ending=is_ending,
                questions=None
                if alone or Ability.READ in can
                else SqlPictureQuestions(engine, asked_by, shared_clock(engine, utc_now)),
            )
        )
    finally:
        in_hand.close()
        store.close()
        engine.dispose()


def showing(job: ShardJob, can: Collection[Ability], *, alone: bool) -> Showing:
    """What becomes of pages that a browser is to look at. A process without one gets a shard of such pages only when nobody has one;
    `alone` is true where no other process can come."""
    if Ability.SHOW in can:
        return Showing.HERE
    return Showing.NOWHERE if alone or job.to_show else Showing.ELSEWHERE


if __name__ == "__main__":
    sys.exit(main())
