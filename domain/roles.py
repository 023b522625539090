"""Who may do what at the desk."""

from enum import StrEnum


class Role(StrEnum):
    """`reviewer` is the second reader; `editor` edits rules; `auditor` only looks on."""

    ANALYST = "analyst"
    REVIEWER = "reviewer"
    OFFICER = "officer"
    EDITOR = "editor"
    ADMIN = "admin"
    AUDITOR = "auditor"


ROLE_ZH: dict[Role, str] = {
    Role.ANALYST: "初审员",
    Role.REVIEWER: "复审员",
    Role.OFFICER: "移送员",
    Role.EDITOR: "规则编辑",
    Role.ADMIN: "管理员",
    Role.AUDITOR: "审计员",
}


class Act(StrEnum):
    """What a person does at the desk. `see-kind` is to know which items are of the random audit or are read twice."""

    SEE_QUEUE = "see-queue"
    READ_ITEM = "read-item"
    OPEN_EVIDENCE = "open-evidence"
    DECIDE_FIRST = "decide-first"
    DECIDE_SECOND = "decide-second"
    BULK_DECIDE = "bulk-decide"
    UNDO = "undo"
    HOLD = "hold"
    HAND_OVER = "hand-over"
    SEND_BACK = "send-back"
    ASSIGN = "assign"
    REOPEN = "reopen"
    SAVE_VIEW = "save-view"
    DECLARE_CONFLICT = "declare-conflict"
    SEE_KIND = "see-kind"
    SEE_FIGURES = "see-figures"
    DRAW = "draw"
    READ_RULES = "read-rules"
    PROPOSE_RULE = "propose-rule"
    SEE_REFERRALS = "see-referrals"
    REFER = "refer"
    APPROVE_PACKAGE = "approve-package"
    WITHDRAW_LEAD = "withdraw-lead"
    EXPORT_DECISIONS = "export-decisions"
    SEE_AUDIT_LOG = "see-audit-log"
    EXPORT_AUDIT_LOG = "export-audit-log"
    MANAGE_ACCOUNTS = "manage-accounts"


_LOOK = frozenset({Act.SEE_QUEUE, Act.READ_ITEM, Act.OPEN_EVIDENCE, Act.SEE_FIGURES, Act.READ_RULES, Act.SAVE_VIEW})
_FIRST = _LOOK | {Act.DECIDE_FIRST, Act.UNDO, Act.HOLD, Act.HAND_OVER, Act.DECLARE_CONFLICT}
_SECOND = _FIRST | {
    Act.DECIDE_SECOND, Act.BULK_DECIDE, Act.SEND_BACK, Act.ASSIGN, Act.REOPEN, Act.DRAW, Act.SEE_REFERRALS,
    Act.APPROVE_PACKAGE, Act.WITHDRAW_LEAD,
}  # fmt: skip

#: An administrator runs the desk and decides nothing; an auditor sees everything and changes nothing.
MATRIX: dict[Role, frozenset[Act]] = {
    Role.ANALYST: _FIRST,
    Role.REVIEWER: _SECOND,
    Role.OFFICER: _LOOK | {Act.SEE_REFERRALS, Act.REFER, Act.APPROVE_PACKAGE, Act.DECLARE_CONFLICT},
    Role.EDITOR: _LOOK | {Act.PROPOSE_RULE, Act.EXPORT_DECISIONS},
    Role.ADMIN: frozenset(
        {Act.SEE_QUEUE, Act.SEE_FIGURES, Act.SAVE_VIEW, Act.ASSIGN, Act.DRAW, Act.MANAGE_ACCOUNTS, Act.SEE_AUDIT_LOG}
    ) | {Act.EXPORT_AUDIT_LOG, Act.EXPORT_DECISIONS},
    Role.AUDITOR: _LOOK | {Act.SEE_KIND, Act.SEE_REFERRALS, Act.SEE_AUDIT_LOG, Act.EXPORT_AUDIT_LOG},
}  # fmt: skip


def may(role: Role, act: Act) -> bool:
    """Whether a person of that role may do that."""
    return act in MATRIX[role]


def who_may(act: Act) -> str:
    """The roles that may do that, in Chinese: 复审员或移送员."""
    return "或".join(ROLE_ZH[role] for role in Role if may(role, act))
