"""What a recipient is told of the looks at a referred page, taken from their sealed evidence and naming no patient."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Template
from typing import Any

from domain.beijing import beijing_time
from storage.canonical import read_canonical_zip
from storage.digests import sha256_hex
from storage.evidence.package import LOOK
from storage.sealing.seal_states import SealState

_MAX_QUOTES = 20
_CONTROL_ZH = {
    "alive": "对照：本站其他页面正常",
    "gone-too": "对照：本站其他页面也不存在",
    "not-had": "对照页未能取得",
    "led-to-start": "对照页同样跳转到首页",
    "nothing-to-ask": "没有可对照的页面",
    "names-resolve": "对照：域名解析服务正常",
}


class LookTemplateBroken(Exception):
    """The template names something that the evidence does not say; the message is Chinese for the operator."""


@dataclass(frozen=True, slots=True)
class SealedLook:
    """A look's bundle as it lies on disk, and its seal; None while no head covers it."""

    bundle: bytes
    seal: SealState | None


def look_sheet(looks: Sequence[SealedLook], template: str) -> str:
    """The looks of one case, oldest first. Raises ValueError without any, LookTemplateBroken."""
    if not looks:
        raise ValueError("no look to tell of")
    said = [json.loads(read_canonical_zip(each.bundle)[LOOK]) for each in looks]
    last = said[-1]
    values = {
        "case": str(last["case"]),
        "url": _plain(last["url"]),
        "captured": _minute(last["first_capture"]["captured_at"]),
        "first_sha256": last["first_capture"]["bundle_sha256"],
        "referred": _minute(last["referred_at"]),
        "count": str(len(said)),
        "looks": "\n\n".join("\n".join(_lines(look, each)) for look, each in zip(said, looks, strict=True)),
    }
    try:
        return Template(template).substitute(values)
    except (KeyError, ValueError) as fault:
        raise LookTemplateBroken(f"复测记录的模板有误：{fault}") from fault


def _lines(look: Mapping[str, Any], sealed: SealedLook) -> list[str]:
    status = "没有收到应答" if look["http_status"] is None else f"HTTP {look['http_status']}"
    lines = [
        f"第 {look['number']} 次　{_minute(look['looked_at'])}（北京时间），移送后第 {look['days']} 日",
        f"  结果：{look['grade_zh']}",
        f"  所见：{look['outcome_zh']}，{status}",
    ]
    lines += [f"  说明：{_plain(look['detail'])}"] if look["detail"] else []
    control = "" if look["control"] is None else _CONTROL_ZH[look["control"]["result"]]
    if control and control not in look["detail"]:  # the crawl mostly says so itself
        lines.append(f"  {control}")
    if look["reappeared"]:
        lines.append("  此前曾下线或改正，现又出现")
    for title, name in (("仍在", "left"), ("不再出现", "dropped"), ("新出现", "added")):
        lines += _listed(title, [row["quote"] for row in look["claims"][name]])
    lines += _listed("同一内容另见", look["copies"])
    return [*lines, f"  证据包 SHA-256：{sha256_hex(sealed.bundle)}", f"  封存：{seal_words(sealed.seal)}"]


def seal_words(seal: SealState | None) -> str:
    """Where the evidence is sealed, in Chinese."""
    if seal is None:
        return "尚未封存"
    stamped = "没有机构时间戳" if seal.stamped_at is None else f"机构时间戳 {beijing_time(seal.stamped_at)}"
    return f"第 {seal.number} 号封存摘要，{beijing_time(seal.sealed_at)}，{stamped}"


def _listed(title: str, quotes: Sequence[str]) -> list[str]:
    distinct = list(dict.fromkeys(quotes))
    lines = [f"  {title}：{_plain(quote)}" for quote in distinct[:_MAX_QUOTES]]
    return lines + ([f"  {title}：另有 {rest} 处"] if (rest := len(distinct) - _MAX_QUOTES) > 0 else [])


def _minute(both: Mapping[str, str]) -> str:
    return both["beijing"][:16].replace("T", " ")


def _plain(text: str) -> str:
    """On one line, without what cannot be printed: a page wrote it."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in " ".join(text.split()))
