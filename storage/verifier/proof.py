"""Whether a bundle is under a signed head, and what authorities said about when that head existed."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

from .bundle import SIGNER, check_signer, sha256_hex, signature_problem
from .canonical import canonical_json
from .certificate import Certificate
from .errors import UNREADABLE, Unsupported
from .report import Report
from .sm3 import sm3_hex
from .timestamp import TokenRefused, read_stamp

PROOF, ENTRY, PATH, HEAD, HEAD_SIGNATURE = "封存证明", "哈希链条目", "默克尔路径", "封存摘要", "封存摘要的签名"
_BEIJING = timezone(timedelta(hours=8))


def check_proof(
    proof: bytes, bundle: bytes, trusted_key: str | None, roots: Sequence[Certificate], report: Report
) -> None:
    """Fill the report with what `<bundle>.seal.json` shows about the bundle."""
    try:
        given = json.loads(proof)
        rest = {name: value for name, value in given.items() if name != "sha256"}
        whole = sha256_hex(canonical_json(rest)) == given["sha256"] and canonical_json(given) == proof
        entry, head_line = given["entry"].encode("utf-8"), given["head"].encode("utf-8")
        stamps = list(given["stamps"])
    except UNREADABLE as error:
        report.fail(PROOF, f"无法解析（{type(error).__name__}）")
        return
    good = whole and given["format"] == "yiguang-proof-1"
    report.check(PROOF, good, "完整，写法规范", "与其自身的 SHA-256 不符，或不是规范写法")
    report.guarded(ENTRY, lambda: _entry_problem(entry, bundle), "登记的长度、SHA-256、SM3 就是这份证据包的")
    report.guarded(PATH, lambda: _path_problem(given, entry, head_line), "证据包在这份封存摘要之下")
    report.guarded(HEAD, lambda: _head_problem(head_line), "写法规范")
    _check_head_signature(head_line, trusted_key, report)
    if not stamps:
        report.skip("时间戳", "没有机构时间戳：封存时间只有取证单位自己的时钟为证")
    for stamp in stamps:
        _check_stamp(stamp, head_line, roots, report)


def _entry_problem(entry: bytes, bundle: bytes) -> str:
    fields = json.loads(entry)
    if canonical_json(fields) != entry:
        return "不是规范写法"
    stated = (fields["kind"], fields["bytes"], fields["sha256"], fields["sm3"])
    actual = ("bundle", len(bundle), sha256_hex(bundle), sm3_hex(bundle))
    return "" if stated == actual else "登记的长度、SHA-256 或 SM3 与这份证据包不符"


def _path_problem(given: dict[str, Any], entry: bytes, head_line: bytes) -> str:
    head = json.loads(head_line)["head"]
    first, last, number = head["first"], head["last"], json.loads(entry)["number"]
    index, count = given["index"], given["count"]
    if type(index) is not int or type(count) is not int:  # false would pass for 0
        return "条目的位置或条数不是整数"
    if count != last - first + 1 or number != first + index:
        return "条目的位置与封存摘要的范围不符"
    path = [bytes.fromhex(digest) for digest in given["merkle_path"]]
    return "" if root_from_path(entry, index, count, path).hex() == head["merkle_root"] else "算出的根与封存摘要不符"


def root_from_path(leaf: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """RFC 9162, 2.1.3.2. Raises ValueError when the path does not fit the size of the tree."""
    if not 0 <= index < count:
        raise ValueError("no such leaf")
    node = hashlib.sha256(b"\0" + leaf).digest()
    place, last = index, count - 1
    for beside in path:
        if last == 0:
            raise ValueError("path too long")
        if place & 1 or place == last:
            node = hashlib.sha256(b"\1" + beside + node).digest()
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + beside).digest()
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("path too short")
    return node


def _head_problem(head_line: bytes) -> str:
    given = json.loads(head_line)
    good = canonical_json(given) == head_line and set(given) == {"head", "signature"}
    return "" if good and given["head"]["format"] == "yiguang-seal-1" else "不是规范写法"


def _check_head_signature(head_line: bytes, trusted_key: str | None, report: Report) -> None:
    try:
        given = json.loads(head_line)
        head, public_key, signature = given["head"], str(given["head"]["public_key"]), str(given["signature"])
        fingerprint = sha256_hex(base64.b64decode(public_key, validate=True))
    except UNREADABLE as error:
        report.fail(HEAD_SIGNATURE, f"无法解析（{type(error).__name__}）")
        return
    good = f"有效，公钥指纹（SHA-256）{fingerprint}；封存时间（取证单位的时钟）{head.get('created_at')}"
    report.guarded(HEAD_SIGNATURE, lambda: signature_problem(public_key, canonical_json(head), signature), good)
    if trusted_key is not None or not any(line.name == SIGNER for line in report.lines):
        check_signer(fingerprint, trusted_key, report)


def _check_stamp(stamp: Any, head_line: bytes, roots: Sequence[Certificate], report: Report) -> None:
    try:
        name = f"时间戳 {stamp['authority']}"
        token = base64.b64decode(stamp["token"], validate=True)
        stated, file = stamp["sha256"], str(stamp["file"])
    except UNREADABLE as error:
        report.fail("时间戳", f"无法解析（{type(error).__name__}）")
        return
    if not report.check(name, sha256_hex(token) == stated, "令牌完整", "令牌与其 SHA-256 不符"):
        return
    if not file.endswith(".tsr"):
        report.skip(name, f"不是 RFC 3161 令牌（{file}），请用该机构自己的办法核验")
        return
    try:
        found = read_stamp(token, head_line, roots)
        moment = found.stamped_at.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S")
        signer, top = found.chain[0].name, found.chain[-1].name
    except TokenRefused as fault:
        report.fail(name, str(fault))
        return
    except Unsupported as fault:
        report.skip(name, f"本程序不会核验{fault}，请用 openssl 或该机构自己的办法核验")
        return
    except UNREADABLE as error:
        report.fail(name, f"令牌无法解析（{type(error).__name__}）")
        return
    report.check(name, True, f"“{signer}”签名有效，时间 {moment}（北京时间）", "")
    if found.trusted:
        report.check(name, True, f"证书链到给定的根证书“{top}”", "")
    elif roots:
        report.fail(name, f"证书链止于“{top}”，不通向给定的根证书")
    else:
        digest = found.chain[-1].fingerprint
        report.skip(name, f"没有用 --roots 给出根证书，未核对机构是否可信；证书链止于“{top}”，SHA-256 {digest}")
