"""Visits to referred pages: whether they are gone, softened, moved or still there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from domain.nights import NightKind
from domain.visits import TargetInNight
from storage.archive.orphans import clean_orphans
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import NightProgress, open_night, targets_of
from storage.crawl.targets import list_targets
from storage.takedowns.takedown import ReferredCase, referred_cases
from yiguang.home import utc_now
from yiguang.keeping import load_masker
from yiguang.nights.closing import looked_at
from yiguang.nights.contact import contact_with
from yiguang.nights.nightly import work_through
from yiguang.nights.single_pages import as_single_pages
from yiguang.settings import Settings


@dataclass(frozen=True, slots=True)
class Recheck:
    """`cases` are those that were visited, with the look that the recheck added; `faults` say in Chinese what went wrong with the
    crawl or its evidence, not with pages."""

    night_id: str
    cases: tuple[ReferredCase, ...]
    faults: tuple[str, ...]


def due_cases(engine: Engine, now: datetime) -> list[ReferredCase]:
    """The referred leads whose pages are to be visited."""
    return [case for case in referred_cases(engine) if (due_at := case.due_at) is not None and due_at <= now]


def recheck(
    settings: Settings,
    engine: Engine,
    cases: Sequence[ReferredCase],
    lock_descriptor: int,
    show: Callable[[NightProgress], None],
    tell: Callable[[str], None],
    command: str,
) -> Recheck:
    """Visit the pages of `cases` once, politely, each with evidence of its own, and grade what is found.

    The caller holds the `night_lock` of the data folder. A recheck that was interrupted is taken up, with the pages it began
    with; those that it does not have are added to it. `command` is what a person is told to run again when it ends before its time.
    """
    load_masker(settings.lexicons)  # what is wrong with its words is to be told before a page is visited
    with contact_with(engine, tell) as contact:
        clean_orphans(engine, settings.home)
        night_id, members = _open(engine, cases)
        result = work_through(settings, engine, night_id, members, lock_descriptor, show, contact, command)
        failed = [f"证据未通过核验：{path}" for path in result.summary.bundles_failed]
        return Recheck(night_id, tuple(looked_at(engine, night_id)), (*result.faults, *failed))


def _open(engine: Engine, cases: Sequence[ReferredCase]) -> tuple[str, list[TargetInNight]]:
    now = utc_now()
    night_id = open_night(engine, now, (), NightKind.RECHECK)
    wanted = targets_of(engine, night_id) | {case.target_id for case in cases}
    members = as_single_pages([known for known in list_targets(engine) if known.id in wanted])
    open_night(engine, now, members, NightKind.RECHECK)
    SqlFrontier(engine).seed(night_id, [(case.target_id, case.url) for case in cases], now)
    return night_id, members
