"""Checks of one bundle by itself: its form, its digests, its signature, and that its parts agree with each other."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

from .canonical import ARCHIVE, canonical_json, read_members
from .errors import UNREADABLE
from .keys import P384, EcKey, read_public_key, verify_ecdsa
from .look import LOOK, archive_problem, look_problem, sheet_problem
from .report import Report
from .sm3 import sm3_hex
from .warc import Record, read_records

WARC, CDX, IDX = "archive/data.warc.gz", "indexes/index.cdx.gz", "indexes/index.idx"
PAGES, SCREENSHOT, DOM = "pages/pages.jsonl", "evidence/screenshot.png", "evidence/rendered.html"
TEXT, FINDINGS, PROVENANCE = "evidence/text.txt", "evidence/findings.json", "evidence/provenance.json"
MANIFEST, DATAPACKAGE, DIGEST = "evidence/manifest.json", "datapackage.json", "datapackage-digest.json"
MEMBERS = (WARC, CDX, IDX, PAGES, SCREENSHOT, DOM, TEXT, FINDINGS, PROVENANCE, MANIFEST, DATAPACKAGE, DIGEST)
LOOK_MEMBERS = (WARC, CDX, IDX, PAGES, TEXT, LOOK, PROVENANCE, MANIFEST, DATAPACKAGE, DIGEST)
SIGNATURE, SIGNER = "签名", "签名人"
MAX_INDEX_BYTES = 64 << 20

Members = dict[str, bytes]


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def check_bundle(data: bytes, trusted_key: str | None, report: Report) -> Members:
    """Fill the report; returns the members, as far as they could be told apart."""
    members, part, fault = read_members(data)
    if fault:
        report.fail(part, fault)
    else:
        report.check(ARCHIVE, True, "结构与重新生成的逐字节一致", "")
    expected = LOOK_MEMBERS if LOOK in members else MEMBERS
    missing = [name for name in expected if name not in members]
    extra = [name for name in members if name not in expected]
    message = f"缺少 [{'、'.join(missing)}]，多出 [{'、'.join(extra)}]，或次序改变"
    if not report.check("成员", tuple(members) == expected, f"{len(expected)} 个成员齐全", message):
        return members
    _check_lists(members, report)
    _check_signature(members, trusted_key, report)
    report.guarded(CDX, lambda: _index_problem(members), "索引与存档记录逐条对应")
    report.guarded(PAGES, lambda: _pages_problem(members), "页面清单与正文一致，并有对应的存档记录")
    if LOOK in members:
        report.guarded(
            WARC, lambda: archive_problem(members), "存档记录可完整读出，记录摘要全部相符，复测记录与其中一致"
        )
        report.guarded(
            PROVENANCE, lambda: _look_provenance_problem(members), "取证来源信息齐全，与存档中的访问情况一致"
        )
        report.guarded(LOOK, lambda: look_problem(members), "结果与所收应答、引文位置及此前各次复测相符")
        return members
    report.guarded(WARC, lambda: _warc_problem(members), "存档记录可完整读出，记录摘要全部相符，截图与其中记录一致")
    report.guarded(FINDINGS, lambda: _findings_problem(members), "全部引文与正文位置相符")
    report.guarded(PROVENANCE, lambda: _provenance_problem(members), "取证来源信息齐全")
    good = members[SCREENSHOT].startswith(b"\x89PNG\r\n\x1a\n")
    report.check(SCREENSHOT, good, "是 PNG 图像", "不是 PNG 图像")
    return members


def _entries(members: Members) -> dict[str, dict[str, Any]]:
    names = sorted(name for name in members if name not in (MANIFEST, DATAPACKAGE, DIGEST))
    return {name: _listed(name, members[name]) for name in names}


def _listed(name: str, body: bytes) -> dict[str, Any]:
    return {"name": name, "bytes": len(body), "sha256": sha256_hex(body), "sm3": sm3_hex(body)}


def _check_lists(members: Members, report: Report) -> None:
    actual = _entries(members)  # made once: where SM3 has to be done in Python it takes seconds
    try:
        listed = {str(item["name"]): item for item in json.loads(members[MANIFEST])["files"]}
    except UNREADABLE as error:
        report.fail(MANIFEST, f"校验值清单无法解析（{type(error).__name__}）")
        listed = {}
    for name, item in sorted(listed.items()):
        report.check(name, actual.get(name) == item, "长度、SHA-256、SM3 与清单一致", "长度、SHA-256 或 SM3 与清单不符")
    same = canonical_json({"algorithms": ["sha256", "sm3"], "files": list(actual.values())}) == members[MANIFEST]
    report.check(MANIFEST, same, "清单与全部成员一致", "清单与成员不一致")
    report.guarded(DATAPACKAGE, lambda: _datapackage_problem(members), "WACZ 数据包描述与全部成员一致")


def _datapackage_problem(members: Members) -> str:
    given = json.loads(members[DATAPACKAGE])
    resources = [
        {"name": name.rpartition("/")[2], "path": name, "hash": f"sha256:{sha256_hex(body)}", "bytes": len(body)}
        for name, body in sorted(members.items())
        if name not in (DATAPACKAGE, DIGEST)
    ]
    again = {
        "profile": "data-package",
        "wacz_version": "1.1.1",
        "title": given["title"],
        "created": given["created"],
        "mainPageUrl": given["mainPageUrl"],
        "resources": resources,
    }
    return "" if canonical_json(again) == members[DATAPACKAGE] else "数据包描述与成员不一致"


def _check_signature(members: Members, trusted_key: str | None, report: Report) -> None:
    """The digest over the data package, the signature over the digest (WACZ signing 0.1.0), and whose key it is."""
    try:
        given = json.loads(members[DIGEST])
        signed = given["signedData"]
        created = json.loads(members[DATAPACKAGE])["created"]
        system = json.loads(members[PROVENANCE])["system"]
        software = f"{system['tool']}/{system['tool_version']}"
        stated, public_key, signature = str(signed["hash"]), str(signed["publicKey"]), str(signed["signature"])
        fingerprint = sha256_hex(base64.b64decode(public_key, validate=True))
    except UNREADABLE as error:
        report.fail(DIGEST, f"总摘要与签名无法解析（{type(error).__name__}）")
        return
    again = {
        "path": DATAPACKAGE,
        "hash": stated,
        "signedData": {
            "hash": stated,
            "created": created,
            "software": software,
            "version": "0.1.0",
            "publicKey": public_key,
            "signature": signature,
        },
    }
    same = canonical_json(again) == members[DIGEST]
    report.check(DIGEST, same, "总摘要写法规范，与来源信息一致", "总摘要写法不规范，或与来源信息不符")
    same = stated == f"sha256:{sha256_hex(members[DATAPACKAGE])}"
    report.check(DATAPACKAGE, same, "与签名所盖的摘要一致", "与签名所盖的摘要不符")
    good = f"有效，公钥指纹（SHA-256）{fingerprint}"
    report.guarded(SIGNATURE, lambda: signature_problem(public_key, stated.encode(), signature), good)
    check_signer(fingerprint, trusted_key, report)


def check_signer(fingerprint: str, trusted_key: str | None, report: Report) -> None:
    if trusted_key is None:
        report.skip(SIGNER, "没有用 --key 给出公钥指纹；请与取证单位公布的指纹核对，否则只能说明签名与内容相符")
    else:
        wrong = f"公钥 {fingerprint} 不是指定的 {trusted_key}"
        report.check(SIGNER, fingerprint == trusted_key, "公钥是指定的公钥", wrong)


def signature_problem(public_key: str, message: bytes, signature: str) -> str:
    """Why the signature (base64 of r and s side by side, P-384) does not hold; empty when it does."""
    key = read_public_key(base64.b64decode(public_key, validate=True))
    raw = base64.b64decode(signature, validate=True)
    if not isinstance(key, EcKey) or key.curve != P384 or len(raw) != 2 * P384.size:
        return "公钥或签名不是 P-384 的"
    r, s = int.from_bytes(raw[: P384.size], "big"), int.from_bytes(raw[P384.size :], "big")
    if s > P384.n // 2:
        return "签名不是规范写法"
    return "" if verify_ecdsa(key, message, r, s, "sha256") else "签名与内容不符"


def _warc_problem(members: Members) -> str:
    records = list(read_records(members[WARC]))
    if {record.kind for record in records} != {"warcinfo", "response", "request", "resource"}:
        return "缺少请求、响应、截图或说明记录"
    views = [record.block for record in records if record.kind == "resource"]
    return "" if views == [members[SCREENSHOT]] else "截图与存档中的截图记录不一致"


def _index_lines(members: Members) -> list[dict[str, Any]]:
    unpacker = zlib.decompressobj(31)
    text = unpacker.decompress(members[CDX], MAX_INDEX_BYTES).decode("utf-8")
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("index is not one whole gzip member")
    return [json.loads("{" + line.partition(" {")[2]) for line in text.splitlines()]


def _index_problem(members: Members) -> str:
    by_offset: dict[int, Record] = {}
    place = 0
    for record in read_records(members[WARC]):
        if record.kind in ("response", "resource"):
            by_offset[place] = record
        place += len(record.member)
    lines = _index_lines(members)
    for line in lines:
        found = by_offset.get(int(line["offset"]))
        if found is None or len(found.member) != int(line["length"]):
            return f"索引没有指向一条记录：{line['url']}"
        if found.fields["warc-target-uri"] != line["url"]:
            return f"索引指向另一网址的记录：{line['url']}"
        if f"sha256:{sha256_hex(found.member)}" != line["recordDigest"]:
            return f"索引指向的记录不符：{line['url']}"
    block = json.loads("{" + members[IDX].decode("utf-8").splitlines()[1].partition(" {")[2])
    if block["length"] != len(members[CDX]):
        return "二级索引与索引长度不符"
    return "" if len(lines) == len(by_offset) else "索引条数与存档记录数不符"


def _pages_problem(members: Members) -> str:
    page = json.loads(members[PAGES].splitlines()[1].decode("utf-8"))  # text would also part at U+2028 in a title
    if page["text"].encode("utf-8") != members[TEXT]:
        return "页面清单中的正文与 text.txt 不一致"
    return "" if page["url"] in {line["url"] for line in _index_lines(members)} else "页面网址没有存档记录"


def _findings_problem(members: Members) -> str:
    text = members[TEXT].decode("utf-8")
    given = json.loads(members[FINDINGS])
    if canonical_json(given) != members[FINDINGS]:
        return "判定文件不是规范写法"
    if given["text_sha256"] != sha256_hex(members[TEXT]):
        return "判定所依据的正文与 text.txt 不一致"
    for finding in given["judgement"]["findings"]:
        if text[finding["start"] : finding["end"]] != finding["quote"]:
            return f"规则 {finding['rule']} 的引文与正文位置不符"
    return "" if given["judgement"]["flagged"] is True else "判定未标记为线索"


def _provenance_problem(members: Members) -> str:
    given = json.loads(members[PROVENANCE])
    if canonical_json(given) != members[PROVENANCE]:
        return "来源信息不是规范写法"
    missing = [name for name in ("operator", "tool", "tool_version") if not given["system"].get(name)]
    missing += [name for name in ("url", "started_at", "ended_at", "browser", "robots") if name not in given]
    return f"缺少：{'、'.join(missing)}" if missing else _certificates_problem(given)


def _look_provenance_problem(members: Members) -> str:
    given = json.loads(members[PROVENANCE])
    if canonical_json(given) != members[PROVENANCE]:
        return "来源信息不是规范写法"
    missing = [name for name in ("operator", "tool", "tool_version") if not given["system"].get(name)]
    if missing:
        return f"缺少：{'、'.join(missing)}"
    return sheet_problem(members, given) or _certificates_problem(given)


def _certificates_problem(sheet: dict[str, Any]) -> str:
    """Whether the certificates on the sheet are those that its connections name by digest."""
    sent = sheet.get("certificates", {})
    sessions = [item["tls"] for item in sheet.get("connections", []) if item["tls"] is not None]
    if {digest for session in sessions for digest in session["chain_sha256"]} != set(sent):
        return "证书与各连接所列的校验值不一致"
    for digest, pem in sent.items():
        begin, *lines, end = pem.rstrip("\n").split("\n")
        der = base64.b64decode("".join(lines), validate=True)
        again = base64.b64encode(der).decode("ascii")
        broken = [again[start : start + 64] for start in range(0, len(again), 64)]
        framed = (begin, end) == ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
        if not framed or lines != broken or sha256_hex(der) != digest:
            return f"证书内容与其 SHA-256 不符，或不是规范写法：{digest}"
    return ""
