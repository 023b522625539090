"""RFC 3161 time-stamp tokens: what they are over, when they were made, and whether the authority's signature holds."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from .certificate import (
    SIGNATURE_DIGESTS,
    TIME_STAMPING,
    Certificate,
    chain_to_top,
    read_certificate,
    read_time,
)
from .der import SET, Element, read_whole
from .errors import Unsupported
from .keys import verify_signature

_SIGNED_DATA, _TOKEN_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_DIGESTS = {
    "1.3.14.3.2.26": "sha1",
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
_RSA = "1.2.840.113549.1.1.1"  # as the bare key algorithm some authorities name it


class TokenRefused(Exception):
    """The token does not hold; the message is Chinese."""


@dataclass(frozen=True)
class Stamp:
    """A token whose signature holds. `chain` leads from the signer's certificate upwards, as far as it could be followed;
    `trusted` says whether it ends in one of the roots that were given."""

    stamped_at: datetime
    chain: tuple[Certificate, ...]
    trusted: bool


def read_stamp(token: bytes, document: bytes, roots: Sequence[Certificate]) -> Stamp:
    """Check a whole answer of an authority. Raises TokenRefused, Unsupported, or ValueError and its like
    for what is no token."""
    status, *content = read_whole(token).children()
    if status.children()[0].number() not in (0, 1) or not content:
        raise TokenRefused("机构没有给出时间戳")
    kind, wrapped = content[0].children()
    if kind.object_id() != _SIGNED_DATA:
        raise TokenRefused("不是签名数据")
    parts = read_whole(wrapped.content).children()
    info_kind, info_wrapped = parts[2].children()
    info = read_whole(info_wrapped.content).octets()
    if info_kind.object_id() != _TOKEN_INFO:
        raise TokenRefused("签名数据中不是时间戳")
    certificates = [read_certificate(item.raw) for part in parts if part.tag == 0xA0 for item in part.children()]
    signers = parts[-1].children()
    if parts[-1].tag != SET or len(signers) != 1:
        raise TokenRefused("应恰有一个签名者")
    stamped_at = _check_info(info, document)
    signer = _check_signer(signers[0].children(), info, [*certificates, *roots])
    if TIME_STAMPING not in signer.purposes:
        raise TokenRefused("签名证书的用途不是时间戳")
    try:
        chain = chain_to_top(signer, [*roots, *certificates], stamped_at)
    except Unsupported:
        raise
    except ValueError as fault:
        raise TokenRefused(f"证书链不成立：{fault}") from fault
    trusted = any(top.raw == root.raw for top in chain for root in roots)
    return Stamp(stamped_at, tuple(chain), trusted)


def _check_info(info: bytes, document: bytes) -> datetime:
    """The time in a TSTInfo that is over the document."""
    _, _, imprint, _, time = read_whole(info).children()[:5]
    algorithm, stated = imprint.children()
    digest = _DIGESTS.get(algorithm.children()[0].object_id())
    if digest is None or digest == "sha1":
        raise Unsupported("所用的摘要算法")
    if hashlib.new(digest, document).digest() != stated.octets():
        raise TokenRefused("时间戳不是对这份封存摘要作出的")
    return read_time(time)


def _check_signer(fields: list[Element], info: bytes, certificates: Sequence[Certificate]) -> Certificate:
    """The certificate whose key signed the token. Raises TokenRefused when none did."""
    _, sid, digest_algorithm, attributes, algorithm, signature = fields[:6]
    issuer, serial = sid.children()
    found = [item for item in certificates if item.issuer == issuer.raw and item.serial == serial.number()]
    digest = _DIGESTS.get(digest_algorithm.children()[0].object_id())
    if digest is None:
        raise Unsupported("所用的摘要算法")
    if not found or attributes.tag != 0xA0:
        raise TokenRefused("缺少签名证书或签名属性")
    signer = found[0]
    values = {item.children()[0].object_id(): item.children()[1].children()[0] for item in attributes.children()}
    if values[_CONTENT_TYPE].object_id() != _TOKEN_INFO:
        raise TokenRefused("签名属性与内容类型不符")
    if values[_MESSAGE_DIGEST].octets() != hashlib.new(digest, info).digest():
        raise TokenRefused("签名属性与时间戳内容不符")
    if not _names_certificate(values, signer):
        raise TokenRefused("签名属性指的是另一张证书")
    name = algorithm.children()[0].object_id()
    signed_digest = digest if name == _RSA else SIGNATURE_DIGESTS.get(name)
    if signed_digest is None:
        raise Unsupported(f"签名算法 {name}")
    signed = bytes([SET]) + attributes.raw[1:]  # RFC 5652, 5.4: signed under the tag of a SET
    if not verify_signature(signer.key, signed, signature.octets(), signed_digest):
        raise TokenRefused("机构的签名不成立")
    return signer


def _names_certificate(values: dict[str, Element], signer: Certificate) -> bool:
    """Whether the signing-certificate attribute (RFC 5035) is of this certificate."""
    if _SIGNING_CERTIFICATE_V2 in values:
        first = values[_SIGNING_CERTIFICATE_V2].children()[0].children()[0].children()
        has_algorithm = first[0].tag == 0x30
        digest = _DIGESTS.get(first[0].children()[0].object_id()) if has_algorithm else "sha256"
        stated = first[1 if has_algorithm else 0].octets()
    else:
        digest = "sha1"
        stated = values[_SIGNING_CERTIFICATE].children()[0].children()[0].children()[0].octets()
    return digest is not None and hashlib.new(digest, signer.raw).digest() == stated
