"""The key that signs bundles and nightly heads: ECDSA on P-384 over SHA-256, as WACZ viewers verify it.

The private key lives in one file of mode 0600, is read by the process that signs, and is written nowhere else.
"""

import base64
import binascii
import stat
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from domain.system_words import file_fault
from storage.digests import sha256_hex
from storage.durable_file import make_secret

KEY_FILE = "keys/seal.pem"
_NUMBER_BYTES = 48  # of P-384; a signature is two such numbers, r and s
#: Order of the group of P-384 (FIPS 186-4, D.1.2.4)
_ORDER = int(
    "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973", 16
)  # fmt: skip


class SealKeyUnusable(Exception):
    """The key file is missing, broken or open to others; the message is Chinese for the operator."""


class SealKey:
    """A private key in use. `public_key` is its public half as base64 of the DER SubjectPublicKeyInfo."""

    def __init__(self, private: ec.EllipticCurvePrivateKey) -> None:
        self._private = private
        spki = private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self.public_key = base64.b64encode(spki).decode()
        self.fingerprint = sha256_hex(spki)

    @classmethod
    def generate(cls) -> "SealKey":
        return cls(ec.generate_private_key(ec.SECP384R1()))

    @classmethod
    def load(cls, path: Path) -> "SealKey":
        """Raises SealKeyUnusable, also when anybody but the owner may read the file."""
        try:
            mode = path.stat().st_mode
            pem = path.read_bytes()
        except OSError as fault:
            raise SealKeyUnusable(f"签名密钥 {path} 无法读取（{file_fault(fault)}）；请运行 yiguang init") from fault
        if stat.S_IMODE(mode) & 0o077:
            raise SealKeyUnusable(
                f"签名密钥 {path} 的权限是 {stat.S_IMODE(mode):04o}，他人可读；请改为 0600 并更换密钥"
            )
        try:
            private = serialization.load_pem_private_key(pem, None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
            raise SealKeyUnusable(f"签名密钥 {path} 不是可用的 PEM 私钥") from fault
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP384R1):
            raise SealKeyUnusable(f"签名密钥 {path} 不是 P-384 椭圆曲线密钥")
        return cls(private)

    def sign(self, message: bytes) -> str:
        """Base64 of r and s side by side (IEEE P1363), s in its lower form: one key and message leave no second spelling
        of the same signature."""
        r, s = decode_dss_signature(self._private.sign(message, ec.ECDSA(hashes.SHA256())))
        low = min(s, _ORDER - s)
        return base64.b64encode(r.to_bytes(_NUMBER_BYTES, "big") + low.to_bytes(_NUMBER_BYTES, "big")).decode()

    def pem(self) -> bytes:
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )


def make_key_file(path: Path) -> bool:
    """Make a key unless there is one; whole under its name or not there. True when it was made now."""
    return not path.exists() and make_secret(path, SealKey.generate().pem())


def key_fingerprint(public_key: str) -> str:
    """SHA-256 of the public key, by which people know it. Raises ValueError for what is not base64."""
    return sha256_hex(base64.b64decode(public_key, validate=True))


def signature_problem(public_key: str, message: bytes, signature: str) -> str:
    """Why the signature does not hold, in Chinese; empty when it does."""
    try:
        spki = base64.b64decode(public_key, validate=True)
        raw = base64.b64decode(signature, validate=True)
        public = serialization.load_der_public_key(spki)
    except (binascii.Error, ValueError, UnsupportedAlgorithm):
        return "公钥或签名无法解析"
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP384R1):
        return "公钥不是 P-384 椭圆曲线公钥"
    r, s = (int.from_bytes(half, "big") for half in (raw[:_NUMBER_BYTES], raw[_NUMBER_BYTES:]))
    if len(raw) != 2 * _NUMBER_BYTES or s > _ORDER // 2:
        return "签名不是规范写法"
    try:
        public.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return "签名与内容不符"
    return ""
