"""One night from targets to summary. Interrupted at any moment, the next call takes it up where it stopped."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from crawler.night.in_hand import SET_ASIDE_AFTER
from domain.abilities import written
from domain.nights import NightKind, NightSummary, nth_of_day
from domain.visits import TargetInNight
from storage.archive.orphans import clean_orphans
from storage.away import when_there
from storage.crawl.frontier import SqlFrontier
from storage.crawl.in_hand import broken_off, excuse_in_hand
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import NightProgress, is_finished, night_kind, night_progress, open_night, targets_of
from storage.crawl.pauses import is_paused, pause_night, resume_night
from storage.crawl.picture_questions import leave_questions
from storage.crawl.revisits import server_addresses
from storage.crawl.targets import list_targets
from storage.crawl.workers import dead_workers, forget, live_workers
from storage.database import shared_clock
from yiguang.home import utc_now
from yiguang.nights.attendance import NIGHT_ITSELF, Attendance, crew
from yiguang.nights.closing import close, unfinished
from yiguang.nights.contact import Contact, contact_with
from yiguang.nights.disk_watch import ends_when_full
from yiguang.nights.durable import NightHandle, NightWorkflows, durable_night, shards_of, start_or_take_up, take_over
from yiguang.nights.leaving import interruptible
from yiguang.nights.progress import SparingCount
from yiguang.nights.serving_pictures import serving_pictures
from yiguang.nights.shard_processes import ShardJob, ShardProcesses, worker_name
from yiguang.nights.sites import divide
from yiguang.settings import Settings

PROGRESS_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class NightResult:
    """`faults` are Chinese sentences about shards that could not be brought to an end, and about what could not be recorded."""

    summary: NightSummary
    faults: tuple[str, ...]

    @property
    def healthy(self) -> bool:
        return self.summary.healthy and not self.faults


def run_night(
    settings: Settings,
    engine: Engine,
    targets: Sequence[TargetInNight],
    lock_descriptor: int,
    show: Callable[[NightProgress], None],
    tell: Callable[[str], None],
    of: date | None = None,
) -> NightResult:
    """Runs the night, or what an interrupted one left undone, and calls `show` meanwhile, twice a second at most.

    The caller holds the `night_lock` of the data folder. `tell` is given what the operator should know before it begins
    (Chinese). A night that begins is that `of` this day, today's in Beijing if not given. On SIGINT and SIGTERM the process ends at once with EXIT_INTERRUPTED and the night stays open. When the
    hours of the night are over first, it is left paused: sealed so far, and taken up by the next call.
    """
    with contact_with(engine, tell) as contact:
        clean_orphans(engine, settings.home)
        night_id, members = _open(engine, targets, tell, of)
        SqlFrontier(engine).seed(night_id, [(member.id, member.target.url) for member in members], utc_now())
        return work_through(settings, engine, night_id, members, lock_descriptor, show, contact, "yiguang nightly")


def work_through(
    settings: Settings,
    engine: Engine,
    night_id: str,
    members: Sequence[TargetInNight],
    lock_descriptor: int,
    show: Callable[[NightProgress], None],
    contact: Contact,
    command: str,
) -> NightResult:
    """Visit everything that the frontier has for a night, and end it; `show` is called meanwhile, twice a second at most.
    `command` is what is to be run again when it ends before its time.

    Workers that are alive share the work; shards of one that dies are put back on the queue. A PostgreSQL that goes away is
    waited for; when it has been away for ten minutes, the process ends with one line and code 1 (`contact`), and the night stays open.
    """
    at_work = crew(settings, live_workers(engine, shared_clock(engine, utc_now)()))
    if not at_work.others:  # else some of what is leased is being visited
        SqlFrontier(engine).withdraw_leases(night_id)
        excuse_in_hand(settings.home, night_id)
    processes = ShardProcesses(lock_descriptor, settings.logs, at_once=settings.shards)
    contact.stop_first = processes.stop
    workflows = NightWorkflows(
        crawl=lambda job: crawl_shard(job, engine, processes, settings),
        close=lambda closing_id: close(closing_id, engine, settings, contact.tell),
        begin=lambda begun_id: resume_night(engine, begun_id, utc_now()),
        left_to_browsers=lambda of_night, target_ids: _left_to_browsers(engine, settings, of_night, target_ids),
    )
    wanted = at_work.shards(len(members), settings.concurrent_sites)
    parts = divide(members, wanted, server_addresses(engine))
    shards = [[target.id for target in part] for part in parts]
    full = ends_when_full(settings.home, command, processes.stop)
    durable = durable_night(settings, workflows, night_id, shards)
    clock = shared_clock(engine, utc_now)
    attendance = Attendance(
        engine, settings, night_id, clock, contact.tell, lambda: _hours_are_over(engine, settings, night_id)
    )
    attendance.begin(utc_now())
    serving = serving_pictures(engine, NIGHT_ITSELF, settings)
    with (
        interruptible(processes, command),
        full,
        durable as handle,
        serving,
        contact.needed(),
    ):
        faults = _watch(handle, engine, night_id, show, contact, settings, attendance)
        if is_paused(engine, night_id) and not _hours_are_over(engine, settings, night_id):
            # All that an earlier process had left of its workflow was to close it; tonight's work is still to do
            again = start_or_take_up(workflows, night_id, shards)
            faults = _watch(again, engine, night_id, show, contact, settings, attendance)
        attendance.end()
    show(night_progress(engine, night_id))
    return NightResult(night_summary(engine, night_id), tuple(faults))


def _watch(
    handle: NightHandle,
    engine: Engine,
    night_id: str,
    show: Callable[[NightProgress], None],
    contact: Contact,
    settings: Settings,
    attendance: Attendance,
) -> list[str]:
    progress = SparingCount(lambda: night_progress(engine, night_id), show)
    while True:
        try:
            with contact.turn():
                progress.look()
                take_over_from_the_dead(engine, settings)
                attendance.look(utc_now())
                # Asked last: the engine waits for its database without end, and could not be told to give up
                if handle.get_status().status not in ("PENDING", "ENQUEUED"):
                    break
        except DBAPIError as fault:
            contact.lost(fault)
        time.sleep(PROGRESS_SECONDS)
    return handle.get_result()


def take_over_from_the_dead(engine: Engine, settings: Settings) -> None:
    """Put the shards of workers that died back on the queue, with the pages that they had in hand as if never begun."""
    clock = shared_clock(engine, utc_now)
    for name in dead_workers(engine, clock()):
        for night_id, number in shards_of(name):
            worker = worker_name(number)
            SqlFrontier(engine).withdraw_leases(night_id, [worker])
            excuse_in_hand(settings.home, night_id, worker)
        take_over(name)
        leave_questions(engine, name, clock())
        forget(engine, name, clock())


def _hours_are_over(engine: Engine, settings: Settings, night_id: str) -> bool:
    """A recheck is a handful of pages and knows no hours."""
    window = settings.night_window
    over = window is not None and window.closes_at(utc_now()) is None
    return over and night_kind(engine, night_id) is NightKind.NIGHT


def _open(
    engine: Engine, targets: Sequence[TargetInNight], tell: Callable[[str], None], of: date | None
) -> tuple[str, Sequence[TargetInNight]]:
    """The night to work on and its targets. An interrupted night keeps the targets with which it began."""
    night_id = open_night(engine, utc_now(), (), of=of)
    began_with = targets_of(engine, night_id)
    if not began_with:
        if (nth := nth_of_day(night_id)) > 1:
            tell(f"{night_id[:10]} 已有巡查完的一夜；这是当天第 {nth} 夜，编号 {night_id}")
        return open_night(engine, utc_now(), targets), targets
    cause = "时段结束时停下" if is_paused(engine, night_id) else "未完成"
    tell(f"接着做{cause}的 {night_id} 一夜（{len(began_with)} 个目标）")
    if newcomers := sum(target.id not in began_with for target in targets):
        tell(f"另有 {newcomers} 个目标不在这一夜之内，再次运行 yiguang nightly 时巡查")
    return night_id, [known for known in list_targets(engine) if known.id in began_with]


def crawl_shard(job: ShardJob, engine: Engine, processes: ShardProcesses, settings: Settings) -> str:
    """Crawl one shard to its end in a process of its own; a fault in Chinese, or an empty string."""
    if is_finished(engine, job.night_id):
        return ""  # closed already: the process died between closing the night and noting that it did

    def set_aside() -> int:
        """Pages that the shard sets aside when it is started again: the starts they cost are not its own fault."""
        counts = broken_off(settings.home, job.night_id, job.worker)
        return sum(times >= SET_ASIDE_AFTER for times in counts.values())

    def wait_for_database() -> None:
        """What was in hand when it went away is as if never begun: that was no page's doing."""
        when_there(lambda: SqlFrontier(engine).withdraw_leases(job.night_id, [job.worker]))
        excuse_in_hand(settings.home, job.night_id, job.worker)

    job = replace(job, can=written(settings.can))
    fault = processes.run(job, settings.shard_restarts, lambda: set_aside() * SET_ASIDE_AFTER, wait_for_database)
    # Noted here, at the closing hour, and not where the night is closed: after a crash that may be done the next evening
    if _hours_are_over(engine, settings, job.night_id) and unfinished(engine, job.night_id):
        pause_night(engine, job.night_id, utc_now())
    return fault


def _left_to_browsers(engine: Engine, settings: Settings, night_id: str, target_ids: Sequence[int]) -> bool:
    """Whether another shard is to visit what these targets have left for a process with a browser."""

    def left() -> bool:
        waits = SqlFrontier(engine).waits_for_browser(night_id, target_ids)
        return waits and not _hours_are_over(engine, settings, night_id)

    return when_there(left)
