"""Reading a WARC to its end, with every checksum and digest in it held against its bytes."""

import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeadersParserException

from domain.evidence import Check, VerifyReport
from domain.system_words import file_fault

_CHUNK_BYTES = 1 << 20
_PIECE_BYTES = 1 << 14  # unpacks to a thousand times as much at worst
#: What reading a broken or hostile member raises; anything else is a fault of ours and should be seen.
UNREADABLE = (
    ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError,
    EOFError, OSError, zlib.error, ArchiveLoadFailed, StatusAndHeadersParserException,
)  # fmt: skip


def guarded(name: str, problem: Callable[[], str], good: str) -> Check:
    """The check that `problem` makes: it gives a fault in Chinese or "", and may raise on unreadable content."""
    try:
        found = problem()
    except UNREADABLE as error:
        found = f"内容无法解析（{type(error).__name__}）"
    return Check(name, not found, found or good)


def failed(path: Path, name: str, message: str) -> VerifyReport:
    return VerifyReport(str(path), (Check(name, False, message),))


def verify_warc(
    path: Path, length: int, sealed: bool, expected: Sequence[tuple[int, int, str]], more: Sequence[Check] = ()
) -> VerifyReport:
    """Hold a night's file against the slices (offset, length, SHA-256) the database has, in order."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return failed(path, "文件", f"WARC 文件缺失或无法读取：{file_fault(error)}")
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
    checks.append(guarded("WARC", lambda: warc_problem(data[:length]), "WARC 可完整读出，记录摘要全部相符"))
    return VerifyReport(str(path), (*checks, *more))


def warc_problem(data: bytes) -> str:
    """Read every record to its end with digests checked, after the checksum of each gzip member: readers skip that."""
    end = 0
    while end < len(data):
        end = _member_end(data, end)
    count = 0
    iterator = ArchiveIterator(io.BytesIO(data), check_digests=True)
    for record in iterator:
        for _ in blocks(record.raw_stream):
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


def blocks(stream: Any) -> Iterator[bytes]:
    """In pieces: a small record may unpack to anything."""
    while block := stream.read(_CHUNK_BYTES):
        yield block
