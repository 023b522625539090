"""Just enough of ASN.1's distinguished encoding to read keys, certificates and time-stamp tokens."""

from __future__ import annotations

from dataclasses import dataclass

INTEGER, BIT_STRING, OCTET_STRING, OBJECT_ID = 0x02, 0x03, 0x04, 0x06
UTC_TIME, GENERALIZED_TIME, SEQUENCE, SET = 0x17, 0x18, 0x30, 0x31


@dataclass(frozen=True)
class Element:
    """One element: `content` without, `raw` with its tag and length."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> list[Element]:
        """The elements inside. Raises ValueError when they do not fill it exactly."""
        found, place = [], 0
        while place < len(self.content):
            element = read_element(self.content, place)
            found.append(element)
            place += len(element.raw)
        return found

    def number(self) -> int:
        _require(self.tag == INTEGER and bool(self.content))
        return int.from_bytes(self.content, "big", signed=True)

    def object_id(self) -> str:
        """In dotted form."""
        _require(self.tag == OBJECT_ID and bool(self.content))
        numbers, value = [], 0
        for byte in self.content:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(value)
                value = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))

    def bits(self) -> bytes:
        _require(self.tag == BIT_STRING and self.content[:1] == b"\0")
        return self.content[1:]

    def octets(self) -> bytes:
        _require(self.tag == OCTET_STRING)
        return self.content


def read_element(data: bytes, place: int = 0) -> Element:
    """The element that starts at `place`. Raises ValueError for a length that is indefinite or too long."""
    _require(len(data) >= place + 2)
    tag, length, start = data[place], data[place + 1], place + 2
    if length & 0x80:
        size = length & 0x7F
        _require(1 <= size <= 4 and len(data) >= start + size)
        length = int.from_bytes(data[start : start + size], "big")
        start += size
    _require(len(data) >= start + length)
    return Element(tag, data[start : start + length], data[place : start + length])


def read_whole(data: bytes) -> Element:
    """One element and nothing behind it. Raises ValueError otherwise."""
    element = read_element(data)
    _require(len(element.raw) == len(data))
    return element


def _require(holds: bool) -> None:
    if not holds:
        raise ValueError("not the DER that was expected")
