"""Servers that cannot be trusted are seen all the same, and the exchange says why they cannot."""

import asyncio
import hashlib
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from scrapy import Request

from crawler.failure import FetchFailed
from crawler.fetching.download import CaptureHandler, FetchTerms
from crawler.settings import CrawlSettings
from domain.connections import AnsweredBy
from domain.outcome import Outcome
from domain.page import Exchange
from storage.evidence.connections import certificates_of, connections_of, limits_of, not_recorded
from tests.crawler_runtime.fakes import WORDINGS, now

HOST = "clinic.example"


@dataclass(frozen=True)
class Issuer:
    """Signs certificates; its own is `root`."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    @classmethod
    def make(cls) -> "Issuer":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test Root")])
        root = _builder(name, name, key, expired=False)
        basic = x509.BasicConstraints(ca=True, path_length=None)
        return cls(key, root.add_extension(basic, critical=True).sign(key, hashes.SHA256()))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, expired: bool
) -> x509.CertificateBuilder:
    ends = now() + timedelta(days=-1 if expired else 30)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ends - timedelta(days=60))
        .not_valid_after(ends)
    )


def _server_files(folder: Path, issuer: Issuer | None, host: str = HOST, *, expired: bool = False) -> tuple[Path, str]:
    """Key and chain in one PEM file, and the SHA-256 of the server's certificate; self-signed without an issuer."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    builder = _builder(name, name if issuer is None else issuer.root.subject, key, expired=expired)
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    own = builder.sign(key if issuer is None else issuer.key, hashes.SHA256())
    chain = [own] if issuer is None else [own, issuer.root]
    file = folder / "server.pem"
    pem = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain)
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem)
    return file, hashlib.sha256(own.public_bytes(Encoding.DER)).hexdigest()


@contextmanager
def _serving(file: Path) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that turns away in the handshake is what these tests are about."""

    server = Quiet(("127.0.0.1", 0), Answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _get(port: int, *, local: bool = True, host: str = HOST) -> Exchange:
    async def get() -> Exchange:
        settings = CrawlSettings(wordings=WORDINGS, hosts={host: "127.0.0.1"})
        spider = SimpleNamespace(clock=now, crawl_settings=settings)
        handler = CaptureHandler(SimpleNamespace(spider=spider, settings={}))  # type: ignore[arg-type]
        url = f"https://{host}:{port}/"
        request = Request(url, meta={"url": url, "terms": FetchTerms(local, 1000, 10.0)})
        try:
            await handler.download_request(request)
        finally:
            await handler.close()
        exchange: Exchange = request.meta["exchange"]
        return exchange

    return asyncio.run(get())


def test_a_self_signed_certificate(tmp_path: Path) -> None:
    file, sha256 = _server_files(tmp_path, None)
    with _serving(file) as port:
        exchange = _get(port)
    assert exchange.body == b"hello"
    connection = exchange.connection
    assert connection is not None and connection.tls is not None
    assert connection.tls.fault == "证书为自签名"
    assert (connection.address, connection.local_address) == ("127.0.0.1", "127.0.0.1")
    assert (connection.answers, connection.answered_by) == (("127.0.0.1",), AnsweredBy.HOST_TABLE)
    (row,) = connections_of([exchange, exchange])
    assert row["tls"]["chain_sha256"] == [sha256]
    assert row["tls"]["verified"] is False
    assert limits_of([exchange]) == [
        f"{HOST} 的 TLS 身份校验未通过（证书为自签名），仍予采集：不能由证书确认应答来自该域名的主人"
    ]


@pytest.mark.parametrize(
    ("host", "expired", "fault"),
    [(HOST, True, "证书已过期"), ("other.example", False, "证书不是签发给该域名的"), (HOST, False, "")],
)
def test_what_a_known_issuer_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, expired: bool, fault: str
) -> None:
    issuer = Issuer.make()
    file, sha256 = _server_files(tmp_path, issuer, host, expired=expired)
    _trust(monkeypatch, issuer)
    with _serving(file) as port:
        exchange = _get(port)
    assert exchange.connection is not None and exchange.connection.tls is not None
    assert exchange.connection.tls.fault == fault
    root = hashlib.sha256(issuer.root.public_bytes(Encoding.DER)).hexdigest()
    assert list(certificates_of([exchange])) == [sha256, root], "the chain as the server sent it"
    pem = certificates_of([exchange])[sha256]
    assert hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest() == sha256
    assert bool(limits_of([exchange])) == bool(fault)
    assert "tls_certificates" not in not_recorded([exchange], {})


def test_an_unknown_issuer(tmp_path: Path) -> None:
    file, _ = _server_files(tmp_path, Issuer.make())
    with _serving(file) as port:
        exchange = _get(port)
    assert exchange.connection is not None and exchange.connection.tls is not None
    assert exchange.connection.tls.fault == "证书链含有不受信任的自签名根证书"


def test_what_a_chinese_name_led_to_is_kept(tmp_path: Path) -> None:
    host = "xn--fsq092hmwl8qj.example"  # 示例门诊
    file, _ = _server_files(tmp_path, None, host)
    with _serving(file) as port:
        connection = _get(port, host=host).connection
    assert connection is not None and connection.tls is not None
    assert (connection.host, connection.tls.fault) == (host, "证书为自签名")
    assert (connection.answers, connection.answered_by) == (("127.0.0.1",), AnsweredBy.HOST_TABLE)


def test_no_address_is_reached_for_want_of_trust(tmp_path: Path) -> None:
    file, _ = _server_files(tmp_path, None)
    with _serving(file) as port, pytest.raises(FetchFailed, match="非公网地址") as failure:
        _get(port, local=False)
    assert failure.value.outcome is Outcome.OUT_OF_SCOPE


def test_what_is_no_tls_at_all_stays_an_error() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        with pytest.raises(FetchFailed) as failure:
            _get(server.server_port)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert failure.value.outcome is Outcome.HTTP_ERROR


def _trust(monkeypatch: pytest.MonkeyPatch, issuer: Issuer) -> None:
    """Let the strict context of the client know the issuer."""
    from aiohttp import connector

    context = ssl.create_default_context(cadata=issuer.root.public_bytes(Encoding.PEM).decode())
    monkeypatch.setattr(connector, "_SSL_CONTEXT_VERIFIED", context)
