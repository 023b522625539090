"""What of a bundle may circulate: text, findings and screenshot with patients blacked out, and the list of what was blacked out.

The page's source and the exchanges are left out, and so is a screenshot whose words could not be read. The address of the page
stays whole: without it nobody can look again. The sealed bundle is read and not touched.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from domain.masking import Mask, MaskedText, Masker
from domain.shown_text import ShownText
from storage.canonical import canonical_json, read_canonical_zip
from storage.digests import sha256_hex, sm3_hex
from storage.evidence.boxed_shots import png, views
from storage.evidence.masked_shot import MaskedShot, ReadWords, ScreenshotUnread, masked_shot
from storage.evidence.package import FINDINGS, PAGES, PROVENANCE, SCREENSHOT, TEXT

FORMAT = "yiguang-masked-2"
TEXT_SUFFIX, LIST_SUFFIX, SHOT_SUFFIX = ".masked.txt", ".masked.json", ".masked.png"
_IN_ZH = {"title": "标题", "text": "正文"}
LEFT_OUT = ("渲染后的网页源码", "收发记录", "图片原件")


def masked_copy(bundle: bytes, masker: Masker, read: ReadWords) -> dict[str, bytes]:
    """The copy's files by the suffix behind the bundle's name. Offsets hold for the original text and the copy alike."""
    members = read_canonical_zip(bundle)
    said = json.loads(members[FINDINGS])
    about = json.loads(members[PROVENANCE])
    original = members[TEXT].decode()
    text = masker.mask(original)
    title = masker.mask(json.loads(members[PAGES].splitlines()[1])["title"])
    listed = [
        {"in": where, **_mask_row(mask)}
        for where, masked in (("title", title), ("text", text))
        for mask in masked.masks
    ]
    pictures, about_shot = _pictures(members, said, original, text, masker, read)
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
        "screenshot": about_shot,
        "left_out": [*LEFT_OUT, *([] if pictures else [f"整页截图（{about_shot['fault']}）"])],
        "findings": [_finding_row(finding, text) for finding in said["judgement"]["findings"]],
        "contacts": _untouched(said["page"]["contacts"], text.masks),
        "identifiers": _untouched(said["page"]["identifiers"], text.masks),
    }
    return {TEXT_SUFFIX: _sheet(facts, text.text).encode(), LIST_SUFFIX: canonical_json(facts), **pictures}


def _pictures(
    members: Mapping[str, bytes],
    said: Mapping[str, Any],
    original: str,
    text: MaskedText,
    masker: Masker,
    read: ReadWords,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The masked screenshot whole and in pieces with the findings' boxes, and what the list says of it."""
    digest = sha256_hex(members[SCREENSHOT])
    shown = [ShownText(item[0], (item[1], item[2], item[3], item[4]), item[5]) for item in said.get("shown", [])]
    try:
        shot = masked_shot(members[SCREENSHOT], shown, original, text, masker, read)
    except ScreenshotUnread as fault:
        return {}, {"original_sha256": digest, "fault": str(fault)}
    pieces = {
        f".masked.view-{number}.png": png(boxed) for number, (_, boxed) in enumerate(views(shot.picture, members), 1)
    }
    pictures = {SHOT_SUFFIX: png(shot.picture), **pieces}
    return pictures, {
        "original_sha256": digest,
        "sha256": sha256_hex(pictures[SHOT_SUFFIX]),
        "layout_known": bool(shown),
        **_shot_rows(shot),
    }


def _shot_rows(shot: MaskedShot) -> dict[str, Any]:
    return {
        "masks": [
            {
                "place": list(mask.place),
                "kind": mask.kind.value,
                "reason": mask.kind.reason,
                "found_by": mask.found_by.value,
            }
            for mask in shot.masks
        ],
        "not_located": [_mask_row(mask) for mask in shot.not_located],
    }


def _mask_row(mask: Mask) -> dict[str, Any]:
    return {"start": mask.start, "end": mask.end, "kind": mask.kind.value, "reason": mask.kind.reason}


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
    masks = [f"  {_IN_ZH[mask['in']]}{_place(mask)}：{mask['reason']}" for mask in facts["masks"]]
    lines = [
        "线索材料（脱敏副本，供流转；原件封存未动）",
        f"标题：{facts['title']}",
        f"网址：{facts['url']}",
        f"取证时间：{facts['started_at']['beijing']}",
        f"原证据包 SHA-256：{facts['bundle_sha256']}",
        f"未附：{'、'.join(facts['left_out'])}（有权查看者可调阅原件，调阅留有记录）",
        f"程序命中 {len(findings)} 处（均为线索，不是定性；移送的以函及其附表为准）：",
        *findings,
        f"遮盖 {len(masks)} 处（程序按词表识别，可能有遗漏，流转前请人工通读）：",
        *masks,
        *_shot_lines(facts["screenshot"]),
        "",
        "正文：",
        text,
    ]
    return "\n".join(lines) + "\n"


def _shot_lines(about: Mapping[str, Any]) -> list[str]:
    if "fault" in about:
        return []
    rows = about["masks"]
    faces = sum(row["found_by"] == "faces" for row in rows)
    lines = [
        f"截图遮盖 {len(rows)} 处，其中人像 {faces} 处（同一处可能重复计数；文字与人像由程序识别，可能有遗漏，流转前请人工查看截图）："
    ]
    lines += [
        f"  截图 {row['place'][0]},{row['place'][1]} 起 {row['place'][2]}×{row['place'][3]} 像素：{row['reason']}"
        for row in rows
    ]
    if lost := about["not_located"]:
        lines.append(f"正文遮盖之处，有 {len(lost)} 处在截图中没有找到（可能没有显示，也可能没有认出，请对照查看）：")
        lines += [f"  正文{_place(row)}：{row['reason']}" for row in lost]
    return lines


def _place(row: Mapping[str, Any]) -> str:
    """As letters count: the first character of a text is its 1st."""
    return f"第 {row['start'] + 1} 至 {row['end']} 字"
