"""The index by which replay tools find a record: CDXJ lines, in one compressed block with its secondary index."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import unquote_to_bytes, urlsplit

from storage.archive.warc import Record

_GZIP = 31  # zlib's window bits for a gzip member
_HOST_AND_PORT = re.compile(r"(\[[^\]]*\]|[^:]*)(?::(\d*))?")  # samples: clinic.example:8080, [2001:db8::1]:8080
_PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b"#%")
_SESSION = re.compile(
    r"(?:(?:jsessionid|phpsessid|sid)=[0-9a-z]{32}|aspsessionid[a-z]{8}=[a-z]{24}|cfid=[^&]+&cftoken=[^&]+)(?:&|$)"
)  # sample: phpsessid=0123456789abcdef0123456789abcdef&
_WWW = re.compile(r"^www\d*\.")  # sample: www2.
_INDEXED = frozenset({"response", "resource"})


@dataclass(frozen=True, slots=True)
class CdxIndex:
    """`cdx_gz` is `indexes/index.cdx.gz`; `idx` is `indexes/index.idx`, by which its only block is found."""

    cdx_gz: bytes
    idx: bytes


def build_index(records: Iterable[Record], filename: str) -> CdxIndex:
    """Index the records of a WARC that consists of exactly these, in this order."""
    lines = sorted(index_lines(records, filename))
    packer = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
    block = packer.compress("".join(lines).encode()) + packer.flush()
    digest = f"sha256:{hashlib.sha256(block).hexdigest()}"
    first_key = lines[0].partition(" {")[0] if lines else ""
    header = json.dumps({"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"})
    place = json.dumps({"offset": 0, "length": len(block), "digest": digest})
    return CdxIndex(block, f"!meta 0 {header}\n{first_key} {place}\n".encode())


def index_lines(records: Iterable[Record], filename: str) -> list[str]:
    """One line for each record that can be replayed."""
    lines: list[str] = []
    offset = 0
    for record in records:
        if record.type in _INDEXED:
            fields = {
                "url": record.target_uri,
                "mime": record.mime or "application/octet-stream",
                "status": str(record.status),
                "digest": f"sha256:{record.payload_sha256}",
                "length": str(len(record.data)),
                "offset": str(offset),
                "filename": filename,
                "recordDigest": f"sha256:{hashlib.sha256(record.data).hexdigest()}",
            }
            moment = record.date.astimezone(UTC).strftime("%Y%m%d%H%M%S")
            lines.append(f"{url_sort_key(record.target_uri)} {moment} {json.dumps(fields)}\n")
        offset += len(record.data)
    return lines


def url_sort_key(url: str) -> str:
    """The key under which pywb looks a URL up, host labels reversed and query sorted: `com,example)/a?a=1&b=2`.

    It is what the Internet Archive's canonicalizer makes of the URL: escapes undone as far as they go, all in lower case,
    no final slash, no `www.`, no session number in the query. Two URLs may share a key; each line holds its own URL.
    """
    if not url.lower().startswith(("http://", "https://")):
        return url
    parts = urlsplit(url)
    key = f"{_host_key(parts.scheme.lower(), parts.netloc.rpartition('@')[2].lower())}){_path_key(parts.path)}"
    if parts.query:
        query = _SESSION.sub("", _least_escaped(parts.query))
        key += "?" + "&".join("=".join(pair) for pair in sorted(item.split("=", 1) for item in query.split("&")))
    return key


def _host_key(scheme: str, netloc: str) -> str:
    found = _HOST_AND_PORT.fullmatch(netloc)
    host, port = (found[1].strip("[]"), found[2] or "") if found else (netloc, "")
    key = host if ":" in host else ",".join(reversed(_WWW.sub("", host).split(".")))
    return key if port in ("", {"http": "80", "https": "443"}[scheme]) else f"{key}:{port}"


def _path_key(path: str) -> str:
    segments = [segment for segment in _least_escaped(path).split("/") if segment not in ("", ".")]
    return "/" + "/".join(segments)


def _least_escaped(text: str) -> str:
    data = text.encode()
    while (once := unquote_to_bytes(data)) != data:
        data = once
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02x}" for byte in data.lower())
