"""Sites whose TLS cannot be trusted: seen all the same, with the reason kept, and what the server showed as certificates.

Hospitals' sites often show expired, self-signed or misnamed certificates, and visitors see them after a warning. We take
what is public there too; that the server proved nothing about itself becomes part of the evidence.
"""

import ssl
from typing import Any

import aiohttp

from domain.connections import Tls

#: SSL_OP_LEGACY_SERVER_CONNECT, which Python names from 3.12 on: servers without secure renegotiation.
_LEGACY_SERVER_CONNECT = 0x4
#: What OpenSSL's codes of X509_verify_cert mean; others keep OpenSSL's words.
_FAULTS = {
    9: "证书尚未生效",
    10: "证书已过期",
    18: "证书为自签名",
    19: "证书链含有不受信任的自签名根证书",
    20: "证书的签发者不受信任，或证书链不完整",
    21: "证书链不完整",
    62: "证书不是签发给该域名的",
    64: "证书不是签发给该地址的",
    66: "证书密钥过短",
    67: "签发者的密钥过短",
    68: "证书的摘要算法过弱",
}


def lenient_context() -> ssl.SSLContext:
    """Trusts everybody and speaks old protocols too. Only for a server that failed with the strict one."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    return context


def tls_fault(error: aiohttp.ClientError) -> str:
    """Why a server cannot be trusted, in Chinese; empty when the error is not about that."""
    cause = error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        known = _FAULTS.get(cause.verify_code)
        return known or f"证书校验失败：{cause.verify_message[:120]}"
    if cause is not None:
        return f"证书校验失败：{str(cause)[:120]}"
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ssl.SSLError):
        return f"不合现行安全要求的 TLS：{error.os_error.reason or str(error.os_error)[:120]}"
    return ""


def tls_of(session: Any, fault: str) -> Tls:
    """What an established `ssl.SSLObject` knows of its session."""
    cipher = session.cipher()
    return Tls(session.version() or "", cipher[0] if cipher else "", _certificates(session), fault)


def _certificates(session: Any) -> tuple[bytes, ...]:
    """As sent, the server's own first. Python has a public call from 3.13 on, the C object behind it since 3.10."""
    if (public := getattr(session, "get_unverified_chain", None)) is not None:
        return tuple(public())
    inner = getattr(getattr(session, "_sslobj", None), "get_unverified_chain", None)
    chain = inner() if inner is not None else None
    if chain:
        return tuple(ssl.PEM_cert_to_DER_cert(certificate.public_bytes()) for certificate in chain)
    own = session.getpeercert(binary_form=True)
    return (own,) if own else ()
