"""What of a bundle may circulate: its text and findings with patients blacked out, and the list of what was blacked out.

Pictures of the page, its source and the exchanges are left out: what they show of people is not located in them, so it
cannot be blacked out. The address of the page stays whole: without it nobody can look again. The sealed bundle is read and
not touched.
"""

import json
from collections.abc import Sequence
from typing import Any

from domain.masking import Mask, MaskedText, Masker
from storage.canonical import canonical_json, read_canonical_zip
from storage.digests import sha256_hex, sm3_hex
from storage.package import FINDINGS, PAGES, PROVENANCE, TEXT

FORMAT = "yiguang-masked-1"
TEXT_SUFFIX, LIST_SUFFIX = ".masked.txt", ".masked.json"
LEFT_OUT = ("整页截图", "渲染后的网页源码", "收发记录", "图片")


def masked_copy(bundle: bytes, masker: Masker) -> dict[str, bytes]:
    """The copy's files by the suffix behind the bundle's name. Offsets hold for the original text and the copy alike."""
    members = read_canonical_zip(bundle)
    read = json.loads(members[FINDINGS])
    about = json.loads(members[PROVENANCE])
    original = members[TEXT].decode()
    text = masker.mask(original)
    title = masker.mask(json.loads(members[PAGES].splitlines()[1])["title"])
    listed = [
        {"in": where, **_mask_row(mask)}
        for where, masked in (("title", title), ("text", text))
        for mask in masked.masks
    ]
    facts = {
        "format": FORMAT,
        "url": about["url"],
        "title": title.text,
        "started_at": about["started_at"],
        "bundle_sha256": sha256_hex(bundle),
        "bundle_sm3": sm3_hex(bundle),
        "original_text_sha256": sha256_hex(members[TEXT]),
        "text_sha256": sha256_hex(text.text.encode()),
        "masks": listed,
        "left_out": list(LEFT_OUT),
        "findings": [_finding_row(finding, text) for finding in read["judgement"]["findings"]],
        "contacts": _untouched(read["page"]["contacts"], text.masks),
        "identifiers": _untouched(read["page"]["identifiers"], text.masks),
    }
    return {TEXT_SUFFIX: _sheet(facts, text.text).encode(), LIST_SUFFIX: canonical_json(facts)}


def _mask_row(mask: Mask) -> dict[str, Any]:
    return {"start": mask.start, "end": mask.end, "kind": mask.kind.value, "reason": mask.reason}


def _finding_row(finding: dict[str, Any], text: MaskedText) -> dict[str, Any]:
    kept = {
        name: finding[name] for name in ("rule", "family", "start", "end", "severity", "silenced", "gates", "basis")
    }
    return {**kept, "quote": text.text[finding["start"] : finding["end"]]}


def _untouched(found: Sequence[dict[str, Any]], masks: Sequence[Mask]) -> list[dict[str, Any]]:
    """Contacts and numbers of which no part was blacked out."""
    return [item for item in found if not any(item["start"] < mask.end and mask.start < item["end"] for mask in masks)]


def _sheet(facts: dict[str, Any], text: str) -> str:
    findings = [
        f"  {finding['quote']}（{'、'.join(finding['basis'])}）"
        for finding in facts["findings"]
        if not finding["silenced"]
    ]
    masks = [f"  {mask['in']} 第 {mask['start']} 至 {mask['end']} 字：{mask['reason']}" for mask in facts["masks"]]
    lines = [
        "线索材料（脱敏副本，供流转；原件封存未动）",
        f"标题：{facts['title']}",
        f"网址：{facts['url']}",
        f"取证时间：{facts['started_at']['beijing']}",
        f"原证据包 SHA-256：{facts['bundle_sha256']}",
        f"未附：{'、'.join(facts['left_out'])}（其中的人像与文字无法逐处遮盖；有权查看者可调阅原件，调阅留有记录）",
        f"线索 {len(findings)} 处：",
        *findings,
        f"遮盖 {len(masks)} 处（程序按词表识别，可能有遗漏，流转前请人工通读）：",
        *masks,
        "",
        "正文：",
        text,
    ]
    return "\n".join(lines) + "\n"
