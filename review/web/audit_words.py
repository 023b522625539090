"""Entries of the audit log in the words of who reads them. The record keeps its codes: it is sealed as it was written."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.findings import FAMILY_ZH
from domain.outbox import STATEMENT_ZH, STEP_ZH
from domain.reviews import FINDING_VERDICT_ZH, STATE_ZH, VERDICT_ZH, Stage
from domain.roles import ROLE_ZH
from domain.tips import SOURCE_ZH
from review.audit_log import AuditEntry
from review.log_in_tries import REFUSAL_ZH
from review.sessions import Way
from review.sign_on_settings import TROUBLE_ZH
from review.tokens import Scope
from review.web.rendering import RECIPIENT_ZH

#: Acts; one that is not here is shown by its code.
ACT_ZH: dict[str, str] = {
    "account-created": "新建账号",
    "account-disabled": "停用账号",
    "account-enabled": "恢复账号",
    "role-changed": "更改角色",
    "password-changed": "修改口令",
    "password-reset": "重设口令",
    "identity-linked": "关联统一身份",
    "identity-allowed": "允许首次登录关联",
    "identity-unlinked": "解除统一身份",
    "log-in": "登录",
    "log-in-refused": "登录被拒",
    "log-out": "退出",
    "item-opened": "打开条目",
    "decided": "决定",
    "decided-in-bulk": "批量决定",
    "undone": "撤销",
    "held": "搁置",
    "handed-over": "转交",
    "assigned": "分派",
    "sent-back": "退回初审",
    "drawn": "随机抽取",
    "reopened": "重新打开",
    "reopened-as-repeat": "再次出现，重新打开",
    "taken-in": "收入条目",
    "conflict-declared": "申报回避",
    "conflict-withdrawn": "撤回回避",
    "log-verified": "核验审计日志",
    "log-exported": "导出审计日志",
    "rule-proposed": "提交规则改动",
    "decisions-exported": "导出决定",
    "original-exported": "导出证据原件",
    "package-made": "制作移送材料",
    "package-step": "记录移送进展",
    "report-form-made": "制作举报表单",
    "lead-statement": "记录意见或撤回",
    "tip-taken": "登记举报",
    "tip-answered": "答复举报",
    "reporter-opened": "查看举报人",
    "token-made": "新建令牌",
    "token-revoked": "作废令牌",
}
#: What stands before the colon of a subject. Each word is of one code: a reader may ask for subjects as they are shown.
SUBJECT_ZH: dict[str, str] = {
    "item": "条目",
    "account": "账号",
    "batch": "批次",
    "night": "夜次",
    "rescore": "重新评分",
    "token": "令牌",
    "rule": "规则",
    "page": "线索",
    "case": "线索原件",
    "package": "移送材料",
    "tip": "举报",
}
#: Subjects that are one thing.
_ALONE_ZH: dict[str, str] = {
    "audit-log": "审计日志",
    "decisions": "全部决定",
    "targets": "监测对象",
    "single-sign-on": "统一身份登录",
    "account:None": "所有人",
}
#: Keys of details in the order in which they are told; one that is not here is shown as it is, after them.
KEY_ZH: dict[str, str] = {
    "from": "此前",
    "to": "交给",
    "role": "角色",
    "verdict": "结论",
    "state": "现为",
    "reason": "理由",
    "until": "至",
    "kind": "种类",
    "step": "步骤",
    "corrects": "更正的步骤",
    "recipient": "移送",
    "source": "来源",
    "scopes": "范围",
    "days": "有效期",
    "name": "机构",
    "case": "线索",
    "cases": "线索",
    "text": "内容",
    "reference": "文号",
    "why": "原因",
    "detail": "细节",
    "subject": "标识",
    "issuer": "身份提供方",
    "claim": "标识所在项",
    "note": "说明",
    "leads": "线索",
    "items": "条目",
    "findings": "逐处判断",
    "filters": "筛选",
    "entries": "导出",
    "rows": "导出",
    "faults": "不符",
    "given": "分派",
    "drawn": "抽出对象",
    "of_targets": "对象共",
    "of_readers": "审读人共",
    "trial": "试行",
    "form": "表单",
    "reporters_key": "举报人密钥",
    "file": "文件",
    "by": "方式",
    "address": "来自",
    "seed": "种子",
    "batch": "批次",
    "record": "保管记录",
    "looks": "复测证据包",
    "sha256": "证据包 SHA-256",
    "manifest_sha256": "清单 SHA-256",
    "text_sha256": "文字 SHA-256",
    "file_sha256": "文件 SHA-256",
}
_FILTER_ZH: dict[str, str] = {
    "families": "类别",
    "regions": "地区",
    "institution": "机构或目标",
    "targets": "对象",
    "nights": "夜次",
    "states": "状态",
    "stage": "审次",
    "assignee": "分派给",
    "rule": "规则",
}
_STAGE_ZH: dict[str, str] = {Stage.FIRST: "初审", Stage.SECOND: "复审", Stage.THIRD: "第三人"}
_FILTER_CODES: dict[str, Mapping[Any, str]] = {
    "families": FAMILY_ZH,
    "states": STATE_ZH,
    "stage": _STAGE_ZH,
    "assignee": {"me": "本人", "nobody": "未分派"},
}
#: What is counted, where the value is a number.
_UNITS: dict[str, str] = {
    "days": "天",
    "entries": "条",
    "faults": "处",
    "items": "条",
    "leads": "条",
    "of_readers": "人",
    "of_targets": "个",
    "rows": "条",
}
_CODES: dict[str, Mapping[Any, str]] = {
    "by": {Way.PASSWORD: "口令", Way.SINGLE: "统一身份"},
    "from": STATE_ZH,
    "kind": STATEMENT_ZH,
    "recipient": RECIPIENT_ZH,
    "reporters_key": {"new": "另立一把"},
    "role": ROLE_ZH,
    "scopes": {Scope.LEADS: "读取线索", Scope.PACKAGES: "读取移送材料"},
    "source": SOURCE_ZH,
    "state": STATE_ZH,
    "step": STEP_ZH,
    "verdict": VERDICT_ZH,
}
_LISTED = 20


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry as it is read: what was done to what, and the details as pairs of a label and its words."""

    entry: AuditEntry
    act: str
    subject: str
    details: tuple[tuple[str, str], ...]


def line_of(entry: AuditEntry, reasons: Mapping[str, str], time: Callable[[datetime], str]) -> AuditLine:
    """`reasons` are titles by code, as the desk's list has them; `time` writes a moment (aware) for people."""
    order = {key: place for place, key in enumerate(KEY_ZH)}
    details = tuple(
        (_label(entry.act, key), said)
        for key, value in sorted(entry.detail.items(), key=lambda pair: order.get(pair[0], len(order)))
        if (said := _said(entry.act, key, value, reasons, time))
    )
    return AuditLine(entry, ACT_ZH.get(entry.act, entry.act), subject_words(entry.subject), details)


def subject_words(subject: str) -> str:
    """`item:12` as 条目 12; one that is not known as it is."""
    kind, colon, name = subject.partition(":")
    if subject in _ALONE_ZH or not colon or kind not in SUBJECT_ZH:
        return _ALONE_ZH.get(subject, subject)
    return f"{SUBJECT_ZH[kind]} {name}"


def subject_code(words: str) -> str:
    """The subject that is shown so, or `words` where none is: people may ask for either."""
    for code, said in _ALONE_ZH.items():
        if words == said:
            return code
    for code, said in SUBJECT_ZH.items():
        kind, name = words[: len(said)], words[len(said) :]
        if kind == said and name.startswith(" ") and name.strip():
            return f"{code}:{name.strip()}"
    return words


def _label(act: str, key: str) -> str:
    if act == "role-changed":
        return {"from": "原角色", "to": "新角色"}.get(key, key)
    return KEY_ZH.get(key, key)


def _said(act: str, key: str, value: Any, reasons: Mapping[str, str], time: Callable[[datetime], str]) -> str:
    """Empty for what says nothing."""
    if value in ("", None, [], {}):
        return ""
    match key, value:
        case (("from" | "to"), str()) if act == "role-changed":
            return _word(ROLE_ZH, value)
        case "why", str() if act == "log-in-refused":
            return _refusal(value)
        case "reason", str():
            return _word(reasons, value)
        case "until", str():
            return _moment(value, time)
        case (("sha256" | "manifest_sha256" | "text_sha256" | "file_sha256"), str()):
            return _short(value)
        case "looks", list():
            return _listed([_short(str(each)) for each in value])
        case "filters", dict():
            return "，".join(f"{_FILTER_ZH.get(name, name)} {_filter(name, one)}" for name, one in value.items())
        case "findings", dict():
            return _counted((_word(FINDING_VERDICT_ZH, one) for one in value.values()), "处")
        case "given", dict():
            return _counted(value.values(), "个")
        case "trial", {"pages": pages, "gained": gained, "lost": lost, "kept": kept}:
            return f"最近 {pages} 页上新增 {gained} 处，失去 {lost} 处，不变 {kept} 处"
    return _plain(key, value)


def _plain(key: str, value: Any) -> str:
    codes = _CODES.get(key, {})
    if isinstance(value, int) and not isinstance(value, bool) and key in _UNITS:
        return f"{value} {_UNITS[key]}"
    if isinstance(value, list | tuple):
        return _listed([_word(codes, each) for each in value])
    if isinstance(value, Mapping):
        return "，".join(f"{name} {one}" for name, one in value.items())
    return _word(codes, value)


def _filter(name: str, value: Any) -> str:
    codes = _FILTER_CODES.get(name, {})
    return _listed([_word(codes, each) for each in (value if isinstance(value, list) else [value])])


def _refusal(code: str) -> str:
    """With the code, by which the manual tells what to do."""
    said = _word(REFUSAL_ZH, _word(TROUBLE_ZH, code))
    return code if said == code else f"{said}（{code}）"


def _word(codes: Mapping[Any, str], value: Any) -> str:
    return codes.get(value, value) if isinstance(value, str) else str(value)


def _listed(words: Sequence[str]) -> str:
    shown = "、".join(words[:_LISTED])
    return shown if len(words) <= _LISTED else f"{shown} 等 {len(words)} 项"


def _counted(words: Any, unit: str) -> str:
    return "，".join(f"{word} {times} {unit}" for word, times in Counter(map(str, words)).items())


def _moment(written: str, time: Callable[[datetime], str]) -> str:
    try:
        return time(datetime.fromisoformat(written))
    except ValueError:
        return written


def _short(digest: str) -> str:
    return f"{digest[:16]}…" if len(digest) > 16 else digest
