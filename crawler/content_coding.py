"""Takes the content coding off a body, within a limit: a few bytes can unpack to gigabytes."""

import zlib

import brotli

from crawler.failure import FetchFailed
from domain.outcome import Outcome
from domain.page import Headers

#: What we say we accept; only codings that `decode_body` undoes.
ACCEPT_ENCODING = "gzip, deflate, br"

_STEP_BYTES = 1 << 20
_GZIP_MAGIC = b"\x1f\x8b"


def header(headers: Headers, name: str) -> str:
    """The last value of a header field, empty when absent."""
    wanted = name.lower()
    return next((value for field, value in reversed(headers) if field.lower() == wanted), "")


def decode_body(headers: Headers, body: bytes, limit_bytes: int) -> bytes:
    """The body without its content codings.

    Raises `FetchFailed`: too-large beyond `limit_bytes`, http-error for a damaged, truncated or unknown coding.
    """
    codings = [coding.strip().lower() for coding in header(headers, "content-encoding").split(",")]
    for coding in reversed(codings):
        if coding in ("", "identity") or not body:
            continue
        body = _decode_one(coding, body, limit_bytes)
    if len(body) > limit_bytes:
        raise _too_large(limit_bytes)
    return body


def gunzip(body: bytes, limit_bytes: int) -> bytes:
    """The content of a gzip file. Raises as `decode_body` does."""
    return _inflate(body, zlib.MAX_WBITS | 16, limit_bytes)


def _decode_one(coding: str, body: bytes, limit_bytes: int) -> bytes:
    match coding:
        case "gzip" | "x-gzip":
            return _inflate(body, zlib.MAX_WBITS | 16, limit_bytes)
        case "deflate":
            # RFC 9110 means zlib format; some servers send the bare deflate stream
            zlib_header = len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2]) % 31 == 0
            return _inflate(body, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS, limit_bytes)
        case "br":
            return _unbrotli(body, limit_bytes)
        case _:
            raise FetchFailed(Outcome.HTTP_ERROR, f"未知的内容编码 {coding[:40]}", again=False)


def _inflate(body: bytes, window_bits: int, limit_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        stream = zlib.decompressobj(window_bits)
        while not stream.eof:
            try:
                part = stream.decompress(body, _STEP_BYTES)
            except zlib.error as error:
                raise _damaged() from error
            if not part and not stream.eof:
                raise _damaged()
            size += len(part)
            if size > limit_bytes:
                raise _too_large(limit_bytes)
            parts.append(part)
            body = stream.unconsumed_tail
        body = stream.unused_data
        if not body.startswith(_GZIP_MAGIC):  # the end, or padding, which browsers ignore too
            return b"".join(parts)


def _unbrotli(body: bytes, limit_bytes: int) -> bytes:
    stream = brotli.Decompressor()
    parts: list[bytes] = []
    size = 0
    rest = body
    try:
        while not stream.is_finished():
            part = stream.process(rest, output_buffer_limit=_STEP_BYTES)
            rest = b""
            size += len(part)
            if size > limit_bytes:
                raise _too_large(limit_bytes)
            if not part and not stream.is_finished():
                raise _damaged()
            parts.append(part)
    except brotli.error as error:
        raise _damaged() from error
    return b"".join(parts)


def _too_large(limit_bytes: int) -> FetchFailed:
    return FetchFailed(Outcome.TOO_LARGE, f"解压后超过 {limit_bytes} 字节", again=False)


def _damaged() -> FetchFailed:
    return FetchFailed(Outcome.HTTP_ERROR, "压缩内容损坏或不完整", again=True)
