"""What becomes of a package after it was made: approved, sent, received, answered, done. Nothing is sent by the program.

Each step is a row of its own, by a person. What was entered by mistake is struck by a further step that names it; both stay on
record. Which step may follow which is in `domain.outbox_rules`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Step(StrEnum):
    """`revised` registers letters that an officer has edited; `transferred` is the recipient's, to another office; `extended` that it
    takes the longer term. `returned` and `withdrawn` end a package, `note` changes nothing, `struck` takes another step back."""

    REVISED = "revised"
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
    TRANSFERRED = "transferred"
    JURISDICTION = "jurisdiction"
    EXTENDED = "extended"
    NOTE = "note"
    STRUCK = "struck"


STEP_ZH: dict[Step, str] = {
    Step.REVISED: "修改文书",
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
    Step.TRANSFERRED: "对方转送其他机关",
    Step.JURISDICTION: "管辖有争议，协商中",
    Step.EXTENDED: "对方延长办理期限",
    Step.NOTE: "备注",
    Step.STRUCK: "更正（撤销记错的一步）",
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

_LEADS_TO: dict[Step, Stage] = {
    Step.REVISED: Stage.DRAFT,
    Step.APPROVED: Stage.APPROVED,
    Step.RETURNED: Stage.ENDED,
    Step.SENT: Stage.SENT,
    Step.TRANSFERRED: Stage.SENT,
    Step.RECEIVED: Stage.RECEIVED,
    Step.FILED: Stage.FILED,
    Step.NOT_FILED: Stage.REFUSED,
    Step.CLOSED: Stage.CLOSED,
    Step.WITHDRAWN: Stage.ENDED,
}
#: Steps that move a package on, or end it.
MOVES = frozenset(_LEADS_TO)


@dataclass(frozen=True, slots=True)
class StepTaken:
    """`at` is when it happened (aware), as the person says; `noted_at` when it was entered. `reference` is a number of the other
    side, `channel` how it was sent. `fine_fen` is in hundredths of a yuan. `manifest_sha256` is what was revised, approved or sent.

    `id` is 0 before it is recorded; `corrects` the step that `struck` takes back. `file_name` and `file_sha256` are of a paper of
    the other side, as a scanned reply, which is kept elsewhere.
    """

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
    id: int = 0
    corrects: int | None = None
    file_name: str = ""
    file_sha256: str = ""


def standing(entered: Sequence[StepTaken]) -> tuple[StepTaken, ...]:
    """The steps that count: without those that were struck, and without the striking."""
    struck = {taken.corrects for taken in entered if taken.step is Step.STRUCK}
    return tuple(taken for taken in entered if taken.step is not Step.STRUCK and taken.id not in struck)


def stage_of(steps: Sequence[StepTaken]) -> Stage:
    """Where a package stands after the standing `steps`, oldest first."""
    stage = Stage.DRAFT
    for taken in steps:
        stage = _LEADS_TO.get(taken.step, stage)
    return stage


def is_supervised(steps: Sequence[StepTaken]) -> bool:
    marks = [taken.step for taken in steps if taken.step in (Step.SUPERVISED, Step.SUPERVISION_ENDED)]
    return bool(marks) and marks[-1] is Step.SUPERVISED and stage_of(steps) is not Stage.ENDED


def sent_at(steps: Sequence[StepTaken]) -> datetime | None:
    return next((taken.at for taken in steps if taken.step is Step.SENT), None)


def current_manifest(made_sha256: str, steps: Sequence[StepTaken]) -> str:
    """The digest of the list of files as last registered: when the package was made, or when its letters were revised."""
    return next((taken.manifest_sha256 for taken in reversed(steps) if taken.step is Step.REVISED), made_sha256)


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
    """What was said about a lead, entered by `by`; times are aware. The file is a paper of the institution, kept elsewhere."""

    kind: StatementKind
    by: str
    at: datetime
    noted_at: datetime
    text: str
    file_name: str = ""
    file_sha256: str = ""
