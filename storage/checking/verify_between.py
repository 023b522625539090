"""Holding bundles that are given together against each other: a look names the first capture and the looks before it by digest."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from domain.evidence import Check, VerifyReport
from storage.canonical import NotCanonical, read_canonical_zip
from storage.checking.verify_warc import UNREADABLE, guarded
from storage.digests import sha256_hex
from storage.evidence.package import LOOK, PROVENANCE, TEXT

FIRST, EARLIER = "首次取证", "此前复测"


def verify_between(paths: Iterable[Path]) -> list[VerifyReport]:
    """One report for each look among bundles that verify by themselves; others are passed over."""
    members = dict(_read(path) for path in paths)
    return [_report(digest, said, members) for digest, said in members.items() if LOOK in said]


def _read(path: Path) -> tuple[str, Mapping[str, bytes]]:
    data = path.read_bytes()
    try:
        return sha256_hex(data), read_canonical_zip(data)
    except NotCanonical:
        return sha256_hex(data), {}


def _report(digest: str, said: Mapping[str, bytes], members: Mapping[str, Mapping[str, bytes]]) -> VerifyReport:
    name = f"{digest}.wacz 与所指的证据包"
    notes: list[str] = []
    try:
        checks = tuple(_checks(json.loads(said[LOOK]), members, notes))
    except UNREADABLE as error:
        return VerifyReport(name, (Check(LOOK, False, f"内容无法解析（{type(error).__name__}）"),))
    return VerifyReport(name, checks, tuple(notes))


def _checks(look: Mapping[str, Any], members: Mapping[str, Mapping[str, bytes]], notes: list[str]) -> Iterator[Check]:
    first = look["first_capture"]["bundle_sha256"]
    if first in members:
        good = "移送的说法都在首次取证的正文中所写的位置"
        yield guarded(FIRST, lambda: _first_problem(look, members[first]), good)
    else:
        notes.append(f"没有一并给出首次取证的证据包 {first}，移送的说法未与其正文核对")
    for number, each in enumerate(look["earlier"], 1):
        digest = each["bundle_sha256"]
        if digest in members:
            problem = _earlier_problem(look, number, each, members[digest])
            yield Check(EARLIER, not problem, f"第 {number} 次：{problem or '时间与结果与其证据包一致'}")
        else:
            notes.append(f"没有一并给出第 {number} 次复测的证据包，所述结果未核对")


def _first_problem(look: Mapping[str, Any], lead: Mapping[str, bytes]) -> str:
    if not lead or LOOK in lead:
        return "所指的不是首次取证的证据包"
    stated = look["first_capture"]
    ended_at = json.loads(lead[PROVENANCE])["ended_at"]
    if (stated["captured_at"], stated["text_sha256"]) != (ended_at, sha256_hex(lead[TEXT])):
        return "首次取证的时间或正文与其证据包不符"
    text = lead[TEXT].decode()
    rows = [row for name in ("referred", "dropped") for row in look["claims"][name] if row["start"] is not None]
    wrong = [row["rule"] for row in rows if sha256_hex(text[row["start"] : row["end"]].encode()) != row["quote_sha256"]]
    return f"规则 {wrong[0]} 的说法不在首次取证的正文中所写的位置" if wrong else ""


def _earlier_problem(look: Mapping[str, Any], number: int, each: Mapping[str, Any], before: Mapping[str, bytes]) -> str:
    if LOOK not in before:
        return "所指的不是复测的证据包"
    found = json.loads(before[LOOK])
    if (found["case"], found["number"]) != (look["case"], number):
        return "所指的不是同一线索的那一次复测"
    same = (found["looked_at"]["utc"], found["outcome"], found["grade"]) == (each["at"], each["outcome"], each["grade"])
    return "" if same else "时间或结果与其证据包不符"
