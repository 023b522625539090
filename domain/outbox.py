"""What becomes of a package after it was made: approved, sent, received, answered, done. Nothing is sent by the program.

Each step is a row of its own, by a person; what was entered by mistake is corrected by a further step that says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.clocks import Event


class Step(StrEnum):
    """`returned` and `withdrawn` end a package; `note` changes nothing and is how mistakes are put right."""

    APPROVED = "approved"
    RETURNED = "returned"
    SENT = "sent"
    RECEIVED = "received"
    REPLIED = "replied"
    FILED = "filed"
    NOT_FILED = "not-filed"
    CLOSED = "closed"
    SUPERVISED = "supervised"
    SUPERVISION_ENDED = "supervision-ended"
    WITHDRAWN = "withdrawn"
    NOTE = "note"


STEP_ZH: dict[Step, str] = {
    Step.APPROVED: "审批同意",
    Step.RETURNED: "退回，不予移送",
    Step.SENT: "已寄送",
    Step.RECEIVED: "对方已接收",
    Step.REPLIED: "对方答复",
    Step.FILED: "对方立案",
    Step.NOT_FILED: "对方不予立案",
    Step.CLOSED: "对方办结",
    Step.SUPERVISED: "挂牌督办",
    Step.SUPERVISION_ENDED: "解除督办",
    Step.WITHDRAWN: "撤回移送",
    Step.NOTE: "备注、更正",
}


class Measure(StrEnum):
    """What the recipient did in the end; columns of the 工作量化统计表."""

    FINED = "fined"
    ORDERED = "ordered"
    SITE_CLOSED = "site-closed"
    ACCOUNT_CLOSED = "account-closed"
    REMOVED = "removed"
    LICENCE = "licence"
    POINTS = "points"
    BLACKLISTED = "blacklisted"
    EXPOSED = "exposed"
    TRANSFERRED = "transferred"
    NOTHING = "nothing"


MEASURE_ZH: dict[Measure, str] = {
    Measure.FINED: "罚没款",
    Measure.ORDERED: "责令整改",
    Measure.SITE_CLOSED: "关闭网站",
    Measure.ACCOUNT_CLOSED: "关闭账号",
    Measure.REMOVED: "删除信息",
    Measure.LICENCE: "吊销诊疗科目或许可",
    Measure.POINTS: "校验扣分",
    Measure.BLACKLISTED: "联合惩戒、黑名单",
    Measure.EXPOSED: "曝光典型案例",
    Measure.TRANSFERRED: "再移送其他部门",
    Measure.NOTHING: "未予处理",
}


class StepRefused(Exception):
    """The step may not be taken now, or not by this person. The message is Chinese."""


class Stage(StrEnum):
    """Where a package stands."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    RECEIVED = "received"
    FILED = "filed"
    REFUSED = "refused"
    CLOSED = "closed"
    ENDED = "ended"


STAGE_ZH: dict[Stage, str] = {
    Stage.DRAFT: "待审批",
    Stage.APPROVED: "待寄送",
    Stage.SENT: "已寄送，待接收",
    Stage.RECEIVED: "已接收，待答复",
    Stage.FILED: "已立案，待办结",
    Stage.REFUSED: "不予立案",
    Stage.CLOSED: "已办结",
    Stage.ENDED: "已退回或撤回",
}
_SENT = frozenset({Stage.SENT, Stage.RECEIVED, Stage.FILED, Stage.REFUSED, Stage.CLOSED})
_OPEN = frozenset({Stage.DRAFT, Stage.APPROVED, *_SENT})

#: In which stages a step may be taken.
_WHEN: dict[Step, frozenset[Stage]] = {
    Step.APPROVED: frozenset({Stage.DRAFT}),
    Step.RETURNED: frozenset({Stage.DRAFT, Stage.APPROVED}),
    Step.SENT: frozenset({Stage.APPROVED}),
    Step.RECEIVED: frozenset({Stage.SENT}),
    Step.REPLIED: _SENT,
    Step.FILED: frozenset({Stage.SENT, Stage.RECEIVED, Stage.REFUSED}),
    Step.NOT_FILED: frozenset({Stage.SENT, Stage.RECEIVED}),
    Step.CLOSED: frozenset({Stage.RECEIVED, Stage.FILED, Stage.CLOSED}),
    Step.SUPERVISED: _SENT,
    Step.SUPERVISION_ENDED: _SENT,
    Step.WITHDRAWN: _SENT,
    Step.NOTE: frozenset(Stage),
}
_LEADS_TO: dict[Step, Stage] = {
    Step.APPROVED: Stage.APPROVED,
    Step.RETURNED: Stage.ENDED,
    Step.SENT: Stage.SENT,
    Step.RECEIVED: Stage.RECEIVED,
    Step.FILED: Stage.FILED,
    Step.NOT_FILED: Stage.REFUSED,
    Step.CLOSED: Stage.CLOSED,
    Step.WITHDRAWN: Stage.ENDED,
}
#: Which term a step sets running with the recipient, and by which steps each of them ends.
BEGINS: dict[Step, Event] = {
    Step.RECEIVED: Event.RECEIVED,
    Step.FILED: Event.CASE_FILED,
    Step.NOT_FILED: Event.FILING_REFUSED,
}
ENDS: dict[Event, frozenset[Step]] = {
    Event.RECEIVED: frozenset({Step.FILED, Step.NOT_FILED, Step.CLOSED, Step.WITHDRAWN}),
    Event.CASE_FILED: frozenset({Step.CLOSED, Step.WITHDRAWN}),
    Event.FILING_REFUSED: frozenset({Step.FILED, Step.WITHDRAWN}),
}


@dataclass(frozen=True, slots=True)
class StepTaken:
    """`at` is when it happened (aware), as the person says; `noted_at` when it was entered. `reference` is a number of the other
    side, `channel` how it was sent. `fine_fen` is in hundredths of a yuan. `manifest_sha256` is what was approved or sent."""

    step: Step
    by: str
    at: datetime
    noted_at: datetime
    text: str = ""
    reference: str = ""
    channel: str = ""
    measures: tuple[Measure, ...] = ()
    fine_fen: int = 0
    manifest_sha256: str = ""


def stage_of(steps: Sequence[StepTaken]) -> Stage:
    """Where a package stands after `steps`, oldest first."""
    stage = Stage.DRAFT
    for taken in steps:
        stage = _LEADS_TO.get(taken.step, stage)
    return stage


def is_supervised(steps: Sequence[StepTaken]) -> bool:
    marks = [taken.step for taken in steps if taken.step in (Step.SUPERVISED, Step.SUPERVISION_ENDED)]
    return bool(marks) and marks[-1] is Step.SUPERVISED and stage_of(steps) in _OPEN


def sent_at(steps: Sequence[StepTaken]) -> datetime | None:
    return next((taken.at for taken in steps if taken.step is Step.SENT), None)


def require_step(made_by: str, manifest_sha256: str, steps: Sequence[StepTaken], new: StepTaken) -> None:
    """Raises StepRefused unless `new` may follow `steps` of a package that `made_by` made.

    The one who approves is another than the one who made it; what is sent is what was approved, by its digest.
    """
    stage = stage_of(steps)
    if stage not in _WHEN[new.step]:
        raise StepRefused(f"现处于“{STAGE_ZH[stage]}”，不能记“{STEP_ZH[new.step]}”")
    if new.at > new.noted_at:
        raise StepRefused("办理时间不能晚于现在")
    if steps and new.step is not Step.NOTE and new.at < steps[0].at:
        raise StepRefused("办理时间不能早于审批")
    if new.step in (Step.APPROVED, Step.SENT) and new.manifest_sha256 != manifest_sha256:
        raise StepRefused("清单的 SHA-256 与制作时登记的不一致：材料已被改动，须重新制作")
    if new.step is Step.APPROVED and new.by == made_by:
        raise StepRefused("审批人不能是制作人")
    if new.step is Step.SENT and not new.channel.strip():
        raise StepRefused("须写明寄送方式")
    if new.step is Step.CLOSED and not new.measures:
        raise StepRefused("须写明处理结果")
    if new.fine_fen < 0 or (new.fine_fen and Measure.FINED not in new.measures):
        raise StepRefused("罚没金额须与“罚没款”一并填写")
    if new.step in (Step.RETURNED, Step.WITHDRAWN, Step.SUPERVISED, Step.NOTE, Step.REPLIED) and not new.text.strip():
        raise StepRefused("须写明内容或理由")
    if new.step is Step.SUPERVISION_ENDED and not is_supervised(steps):
        raise StepRefused("没有挂牌督办")


class StatementKind(StrEnum):
    """`dispute` and `correction` are what an institution says; `withdrawn` is ours and takes the lead back, `reinstated` undoes it."""

    DISPUTE = "dispute"
    CORRECTION = "correction"
    WITHDRAWN = "withdrawn"
    REINSTATED = "reinstated"


STATEMENT_ZH: dict[StatementKind, str] = {
    StatementKind.DISPUTE: "当事人异议",
    StatementKind.CORRECTION: "当事人称已更正",
    StatementKind.WITHDRAWN: "本单位撤回认定",
    StatementKind.REINSTATED: "撤销撤回",
}


@dataclass(frozen=True, slots=True)
class Statement:
    """What was said about a lead, entered by `by`; times are aware."""

    kind: StatementKind
    by: str
    at: datetime
    noted_at: datetime
    text: str


def is_rescinded(statements: Sequence[Statement]) -> bool:
    """Whether we took the lead back, by statements oldest first. Such a lead is never counted."""
    own = [each.kind for each in statements if each.kind in (StatementKind.WITHDRAWN, StatementKind.REINSTATED)]
    return bool(own) and own[-1] is StatementKind.WITHDRAWN
