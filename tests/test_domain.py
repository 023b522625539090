"""The closed lists of the domain are complete and agree with each other."""

from domain.findings import FAMILIES, FAMILY_ZH
from domain.nights import nth_of_day
from domain.outcome import OUTCOME_ZH, Outcome


def test_every_outcome_and_family_has_a_chinese_name() -> None:
    assert set(OUTCOME_ZH) == set(Outcome)
    assert set(FAMILY_ZH) == set(FAMILIES)


def test_which_night_of_its_day_an_id_names() -> None:
    named = {
        "2026-11-27": 1,
        "2026-11-27-2": 2,
        "2026-11-27-12": 12,
        "2026-11-27-recheck": 1,
        "2026-11-27-recheck-2": 1,
    }
    assert {night_id: nth_of_day(night_id) for night_id in named} == named
