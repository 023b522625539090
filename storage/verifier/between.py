"""What bundles that are given together say of each other: a later look of the first capture and of the looks before it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from .bundle import PROVENANCE, TEXT, Members
from .look import LOOK
from .report import Report

FIRST, EARLIER = "首次取证", "此前复测"


@dataclass(frozen=True)
class Given:
    """What others refer to in a bundle that was given; `look` is None for a first capture."""

    text: bytes
    ended_at: Any
    look: dict[str, Any] | None


def given_of(members: Members) -> Given:
    """Raises as reading hostile members does."""
    look = json.loads(members[LOOK]) if LOOK in members else None
    return Given(members[TEXT], json.loads(members[PROVENANCE])["ended_at"], look)


def check_between(look: dict[str, Any], given: dict[str, Given], report: Report) -> None:
    """Hold a look against the bundles that it names, by digest."""
    stated = look["first_capture"]["bundle_sha256"]
    lead = given.get(stated)
    if lead is None:
        report.skip(FIRST, f"没有一并给出 {stated[:16]}… 的证据包：移送的说法未与其正文核对")
    else:
        report.guarded(FIRST, lambda: _first_problem(look, lead), "移送的说法都在首次取证的正文中所写的位置")
    for number, each in enumerate(look["earlier"], 1):
        _check_earlier(look, each, number, given, report)


def _check_earlier(
    look: dict[str, Any], each: dict[str, Any], number: int, given: dict[str, Given], report: Report
) -> None:
    digest = each["bundle_sha256"]
    before = given.get(digest) if digest else None
    if before is None:
        why = "没有一并给出其证据包" if digest else "旧版本的记录，没有证据包"
        report.skip(EARLIER, f"第 {number} 次：{why}，所述结果未核对")
        return
    found = before
    good = f"第 {number} 次：时间与结果与其证据包一致"
    report.guarded(EARLIER, lambda: _earlier_problem(look, each, found, number), good)


def _first_problem(look: dict[str, Any], lead: Given) -> str:
    first = look["first_capture"]
    if lead.look is not None:
        return "所指的不是首次取证的证据包"
    if first["captured_at"] != lead.ended_at or first["text_sha256"] != hashlib.sha256(lead.text).hexdigest():
        return "首次取证的时间或正文与其证据包不符"
    text = lead.text.decode("utf-8")
    for row in look["claims"]["referred"] + look["claims"]["dropped"]:
        if row["start"] is None:  # the words had been cleared by policy when the look was made
            continue
        there = text[row["start"] : row["end"]].encode("utf-8")
        if hashlib.sha256(there).hexdigest() != row["quote_sha256"]:
            return f"规则 {row['rule']} 的说法不在首次取证的正文中所写的位置"
    return ""


def _earlier_problem(look: dict[str, Any], each: dict[str, Any], before: Given, number: int) -> str:
    found = before.look
    if found is None or (found["case"], found["number"]) != (look["case"], number):
        return f"第 {number} 次：所指的不是同一线索的那一次复测"
    said = (each["at"], each["outcome"], each["grade"])
    same = said == (found["looked_at"]["utc"], found["outcome"], found["grade"])
    return "" if same else f"第 {number} 次：时间或结果与其证据包不符"
