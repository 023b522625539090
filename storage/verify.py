"""Checking evidence, years later and against hostile files: every finding is a typed line in Chinese, nothing raises."""

import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, select
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeadersParserException

from domain.evidence import Check, VerifyReport
from storage import bundle as parts
from storage.canonical import MAX_ARCHIVE_BYTES, NotCanonical, canonical_json, read_canonical_zip
from storage.completeness import PNG_SIGNATURE, REQUIRED_PROVENANCE
from storage.tables import bundles, visits, warc_files

MAX_INDEX_BYTES = 64 << 20  # a small compressed index may unpack to anything
_CHUNK_BYTES = 1 << 20
_PIECE_BYTES = 1 << 14  # unpacks to a thousand times as much at worst
#: What reading a broken or hostile member raises; anything else is a fault of ours and should be seen.
_UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
    EOFError, OSError, zlib.error, ArchiveLoadFailed, StatusAndHeadersParserException,
)  # fmt: skip


def verify_bundle(path: Path) -> VerifyReport:
    """Check one bundle by itself: its form to the last byte, its digests, and that its parts agree with each other.

    A bundle forged as a whole, every digest made anew, is consistent in itself; only `verify_all`, which knows the
    digest from the night of the capture, or a time stamp from outside, tells it apart.
    """
    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            return _failed(path, "文件", "文件过大，不是本系统生成的证据包")
        data = path.read_bytes()
    except OSError as error:
        return _failed(path, "文件", f"无法读取文件：{error.strerror}")
    return VerifyReport(str(path), tuple(_bundle_checks(data)))


def verify_all(engine: Engine, folder: Path, night_id: str | None = None) -> list[VerifyReport]:
    """Check every bundle and WARC file that the database knows, of one night or of all, against its digests there."""
    bundle_query = select(bundles).order_by(bundles.c.id)
    warc_query = select(warc_files).order_by(warc_files.c.id)
    if night_id is not None:
        bundle_query = bundle_query.where(bundles.c.night_id == night_id)
        warc_query = warc_query.where(warc_files.c.night_id == night_id)
    with engine.connect() as connection:
        known_bundles = connection.execute(bundle_query).all()
        known_warcs = connection.execute(warc_query).all()
        slices = {
            row.id: [
                (item.warc_offset, item.warc_length, item.warc_sha256)
                for item in connection.execute(
                    select(visits.c.warc_offset, visits.c.warc_length, visits.c.warc_sha256)
                    .where(visits.c.warc_id == row.id)
                    .order_by(visits.c.warc_offset)
                )
            ]
            for row in known_warcs
        }
    reports = [_verify_known_bundle(folder, row.path, row.sha256) for row in known_bundles]
    for row in known_warcs:
        expected = [(0, row.head_length, row.head_sha256), *slices[row.id]]
        reports.append(_verify_warc(folder, row.path, row.length, row.sealed, expected))
    return reports


def _failed(path: Path, name: str, message: str) -> VerifyReport:
    return VerifyReport(str(path), (Check(name, False, message),))


def _verify_known_bundle(folder: Path, relative: str, sha256: str) -> VerifyReport:
    path = folder / relative
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        return _failed(path, "文件", f"证据包缺失或无法读取：{error.strerror}")
    same = digest == sha256
    message = "整包 SHA-256 与取证时登记的一致" if same else f"整包 SHA-256 与登记不符：登记 {sha256}，实际 {digest}"
    return VerifyReport(str(path), (Check("整包", same, message), *verify_bundle(path).checks))


def _verify_warc(
    folder: Path, relative: str, length: int, sealed: bool, expected: list[tuple[int, int, str]]
) -> VerifyReport:
    path = folder / relative
    try:
        data = path.read_bytes()
    except OSError as error:
        return _failed(path, "文件", f"WARC 文件缺失或无法读取：{error.strerror}")
    checks = []
    if len(data) < length or (sealed and len(data) != length):
        checks.append(Check("长度", False, f"WARC 长度与登记不符：登记 {length} 字节，实际 {len(data)} 字节"))
    place = 0
    for offset, size, sha256 in expected:
        if offset != place:
            checks.append(Check("区段", False, f"WARC 第 {place} 至 {offset} 字节没有登记"))
        if hashlib.sha256(data[offset : offset + size]).hexdigest() != sha256:
            checks.append(Check("区段", False, f"WARC 第 {offset} 字节起的 {size} 字节与登记的 SHA-256 不符"))
        place = offset + size
    if place != length:
        checks.append(Check("区段", False, f"WARC 第 {place} 至 {length} 字节没有登记"))
    checks.append(_guarded("WARC", lambda: _warc_problem(data[:length]), "WARC 可完整读出，记录摘要全部相符"))
    return VerifyReport(str(path), tuple(checks))


def _bundle_checks(data: bytes) -> Iterator[Check]:
    try:
        members = read_canonical_zip(data)
    except NotCanonical as error:
        yield Check("压缩包", False, str(error))
        return
    yield Check("压缩包", True, "压缩包结构与重新生成的逐字节一致")
    if tuple(members) != parts.MEMBERS:
        missing = "、".join(name for name in parts.MEMBERS if name not in members)
        extra = "、".join(name for name in members if name not in parts.MEMBERS)
        yield Check("成员", False, f"成员不符：缺少 [{missing}]，多出 [{extra}]，或次序改变")
        return
    yield Check("成员", True, f"{len(members)} 个成员齐全")
    yield from _digest_checks(members)
    for name, problem, good in (
        (parts.WARC, _archive_problem, "WARC 可完整读出，记录摘要全部相符，截图与其中记录一致"),
        (parts.CDX, _index_problem, "索引与 WARC 记录逐条对应"),
        (parts.PAGES, _pages_problem, "页面清单与正文一致，并有对应的存档记录"),
        (parts.FINDINGS, _findings_problem, "全部引文与正文位置相符"),
        (parts.PROVENANCE, _provenance_problem, "取证来源信息齐全"),
        (parts.SCREENSHOT, _screenshot_problem, "截图文件完整"),
    ):
        yield _guarded(name, lambda problem=problem: problem(members), good)  # type: ignore[misc]  # a bound default


def _guarded(name: str, problem: Callable[[], str], good: str) -> Check:
    try:
        found = problem()
    except _UNREADABLE as error:
        found = f"内容无法解析（{type(error).__name__}）"
    return Check(name, not found, found or good)


def _digest_checks(members: Mapping[str, bytes]) -> Iterator[Check]:
    """The three lists are made again from the members; any difference is in a list or in what it lists."""
    try:
        listed = {item["name"]: item["sha256"] for item in json.loads(members[parts.MANIFEST])["files"]}
    except _UNREADABLE as error:
        yield Check(parts.MANIFEST, False, f"校验值清单无法解析（{type(error).__name__}）")
        listed = {}
    for name, sha256 in sorted(listed.items()):
        same = name in members and hashlib.sha256(members[name]).hexdigest() == sha256
        yield Check(str(name), same, "SHA-256 与清单一致" if same else "SHA-256 与清单不符")
    same = parts.manifest_of(members) == members[parts.MANIFEST]
    yield Check(parts.MANIFEST, same, "清单与全部成员一致" if same else "清单与成员不一致")
    yield _guarded(parts.DATAPACKAGE, lambda: _datapackage_problem(members), "WACZ 数据包描述与全部成员一致")
    same = parts.digest_of(members[parts.DATAPACKAGE]) == members[parts.DIGEST]
    yield Check(parts.DIGEST, same, "总摘要一致" if same else "总摘要与 datapackage.json 不符")


def _datapackage_problem(members: Mapping[str, bytes]) -> str:
    given = json.loads(members[parts.DATAPACKAGE])
    created_at = datetime.fromisoformat(given["created"])
    again = parts.datapackage_of(members, given["title"], given["mainPageUrl"], created_at)
    return "" if again == members[parts.DATAPACKAGE] else "数据包描述与成员不一致"


def _warc_problem(data: bytes) -> str:
    """Read every record to its end with digests checked, after the checksum of each gzip member: readers skip that."""
    end = 0
    while end < len(data):
        end = _member_end(data, end)
    count = 0
    iterator = ArchiveIterator(io.BytesIO(data), check_digests=True)
    for record in iterator:
        for _ in _blocks(record.raw_stream):
            pass
        if record.digest_checker.passed is False:
            return f"第 {count + 1} 条记录摘要不符"
        count += 1
    iterator.close()
    return "" if count else "WARC 中没有记录"


def _member_end(data: bytes, start: int) -> int:
    """Where the gzip member ends that starts at `start`. Raises zlib.error or EOFError when it is broken or cut off."""
    unpacker = zlib.decompressobj(31)
    place = start
    while not unpacker.eof:
        piece = data[place : place + _PIECE_BYTES]
        if not piece:
            raise EOFError("gzip member cut off")
        place += len(piece)
        unpacker.decompress(piece)
    return place - len(unpacker.unused_data)


def _blocks(stream: Any) -> Iterator[bytes]:
    """In pieces: a small record may unpack to anything."""
    while block := stream.read(_CHUNK_BYTES):
        yield block


def _archive_problem(members: Mapping[str, bytes]) -> str:
    problem = _warc_problem(members[parts.WARC])
    if problem:
        return problem
    kinds = set()
    views = []
    for record in ArchiveIterator(io.BytesIO(members[parts.WARC])):
        kinds.add(record.rec_type)
        if record.rec_type == "resource":
            digest = hashlib.sha256()
            for block in _blocks(record.raw_stream):
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
    page = json.loads(members[parts.PAGES].decode().splitlines()[1])
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
    return f"来源信息缺少：{'、'.join(missing)}" if missing else ""


def _screenshot_problem(members: Mapping[str, bytes]) -> str:
    picture = members[parts.SCREENSHOT]
    return "" if picture.startswith(PNG_SIGNATURE) else "截图不是 PNG 图像"
