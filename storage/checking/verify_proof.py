"""Checking a `.seal.json` that lies alone: that its entry is under its head, whoever keeps the bundle itself."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from domain.evidence import Check, VerifyReport
from domain.system_words import file_fault
from storage.canonical import MAX_ARCHIVE_BYTES, canonical_json
from storage.checking.verify_bundle import SIGNATURE, SIGNER
from storage.checking.verify_warc import UNREADABLE, failed, guarded
from storage.digests import sha256_hex
from storage.sealing.merkle import root_from_path
from storage.sealing.proof import FORMAT
from storage.sealing.seal_key import key_fingerprint, signature_problem

PROOF, PATH, STAMPS = "封存证明", "默克尔路径", "时间戳"


def verify_proof(path: Path, trusted_key: str | None = None) -> VerifyReport:
    """`trusted_key` is the fingerprint of the key that must have signed the head. Tokens are compared with their digests
    only: their authorities' roots are for `verify_chain` and for the stand-alone verifier."""
    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            return failed(path, PROOF, "文件过大，不是本系统生成的封存证明")
        data = path.read_bytes()
    except OSError as error:
        return failed(path, PROOF, f"无法读取文件：{file_fault(error)}")
    try:
        given = json.loads(data)
        checks = tuple(_checks(data, given, trusted_key))
        entry = json.loads(given["entry"])
        notes = [f"证明的是 {entry['path']}（SHA-256 {entry['sha256']}）；未与证据包本身比对"]
        notes += [] if given["stamps"] else ["没有时间戳：封存时间只有取证单位自己的时钟为证"]
        notes += [
            f"{stamp['authority']}：时间戳只与其摘要比对，请用 verify.pyz --roots 核验签名" for stamp in given["stamps"]
        ]
    except UNREADABLE as error:
        return failed(path, PROOF, f"封存证明无法解析（{type(error).__name__}）")
    return VerifyReport(str(path), checks, tuple(notes))


def _checks(data: bytes, given: dict[str, Any], trusted_key: str | None) -> Iterator[Check]:
    yield guarded(PROOF, lambda: _form_problem(data, given), "写法规范，内容与其摘要相符")
    yield guarded(PATH, lambda: _path_problem(given), "由登记条目算出的根与封存摘要一致")
    head, signature = _head_of(given)
    fault = signature_problem(head["public_key"], canonical_json(head), signature)
    yield Check(SIGNATURE, not fault, f"封存摘要的{fault}" if fault else "封存摘要的签名有效")
    fingerprint = key_fingerprint(head["public_key"])
    if trusted_key is not None:
        known = fingerprint == trusted_key.lower()
        yield Check(SIGNER, known, "由指定的密钥签名" if known else f"签名公钥 {fingerprint} 不是指定的 {trusted_key}")
    for stamp in given["stamps"]:
        same = sha256_hex(base64.b64decode(stamp["token"], validate=True)) == stamp["sha256"]
        yield Check(STAMPS, same, f"{stamp['authority']}：{'与其摘要相符' if same else '与其摘要不符'}")


def _form_problem(data: bytes, given: dict[str, Any]) -> str:
    if given["format"] != FORMAT:
        return "不是本系统的封存证明"
    if canonical_json(given) != data:
        return "不是规范写法"
    rest = {name: value for name, value in given.items() if name != "sha256"}
    return "" if sha256_hex(canonical_json(rest)) == given["sha256"] else "内容与其摘要不符"


def _path_problem(given: dict[str, Any]) -> str:
    head, _ = _head_of(given)
    number = json.loads(given["entry"])["number"]
    if type(given["index"]) is not int or type(given["count"]) is not int:  # false would pass for 0
        return "条目的位置或条数不是整数"
    if given["count"] != head["last"] - head["first"] + 1 or number != head["first"] + given["index"]:
        return "条目编号不在封存摘要之下"
    path = [bytes.fromhex(digest) for digest in given["merkle_path"]]
    root = root_from_path(given["entry"].encode(), given["index"], given["count"], path)
    return "" if root.hex() == head["merkle_root"] else "算出的根与封存摘要不符"


def _head_of(given: dict[str, Any]) -> tuple[dict[str, Any], str]:
    document = json.loads(given["head"])
    return document["head"], document["signature"]
