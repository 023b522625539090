"""Looks at referred pages are graded when they are recorded, once each, and never against what another page said."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, insert

from domain.nights import NightKind
from domain.outcome import Outcome
from domain.takedown import CONFIRM_AFTER, Grade
from storage.database import writing
from storage.frontier import SqlFrontier
from storage.nights import finish_night, open_night
from storage.tables import referral_packages, referred_leads
from storage.takedown import ReferredCase, record_looks, referred_case, referred_cases
from storage.targets import list_targets
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, failed_visit, visit


def _referred(engine: Engine, folder: Path) -> ReferredCase:
    """The first lead of a night, in a complete package."""
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, folder)
    row = claim(engine, night_id, ids)[0]
    store.record(visit(row, flagged=True))
    store.close()
    finish_night(engine, night_id, NOW)
    package = {"year": 2026, "serial": 1, "number": "示例1号", "recipient": "amr", "made_by": "wang", "told": {}}
    with writing(engine) as connection:
        connection.execute(insert(referral_packages).values(**package, id=1, made_at=NOW, manifest_sha256="0" * 64))
        connection.execute(insert(referred_leads).values(package_id=1, page_id=row.id))
    (case,) = referred_cases(engine)
    return case


def _look(engine: Engine, folder: Path, case: ReferredCase, hours: float, gone: bool) -> ReferredCase:
    at = NOW + timedelta(hours=hours)
    members = [known for known in list_targets(engine) if known.id == case.target_id]
    night_id = open_night(engine, at, members, NightKind.RECHECK)
    SqlFrontier(engine).seed(night_id, [(case.target_id, case.url)], at)
    (row,) = SqlFrontier(engine).claim(night_id, [case.target_id], "w1", 1, at, 60.0)
    store = open_store(engine, folder)
    when = {"started_at": at, "ended_at": at}
    store.record(failed_visit(row, Outcome.HTTP_GONE, **when) if gone else visit(row, flagged=True, **when))
    store.close()
    assert record_looks(engine, night_id) == 1
    assert record_looks(engine, night_id) == 0, "a look is recorded once"
    finish_night(engine, night_id, at)
    looked_at = referred_case(engine, case.case_id)
    assert looked_at is not None
    return looked_at


def test_gone_is_confirmed_hours_later_and_a_return_is_told(engine: Engine, tmp_path: Path) -> None:
    case = _referred(engine, tmp_path)
    assert (case.graded, case.due_at) == (None, NOW + timedelta(days=1))
    assert case.claims

    once = _look(engine, tmp_path, case, 24.0, gone=True)
    assert [each.grade for each in once.looks] == [Grade.GONE_ONCE]
    assert once.due_at == once.looks[0].look.at + CONFIRM_AFTER

    twice = _look(engine, tmp_path, case, 31.0, gone=True)
    assert [each.grade for each in twice.looks] == [Grade.GONE_ONCE, Grade.GONE]
    assert twice.due_at == NOW + timedelta(days=3)

    back = _look(engine, tmp_path, case, 72.0, gone=False)
    assert back.looks[-1].grade is Grade.UNCHANGED
    assert back.looks[-1].reappeared
    assert back.looks[:2] == twice.looks, "what was recorded stays as it was"
