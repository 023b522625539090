"""Which step may follow which, and who may take it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outbox import (
    Measure,
    Stage,
    Statement,
    StatementKind,
    Step,
    StepRefused,
    StepTaken,
    is_rescinded,
    is_supervised,
    require_step,
    stage_of,
)

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


@given(st.lists(st.tuples(st.sampled_from(list(Step)), st.sampled_from(["wang", "li", "zhang"])), max_size=12))
def test_nothing_is_sent_that_a_second_person_has_not_approved(tries: list[tuple[Step, str]]) -> None:
    steps: list[StepTaken] = []
    for step, by in tries:
        new = taken(step, by)
        if allowed(steps, new):
            steps.append(new)
    kinds = [each.step for each in steps]
    if Step.SENT in kinds:
        approval = steps[kinds.index(Step.APPROVED)]
        assert kinds.index(Step.APPROVED) < kinds.index(Step.SENT)
        assert approval.by != "wang"
    if stage_of(steps) is Stage.ENDED:
        assert not any(allowed(steps, taken(step, "li")) for step in Step if step is not Step.NOTE)


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
        ([Step.APPROVED], replace(taken(Step.SENT), at=NOW - timedelta(days=1)), "不能早于审批"),
    ],
)
def test_what_is_refused_says_why(steps: list[Step], new: StepTaken, words: str) -> None:
    before = [taken(step, "li") for step in steps]
    with pytest.raises(StepRefused, match=words):
        require_step("wang", DIGEST, before, new)


def test_supervision_lasts_until_it_is_ended() -> None:
    steps = [taken(Step.APPROVED, "li"), taken(Step.SENT), taken(Step.SUPERVISED)]
    assert is_supervised(steps)
    assert not is_supervised([*steps, taken(Step.SUPERVISION_ENDED)])
    assert not is_supervised([*steps, taken(Step.WITHDRAWN)])


def test_what_an_institution_says_does_not_take_a_lead_back() -> None:
    def said(*kinds: StatementKind) -> list[Statement]:
        return [Statement(kind, "li", NOW, NOW, "说明") for kind in kinds]

    assert not is_rescinded(said(StatementKind.DISPUTE, StatementKind.CORRECTION))
    assert is_rescinded(said(StatementKind.WITHDRAWN, StatementKind.DISPUTE))
    assert not is_rescinded(said(StatementKind.WITHDRAWN, StatementKind.REINSTATED))
