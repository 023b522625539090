"""Which step may follow which, who may take it, and which terms it sets running."""

from collections.abc import Sequence

from domain.beijing import BEIJING
from domain.clocks import Event
from domain.outbox import (
    MOVES,
    STAGE_ZH,
    STEP_ZH,
    Measure,
    Stage,
    Step,
    StepRefused,
    StepTaken,
    current_manifest,
    is_supervised,
    stage_of,
)

_SENT = frozenset({Stage.SENT, Stage.RECEIVED, Stage.FILED, Stage.REFUSED, Stage.CLOSED})
_BEFORE = frozenset({Stage.DRAFT, Stage.APPROVED})

#: In which stages a step may be taken; `struck` has rules of its own.
_WHEN: dict[Step, frozenset[Stage]] = {
    Step.REVISED: _BEFORE,
    Step.APPROVED: frozenset({Stage.DRAFT}),
    Step.RETURNED: _BEFORE,
    Step.SENT: frozenset({Stage.APPROVED}),
    Step.RECEIVED: frozenset({Stage.SENT}),
    Step.REPLIED: _SENT,
    Step.TRANSFERRED: frozenset({Stage.SENT, Stage.RECEIVED, Stage.REFUSED}),
    Step.JURISDICTION: frozenset({Stage.SENT, Stage.RECEIVED}),
    Step.EXTENDED: frozenset({Stage.RECEIVED, Stage.FILED}),
    Step.FILED: frozenset({Stage.SENT, Stage.RECEIVED, Stage.REFUSED}),
    Step.NOT_FILED: frozenset({Stage.SENT, Stage.RECEIVED}),
    Step.CLOSED: frozenset({Stage.RECEIVED, Stage.FILED, Stage.CLOSED}),
    Step.SUPERVISED: _SENT,
    Step.SUPERVISION_ENDED: _SENT,
    Step.WITHDRAWN: _SENT,
    Step.NOTE: frozenset(Stage),
}
#: In characters; what is longer is a paper of its own, of which the digest is kept.
_LONGEST_TEXT, _LONGEST_NUMBER = 4000, 200
_WITH_TEXT = frozenset(
    {
        Step.REVISED, Step.RETURNED, Step.WITHDRAWN, Step.SUPERVISED, Step.NOTE, Step.REPLIED, Step.TRANSFERRED,
        Step.JURISDICTION, Step.EXTENDED, Step.STRUCK,
    }
)  # fmt: skip

#: Which terms a step sets running with the recipient, and by which steps each of them ends.
BEGINS: dict[Step, Event] = {
    Step.RECEIVED: Event.RECEIVED,
    Step.FILED: Event.CASE_FILED,
    Step.NOT_FILED: Event.FILING_REFUSED,
    Step.JURISDICTION: Event.JURISDICTION_DISPUTED,
}
ENDS: dict[Event, frozenset[Step]] = {
    Event.RECEIVED: frozenset({Step.FILED, Step.NOT_FILED, Step.CLOSED, Step.WITHDRAWN, Step.TRANSFERRED}),
    Event.CASE_FILED: frozenset({Step.CLOSED, Step.WITHDRAWN}),
    Event.FILING_REFUSED: frozenset({Step.FILED, Step.WITHDRAWN, Step.TRANSFERRED}),
    Event.JURISDICTION_DISPUTED: frozenset(
        {Step.RECEIVED, Step.FILED, Step.NOT_FILED, Step.CLOSED, Step.TRANSFERRED, Step.WITHDRAWN}
    ),
}
#: The event after which we ourselves have to act, by where a package stands.
OWN_EVENTS: dict[Stage, Event] = {
    Stage.DRAFT: Event.PACKAGE_MADE,
    Stage.APPROVED: Event.PACKAGE_APPROVED,
    Stage.SENT: Event.PACKAGE_SENT,
}


def require_step(made_by: str, manifest_sha256: str, steps: Sequence[StepTaken], new: StepTaken) -> None:
    """Raises StepRefused unless `new` may follow the standing `steps` of a package that `made_by` made with that list of files.

    The one who approves is another than those who made or revised it; what is sent is what was approved, by its digest. A step is
    struck only if those after it may stand without it.
    """
    require_told(new)
    if new.step is Step.STRUCK:
        _require_strike(made_by, manifest_sha256, steps, new)
        return
    stage = stage_of(steps)
    if stage not in _WHEN[new.step]:
        raise StepRefused(f"现处于“{STAGE_ZH[stage]}”，不能记“{STEP_ZH[new.step]}”")
    _require_order(steps, new)
    _require_person_and_files(made_by, manifest_sha256, steps, new)
    _require_supervision_and_extension(steps, new)


def require_told(new: StepTaken) -> None:
    """Raises StepRefused for a step that no package can take as it is told: what is missing or wrong in it is known without one."""
    if new.step in _WITH_TEXT and not new.text.strip():
        raise StepRefused("须写明内容或理由（--text）")
    if len(new.text) > _LONGEST_TEXT or max(len(new.reference), len(new.channel)) > _LONGEST_NUMBER:
        raise StepRefused(f"内容至多 {_LONGEST_TEXT} 字，文号与寄送方式至多 {_LONGEST_NUMBER} 字")
    if new.at > new.noted_at:
        raise StepRefused("办理时间不能晚于现在")
    if new.step is Step.SENT and not new.channel.strip():
        raise StepRefused("须写明寄送方式（--channel）")
    if new.step is Step.CLOSED and not new.measures:
        raise StepRefused("须写明处理结果（--measure）")
    if new.fine_fen < 0 or (new.fine_fen and Measure.FINED not in new.measures):
        raise StepRefused("罚没金额须与“罚没款”一并填写")


def _require_strike(made_by: str, manifest_sha256: str, steps: Sequence[StepTaken], new: StepTaken) -> None:
    struck = next((taken for taken in steps if taken.id == new.corrects), None)
    if struck is None:
        raise StepRefused(f"这份材料没有第 {new.corrects} 步，或者已经撤销")
    rest = [taken for taken in steps if taken is not struck]
    for place in range(steps.index(struck), len(rest)):
        try:
            require_step(made_by, manifest_sha256, rest[:place], rest[place])
        except StepRefused as refused:
            later = STEP_ZH[rest[place].step]
            raise StepRefused(f"其后的“{later}”（第 {rest[place].id} 步）以它为前提，须先撤销后者") from refused


def writers(made_by: str, steps: Sequence[StepTaken]) -> frozenset[str]:
    """Who made the letters as they stand, and so may not approve them."""
    return frozenset({made_by, *(taken.by for taken in steps if taken.step is Step.REVISED)})


def _require_order(steps: Sequence[StepTaken], new: StepTaken) -> None:
    """What happened later is not dated earlier, by days in Beijing."""
    last = next((taken for taken in reversed(steps) if taken.step in MOVES), None)
    moves = last is not None and new.step in MOVES
    if moves and last is not None and new.at.astimezone(BEIJING).date() < last.at.astimezone(BEIJING).date():
        raise StepRefused(f"办理日期不能早于“{STEP_ZH[last.step]}”的日期")


def _require_person_and_files(made_by: str, manifest_sha256: str, steps: Sequence[StepTaken], new: StepTaken) -> None:
    current = current_manifest(manifest_sha256, steps)
    if new.step in (Step.APPROVED, Step.SENT) and new.manifest_sha256 != current:
        raise StepRefused(
            "清单的 SHA-256 与登记的不一致：材料已被改动，须重新制作；只改了文书的，用 yiguang outbox revise 登记"
        )
    if new.step is Step.REVISED and new.manifest_sha256 in ("", current):
        raise StepRefused("文书没有改动")
    if new.step is Step.APPROVED and new.by == made_by:
        raise StepRefused("审批人不能是制作人")
    if new.step is Step.APPROVED and new.by in writers(made_by, steps):
        raise StepRefused("审批人不能是修改文书的人")


def _require_supervision_and_extension(steps: Sequence[StepTaken], new: StepTaken) -> None:
    if new.step is Step.SUPERVISION_ENDED and not is_supervised(steps):
        raise StepRefused("没有挂牌督办")
    if new.step is Step.EXTENDED and any(taken.step is Step.EXTENDED for taken in steps[_last_move(steps) :]):
        raise StepRefused("本阶段的期限已延长过一次")


def _last_move(steps: Sequence[StepTaken]) -> int:
    return max((place for place, taken in enumerate(steps) if taken.step in MOVES), default=0)
