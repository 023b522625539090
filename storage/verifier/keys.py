"""Verifying ECDSA and RSA signatures. Only public numbers are at work here, so nothing needs to take constant time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Optional, Union

from .der import Element, read_whole
from .errors import Unsupported

Point = Optional[tuple[int, int, int]]  # Jacobian coordinates; None is the point at infinity


@dataclass(frozen=True)
class Curve:
    """A NIST prime curve y2 = x3 - 3x + b (FIPS 186-4, D.1.2): field, order of the group, b and the base point."""

    p: int
    n: int
    b: int
    x: int
    y: int
    size: int  # bytes of a number


def _hex(text: str) -> int:
    return int(text.replace(" ", ""), 16)


P256 = Curve(
    2**256 - 2**224 + 2**192 + 2**96 - 1,
    _hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"),
    _hex("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"),
    _hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
    _hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    32,
)
P384 = Curve(
    2**384 - 2**128 - 2**96 + 2**32 - 1,
    _hex("ffffffffffffffffffffffffffffffffffffffffffffffff c7634d81f4372ddf581a0db248b0a77aecec196accc52973"),
    _hex("b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112 0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"),
    _hex("aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98 59f741e082542a385502f25dbf55296c3a545e3872760ab7"),
    _hex("3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f"),
    48,
)
_CURVES = {"1.2.840.10045.3.1.7": P256, "1.3.132.0.34": P384}
#: DigestInfo before the digest itself (RFC 8017, 9.2)
_RSA_PREFIX = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha384": bytes.fromhex("3041300d060960864801650304020205000430"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


@dataclass(frozen=True)
class EcKey:
    curve: Curve
    x: int
    y: int


@dataclass(frozen=True)
class RsaKey:
    modulus: int
    exponent: int


PublicKey = Union[EcKey, RsaKey]


def read_public_key(spki: bytes) -> PublicKey:
    """From a DER SubjectPublicKeyInfo. Raises ValueError for what is broken or of another kind."""
    return public_key_of(read_whole(spki))


def public_key_of(spki: Element) -> PublicKey:
    algorithm, bits = spki.children()
    kind = algorithm.children()[0].object_id()
    if kind == "1.2.840.113549.1.1.1":
        modulus, exponent = read_whole(bits.bits()).children()
        return RsaKey(modulus.number(), exponent.number())
    if kind != "1.2.840.10045.2.1":
        raise Unsupported(f"公钥类型 {kind}")
    curve = _CURVES.get(algorithm.children()[1].object_id())
    raw = bits.bits()
    if curve is None:
        raise Unsupported("所用的椭圆曲线")
    if len(raw) != 1 + 2 * curve.size or raw[0] != 4:
        raise ValueError("the point is not written in full")
    x, y = (int.from_bytes(half, "big") for half in (raw[1 : 1 + curve.size], raw[1 + curve.size :]))
    if max(x, y) >= curve.p or (y * y - x * x * x + 3 * x - curve.b) % curve.p:
        raise ValueError("the point is not on its curve")
    return EcKey(curve, x, y)


def verify_signature(key: PublicKey, message: bytes, signature: bytes, digest: str) -> bool:
    """Whether a DER-wrapped ECDSA or PKCS #1 v1.5 signature holds; `digest` is a name of hashlib's."""
    if isinstance(key, RsaKey):
        return _verify_rsa(key, message, signature, digest)
    r, s = (item.number() for item in read_whole(signature).children())
    return verify_ecdsa(key, message, r, s, digest)


def verify_ecdsa(key: EcKey, message: bytes, r: int, s: int, digest: str) -> bool:
    curve = key.curve
    if not (1 <= r < curve.n and 1 <= s < curve.n):
        return False
    hashed = hashlib.new(digest, message).digest()[: curve.size]
    inverse = pow(s, -1, curve.n)
    u1, u2 = int.from_bytes(hashed, "big") * inverse % curve.n, r * inverse % curve.n
    total = _add(_times(u1, (curve.x, curve.y, 1), curve), _times(u2, (key.x, key.y, 1), curve), curve)
    if total is None:
        return False
    return total[0] * pow(total[2], -2, curve.p) % curve.p % curve.n == r


def _verify_rsa(key: RsaKey, message: bytes, signature: bytes, digest: str) -> bool:
    size = (key.modulus.bit_length() + 7) // 8
    tail = _RSA_PREFIX[digest] + hashlib.new(digest, message).digest()
    if size < 256 or len(signature) != size:  # below 2048 bits nothing is proven
        return False
    expected = b"\0\1" + b"\xff" * (size - len(tail) - 3) + b"\0" + tail
    return pow(int.from_bytes(signature, "big"), key.exponent, key.modulus).to_bytes(size, "big") == expected


def _times(factor: int, point: Point, curve: Curve) -> Point:
    result: Point = None
    while factor:
        if factor & 1:
            result = _add(result, point, curve)
        point = _double(point, curve)
        factor >>= 1
    return result


def _double(point: Point, curve: Curve) -> Point:
    if point is None or point[1] == 0:
        return None
    x, y, z = point
    p = curve.p
    y2 = y * y % p
    s = 4 * x * y2 % p
    z2 = z * z % p
    m = 3 * (x - z2) * (x + z2) % p  # a = -3
    x3 = (m * m - 2 * s) % p
    return x3, (m * (s - x3) - 8 * y2 * y2) % p, 2 * y * z % p


def _add(one: Point, other: Point, curve: Curve) -> Point:
    if one is None or other is None:
        return other if one is None else one
    p = curve.p
    (x1, y1, z1), (x2, y2, z2) = one, other
    z1z1, z2z2 = z1 * z1 % p, z2 * z2 % p
    u1, u2 = x1 * z2z2 % p, x2 * z1z1 % p
    s1, s2 = y1 * z2 * z2z2 % p, y2 * z1 * z1z1 % p
    if u1 == u2:
        return _double(one, curve) if s1 == s2 else None
    h, r = u2 - u1, s2 - s1
    h2 = h * h % p
    h3, v = h * h2 % p, u1 * h2 % p
    x3 = (r * r - h3 - 2 * v) % p
    return x3, (r * (v - x3) - s1 * h3) % p, h * z1 * z2 % p
