"""Checks of what only the bundle of a later look at a referred page has: what was received, and what follows from it."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from .canonical import canonical_json
from .warc import Record, read_records

WARC, TEXT, LOOK, PROVENANCE = (
    "archive/data.warc.gz",
    "evidence/text.txt",
    "evidence/look.json",
    "evidence/provenance.json",
)
FORMAT = "yiguang-look-1"
_BLACK = "█"
_CONFIRM_AFTER = timedelta(hours=6)
#: Whether the visit says that the page is gone, still there, elsewhere, or nothing about it.
_GONE = ("removed-by-author", "removed-for-violation", "account-gone", "http-gone", "dns-gone")
_UNREACHABLE = ("timeout", "http-error", "challenge")
OUTCOMES = {
    "content": "正常内容",
    "challenge": "验证拦截",
    "removed-by-author": "发布者已删除",
    "removed-for-violation": "平台因违规移除",
    "account-gone": "账号已注销或停用",
    "migrated": "账号已迁移",
    "http-gone": "页面不存在（404/410）",
    "http-error": "HTTP 错误",
    "dns-gone": "域名无法解析",
    "timeout": "超时",
    "robots-denied": "robots.txt 不允许",
    "out-of-scope": "不在范围内",
    "too-large": "页面过大",
    "our-fault": "本系统故障",
    "unknown": "无法判定",
}
GRADES = {
    "gone": "已下线（两次核实）",
    "gone-once": "见到下线一次，待再次核实",
    "softened": "页面仍在，内容有所改动",
    "moved": "原页下线，同一内容另处仍在",
    "unchanged": "未见改动",
    "unreachable": "未能访问，不能认定",
    "unknown": "无法判定",
}
_SAID_TWICE = (
    "night_id",
    "page",
    "url",
    "final_url",
    "outcome",
    "detail",
    "http_status",
    "robots",
    "response",
    "redirects",
    "control",
)

_FIELDS = {
    "format", "case", "number", "referred_at", "looked_at", "days", "night_id", "page", "url", "final_url", "http_status",
    "robots", "response", "redirects", "control", "outcome", "outcome_zh", "detail", "error", "grade", "grade_zh", "reappeared",
    "flagged", "text_sha256", "shot_bundle_sha256", "first_capture", "claims", "copies", "earlier",
}  # fmt: skip

Members = dict[str, bytes]


def archive_problem(members: Members) -> str:
    records = list(read_records(members[WARC]))
    kinds = {record.kind for record in records}
    needed = {"warcinfo", "metadata", "resource"}
    if not needed <= kinds or kinds - needed - {"request", "response"}:
        return "缺少访问情况、复测记录或说明记录，或有多余的记录"
    written = [record.block for record in records if record.kind == "resource"]
    return "" if written == [members[LOOK]] else "复测记录与存档中的记录不一致"


def sheet_problem(members: Members, sheet: dict[str, Any]) -> str:
    """Whether the provenance is the sheet of the last try in the archive, and lists all tries."""
    sheets = [record.block for record in read_records(members[WARC]) if record.kind == "metadata"]
    own = {name: value for name, value in sheet.items() if name not in ("bundled_at", "attempts")}
    if canonical_json(own) != sheets[-1]:
        return "来源信息与存档中的访问情况不一致"
    tries = [json.loads(each) for each in sheets]
    attempts = sheet["attempts"]
    if len(tries) != len(attempts):
        return "各次尝试与存档中的访问情况不一致"
    for said, found in zip(attempts, tries):
        if any(found[name] != value for name, value in said.items()):
            return "各次尝试与存档中的访问情况不一致"
    return ""


def look_problem(members: Members) -> str:
    look = json.loads(members[LOOK])
    if canonical_json(look) != members[LOOK] or look["format"] != FORMAT:
        return "不是规范写法"
    if not _has_its_form(look):
        return "缺少应有的内容，或内容的写法不对"
    sheet = json.loads(members[PROVENANCE])
    for name in _SAID_TWICE:
        if look[name] != sheet[name]:
            return f"与访问情况不一致：{name}"
    if look["looked_at"] != sheet["ended_at"]:
        return "复测时间与访问情况不一致"
    if look["outcome_zh"] != OUTCOMES[look["outcome"]] or look["grade_zh"] != GRADES[look["grade"]]:
        return "结果的中文与代码不一致"
    return _response_problem(members, look) or _text_problem(members, look) or _claims_problem(look)


def _has_its_form(look: dict[str, Any]) -> bool:
    """Whether every field is there and of its kind, so far as nothing else depends on it."""
    first, claims = look["first_capture"], look["claims"]
    lists = [claims[name] for name in ("referred", "left", "dropped", "added")]
    if not all(isinstance(each, list) for each in (*lists, look["earlier"], look["copies"])):
        return False
    rows = [row for each in lists for row in each]
    return (
        set(look) == _FIELDS
        and set(first) == {"captured_at", "text_sha256", "bundle_sha256"}
        and set(claims) == {"referred", "left", "dropped", "added"}
        and all(set(row) == {"rule", "quote", "quote_sha256", "start", "end"} for row in rows)
        and all(isinstance(row[name], str) for row in rows for name in ("rule", "quote", "quote_sha256"))
        and all(_is_place(row["start"], row["end"]) for row in rows)
        and all(set(each) == {"at", "outcome", "grade", "bundle_sha256"} for each in look["earlier"])
        and all(_is_digest(each["bundle_sha256"]) for each in look["earlier"])
        and all(_moment(each["at"]) for each in look["earlier"])
        and all(each["outcome"] in OUTCOMES and each["grade"] in GRADES for each in look["earlier"])
        and all(_is_digest(look[name]) for name in ("text_sha256", "shot_bundle_sha256"))
        and isinstance(first["text_sha256"], str)
        and isinstance(first["bundle_sha256"], str)
        and all(_is_both_clocks(moment) for moment in (look["referred_at"], look["looked_at"], first["captured_at"]))
        and all(type(look[name]) is int for name in ("case", "number", "days"))
        and all(type(look[name]) is bool for name in ("reappeared", "flagged"))
        and all(isinstance(url, str) for url in look["copies"])
        and (look["error"] is None if look["outcome"] == "content" else isinstance(look["error"], str))
    )


def _is_place(start: Any, end: Any) -> bool:
    return (start is None and end is None) or (type(start) is int and type(end) is int and 0 <= start <= end)


def _is_digest(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) == 64)


def _is_both_clocks(value: Any) -> bool:
    """An instant in UTC and, eight hours on, in Beijing."""
    utc = _moment(value["utc"])
    return set(value) == {"utc", "beijing"} and (utc + timedelta(hours=8)).isoformat() + "+08:00" == value["beijing"]


def _response_problem(members: Members, look: dict[str, Any]) -> str:
    said = look["response"]
    if said is None:
        return "" if look["http_status"] is None else "有状态码而没有应答"
    for record in read_records(members[WARC]):
        if record.kind == "response" and record.fields["warc-record-id"] == said["record"]:
            return "" if _is_described(record, said, look["http_status"]) else "所述应答与存档中的不符"
    return "所述应答不在存档中"


def _is_described(record: Record, said: dict[str, Any], status: int) -> bool:
    fields = record.fields
    return (
        fields["warc-target-uri"] == said["url"]
        and fields["warc-date"] == said["fetched_at"]
        and fields["warc-payload-digest"] == f"sha256:{said['payload_sha256']}"
        and int(record.block.split(b" ", 2)[1]) == said["status"] == status
    )


def _text_problem(members: Members, look: dict[str, Any]) -> str:
    body = members[TEXT]
    if look["outcome"] != "content":
        return "没有正文可取，却附有正文" if body or look["text_sha256"] is not None else ""
    if look["text_sha256"] != hashlib.sha256(body).hexdigest():
        return "正文与复测记录不符"
    text = body.decode("utf-8")
    for row in look["claims"]["left"] + look["claims"]["added"]:
        there = text[row["start"] : row["end"]]
        same = hashlib.sha256(there.encode("utf-8")).hexdigest() == row["quote_sha256"]
        shown = row["quote"]
        if not same or len(shown) != len(there) or any(a not in (b, _BLACK) for a, b in zip(shown, there)):
            return f"规则 {row['rule']} 的引文与正文位置不符"
    return ""


def _claims_problem(look: dict[str, Any]) -> str:
    """The lists of claims fit each other, and the grade is what they and the looks before lead to."""
    lists = {
        name: {(row["rule"], row["quote_sha256"]) for row in look["claims"][name]}
        for name in ("referred", "left", "dropped", "added")
    }
    if look["number"] != len(look["earlier"]) + 1:
        return "复测的次序与此前各次不符"
    moments = [_moment(each["at"]) for each in look["earlier"]] + [_moment(look["looked_at"]["utc"])]
    if moments != sorted(moments):
        return "此前各次不按时间先后排列"
    if look["outcome"] == "content":
        fit = lists["left"] | lists["dropped"] == lists["referred"] and not lists["left"] & lists["dropped"]
        fit = fit and not lists["added"] & lists["referred"]
    else:
        fit = not (lists["left"] or lists["dropped"] or lists["added"])
    if not fit:
        return "仍在、不再出现与新出现的说法前后不符"
    grade = _grade(look, lists)
    return "" if grade == look["grade"] else f"由所列事实得出的结果是“{GRADES[grade]}”，与所写的不符"


def _grade(look: dict[str, Any], lists: dict[str, set[tuple[str, str]]]) -> str:
    outcome = look["outcome"]
    if outcome == "content":
        return "unchanged" if not lists["dropped"] and (lists["left"] or look["flagged"]) else "softened"
    if outcome == "migrated" or (outcome in _GONE and look["copies"]):
        return "moved"
    if outcome not in _GONE:
        return "unreachable" if outcome in _UNREACHABLE else "unknown"
    now = since = _moment(look["looked_at"]["utc"])
    for each in reversed(look["earlier"]):
        if each["outcome"] in _GONE:
            since = _moment(each["at"])
        elif each["outcome"] in ("content", "migrated"):
            break
    return "gone" if now - since >= _CONFIRM_AFTER else "gone-once"


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def summary(members: Members) -> list[str]:
    """What the verified bundle says, for a reader who has not opened it."""
    look: dict[str, Any] = json.loads(members[LOOK])
    sheet: dict[str, Any] = json.loads(members[PROVENANCE])
    claims, system = look["claims"], sheet["system"]
    status = "没有收到应答" if look["http_status"] is None else f"HTTP {look['http_status']}"
    counts = f"仍在 {len(claims['left'])} 处，不再出现 {len(claims['dropped'])} 处，新出现 {len(claims['added'])} 处"
    lines = [
        f"复测：线索 {look['case']} 移送后第 {look['days']} 日，第 {look['number']} 次",
        f"网址：{look['final_url']}",
        f"访问时间（取证单位的时钟，北京时间）：{sheet['started_at']['beijing']} 至 {sheet['ended_at']['beijing']}",
        f"结果：{look['grade_zh']}（{look['outcome_zh']}，{status}{'，' if look['detail'] else ''}{look['detail']}）",
        f"取证：{system['operator']}，{system['tool']} {system['tool_version']}",
        f"首次取证的证据包 SHA-256：{look['first_capture']['bundle_sha256']}",
    ]
    lines += [f"移送的说法 {len(claims['referred'])} 处，{counts}"] if look["outcome"] == "content" else []
    lines += [f"同一内容另见：{'；'.join(look['copies'][:5])}"] if look["copies"] else []
    lines += ["此前曾下线或改正，现又出现"] if look["reappeared"] else []
    return lines + [f"限制：{limit}" for limit in sheet["limits"]]
