"""What the end of a night does for the evidence of all nights: check it again, and keep the second copy up to date."""

from collections.abc import Callable, Sequence

from sqlalchemy import Engine

from domain.evidence import VerifyReport
from domain.nights import EvidenceCare
from storage.checking.rechecks import recheck
from storage.crawl.night_care import keep_care
from storage.keeping.object_store import StoreUnusable
from storage.keeping.remote_copy import Transfer, push
from yiguang.errors import CommandFailed, UsageError
from yiguang.home import utc_now
from yiguang.keeping import load_policy, open_remote
from yiguang.settings import Settings

#: Faults of the second copy that are kept; the rest is counted.
_MAX_FAULTS = 5


def care_for_evidence(
    engine: Engine, settings: Settings, night_id: str, tell: Callable[[str], None]
) -> Sequence[VerifyReport]:
    """The reports on the night's files, on all acts on evidence and on as many older files as there is time for. What was done
    is kept for the morning report. A second copy that cannot be written is no reason to leave the night open."""
    found = recheck(engine, settings.home, night_id, settings.recheck_seconds, utc_now)
    done = _copied(engine, settings)
    for fault in done.faults[:_MAX_FAULTS]:
        tell(f"另存到 {settings.evidence_store}：{fault}")
    care = EvidenceCare(
        records=found.records,
        rechecked=found.rechecked,
        unreached=found.unreached,
        oldest_check_at=found.oldest_check_at,
        store=settings.evidence_store,
        sent=len(done.moved),
        present=done.present,
        removed=len(done.removed),
        copy_faults=_shortened(done.faults),
    )
    keep_care(engine, night_id, care)
    return found.reports


def _copied(engine: Engine, settings: Settings) -> Transfer:
    if not settings.evidence_store:
        return Transfer((), 0, (), ())
    try:
        store = open_remote(settings.evidence_store, settings.evidence_store_options)
        return push(engine, settings.home, store, load_policy(settings.lexicons))
    except (StoreUnusable, UsageError, CommandFailed, OSError) as fault:
        return Transfer((), 0, (), (str(fault),))


def _shortened(faults: Sequence[str]) -> tuple[str, ...]:
    left = len(faults) - _MAX_FAULTS
    return (*faults[:_MAX_FAULTS], f"另有 {left} 件") if left > 0 else tuple(faults)
