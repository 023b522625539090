"""The rating of an operator: every part named, and only persons' decisions lead to the highest level."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.findings import FAMILIES
from domain.risk import COUNTED, ConfirmedCase, RiskLevel, RiskRating, SeenFinding, rate_risk
from tests.storage.samples import NOW
from yiguang.lexicon_books import load_risk_weights

LEXICONS = Path(__file__).parents[1] / "lexicons"
WEIGHTS = load_risk_weights(LEXICONS)
LEAD = SeenFinding("2026-11-25", NOW, "cure-rate", "efficacy-rate", 4, 3, True, "治愈率98%", 1)


def case(days_ago: int) -> ConfirmedCase:
    return ConfirmedCase(1, 1, "http://anhe.example/", NOW - timedelta(days=days_ago), ("efficacy-rate",))


def rate(findings: Sequence[SeenFinding] = (), confirmed: Sequence[ConfirmedCase] = (), sites: int = 1) -> RiskRating:
    return rate_risk(findings, confirmed, sites, NOW, WEIGHTS)


def counts(rating: RiskRating) -> dict[str, int]:
    return {part.name: part.count for part in rating.parts if part.count}


def test_an_operator_of_whom_nothing_was_found_is_low() -> None:
    rating = rate()
    assert (rating.points, rating.level, rating.repeated) == (0, RiskLevel.LOW, False)
    assert tuple(part.name for part in rating.parts) == COUNTED


def test_each_part_counts_what_it_says() -> None:
    findings = [
        LEAD,
        replace(LEAD, night_id="2026-11-24", pages=5, family="comparison", severity=3),
        replace(LEAD, rule="brand-name", family="brand-piggyback", severity=5),
        replace(LEAD, rule="certificate-expired", family="no-review-number", severity=2, quote="某号"),
        replace(LEAD, rule="subject-not-licensed", family="out-of-scope", severity=3),
        replace(LEAD, rule="no-lead", family="anxiety", flagged=False, pages=90),
        replace(LEAD, night_id="2025-01-01", seen_at=NOW - timedelta(days=366), pages=90),
    ]
    assert counts(rate(findings, [case(10), case(400)], sites=4)) == {
        "confirmed-in-a-year": 1,
        "confirmed-earlier": 1,
        "lead-pages": 5,
        "lead-nights": 2,
        "severe-families": 2,
        "sites": 3,
        "certificate-faults": 1,
        "names": 1,
        "beyond-licence": 1,
    }


@pytest.mark.parametrize(("days_ago", "repeated"), [((1, 364), True), ((1, 366), False), ((1,), False), ((), False)])
def test_candidates_are_confirmed_twice_within_a_year(days_ago: tuple[int, ...], repeated: bool) -> None:
    rating = rate(confirmed=[case(days) for days in days_ago])
    assert rating.repeated is repeated
    assert bool(rating.candidate_basis) is repeated


_FINDINGS = st.lists(
    st.builds(
        SeenFinding,
        st.sampled_from(["n1", "n2", "n3", "n4", "n5", "n6", "n7"]),
        st.integers(0, 800).map(lambda days: NOW - timedelta(days=days)),
        st.sampled_from(["cure-rate", "brand-name", "name-words", "certificate-expired", "certificate-mismatch"]),
        st.sampled_from(FAMILIES),
        st.integers(1, 5),
        st.integers(1, 500),
        st.booleans(),
        st.text(max_size=3),
        st.just(1),
    ),
    max_size=30,
)


@given(findings=_FINDINGS, sites=st.integers(0, 500))
def test_no_machine_finding_alone_makes_a_high_risk(findings: list[SeenFinding], sites: int) -> None:
    rating = rate(findings, sites=sites)
    assert rating.level is not RiskLevel.HIGH
    assert not rating.repeated
    assert rating.points == sum(part.points for part in rating.parts)


@given(findings=_FINDINGS, days=st.lists(st.integers(0, 800), max_size=4), sites=st.integers(1, 50))
def test_one_more_confirmed_case_never_lowers_the_rating(
    findings: list[SeenFinding], days: list[int], sites: int
) -> None:
    before = rate(findings, [case(age) for age in days], sites)
    after = rate(findings, [case(age) for age in [*days, 3]], sites)
    assert after.points >= before.points
    assert after.repeated >= before.repeated


def test_weights_name_every_part_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    written = (LEXICONS / "registry" / "risk.toml").read_text("utf-8")
    for changed in (
        written.replace("[parts.sites]", "[parts.weather]"),
        written + "[parts.weather]\ntitle='a'\neach=1\nmost=1\n",
    ):
        (folder / "risk.toml").write_text(changed, "utf-8")
        with pytest.raises(ValueError, match="must weigh"):
            load_risk_weights(tmp_path)
