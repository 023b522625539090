"""Looks at referred pages are graded when they are recorded, once each, and never against what another page said."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine

from domain.takedown import CONFIRM_AFTER, Grade
from tests.storage.look_nights import gone, look_at, referred_lead, unchanged
from tests.storage.samples import NOW


def test_gone_is_confirmed_hours_later_and_a_return_is_told(engine: Engine, tmp_path: Path) -> None:
    case = referred_lead(engine, tmp_path)
    assert (case.graded, case.due_at) == (None, NOW + timedelta(days=1))
    assert case.claims

    once = look_at(engine, tmp_path, case, 24.0, gone)
    assert [each.grade for each in once.looks] == [Grade.GONE_ONCE]
    assert once.due_at == once.looks[0].look.at + CONFIRM_AFTER

    twice = look_at(engine, tmp_path, case, 31.0, gone)
    assert [each.grade for each in twice.looks] == [Grade.GONE_ONCE, Grade.GONE]
    assert twice.due_at == NOW + timedelta(days=3)

    back = look_at(engine, tmp_path, case, 72.0, unchanged)
    assert back.looks[-1].grade is Grade.UNCHANGED
    assert back.looks[-1].reappeared
    assert back.looks[:2] == twice.looks, "what was recorded stays as it was"
