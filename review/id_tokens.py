"""ID tokens: whether the provider signed one, for us, for this sign-in, just now. The only module that imports joserfc."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import (
    BadSignatureError,
    ClaimError,
    ExpiredTokenError,
    JoseError,
    MissingClaimError,
    UnsupportedAlgorithmError,
)
from joserfc.jwk import ECKey, GuestProtocol, RSAKey
from joserfc.jws import JWSRegistry

from review.sign_on_settings import LEEWAY_SECONDS, SignOnFault, Trouble

#: Signatures of a key pair only: with a shared key whoever knows the public key could sign.
KEY_TYPES: Mapping[str, type[RSAKey] | type[ECKey]] = {"RS256": RSAKey, "ES256": ECKey}
MIN_RSA_BITS = 2048
MAX_SUBJECT = 255  # OpenID Connect Core 2
MAX_TOKEN = 65_536
_TIMES = ("exp", "iat", "nbf")


class _Registry(JWSRegistry):
    """Some providers put their certificates into each header."""

    max_header_length = 8192


#: Headers that we do not know are ignored (RFC 7515 4); those that must be understood are refused by the library.
_REGISTRY = _Registry(algorithms=list(KEY_TYPES), strict_check_header=False)

SigningKey = RSAKey | ECKey


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token of one sign-in says. It was issued after `began_at`."""

    issuer: str
    client_id: str
    nonce: str
    began_at: datetime


def signing_keys(published: object) -> tuple[SigningKey, ...]:
    """The keys of a JWK set by which tokens may be signed; others are left out. Raises SignOnFault when it is no JWK set."""
    listed = published.get("keys") if isinstance(published, dict) else None
    if not isinstance(listed, list):
        raise SignOnFault(Trouble.GARBLED, "no JWK set")
    kept = (_signing_key(each) for each in listed[:100])
    return tuple(key for key in kept if key is not None)


def _signing_key(published: Any) -> SigningKey | None:
    if not isinstance(published, dict) or published.get("use", "sig") != "sig":
        return None
    kind = published.get("kty")
    if kind not in ("RSA", "EC"):
        return None
    public = {
        name: value for name, value in published.items() if name in ("kty", "kid", "alg", "n", "e", "crv", "x", "y")
    }
    try:
        key: SigningKey = RSAKey.import_key(public) if kind == "RSA" else ECKey.import_key(public)
        bits = key.public_key.key_size
    except (JoseError, ValueError, TypeError, LookupError, AttributeError):
        return None  # one broken key among good ones; a token signed with it will find none
    return None if isinstance(key, RSAKey) and bits < MIN_RSA_BITS else key


def verified_claims(token: str, keys: Sequence[SigningKey], expected: Expected, now: datetime) -> dict[str, Any]:
    """The claims of a token that is the expected one. Raises SignOnFault; its trouble is KEY when the set has no such key."""
    if len(token) > MAX_TOKEN:
        raise SignOnFault(Trouble.TOO_LARGE, "token")

    def key_of(signed: GuestProtocol) -> SigningKey:
        return _key_for(signed.headers(), keys)

    try:
        claims = jwt.decode(token, key_of, registry=_REGISTRY, algorithms=list(KEY_TYPES)).claims
    except UnsupportedAlgorithmError as fault:
        raise SignOnFault(Trouble.ALGORITHM, _said(fault)) from fault
    except BadSignatureError as fault:
        raise SignOnFault(Trouble.SIGNATURE, _said(fault)) from fault
    except (JoseError, ValueError, TypeError, LookupError, RecursionError) as fault:
        raise SignOnFault(Trouble.GARBLED, _said(fault)) from fault
    _check(claims, expected, now)
    return claims


def _key_for(headers: Mapping[str, Any], keys: Sequence[SigningKey]) -> SigningKey:
    """By the key's name and by what the algorithm needs; a token that names none must leave no choice."""
    kind, kid = KEY_TYPES.get(str(headers.get("alg"))), headers.get("kid")
    if kind is None:
        raise SignOnFault(Trouble.ALGORITHM, str(headers.get("alg"))[:40])
    fitting = [key for key in keys if isinstance(key, kind) and kid in (None, key.kid)]
    if len(fitting) != 1:
        raise SignOnFault(Trouble.KEY, f"{len(fitting)} keys for kid {str(kid)[:80]!r}")
    return fitting[0]


def _check(claims: dict[str, Any], expected: Expected, now: datetime) -> None:
    registry = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": expected.issuer},
        aud={"essential": True, "value": expected.client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True},
    )
    try:
        registry.validate(claims)
    except ExpiredTokenError as fault:
        raise SignOnFault(Trouble.CLOCK, "exp") from fault
    except ClaimError as fault:
        late = fault.claim in _TIMES and not isinstance(fault, MissingClaimError)
        raise SignOnFault(Trouble.CLOCK if late else Trouble.CLAIMS, fault.claim[:80]) from fault
    if claims["iat"] < expected.began_at.timestamp() - LEEWAY_SECONDS:
        raise SignOnFault(Trouble.CLOCK, "iat before the sign-in began")
    nonce = claims["nonce"]
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(errors="replace"), expected.nonce.encode()):
        raise SignOnFault(Trouble.CLAIMS, "nonce")
    # OpenID Connect Core 3.1.3.7: more than one audience needs a party that it was issued to, and that must be us
    party = claims.get("azp")
    if (party is not None or _is_for_others(claims["aud"])) and party != expected.client_id:
        raise SignOnFault(Trouble.CLAIMS, "azp")


def _is_for_others(audience: Any) -> bool:
    return isinstance(audience, list) and len(audience) > 1


def named_by(claims: Mapping[str, Any], claim: str) -> str:
    """The value of the claim that names the person, as it is: another letter case is another person. Raises SignOnFault."""
    value = claims.get(claim)
    if (
        not isinstance(value, str)
        or not 1 <= len(value) <= MAX_SUBJECT
        or not value.isprintable()
        or value != value.strip()
    ):
        raise SignOnFault(Trouble.UNNAMED, claim)
    return value


def _said(fault: Exception) -> str:
    return f"{type(fault).__name__}: {' '.join(str(fault).split())}"[:200]
