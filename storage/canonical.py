"""Bytes that have only one spelling: JSON with sorted keys, and ZIP archives with nothing left to choose.

An archive is valid only if writing its members again gives the same bytes, so that no byte of it, not even a time
stamp or a comment, can change unnoticed. Members are stored, not compressed: another zlib would compress differently.
"""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

from storage.columns import storable_json

MAX_ARCHIVE_BYTES = 1 << 29  # checking holds an archive in memory a few times over; a bundle of one page is megabytes
ARCHIVE = "压缩包"
MAX_MEMBERS = 0xFFFF  # the format's own limit

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE_1980_01_01 = 0x0021  # the earliest a ZIP can say; the true times are in provenance.json
_MODE_0644 = 0o100644 << 16
_VERSION = 20
_MADE_ON_UNIX = (3 << 8) | _VERSION


class NotCanonical(Exception):
    """Not an archive of ours; the message is Chinese for the auditor.

    `part` names the member concerned, or ARCHIVE when it is the form around the members. `members` are those that
    could be told apart, for a closer look.
    """

    def __init__(self, message: str, part: str = ARCHIVE, members: Mapping[str, bytes] | None = None) -> None:
        super().__init__(message)
        self.part = part
        self.members = dict(members or {})


def canonical_json(value: Any) -> bytes:
    """UTF-8, keys sorted, no blanks, one line feed at the end; floats as Python's shortest form."""
    text = json.dumps(storable_json(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode() + b"\n"


def canonical_zip(members: Mapping[str, bytes]) -> bytes:
    """An archive of the members in the order given. Raises ValueError for a name that is not ASCII or too much data."""
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"more than {MAX_MEMBERS} members")
    parts: list[bytes] = []
    central: list[bytes] = []
    offset = 0
    for name, body in members.items():
        encoded = name.encode("ascii")
        crc = zlib.crc32(body)
        local = _LOCAL.pack(b"PK\3\4", _VERSION, 0, 0, 0, _DATE_1980_01_01, crc, len(body), len(body), len(encoded), 0)
        central.append(
            _CENTRAL.pack(
                b"PK\1\2", _MADE_ON_UNIX, _VERSION, 0, 0, 0, _DATE_1980_01_01, crc, len(body), len(body),
                len(encoded), 0, 0, 0, 0, _MODE_0644, offset,
            ) + encoded
        )  # fmt: skip
        parts += (local, encoded, body)
        offset += len(local) + len(encoded) + len(body)
    directory = b"".join(central)
    if offset + len(directory) + _END.size > MAX_ARCHIVE_BYTES:
        raise ValueError(f"archive beyond {MAX_ARCHIVE_BYTES} bytes")
    end = _END.pack(b"PK\5\6", 0, 0, len(members), len(members), len(directory), offset, 0)
    return b"".join((*parts, directory, end))


def read_canonical_zip(data: bytes) -> dict[str, bytes]:
    """The members of an archive made by `canonical_zip`. Raises NotCanonical for any other bytes."""
    members: dict[str, bytes] = {}
    ends: dict[str, int] = {}
    offset = 0
    while data[offset : offset + 4] == b"PK\3\4":
        name, body, offset = _read_local(data, offset)
        if name in members:
            raise NotCanonical(f"压缩包内有重复成员：{name}", members=members)
        members[name] = body
        ends[name] = offset
    if not members:
        raise NotCanonical("不是本系统生成的证据包（找不到任何成员）")
    try:
        again = canonical_zip(members)
    except ValueError as error:
        raise NotCanonical("压缩包成员名、成员数或大小不合规", members=members) from error
    if again != data:
        place = _first_difference(again, data)
        part = next((name for name, end in ends.items() if place < end), ARCHIVE)
        if part == ARCHIVE:
            raise NotCanonical(f"压缩包结构与重新生成的不一致（第 {place} 字节起）", members=members)
        raise NotCanonical("成员内容与其校验码不符，或其头部被改动", part, members)
    return members


def _read_local(data: bytes, offset: int) -> tuple[str, bytes, int]:
    """Name and content of the member whose header starts at `offset`, and where it ends."""
    if len(data) < offset + _LOCAL.size:
        raise NotCanonical("压缩包不完整：成员头部被截断")
    fields = _LOCAL.unpack_from(data, offset)
    size, name_length = fields[7], fields[9]
    start = offset + _LOCAL.size
    body = start + name_length
    if body + size > len(data):
        raise NotCanonical("压缩包不完整：成员内容被截断")
    return data[start:body].decode("ascii", "backslashreplace"), data[body : body + size], body + size


def _first_difference(one: bytes, other: bytes) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:  # halving compares megabytes at the speed of memcmp
        middle = (low + high + 1) // 2
        if one[:middle] == other[:middle]:
            low = middle
        else:
            high = middle - 1
    return low
