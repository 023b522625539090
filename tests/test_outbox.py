"""Which step may follow which, and who may take it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.beijing import BEIJING
from domain.outbox import (
    Measure,
    Stage,
    Step,
    StepRefused,
    StepTaken,
    is_supervised,
    stage_of,
    standing,
)
from domain.outbox_rules import require_step

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
DIGEST = "ab" * 32


def taken(step: Step, by: str = "wang", **more: object) -> StepTaken:
    full = {"text": "说明", "channel": "机要交换", "measures": (Measure.ORDERED,), "manifest_sha256": DIGEST}
    return StepTaken(step, by, NOW, NOW, **(full | more))  # type: ignore[arg-type]


def allowed(steps: list[StepTaken], new: StepTaken, made_by: str = "wang") -> bool:
    try:
        require_step(made_by, DIGEST, steps, new)
    except StepRefused:
        return False
    return True


TRIES = st.lists(
    st.tuples(
        st.sampled_from(list(Step)),
        st.sampled_from(["wang", "li", "zhang"]),
        st.integers(1, 14),  # the step to strike
        st.sampled_from([DIGEST, "cd" * 32]),
    ),
    max_size=25,
)


@given(TRIES)
def test_nothing_is_sent_that_a_second_person_has_not_approved(tries: list[tuple[Step, str, int, str]]) -> None:
    entered: list[StepTaken] = []
    for step, by, corrects, digest in tries:
        new = taken(step, by, id=len(entered) + 1, corrects=corrects, manifest_sha256=digest)
        if allowed(list(standing(entered)), new):
            entered.append(new)
    steps = standing(entered)
    for place, sent in enumerate(steps):
        if sent.step is Step.SENT:
            before = steps[:place]
            approval = [each for each in before if each.step is Step.APPROVED][-1]
            revisers = {each.by for each in before if each.step is Step.REVISED}
            assert approval.by not in {"wang", *revisers}
            assert approval.manifest_sha256 == sent.manifest_sha256
            assert all(each.step is not Step.REVISED for each in before[before.index(approval) :])
    if stage_of(steps) is Stage.ENDED:
        moves = set(Step) - {Step.NOTE, Step.STRUCK}
        assert not any(allowed(list(steps), taken(step, "li")) for step in moves)
    for place, stands in enumerate(steps):  # could have been entered just so
        require_step("wang", DIGEST, steps[:place], stands)


@pytest.mark.parametrize(
    ("steps", "new", "words"),
    [
        ([], taken(Step.APPROVED), "审批人不能是制作人"),
        ([], taken(Step.SENT, "li"), "待审批"),
        ([], taken(Step.APPROVED, "li", manifest_sha256="cd" * 32), "已被改动"),
        ([Step.APPROVED], taken(Step.SENT, manifest_sha256=""), "已被改动"),
        ([Step.APPROVED], taken(Step.SENT, channel=" "), "寄送方式"),
        ([Step.APPROVED, Step.SENT, Step.RECEIVED], taken(Step.CLOSED, measures=()), "处理结果"),
        ([Step.APPROVED, Step.SENT, Step.RECEIVED], taken(Step.CLOSED, fine_fen=100), "罚没款"),
        ([Step.APPROVED, Step.SENT], taken(Step.SUPERVISION_ENDED), "没有挂牌督办"),
        ([Step.APPROVED, Step.SENT], taken(Step.WITHDRAWN, text=""), "理由"),
        ([Step.APPROVED], replace(taken(Step.SENT), at=NOW + timedelta(minutes=1)), "不能晚于现在"),
        ([Step.APPROVED], replace(taken(Step.SENT), at=NOW - timedelta(days=1)), "不能早于“审批同意”"),
        ([], taken(Step.REVISED), "文书没有改动"),
        ([], taken(Step.NOTE, text="长" * 4001), "至多 4000 字"),
        ([], taken(Step.NOTE, reference="长" * 201), "至多 200 字"),
        ([Step.REVISED], taken(Step.APPROVED, "li"), "审批人不能是修改文书的人"),
        ([Step.APPROVED, Step.SENT], taken(Step.TRANSFERRED, text=" "), "理由"),
        ([Step.APPROVED, Step.SENT, Step.RECEIVED, Step.EXTENDED], taken(Step.EXTENDED), "已延长过一次"),
        ([Step.APPROVED, Step.SENT], taken(Step.STRUCK, corrects=9), "没有第 9 步"),
        ([Step.APPROVED, Step.SENT], taken(Step.STRUCK, corrects=1), "已寄送”（第 2 步）以它为前提"),
    ],
)
def test_what_is_refused_says_why(steps: list[Step], new: StepTaken, words: str) -> None:
    before = [taken(step, "li", id=place) for place, step in enumerate(steps, 1)]
    with pytest.raises(StepRefused, match=words):
        require_step("wang", DIGEST, before, new)


def test_a_day_is_enough_for_a_date() -> None:
    """An officer who writes down the day, not the hour, has not sent it before it was approved that day."""
    midnight = NOW.astimezone(BEIJING).replace(hour=0, minute=0)
    assert allowed([taken(Step.APPROVED, "li")], replace(taken(Step.SENT), at=midnight))


def test_a_step_struck_is_as_if_it_had_not_been() -> None:
    steps = [taken(Step.APPROVED, "li", id=1), taken(Step.SENT, id=2), taken(Step.RECEIVED, id=3)]
    strike = taken(Step.STRUCK, id=4, corrects=3)
    require_step("wang", DIGEST, steps, strike)
    rest = standing([*steps, strike])
    assert stage_of(rest) is Stage.SENT
    with pytest.raises(StepRefused, match="已经撤销"):
        require_step("wang", DIGEST, rest, taken(Step.STRUCK, corrects=3))
    assert allowed(list(rest), taken(Step.RECEIVED))


def test_supervision_lasts_until_it_is_ended() -> None:
    steps = [taken(Step.APPROVED, "li"), taken(Step.SENT), taken(Step.SUPERVISED)]
    assert is_supervised(steps)
    assert not is_supervised([*steps, taken(Step.SUPERVISION_ENDED)])
    assert not is_supervised([*steps, taken(Step.WITHDRAWN)])
