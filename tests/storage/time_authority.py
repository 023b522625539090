"""A time-stamping authority on loopback, made of `openssl ts`, with certificates of its own."""

import subprocess
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIG = """\
[tsa]
serial = serial
crypto_device = builtin
signer_cert = signer.pem
signer_key = signer.key
{certs}
signer_digest = sha256
default_policy = 1.3.6.1.4.1.55555.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class TimeAuthority:
    """`TimeAuthority(folder)` serves on `url` while entered. `falling_order` sends the signer's certificate and the
    root in an order that DER forbids. `refusing` answers with a rejection, `broken` with something else."""

    def __init__(
        self, folder: Path, *, name: str = "示例时间戳", rsa_keys: bool = False, falling_order: bool = False
    ) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.roots = folder / "root.pem"
        self.refusing = self.broken = False
        self.asked = 0
        _make_certificates(folder, name, rsa_keys)
        (folder / "serial").write_text("01\n", encoding="ascii")
        (folder / "tsa.cnf").write_text(_CONFIG.format(certs="certs = root.pem" if falling_order else ""), "ascii")
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                self.wfile.write(authority.reply(query))

            def log_message(self, format: str, *arguments: object) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def reply(self, query: bytes) -> bytes:
        self.asked += 1
        if self.broken:
            return b"<html>\xe7\xbb\xb4\xe6\x8a\xa4\xe4\xb8\xad</html>"
        if self.refusing:
            query = b"\x30\x03\x02\x01\x01"  # a request without an imprint
        (self.folder / "query").write_bytes(query)
        command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query"]
        done = subprocess.run([*command, "-out", "reply"], cwd=self.folder, capture_output=True, check=False)
        assert (self.folder / "reply").exists(), done.stderr.decode()
        return (self.folder / "reply").read_bytes()

    def __enter__(self) -> "TimeAuthority":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _make_certificates(folder: Path, name: str, rsa_keys: bool) -> None:
    root_key, signer_key = _key(rsa_keys), _key(rsa_keys)
    root_name, signer_name = (_name(f"{name}{role}") for role in ("根", ""))
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    root = _builder(root_name, root_name, root_key).add_extension(x509.BasicConstraints(True, None), True)
    signer = (
        _builder(signer_name, root_name, signer_key)
        .add_extension(x509.BasicConstraints(False, None), True)
        .add_extension(usage, True)
    )
    (folder / "root.pem").write_bytes(_pem(root.sign(root_key, hashes.SHA256())))
    (folder / "signer.pem").write_bytes(_pem(signer.sign(root_key, hashes.SHA256())))
    (folder / "signer.key").write_bytes(
        signer_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def _key(rsa_keys: bool) -> PrivateKey:
    return rsa.generate_private_key(65537, 2048) if rsa_keys else ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: PrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
