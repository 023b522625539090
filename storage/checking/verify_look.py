"""Checking what only the bundle of a look has: that its outcome follows from what was received, and its grade from the looks so far."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from domain.evidence import Check
from domain.masking import BLACK
from domain.outcome import OUTCOME_ZH, Outcome
from domain.takedown import GRADE_ZH, Claim, Grade, Look, grade
from storage.canonical import NotCanonical, canonical_json, read_canonical_zip
from storage.checking.verify_warc import UNREADABLE, warc_problem
from storage.digests import sha256_hex
from storage.evidence import package as parts
from storage.evidence.completeness import REQUIRED_PROVENANCE
from storage.evidence.connections import certificates_problem
from storage.takedowns.look_form import has_its_form
from storage.takedowns.look_record import FORMAT

_RECORDED = "复测登记"
_KINDS = {"warcinfo", "metadata", "resource"}
#: Said by the sheet of the visit and by the look alike.
_SHARED = (
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
_NOT_OF_THE_VISIT = ("bundled_at", "attempts")


def look_row_check(path: Path, row: Mapping[str, Any]) -> Check:
    """Whether the database says of the look what its evidence says."""
    try:
        look = json.loads(read_canonical_zip(path.read_bytes())[parts.LOOK])
        said = (look["case"], look["page"], look["outcome"], look["grade"], look["reappeared"], look["copies"])
    except (NotCanonical, *UNREADABLE) as error:
        return Check(_RECORDED, False, f"证据包无法解析，不能与数据库比对（{type(error).__name__}）")
    names = ("case_id", "page_id", "outcome", "grade", "reappeared", "copies")
    same = said == tuple(row[name] for name in names)
    return Check(_RECORDED, same, "数据库中的结果与证据一致" if same else "数据库中的结果与证据不一致")


def _archive_problem(members: Mapping[str, bytes]) -> str:
    if problem := warc_problem(members[parts.WARC]):
        return problem
    kinds, written = set(), []
    for record in ArchiveIterator(BytesIO(members[parts.WARC])):
        kinds.add(record.rec_type)
        if record.rec_type == "resource":
            written.append(record.raw_stream.read())
    if not _KINDS <= kinds <= _KINDS | {"request", "response"}:
        return "WARC 缺少访问情况、复测记录或说明记录，或有多余的记录"
    return "" if written == [members[parts.LOOK]] else "复测记录与 WARC 中的记录不一致"


def _provenance_problem(members: Mapping[str, bytes]) -> str:
    given = json.loads(members[parts.PROVENANCE])
    if canonical_json(given) != members[parts.PROVENANCE]:
        return "来源信息不是规范写法"
    missing = [name for name in REQUIRED_PROVENANCE if not given["system"].get(name)]
    if missing:
        return f"来源信息缺少：{'、'.join(missing)}"
    sheets = list(_sheets(members[parts.WARC]))
    visit = {name: value for name, value in given.items() if name not in _NOT_OF_THE_VISIT}
    if not sheets or canonical_json(visit) != sheets[-1]:
        return "来源信息与存档中的访问情况不一致"
    tries = [json.loads(sheet) for sheet in sheets]
    said = [{name: sheet[name] for name in attempt} for sheet, attempt in zip(tries, given["attempts"], strict=True)]
    if said != given["attempts"]:
        return "各次尝试与存档中的访问情况不一致"
    return certificates_problem(given)


def _sheets(warc: bytes) -> Iterator[bytes]:
    for record in ArchiveIterator(BytesIO(warc)):
        if record.rec_type == "metadata":
            yield record.raw_stream.read()


def _look_problem(members: Mapping[str, bytes]) -> str:
    look = json.loads(members[parts.LOOK])
    if canonical_json(look) != members[parts.LOOK] or look["format"] != FORMAT:
        return "复测记录不是规范写法"
    if not has_its_form(look):
        return "复测记录缺少应有的内容，或内容的写法不对"
    visit = json.loads(members[parts.PROVENANCE])
    if differing := [name for name in _SHARED if look[name] != visit[name]]:
        return f"复测记录与访问情况不一致：{'、'.join(differing)}"
    if look["looked_at"] != visit["ended_at"]:
        return "复测时间与访问情况不一致"
    outcome, graded = Outcome(look["outcome"]), Grade(look["grade"])
    if (look["outcome_zh"], look["grade_zh"]) != (OUTCOME_ZH[outcome], GRADE_ZH[graded]):
        return "结果的中文与代码不一致"
    return _response_problem(members, look) or _text_problem(members, look, outcome) or _grade_problem(look, graded)


def _response_problem(members: Mapping[str, bytes], look: Mapping[str, Any]) -> str:
    stated = look["response"]
    if stated is None:
        return "" if look["http_status"] is None else "有状态码而没有应答"
    for record in ArchiveIterator(BytesIO(members[parts.WARC])):
        fields = record.rec_headers
        if record.rec_type == "response" and fields.get_header("WARC-Record-ID") == stated["record"]:
            found = (
                fields.get_header("WARC-Target-URI"),
                int(record.http_headers.get_statuscode()),
                fields.get_header("WARC-Payload-Digest"),
                fields.get_header("WARC-Date"),
            )
            said = (stated["url"], stated["status"], f"sha256:{stated['payload_sha256']}", stated["fetched_at"])
            return "" if found == said and look["http_status"] == said[1] else "所述应答与存档中的不符"
    return "所述应答不在存档中"


def _text_problem(members: Mapping[str, bytes], look: Mapping[str, Any], outcome: Outcome) -> str:
    """The text is there when the page had content, and each quote stands in it where it is said to."""
    body = members[parts.TEXT]
    expected = sha256_hex(body) if outcome is Outcome.CONTENT else None
    if look["text_sha256"] != expected or (expected is None and body):
        return "正文与复测记录不符"
    text, claims = body.decode(), look["claims"]
    for row in (*claims["left"], *claims["added"]):
        there = text[row["start"] : row["end"]]
        if sha256_hex(there.encode()) != row["quote_sha256"] or not _is_masked(row["quote"], there):
            return f"规则 {row['rule']} 的引文与正文位置不符"
    return ""


def _is_masked(copy: str, original: str) -> bool:
    return len(copy) == len(original) and all(new in (old, BLACK) for new, old in zip(copy, original, strict=True))


def _grade_problem(look: Mapping[str, Any], graded: Grade) -> str:
    """The lists of claims fit each other, and the grade is the one that they and the looks before lead to."""
    referred, left, dropped, added = (
        [Claim(row["rule"], row["quote_sha256"]) for row in look["claims"][name]]
        for name in ("referred", "left", "dropped", "added")
    )
    now = Look(
        datetime.fromisoformat(look["looked_at"]["utc"]),
        Outcome(look["outcome"]),
        (*left, *added),
        bool(look["flagged"]),
        tuple(look["copies"]),
    )
    before = [Look(datetime.fromisoformat(each["at"]), Outcome(each["outcome"])) for each in look["earlier"]]
    if look["number"] != len(before) + 1:
        return "复测的次序与此前各次不符"
    again = grade(referred, [*before, now])
    if again.grade is not graded:
        return f"由所列事实得出的结果是“{GRADE_ZH[again.grade]}”，与所写的不符"
    same = (set(again.left), set(again.dropped), set(again.added)) == (set(left), set(dropped), set(added))
    return "" if same else "仍在、不再出现与新出现的说法前后不符"


LOOK_CHECKS = (
    (parts.WARC, _archive_problem, "WARC 可完整读出，记录摘要全部相符，复测记录与其中一致"),
    (parts.PROVENANCE, _provenance_problem, "取证来源信息齐全，与存档中的访问情况一致"),
    (parts.LOOK, _look_problem, "结果与所收应答、引文位置及此前各次复测相符"),
)
