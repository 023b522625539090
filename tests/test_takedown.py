"""The grade of every visit to a referred page."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outcome import Outcome
from domain.takedown import CONFIRM_AFTER, GONE_OUTCOMES, LADDER_DAYS, Claim, Grade, Look, grade, next_visit

SENT = datetime(2026, 11, 2, 1, tzinfo=UTC)
RATE, CURE, SAFE = Claim("cure-rate", "治愈率达98%"), Claim("cure-promise", "包您根治"), Claim("safe", "绝无副作用")
REFERRED = (RATE, CURE)


def there(hours: float, *claims: Claim, flagged: bool = True, copies: tuple[str, ...] = ()) -> Look:
    return Look(SENT + timedelta(hours=hours), Outcome.CONTENT, claims, flagged, copies)


def not_there(hours: float, outcome: Outcome, *copies: str) -> Look:
    return Look(SENT + timedelta(hours=hours), outcome, copies=copies)


def test_all_claims_are_still_there() -> None:
    result = grade(REFERRED, [there(24, CURE, RATE)])
    assert (result.grade, result.left, result.dropped) == (Grade.UNCHANGED, REFERRED, ())


def test_a_new_claim_beside_the_old_ones_is_told() -> None:
    result = grade(REFERRED, [there(24, CURE, RATE, SAFE)])
    assert (result.grade, result.added) == (Grade.UNCHANGED, (SAFE,))


def test_softened_says_which_claim_went_and_which_came() -> None:
    result = grade(REFERRED, [there(24, RATE, SAFE)])
    assert (result.grade, result.left, result.dropped, result.added) == (Grade.SOFTENED, (RATE,), (CURE,), (SAFE,))
    assert not result.put_right


def test_a_page_without_any_claim_is_put_right() -> None:
    result = grade(REFERRED, [there(24, flagged=False)])
    assert (result.grade, result.put_right, result.settled) == (Grade.SOFTENED, True, True)


def test_a_page_flagged_for_its_words_alone_is_unchanged_while_it_is_flagged() -> None:
    assert grade((), [there(24)]).grade is Grade.UNCHANGED
    assert grade((), [there(24, flagged=False)]).put_right


@pytest.mark.parametrize("outcome", sorted(GONE_OUTCOMES))
def test_gone_takes_two_visits_hours_apart(outcome: Outcome) -> None:
    once = [not_there(24, outcome)]
    assert grade(REFERRED, once).grade is Grade.GONE_ONCE
    assert grade(REFERRED, [*once, not_there(25, outcome)]).grade is Grade.GONE_ONCE
    assert grade(REFERRED, [*once, not_there(25, outcome), not_there(31, outcome)]).grade is Grade.GONE


def test_a_page_seen_in_between_makes_the_count_begin_again() -> None:
    looks = [not_there(24, Outcome.HTTP_GONE), there(30, *REFERRED), not_there(40, Outcome.HTTP_GONE)]
    assert grade(REFERRED, looks).grade is Grade.GONE_ONCE


def test_a_failure_in_between_neither_counts_nor_begins_again() -> None:
    looks = [not_there(24, Outcome.HTTP_GONE), not_there(28, Outcome.TIMEOUT), not_there(31, Outcome.HTTP_GONE)]
    assert grade(REFERRED, looks).grade is Grade.GONE


@pytest.mark.parametrize("outcome", [Outcome.TIMEOUT, Outcome.HTTP_ERROR, Outcome.CHALLENGE])
def test_unreachable_never_becomes_gone(outcome: Outcome) -> None:
    looks = [not_there(24 * day, outcome) for day in LADDER_DAYS]
    assert grade(REFERRED, looks).grade is Grade.UNREACHABLE


@pytest.mark.parametrize("outcome", [Outcome.ROBOTS_DENIED, Outcome.OUR_FAULT, Outcome.TOO_LARGE, Outcome.UNKNOWN])
def test_what_tells_nothing_is_unknown(outcome: Outcome) -> None:
    assert grade(REFERRED, [not_there(24, outcome)]).grade is Grade.UNKNOWN


def test_gone_with_a_copy_elsewhere_is_moved() -> None:
    result = grade(REFERRED, [not_there(24, Outcome.HTTP_GONE, "https://b.example/1")])
    assert (result.grade, result.copies, result.settled) == (Grade.MOVED, ("https://b.example/1",), False)


def test_an_account_that_migrated_is_moved() -> None:
    assert grade(REFERRED, [not_there(24, Outcome.MIGRATED)]).grade is Grade.MOVED


def test_a_page_that_comes_back_is_a_repeat() -> None:
    gone = [not_there(24, Outcome.HTTP_GONE), not_there(48, Outcome.HTTP_GONE)]
    back = grade(REFERRED, [*gone, there(24 * 14, RATE)])
    assert (back.grade, back.reappeared) == (Grade.SOFTENED, True)
    right = grade(REFERRED, [there(24, flagged=False), there(24 * 7, SAFE)])
    assert right.reappeared
    assert not grade(REFERRED, [there(24, *REFERRED), there(48, *REFERRED)]).reappeared


def test_visits_follow_the_ladder() -> None:
    assert next_visit(SENT, [], REFERRED) == SENT + timedelta(days=1)
    assert next_visit(SENT, [there(24.5, *REFERRED)], REFERRED) == SENT + timedelta(days=3)
    assert next_visit(SENT, [there(24 * 20, *REFERRED)], REFERRED) == SENT + timedelta(days=30)
    assert next_visit(SENT, [there(24 * 91, *REFERRED)], REFERRED) is None


def test_gone_once_is_confirmed_as_soon_as_it_can_be() -> None:
    looks = [not_there(24 * 30, Outcome.HTTP_GONE)]
    assert next_visit(SENT, looks, REFERRED) == looks[0].at + CONFIRM_AFTER
    late = [not_there(24 * 91, Outcome.HTTP_GONE)]
    assert next_visit(SENT, late, REFERRED) == late[0].at + CONFIRM_AFTER


def test_a_grade_needs_visits_in_order() -> None:
    with pytest.raises(ValueError, match="no visit"):
        grade(REFERRED, [])
    with pytest.raises(ValueError, match="order"):
        grade(REFERRED, [there(24), there(12)])


LOOKS = st.lists(
    st.builds(
        lambda hours, outcome, claims, flagged: Look(
            SENT + timedelta(hours=hours), outcome, tuple(claims) if outcome is Outcome.CONTENT else (), flagged
        ),
        st.integers(1, 3000),
        st.sampled_from(Outcome),
        st.lists(st.sampled_from([RATE, CURE, SAFE]), unique=True),
        st.booleans(),
    ),
    min_size=1,
    max_size=8,
).map(lambda looks: sorted(looks, key=lambda look: look.at))


@given(LOOKS)
def test_only_two_sights_of_nothing_hours_apart_make_gone(looks: list[Look]) -> None:
    result = grade(REFERRED, looks)
    if result.grade is Grade.GONE:
        gone = [look for look in looks if look.outcome in GONE_OUTCOMES]
        assert gone[-1].at - gone[0].at >= CONFIRM_AFTER
        assert looks[-1].outcome in GONE_OUTCOMES
    if looks[-1].outcome is Outcome.CONTENT:
        assert set(result.left) | set(result.dropped) == set(REFERRED)
        assert set(result.left) | set(result.added) == set(looks[-1].claims)
