"""JSON and ZIP in the one spelling that evidence bundles have, so that no byte can change unnoticed."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

ARCHIVE = "压缩包"
MAX_ARCHIVE_BYTES = 1 << 29
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE = 0x0021  # 1980-01-01


def canonical_json(value: Any) -> bytes:
    """UTF-8, keys sorted, no blanks, one line feed at the end."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8") + b"\n"


def canonical_zip(members: dict[str, bytes]) -> bytes:
    """Members stored, in order, with fixed dates and no comments."""
    parts, central, offset = [], [], 0
    for name, body in members.items():
        encoded, crc, size = name.encode("ascii"), zlib.crc32(body), len(body)
        local = _LOCAL.pack(b"PK\3\4", 20, 0, 0, 0, _DATE, crc, size, size, len(encoded), 0)
        entry = (0x0314, 20, 0, 0, 0, _DATE, crc, size, size, len(encoded), 0, 0, 0, 0, 0o100644 << 16, offset)
        central.append(_CENTRAL.pack(b"PK\1\2", *entry) + encoded)
        parts += [local, encoded, body]
        offset += len(local) + len(encoded) + size
    directory = b"".join(central)
    end = _END.pack(b"PK\5\6", 0, 0, len(members), len(members), len(directory), offset, 0)
    return b"".join([*parts, directory, end])


def read_members(data: bytes) -> tuple[dict[str, bytes], str, str]:
    """The members, and the part at fault with its fault in Chinese; both empty when all is well."""
    members: dict[str, bytes] = {}
    ends: dict[str, int] = {}
    offset = 0
    while data[offset : offset + 4] == b"PK\3\4":
        if offset + _LOCAL.size > len(data):
            return members, ARCHIVE, "不完整：成员头部被截断"
        fields = _LOCAL.unpack_from(data, offset)
        start = offset + _LOCAL.size + fields[9]
        offset = start + fields[7]
        if offset > len(data):
            return members, ARCHIVE, "不完整：成员内容被截断"
        name = data[start - fields[9] : start].decode("ascii", "backslashreplace")
        if name in members:
            return members, ARCHIVE, f"有重复成员：{name}"
        members[name] = data[start:offset]
        ends[name] = offset
    if not members or len(members) > 0xFFFF:
        return {}, ARCHIVE, "不是医广哨兵的证据包"
    try:
        again = canonical_zip(members)
    except (UnicodeEncodeError, struct.error):
        return members, ARCHIVE, "成员名或大小不合规"
    if again == data:
        return members, "", ""
    place = _first_difference(again, data)
    for name, end in ends.items():
        if place < end:
            return members, name, "内容与其校验码不符，或其头部被改动"
    return members, ARCHIVE, f"结构与重新生成的不一致（第 {place} 字节起）"


def _first_difference(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
