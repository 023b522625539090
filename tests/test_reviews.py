"""The steps an item may take, who may take them, and the statistics of readers."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.reviews import (
    DECIDED,
    STAGE_OF,
    STATE_ZH,
    AlreadyDecided,
    ItemState,
    RoleMayNot,
    SamePerson,
    Stage,
    Verdict,
    cohen_kappa,
    next_state,
    settle,
    wilson,
)
from domain.roles import MATRIX, ROLE_ZH, Act, Role, may

OPEN = [state for state in ItemState if state not in DECIDED and state is not ItemState.HELD]
MAKERS = (Verdict.CONFIRM, Verdict.DISMISS, Verdict.NOT_AD)


def test_one_person_never_confirms_for_good() -> None:
    for role in (Role.ANALYST, Role.REVIEWER):
        assert next_state(ItemState.WAITING, Verdict.CONFIRM, role, False) is ItemState.FIRST_CONFIRMED
        assert next_state(ItemState.SENT_BACK, Verdict.CONFIRM, role, False) is ItemState.FIRST_CONFIRMED
    with pytest.raises(SamePerson):
        next_state(ItemState.FIRST_CONFIRMED, Verdict.CONFIRM, Role.REVIEWER, True)
    assert next_state(ItemState.FIRST_CONFIRMED, Verdict.CONFIRM, Role.REVIEWER, False) is ItemState.CONFIRMED


@pytest.mark.parametrize(
    ("state", "verdict", "after"),
    [
        (ItemState.WAITING, Verdict.DISMISS, ItemState.DISMISSED),
        (ItemState.WAITING, Verdict.NOT_AD, ItemState.NOT_AD),
        (ItemState.FIRST_CONFIRMED, Verdict.DISMISS, ItemState.DISPUTED),
        (ItemState.FIRST_CONFIRMED, Verdict.NOT_AD, ItemState.DISPUTED),
        (ItemState.DISPUTED, Verdict.CONFIRM, ItemState.CONFIRMED),
        (ItemState.DISPUTED, Verdict.DISMISS, ItemState.DISMISSED),
        (ItemState.DISPUTED, Verdict.NOT_AD, ItemState.NOT_AD),
    ],
)
def test_where_a_verdict_leads(state: ItemState, verdict: Verdict, after: ItemState) -> None:
    assert next_state(state, verdict, Role.REVIEWER, False) is after


@pytest.mark.parametrize("state", OPEN)
def test_later_decides_nothing(state: ItemState) -> None:
    assert next_state(state, Verdict.LATER, Role.REVIEWER, False) is ItemState.HELD


@pytest.mark.parametrize("state", sorted(DECIDED))
def test_what_is_decided_is_not_decided_again(state: ItemState) -> None:
    for verdict in Verdict:
        with pytest.raises(AlreadyDecided):
            next_state(state, verdict, Role.REVIEWER, False)


def test_readings_beyond_the_first_are_for_reviewers() -> None:
    for role, state in product(Role, OPEN):
        second = STAGE_OF[state] is not Stage.FIRST
        allowed = role is Role.REVIEWER or (role is Role.ANALYST and not second)
        if allowed:
            assert next_state(state, Verdict.LATER, role, False) is ItemState.HELD
        else:
            with pytest.raises(RoleMayNot):
                next_state(state, Verdict.LATER, role, False)


@pytest.mark.parametrize("verdict", MAKERS)
def test_the_first_of_two_blind_readings_settles_nothing(verdict: Verdict) -> None:
    assert next_state(ItemState.WAITING, verdict, Role.REVIEWER, False, read_twice=True) is ItemState.READ_ONCE


def test_two_blind_readings_settle_what_they_agree_on() -> None:
    analyst, reviewer = Role.ANALYST, Role.REVIEWER
    assert settle(Verdict.CONFIRM, analyst, Verdict.CONFIRM, reviewer) is ItemState.CONFIRMED
    assert settle(Verdict.CONFIRM, analyst, Verdict.CONFIRM, analyst) is ItemState.FIRST_CONFIRMED
    assert settle(Verdict.DISMISS, analyst, Verdict.DISMISS, analyst) is ItemState.DISMISSED
    assert settle(Verdict.NOT_AD, analyst, Verdict.NOT_AD, analyst) is ItemState.NOT_AD
    for first, second in product(MAKERS, MAKERS):
        if first is not second:
            assert settle(first, reviewer, second, reviewer) is ItemState.DISPUTED


def test_who_may_do_what() -> None:
    """The matrix spelled out once more, so that nobody widens it by accident."""
    looks = {Act.SEE_QUEUE, Act.READ_ITEM, Act.OPEN_EVIDENCE, Act.SEE_FIGURES, Act.READ_RULES, Act.SAVE_VIEW}
    decides = {Act.DECIDE_FIRST, Act.UNDO, Act.HOLD, Act.HAND_OVER, Act.DECLARE_CONFLICT}
    leads = {Act.DECIDE_SECOND, Act.BULK_DECIDE, Act.SEND_BACK, Act.ASSIGN, Act.REOPEN, Act.DRAW, Act.SEE_REFERRALS}
    leads |= {
        Act.APPROVE_PACKAGE,
        Act.WITHDRAW_LEAD,
    }  # decision 0028: another person approves; a reviewer takes a lead back
    log = {Act.SEE_AUDIT_LOG, Act.EXPORT_AUDIT_LOG}
    assert {role: set(acts) for role, acts in MATRIX.items()} == {
        Role.ANALYST: looks | decides,
        Role.REVIEWER: looks | decides | leads,
        Role.OFFICER: looks | {Act.SEE_REFERRALS, Act.REFER, Act.APPROVE_PACKAGE, Act.DECLARE_CONFLICT},
        Role.EDITOR: looks | {Act.PROPOSE_RULE, Act.EXPORT_DECISIONS},
        Role.ADMIN: {
            Act.SEE_QUEUE, Act.SEE_FIGURES, Act.SAVE_VIEW, Act.ASSIGN, Act.DRAW, Act.MANAGE_ACCOUNTS,
            Act.EXPORT_DECISIONS, *log,
        },
        Role.AUDITOR: looks | {Act.SEE_KIND, Act.SEE_REFERRALS, *log},
    }  # fmt: skip
    assert set(ROLE_ZH) == set(Role) and set(STATE_ZH) == set(ItemState)
    assert not may(Role.ADMIN, Act.DECIDE_FIRST) and not may(Role.AUDITOR, Act.UNDO)


def test_kappa_of_a_worked_example() -> None:
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, by chance 0.5."""
    pairs = [("y", "y")] * 20 + [("y", "n")] * 5 + [("n", "y")] * 10 + [("n", "n")] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)


def test_kappa_is_undefined_where_chance_explains_everything() -> None:
    assert cohen_kappa([]) is None and cohen_kappa([("y", "y")] * 5) is None
    assert cohen_kappa([("y", "n")] * 5) == 0.0


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1))
def test_kappa_is_bounded_and_full_only_for_full_agreement(pairs: list[tuple[str, str]]) -> None:
    kappa = cohen_kappa(pairs)
    assert kappa == cohen_kappa([(second, first) for first, second in pairs])
    if kappa is not None:
        assert -1.0 <= kappa <= 1.0
        assert (kappa == pytest.approx(1.0)) == all(first == second for first, second in pairs)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share(successes: int, failures: int) -> None:
    trials = successes + failures
    low, high = wilson(successes, trials)
    assert 0.0 <= low <= high <= 1.0
    if trials:
        assert low <= successes / trials <= high
        assert wilson(failures, trials) == pytest.approx((1 - high, 1 - low))


def test_the_interval_of_a_worked_example() -> None:
    assert wilson(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)
    with pytest.raises(ValueError, match="3 of 2"):
        wilson(3, 2)
