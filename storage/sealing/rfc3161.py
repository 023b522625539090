"""Time stamps by RFC 3161: asking an authority over HTTP and checking its tokens. The only module that imports the client.

A token is kept as it was received. The client decodes strictly; some authorities send certificates in an order that DER
does not allow, and for their tokens `openssl ts -verify` is asked instead, where it is installed.
"""

import http.client
import re
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates
from rfc3161_client import TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response
from rfc3161_client.base import HashAlgorithm
from rfc3161_client.errors import VerificationError
from rfc3161_client.tsp import PKIStatus, TimeStampRequest, TimeStampResponse

from domain.stamps import StampReading, StampUnavailable

MAX_TOKEN_BYTES = 1 << 18  # with its whole chain of certificates a token has some ten thousand bytes
_OPENSSL_SECONDS = 20
_PARSE_FAULT = re.compile(r"kind: (\w+)")  # sample: ASN.1 parse error: ParseError { kind: InvalidSetOrdering, ...
_OPENSSL_TIME = "%b %d %H:%M:%S %Y %Z"  # sample: Nov 25 18:00:01 2026 GMT


@dataclass(frozen=True, slots=True)
class Rfc3161Authority:
    """A `domain.stamps.StampAuthority`. `roots_file` is PEM with the root certificates the operator trusts for this
    authority, and its intermediates where the tokens lack them. `openssl` is the program, None when there is none."""

    name: str
    url: str
    roots_file: Path
    timeout_seconds: float = 30.0
    openssl: str | None = None

    @property
    def suffix(self) -> str:
        return "tsr"

    def stamp(self, document: bytes) -> bytes:
        """A token over the SHA-256 of the document. Raises StampUnavailable."""
        request = TimestampRequestBuilder().data(document).hash_algorithm(HashAlgorithm.SHA256).build()
        token = self._ask(request.as_bytes())
        reading = self._read(document, token, request)
        if not reading.ok:
            raise StampUnavailable(f"应答不可用：{reading.message}")
        return token

    def read(self, document: bytes, token: bytes) -> StampReading:
        return self._read(document, token, None)

    def _ask(self, query: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        request = urllib.request.Request(self.url, query, headers)
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_seconds) as answer:
                token: bytes = answer.read(MAX_TOKEN_BYTES + 1)
        except urllib.error.HTTPError as fault:
            raise StampUnavailable(f"机构应答 HTTP {fault.code}") from fault
        except (OSError, http.client.HTTPException) as fault:
            raise StampUnavailable(f"无法连接机构（{type(fault).__name__}）") from fault
        if len(token) > MAX_TOKEN_BYTES:
            raise StampUnavailable("应答过大")
        return token

    def _read(self, document: bytes, token: bytes, request: TimeStampRequest | None) -> StampReading:
        """Check a token; with `request`, that it answers this very request too."""
        try:
            roots = load_pem_x509_certificates(self.roots_file.read_bytes())
        except (OSError, ValueError) as fault:
            return StampReading(False, f"根证书文件 {self.roots_file.name} 无法读取（{type(fault).__name__}）")
        try:
            response = decode_timestamp_response(token)
        except ValueError as fault:
            return self._read_by_openssl(document, token, request, str(fault))
        if response.status not in (PKIStatus.GRANTED, PKIStatus.GRANTED_WITH_MODS):
            return StampReading(False, f"机构拒绝（状态 {response.status}：{'；'.join(response.status_string)}）")
        return _verified(response, document, roots, request)

    def _read_by_openssl(
        self, document: bytes, token: bytes, request: TimeStampRequest | None, fault: str
    ) -> StampReading:
        found = _PARSE_FAULT.search(fault)
        why = found[1] if found else "无法解码"
        if self.openssl is None:
            return StampReading(False, f"令牌不合 DER 编码（{why}），本机又没有 openssl 可以核验")
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "token").write_bytes(token)
            (folder / "document").write_bytes(document)
            stamped_at = _openssl_time(self.openssl, folder)
            if stamped_at is None:
                return StampReading(False, f"令牌无法解析（{why}；openssl 也无法读取）")
            question: list[str | Path] = ["-data", folder / "document"]
            if request is not None:
                (folder / "query").write_bytes(request.as_bytes())
                question = ["-queryfile", folder / "query"]
            at = str(int(stamped_at.timestamp()))  # the certificates have to be valid then, not now
            command: list[str | Path] = [
                self.openssl,
                "ts",
                "-verify",
                "-in",
                folder / "token",
                "-CAfile",
                self.roots_file,
                "-attime",
                at,
            ]
            verified = _run([*command, *question])
        if verified is None:
            return StampReading(False, f"令牌不合 DER 编码（{why}），openssl 核验也未通过")
        return StampReading(True, "时间戳有效（证书次序不合 DER，由 openssl 核验）", stamped_at)


def find_openssl() -> str | None:
    return shutil.which("openssl")


def _verified(
    response: TimeStampResponse, document: bytes, certificates: Sequence[Certificate], request: TimeStampRequest | None
) -> StampReading:
    builder = VerifierBuilder() if request is None else VerifierBuilder.from_request(request)
    for certificate in certificates:
        if certificate.issuer == certificate.subject:
            builder = builder.add_root_certificate(certificate)
        else:
            builder = builder.add_intermediate_certificate(certificate)
    try:
        builder.build().verify_message(response, document)
    except (VerificationError, ValueError) as fault:
        return StampReading(False, f"时间戳核验未通过：{str(fault).splitlines()[0] if str(fault) else '无说明'}")
    return StampReading(True, "时间戳有效", response.tst_info.gen_time.astimezone(UTC))


def _openssl_time(openssl: str, folder: Path) -> datetime | None:
    shown = _run([openssl, "ts", "-reply", "-in", folder / "token", "-text"])
    for line in (shown or "").splitlines():
        label, _, value = line.partition(": ")
        if label.strip() == "Time stamp":
            whole_seconds = " ".join(part.partition(".")[0] if ":" in part else part for part in value.split())
            try:
                return datetime.strptime(whole_seconds, _OPENSSL_TIME).replace(tzinfo=UTC)
            except ValueError:
                return None
    return None


def _run(command: Sequence[str | Path]) -> str | None:
    """What a program prints; None when it fails or takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=_OPENSSL_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("utf-8", "replace")
