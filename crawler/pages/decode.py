"""From the bytes of a page to its text: what a page declares about its encoding is often untrue, so it is tried."""

import codecs
import re

from resiliparse.parse.encoding import detect_encoding

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD_BYTES = 4096
# charset=gb2312; <meta charset="utf-8">; <?xml version="1.0" encoding="GBK"?>
_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(r"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([\w.:-]+)", re.IGNORECASE)
_META = re.compile(r"<meta[^>]{0,500}", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.{0,2000}?-->", re.DOTALL)

#: A label names a family; its largest member reads every page of the family (GB 18030 and HKSCS are supersets).
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "hz": "gb18030",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "ascii": "utf-8",
}
_LABEL_ALIASES = {
    "gb_2312-80": "gb2312", "x-gbk": "gbk", "gb-2312": "gb2312", "gb18030-2000": "gb18030", "x-x-big5": "big5",
    "big5-hkscs": "big5hkscs", "hz-gb-2312": "hz", "unicode": "utf-16", "utf8mb4": "utf-8", "x-sjis": "shift_jis",
}  # fmt: skip
#: Servers add these to every page without looking; with Chinese bytes behind them they say nothing.
_EMPTY_LABELS = frozenset({"iso8859-1", "cp1252", "utf-8", "iso8859-15"})
#: Strict UTF-8 with fewer non-ASCII bytes than this may be chance (联通 in GBK), so a declared encoding goes first.
_PROOF_BYTES = 12
#: Characters in every longer Chinese text, simplified and traditional; how many a reading shows tells it from mojibake.
_FREQUENT = re.compile(
    "[的一是不在有人和了中大为上个国我以要他时来用们到作地于出会年月日這個國為時來們說對學過後發裡與於]"
)


def decode_html(body: bytes, content_type: str) -> tuple[str, str]:
    """The text of a page and the Python name of the encoding it was read in. Never raises.

    Order of trust: byte order mark; UTF-8 that holds strictly; the declarations of HTTP, XML and `meta`; statistics.
    Among candidates the one with the fewest unreadable bytes wins, so a lying declaration does no harm.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _read(body[len(mark) :], encoding), encoding
    if wide := _encoding_without_mark(body):
        return _read(body, wide), wide
    declared = _declared_encodings(body, content_type)
    if body.isascii():
        return _read_ascii(body, declared)
    text = _strictly_read(body, "utf-8")
    if text is not None and (not declared or "utf-8" in declared or _non_ascii(body) >= _PROOF_BYTES):
        return text, "utf-8"
    trusted = [encoding for encoding in declared if encoding not in _EMPTY_LABELS]
    if trusted and (text := _strictly_read(body, trusted[0])) is not None and not _contradicted(body, text, trusted[0]):
        return text, trusted[0]
    return _fewest_errors(body, [*declared, "utf-8", *_detected(body), "gb18030"])


def _read_ascii(body: bytes, declared: list[str]) -> tuple[str, str]:
    if b"~{" in body and b"~}" in body and _strictly_read(body, "hz") is not None and "gb18030" in declared:
        return _read(body, "hz"), "hz"
    if b"\x1b$" in body and "iso2022_jp" in declared:
        return _read(body, "iso2022_jp"), "iso2022_jp"
    ascii_compatible = [name for name in declared if name in ("gb18030", "big5hkscs")]
    return body.decode("ascii"), (ascii_compatible or ["utf-8"])[0]


def _declared_encodings(body: bytes, content_type: str) -> list[str]:
    head = body[:_HEAD_BYTES].decode("latin-1")
    labels = _CHARSET.findall(content_type)[:1] + _XML_ENCODING.findall(head)[:1]
    for tag in _META.findall(_COMMENT.sub("", head)):
        labels += _CHARSET.findall(tag)[:1]
    encodings = [_encoding_of(label) for label in labels]
    return list(dict.fromkeys(encoding for encoding in encodings if encoding))


def _encoding_of(label: str) -> str:
    """The encoding to read a declared label in; empty when the label is unknown or cannot be true of a page."""
    wanted = _LABEL_ALIASES.get(label.strip().lower(), label.strip().lower())
    try:
        info = codecs.lookup(wanted)
    except (LookupError, ValueError):
        return ""
    if not getattr(info, "_is_text_encoding", True) or info.name.startswith(("utf-16", "utf-32", "utf-7")):
        return ""  # a page whose meta tag can be read as ASCII is not UTF-16
    name = _SUPERSETS.get(info.name, info.name)
    return (
        "" if name in ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem") else name
    )


def _encoding_without_mark(body: bytes) -> str:
    """UTF-16 without a mark shows itself by a zero in every second byte of its markup."""
    head = body[:512]
    if len(head) < 8 or head.count(0) < len(head) // 4:
        return ""
    zeros_even, zeros_odd = head[0::2].count(0), head[1::2].count(0)
    if zeros_odd > 4 * zeros_even:
        return "utf-16-le"
    return "utf-16-be" if zeros_even > 4 * zeros_odd else ""


def _read(body: bytes, encoding: str) -> str:
    return body.decode(encoding, "replace")


def _strictly_read(body: bytes, encoding: str) -> str | None:
    """The text when the body is all of this encoding; a character cut off by the end of the body is forgiven."""
    try:
        return body.decode(encoding)
    except UnicodeDecodeError as error:
        cut_off = "incomplete" in error.reason or "unexpected end" in error.reason
        return _read(body, encoding) if cut_off and error.start >= len(body) - 4 else None


def _non_ascii(body: bytes) -> int:
    return len(body.translate(None, delete=bytes(range(128))))


def _contradicted(body: bytes, text: str, encoding: str) -> bool:
    """GB 18030 and Big5 decode most of each other's pages without an error: compare how Chinese the readings look."""
    others = {"gb18030": "big5hkscs", "big5hkscs": "gb18030"}
    other = _strictly_read(body, others[encoding]) if encoding in others else None
    return other is not None and len(_FREQUENT.findall(other)) > 2 * len(_FREQUENT.findall(text)) + 8


def _detected(body: bytes) -> list[str]:
    label = detect_encoding(body)
    encoding = _encoding_of(label) if label else ""
    return [encoding] if encoding else []


def _fewest_errors(body: bytes, candidates: list[str]) -> tuple[str, str]:
    """The reading with the fewest unreadable characters, each weighed against a frequent Chinese one.

    Unreadable ones alone do not tell: a list of titles that the site cut off within their last characters has one a row in
    its own encoding, and may have fewer in another, which reads the rest as nonsense. A single-byte encoding reads any bytes without error, which proves nothing: it is taken only when no Chinese
    encoding reads the page tolerably.
    """
    several = [encoding for encoding in dict.fromkeys(candidates) if not _is_single_byte(encoding)]
    readings = [(_read(body, encoding), encoding) for encoding in several]
    text, encoding = min(readings, key=lambda reading: reading[0].count("\ufffd") - len(_FREQUENT.findall(reading[0])))
    single = [encoding for encoding in candidates if _is_single_byte(encoding)]
    if single and text.count("\ufffd") * 8 > _non_ascii(body):
        return _read(body, single[0]), single[0]
    return text, encoding


def _is_single_byte(encoding: str) -> bool:
    return encoding.startswith(("iso8859", "cp125", "koi8", "mac", "latin", "cp437", "cp85", "cp86", "tis"))
