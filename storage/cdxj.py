"""The index by which replay tools find a record: CDXJ lines, in one compressed block with its secondary index."""

import hashlib
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC
from urllib.parse import parse_qsl, quote_plus, urlsplit

from storage.warc import Record

_GZIP = 31  # zlib's window bits for a gzip member
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
    """The SURT form, host labels reversed and query parameters sorted: `com,example)/a?b=1`."""
    if not url.lower().startswith(("http://", "https://")):
        return url
    parts = urlsplit(url.lower())
    host = ",".join(reversed(_WWW.sub("", parts.netloc.rpartition("@")[2].partition(":")[0]).split(".")))
    port = parts.netloc.rpartition("@")[2].partition(":")[2]
    if port and port != {"http": "80", "https": "443"}[parts.scheme]:
        host += f":{port}"
    key = f"{host}){parts.path or '/'}"
    if parts.query:
        pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
        key += "?" + "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)
    return key
