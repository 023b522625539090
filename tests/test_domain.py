"""The closed lists of the domain are complete and agree with each other."""

from domain.findings import FAMILIES, FAMILY_ZH
from domain.outcome import OUTCOME_ZH, TRANSIENT, Outcome


def test_every_outcome_and_family_has_a_chinese_name() -> None:
    assert set(OUTCOME_ZH) == set(Outcome)
    assert set(FAMILY_ZH) == set(FAMILIES)


def test_only_failures_that_may_pass_are_transient() -> None:
    assert Outcome.CONTENT not in TRANSIENT
    assert Outcome.HTTP_GONE not in TRANSIENT
