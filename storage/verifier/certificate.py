"""X.509 certificates, as far as a time-stamping authority's chain needs them (RFC 5280)."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone

from .der import GENERALIZED_TIME, SEQUENCE, UTC_TIME, Element, read_element, read_whole
from .errors import Unsupported
from .keys import PublicKey, public_key_of, verify_signature

TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
#: Signature algorithm to the digest it works on
SIGNATURE_DIGESTS = {
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_COMMON_NAME = bytes.fromhex("0603550403")


@dataclass(frozen=True)
class Certificate:
    """Names are DER as found: two are the same name when their bytes are."""

    raw: bytes
    signed: bytes
    serial: int
    issuer: bytes
    subject: bytes
    not_before: datetime
    not_after: datetime
    spki: Element
    purposes: tuple[str, ...]
    may_issue: bool
    algorithm: str
    signature: bytes

    @property
    def key(self) -> PublicKey:
        return public_key_of(self.spki)

    @property
    def name(self) -> str:
        """The common name, for people."""
        place = self.subject.find(_COMMON_NAME)
        if place < 0:
            return "（无名）"
        value = read_element(self.subject, place + len(_COMMON_NAME))
        return value.content.decode("utf-8", "replace")

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()

    def signed_by(self, issuer: Certificate) -> bool:
        """Raises Unsupported for an algorithm that this program cannot verify."""
        digest = SIGNATURE_DIGESTS.get(self.algorithm)
        if digest is None:
            raise Unsupported(f"证书的签名算法 {self.algorithm}")
        return self.issuer == issuer.subject and verify_signature(issuer.key, self.signed, self.signature, digest)

    def valid_at(self, moment: datetime) -> bool:
        return self.not_before <= moment <= self.not_after


def read_certificate(raw: bytes) -> Certificate:
    """Raises ValueError for what is no certificate."""
    body, algorithm, signature = read_whole(raw).children()
    fields = [item for item in body.children() if item.tag != 0xA0]  # the version is explicit and optional
    serial, _, issuer, validity, subject, spki = fields[:6]
    not_before, not_after = (read_time(item) for item in validity.children())
    extensions = _extensions(fields[6:])
    purposes = _purposes(extensions.get("2.5.29.37"))
    constraints = extensions.get("2.5.29.19")
    may_issue = constraints is not None and any(item.tag == 1 for item in read_whole(constraints).children())
    return Certificate(
        raw, body.raw, serial.number(), issuer.raw, subject.raw, not_before, not_after, spki, purposes, may_issue,
        algorithm.children()[0].object_id(), signature.bits(),
    )  # fmt: skip


def read_pem(text: str) -> list[Certificate]:
    return [read_certificate(base64.b64decode("".join(body.split()))) for body in _PEM.findall(text)]


def chain_to_top(leaf: Certificate, others: Sequence[Certificate], moment: datetime) -> list[Certificate]:
    """From the leaf to a certificate that signed itself, or to the last whose issuer is here; all valid at `moment`.

    Raises ValueError when one of them was not valid then, or one that may not issue did.
    """
    chain = [leaf]
    while True:
        last = chain[-1]
        if not last.valid_at(moment):
            raise ValueError(f"证书“{last.name}”当时不在有效期内")
        if len(chain) > 1 and not last.may_issue:
            raise ValueError(f"证书“{last.name}”无权签发证书")
        if last.issuer == last.subject or len(chain) > 10:
            return chain
        issuers = [item for item in others if item.subject == last.issuer and last.signed_by(item)]
        if not issuers:
            return chain
        chain.append(issuers[0])


def read_time(element: Element) -> datetime:
    """UTCTime or GeneralizedTime, in UTC. Fractions of a second are kept."""
    text = element.content.decode("ascii")
    if not text.endswith("Z"):
        raise ValueError("time without Z")
    if element.tag == UTC_TIME:
        text = ("19" if int(text[:2]) >= 50 else "20") + text
    elif element.tag != GENERALIZED_TIME:
        raise ValueError("not a time")
    whole, _, fraction = text[:-1].partition(".")
    moment = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)
    return moment.replace(microsecond=int((fraction + "000000")[:6])) if fraction else moment


def _extensions(fields: Sequence[Element]) -> dict[str, bytes]:
    found = {}
    for field in fields:
        if field.tag != 0xA3:
            continue
        for extension in read_whole(field.content).children():
            parts = extension.children()
            found[parts[0].object_id()] = parts[-1].octets()
    return found


def _purposes(extension: bytes | None) -> tuple[str, ...]:
    if extension is None:
        return ()
    purposes = read_whole(extension)
    return tuple(item.object_id() for item in purposes.children()) if purposes.tag == SEQUENCE else ()
