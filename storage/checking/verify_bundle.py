"""Checking one bundle, years later and against hostile files: every finding is a typed line in Chinese, nothing raises."""

import hashlib
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from domain.evidence import Check
from storage.canonical import ARCHIVE, NotCanonical, canonical_json, read_canonical_zip
from storage.checking.verify_look import LOOK_CHECKS
from storage.checking.verify_warc import UNREADABLE, blocks, guarded, warc_problem
from storage.evidence import package as parts
from storage.evidence.completeness import PNG_SIGNATURE, REQUIRED_PROVENANCE
from storage.evidence.connections import certificates_problem
from storage.sealing.seal_key import key_fingerprint, signature_problem

MAX_INDEX_BYTES = 64 << 20  # a small compressed index may unpack to anything
SIGNATURE = "签名"
SIGNER = "签名人"


def bundle_checks(data: bytes, trusted_key: str | None) -> Iterator[Check]:
    try:
        members = read_canonical_zip(data)
    except NotCanonical as error:
        yield Check(error.part, False, str(error))
        if not error.members:
            return
        members = error.members  # which of them changed is told by their digests
    else:
        yield Check(ARCHIVE, True, "压缩包结构与重新生成的逐字节一致")
    is_look = parts.LOOK in members
    expected = parts.LOOK_MEMBERS if is_look else parts.MEMBERS
    if tuple(members) != expected:
        missing = "、".join(name for name in expected if name not in members)
        extra = "、".join(name for name in members if name not in expected)
        yield Check("成员", False, f"成员不符：缺少 [{missing}]，多出 [{extra}]，或次序改变")
        return
    yield Check("成员", True, f"{len(members)} 个成员齐全")
    yield from _digest_checks(members)
    yield from _signature_checks(members, trusted_key)
    for name, problem, good in _COMMON + (LOOK_CHECKS if is_look else _OF_A_LEAD):
        yield guarded(name, lambda problem=problem: problem(members), good)  # type: ignore[misc]  # a bound default


def stated_limits(data: bytes) -> tuple[str, ...]:
    """What a bundle that verifies says against itself, in Chinese."""
    try:
        about = json.loads(read_canonical_zip(data)[parts.PROVENANCE])
        left_out = len(about["not_captured"])
        more = (f"有 {left_out} 项资源没有采集，逐项及原因见 not_captured",) if left_out else ()
        return (*map(str, about.get("limits", ())), *more)
    except UNREADABLE as error:  # consistent in itself, but not a bundle of this system
        return (f"来源信息不全，无法摘录（{type(error).__name__}）",)


def _digest_checks(members: Mapping[str, bytes]) -> Iterator[Check]:
    """The lists are made again from the members; any difference is in a list or in what it lists."""
    try:
        listed = {str(item["name"]): item for item in json.loads(members[parts.MANIFEST])["files"]}
    except UNREADABLE as error:
        yield Check(parts.MANIFEST, False, f"校验值清单无法解析（{type(error).__name__}）")
        listed = {}
    for name, item in sorted(listed.items()):
        same = name in members and parts.manifest_entry(name, members[name]) == item
        good = "长度、SHA-256、SM3 与清单一致"
        yield Check(name, same, good if same else "长度、SHA-256 或 SM3 与清单不符")
    same = parts.manifest_of(members) == members[parts.MANIFEST]
    yield Check(parts.MANIFEST, same, "清单与全部成员一致" if same else "清单与成员不一致")
    yield guarded(parts.DATAPACKAGE, lambda: _datapackage_problem(members), "WACZ 数据包描述与全部成员一致")


def _signature_checks(members: Mapping[str, bytes], trusted_key: str | None) -> Iterator[Check]:
    """The digest over the data package, the signature over the digest, and whose key it is."""
    try:
        given = json.loads(members[parts.DIGEST])["signedData"]
        signature = parts.Signature(
            given["hash"], given["created"], given["software"], given["publicKey"], given["signature"]
        )
        canonical = parts.digest_of(signature) == members[parts.DIGEST]
        created = json.loads(members[parts.DATAPACKAGE])["created"]
        system = json.loads(members[parts.PROVENANCE])["system"]
        says = (created, f"{system['tool']}/{system['tool_version']}")
        fingerprint = key_fingerprint(signature.public_key)
        fault = signature_problem(signature.public_key, signature.signed.encode(), signature.signature)
    except UNREADABLE as error:
        yield Check(parts.DIGEST, False, f"总摘要与签名无法解析（{type(error).__name__}）")
        return
    good = canonical and (signature.created, signature.software) == says
    yield Check(parts.DIGEST, good, "总摘要写法规范，与来源信息一致" if good else "总摘要写法不规范，或与来源信息不符")
    same = signature.signed == parts.signed_text(members[parts.DATAPACKAGE])
    yield Check(parts.DATAPACKAGE, same, "与签名所盖的摘要一致" if same else "与签名所盖的摘要不符")
    yield Check(SIGNATURE, not fault, fault or f"签名有效，公钥指纹（SHA-256）{fingerprint}")
    if trusted_key is not None:
        known = fingerprint == trusted_key
        yield Check(
            SIGNER, known, "签名公钥是指定的公钥" if known else f"签名公钥 {fingerprint} 不是指定的 {trusted_key}"
        )


def _datapackage_problem(members: Mapping[str, bytes]) -> str:
    given = json.loads(members[parts.DATAPACKAGE])
    created_at = datetime.fromisoformat(given["created"])
    again = parts.datapackage_of(members, given["title"], given["mainPageUrl"], created_at)
    return "" if again == members[parts.DATAPACKAGE] else "数据包描述与成员不一致"


def _archive_problem(members: Mapping[str, bytes]) -> str:
    problem = warc_problem(members[parts.WARC])
    if problem:
        return problem
    kinds = set()
    views = []
    for record in ArchiveIterator(io.BytesIO(members[parts.WARC])):
        kinds.add(record.rec_type)
        if record.rec_type == "resource":
            digest = hashlib.sha256()
            for block in blocks(record.raw_stream):
                digest.update(block)
            views.append(digest.digest())
    if kinds != {"warcinfo", "response", "request", "resource"}:
        return "WARC 缺少请求、响应、截图或说明记录"
    return "" if views == [hashlib.sha256(members[parts.SCREENSHOT]).digest()] else "截图与 WARC 中的截图记录不一致"


def _index_lines(members: Mapping[str, bytes]) -> list[dict[str, Any]]:
    unpacker = zlib.decompressobj(31)
    text = unpacker.decompress(members[parts.CDX], MAX_INDEX_BYTES).decode()
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("index is not one whole gzip member")
    return [json.loads("{" + line.partition(" {")[2]) for line in text.splitlines()]


def _index_problem(members: Mapping[str, bytes]) -> str:
    warc = members[parts.WARC]
    lines = _index_lines(members)
    for line in lines:
        offset, length = int(line["offset"]), int(line["length"])
        member = warc[offset : offset + length]
        if f"sha256:{hashlib.sha256(member).hexdigest()}" != line["recordDigest"]:
            return f"索引指向的记录不符：{line['url']}"
    place = json.loads("{" + members[parts.IDX].decode().splitlines()[1].partition(" {")[2])
    if place["length"] != len(members[parts.CDX]):
        return "二级索引与索引长度不符"
    replayable = sum(
        record.rec_type in ("response", "resource") for record in ArchiveIterator(io.BytesIO(members[parts.WARC]))
    )
    return "" if len(lines) == replayable else "索引条数与 WARC 记录数不符"


def _pages_problem(members: Mapping[str, bytes]) -> str:
    page = json.loads(members[parts.PAGES].splitlines()[1].decode())  # text would also part at U+2028 in a title
    if page["text"].encode() != members[parts.TEXT]:
        return "页面清单中的正文与 text.txt 不一致"
    return "" if page["url"] in {line["url"] for line in _index_lines(members)} else "页面网址没有存档记录"


def _findings_problem(members: Mapping[str, bytes]) -> str:
    text = members[parts.TEXT].decode()
    given = json.loads(members[parts.FINDINGS])
    if canonical_json(given) != members[parts.FINDINGS]:
        return "判定文件不是规范写法"
    if given["text_sha256"] != hashlib.sha256(members[parts.TEXT]).hexdigest():
        return "判定所依据的正文与 text.txt 不一致"
    for finding in given["judgement"]["findings"]:
        if text[finding["start"] : finding["end"]] != finding["quote"]:
            return f"规则 {finding['rule']} 的引文与正文位置不符"
    return "" if given["judgement"]["flagged"] is True else "判定未标记为线索"


def _provenance_problem(members: Mapping[str, bytes]) -> str:
    given = json.loads(members[parts.PROVENANCE])
    if canonical_json(given) != members[parts.PROVENANCE]:
        return "来源信息不是规范写法"
    missing = [name for name in REQUIRED_PROVENANCE if not given["system"].get(name)]
    missing += [name for name in ("url", "started_at", "ended_at", "browser", "robots") if name not in given]
    return f"来源信息缺少：{'、'.join(missing)}" if missing else certificates_problem(given)


def _screenshot_problem(members: Mapping[str, bytes]) -> str:
    picture = members[parts.SCREENSHOT]
    return "" if picture.startswith(PNG_SIGNATURE) else "截图不是 PNG 图像"


_COMMON = (
    (parts.CDX, _index_problem, "索引与 WARC 记录逐条对应"),
    (parts.PAGES, _pages_problem, "页面清单与正文一致，并有对应的存档记录"),
)
_OF_A_LEAD = (
    (parts.WARC, _archive_problem, "WARC 可完整读出，记录摘要全部相符，截图与其中记录一致"),
    (parts.FINDINGS, _findings_problem, "全部引文与正文位置相符"),
    (parts.PROVENANCE, _provenance_problem, "取证来源信息齐全"),
    (parts.SCREENSHOT, _screenshot_problem, "截图文件完整"),
)
