"""Takes the content coding off a body, within a limit: a few bytes can unpack to gigabytes."""

import codecs
import zlib

import brotli

from crawler.failure import FetchFailed
from domain.outcome import Outcome
from domain.page import Headers

#: What we say we accept; only codings that `decode_body` undoes.
ACCEPT_ENCODING = "gzip, deflate, br"

#: Words that stand in the field by mistake, beside names of character sets and types of media. Browsers take any word that they do not
#: know for no coding; a coding that we do not know would be read as nonsense.
_NO_CODINGS = frozenset(
    {"", "identity", "none", "null", "no", "off", "false", "text", "html", "binary", "7bit", "8bit", "chunked"}
)
#: Codings one upon another, and files one behind another in a gzip stream: real servers send one or two, hostile ones as many as fit
#: into the limits of size.
_MAX_CODINGS = 5
_MAX_MEMBERS = 10_000

_STEP_BYTES = 1 << 20
#: The coded body is handed over in pieces: what follows a member is copied at its end.
_PIECE_BYTES = 1 << 16
_GZIP_MAGIC = b"\x1f\x8b"


def header(headers: Headers, name: str) -> str:
    """The last value of a header field, empty when absent."""
    wanted = name.lower()
    return next((value for field, value in reversed(headers) if field.lower() == wanted), "")


def decode_body(headers: Headers, body: bytes, limit_bytes: int, *, cut: bool = False) -> bytes:
    """The body without its content codings; with `cut` no more of it than `limit_bytes`, whatever follows.

    Raises `FetchFailed`: too-large beyond `limit_bytes` unless `cut`, http-error for a damaged, truncated or unknown coding.
    """
    codings = [coding.strip().lower() for coding in header(headers, "content-encoding").split(",")]
    codings = [coding for coding in codings if not _is_mistaken(coding)]
    if len(codings) > _MAX_CODINGS:
        raise FetchFailed(Outcome.HTTP_ERROR, f"内容编码多达 {len(codings)} 层", again=False)
    for coding in reversed(codings):
        if not body:
            break
        body = _decode_one(coding, body, limit_bytes, cut=cut)
    if len(body) > limit_bytes and not cut:
        raise _too_large(limit_bytes)
    return body[:limit_bytes]


def gunzip(body: bytes, limit_bytes: int) -> bytes:
    """The content of a gzip file. Raises as `decode_body` does."""
    return _inflate(body, zlib.MAX_WBITS | 16, limit_bytes)


def _is_mistaken(coding: str) -> bool:
    """Whether a word in the field names no coding: `utf-8`, `text/html; charset=gbk`."""
    if coding in _NO_CODINGS or "/" in coding or "charset" in coding:
        return True
    try:
        return bool(getattr(codecs.lookup(coding), "_is_text_encoding", True))
    except (LookupError, ValueError):
        return False


def _decode_one(coding: str, body: bytes, limit_bytes: int, *, cut: bool) -> bytes:
    match coding:
        case "gzip" | "x-gzip":
            return _inflate(body, zlib.MAX_WBITS | 16, limit_bytes, cut=cut)
        case "deflate":
            # RFC 9110 means zlib format; some servers send the bare deflate stream
            zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
            return _inflate(body, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS, limit_bytes, cut=cut)
        case "br":
            return _unbrotli(body, limit_bytes, cut=cut)
        case _:
            raise FetchFailed(Outcome.HTTP_ERROR, f"未知的内容编码 {coding[:40]}", again=False)


def _inflate(body: bytes, window_bits: int, limit_bytes: int, *, cut: bool = False) -> bytes:
    parts: list[bytes] = []
    size = members = place = 0
    while True:
        stream = zlib.decompressobj(window_bits)
        members += 1
        waiting = b""
        while not stream.eof:
            if not waiting:
                waiting, place = body[place : place + _PIECE_BYTES], place + _PIECE_BYTES
                if not waiting:
                    raise _damaged()
            try:
                part = stream.decompress(waiting, _STEP_BYTES)
            except zlib.error as error:
                raise _damaged() from error
            size += len(part)
            parts.append(part)
            if size > limit_bytes:
                if cut:
                    return b"".join(parts)
                raise _too_large(limit_bytes)
            waiting = stream.unconsumed_tail
        place = min(place, len(body)) - len(stream.unused_data)
        if not body.startswith(_GZIP_MAGIC, place):  # the end, or padding, which browsers ignore too
            return b"".join(parts)
        if members == _MAX_MEMBERS:
            raise FetchFailed(Outcome.TOO_LARGE, f"压缩内容由超过 {_MAX_MEMBERS} 段拼成", again=False)


def _unbrotli(body: bytes, limit_bytes: int, *, cut: bool) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    rest = body
    try:
        while not stream.is_finished():
            part = stream.process(rest, output_buffer_limit=_STEP_BYTES)
            rest = b""
            size += len(part)
            parts.append(part)
            if size > limit_bytes:
                if cut:
                    return b"".join(parts)
                raise _too_large(limit_bytes)
            if not part and not stream.is_finished():
                raise _damaged()
    except brotli.error as error:
        raise _damaged() from error
    return b"".join(parts)


def _too_large(limit_bytes: int) -> FetchFailed:
    return FetchFailed(Outcome.TOO_LARGE, f"解压后超过 {limit_bytes} 字节", again=False)


def _damaged() -> FetchFailed:
    return FetchFailed(Outcome.HTTP_ERROR, "压缩内容损坏或不完整", again=True)
