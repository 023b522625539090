"""The sign-in provider as the desk knows it: where it takes people, which code it changes for which token, which keys are its own.

OpenID Connect Discovery 1.0 and Core 1.0, authorization code flow with PKCE (RFC 7636, S256).
"""

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

from review.id_tokens import Expected, SigningKey, signing_keys, verified_claims
from review.provider_http import ask as ask_by_http
from review.sign_on_settings import SignOnFault, SignOnSettings, Trouble

Ask = Callable[[str, Mapping[str, str] | None, Mapping[str, str] | None], tuple[int, bytes]]

#: How long what the provider says of itself is believed. A key that is not among those known is asked for at once.
KNOWN_FOR_SECONDS = 3600.0
_ERROR_CODE = re.compile(r"[a-z_]{1,40}")
_BASIC, _POST = "client_secret_basic", "client_secret_post"


@dataclass(frozen=True, slots=True)
class _Known:
    """What the provider says of itself. `names_itself`: its answers by way of the browser carry its name (RFC 9207)."""

    authorization: str
    token: str
    keys: str
    way: str
    names_itself: bool
    until: float


@dataclass(frozen=True, slots=True)
class _Keys:
    keys: tuple[SigningKey, ...]
    until: float


class Provider:
    """The provider of these settings. Threads may share it: at worst two of them ask the same at once."""

    def __init__(
        self, settings: SignOnSettings, ask: Ask = ask_by_http, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._ask = ask
        self._monotonic = monotonic
        self._known: _Known | None = None
        self._keys: _Keys | None = None

    def sign_on_url(self, state: str, nonce: str, challenge: str) -> str:
        """Where the browser is sent. Raises SignOnFault when the provider cannot be asked where that is."""
        place = self._about().authorization
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._settings.return_url,
            "scope": " ".join(self._settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(query)}"

    def check_issuer(self, named: str) -> None:
        """Refuse an answer of another provider than the one that was asked (mix-up, RFC 9207). Raises SignOnFault."""
        if named != self._settings.issuer and (named or self._about().names_itself):
            raise SignOnFault(Trouble.MIX_UP, "no issuer named" if not named else "another issuer named")

    def claims(self, code: str, verifier: str, nonce: str, began_at: datetime, now: datetime) -> dict[str, Any]:
        """What the provider says of whom it gave that code. Raises SignOnFault."""
        token = self._token(code, verifier)
        expected = Expected(self._settings.issuer, self._settings.client_id, nonce, began_at)
        keys, were_known = self._signing_keys()
        try:
            return verified_claims(token, keys, expected, now)
        except SignOnFault as fault:
            if fault.trouble is not Trouble.KEY or not were_known:
                raise
        self._keys = None  # the provider has changed its keys since
        return verified_claims(token, self._signing_keys()[0], expected, now)

    def _token(self, code: str, verifier: str) -> str:
        settings, about = self._settings, self._about()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": settings.return_url,
            "code_verifier": verifier,
        }
        headers: dict[str, str] = {}
        if about.way == _BASIC:
            pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret)}"  # RFC 6749 2.3.1
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= {"client_id": settings.client_id, "client_secret": settings.client_secret}
        status, body = self._ask(about.token, form, headers)
        if status in (400, 401):
            raise _refused(_code_of(body))
        token = self._object(status, body, "token").get("id_token")
        if not isinstance(token, str):
            raise SignOnFault(Trouble.GARBLED, "no ID token in the answer")
        return token

    def _signing_keys(self) -> tuple[tuple[SigningKey, ...], bool]:
        """The keys, and whether they were known before."""
        known = self._keys
        if known is not None and self._monotonic() < known.until:
            return known.keys, True
        status, body = self._ask(self._about().keys, None, None)
        keys = signing_keys(self._object(status, body, "keys"))
        self._keys = _Keys(keys, self._monotonic() + KNOWN_FOR_SECONDS)
        return keys, False

    def _about(self) -> _Known:
        known = self._known
        if known is None or self._monotonic() >= known.until:
            url = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
            status, body = self._ask(url, None, None)
            self._known = known = self._read(self._object(status, body, "discovery"))
        return known

    def _read(self, said: Mapping[str, Any]) -> _Known:
        if said.get("issuer") != self._settings.issuer:
            raise SignOnFault(Trouble.MISCONFIGURED, f"names itself {str(said.get('issuer'))[:200]}")
        return _Known(
            authorization=self._place(said, "authorization_endpoint"),
            token=self._place(said, "token_endpoint"),
            keys=self._place(said, "jwks_uri"),
            way=_way(said.get("token_endpoint_auth_methods_supported", [_BASIC])),
            names_itself=said.get("authorization_response_iss_parameter_supported") is True,
            until=self._monotonic() + KNOWN_FOR_SECONDS,
        )

    def _place(self, said: Mapping[str, Any], name: str) -> str:
        """An address at the issuer's own origin: the desk asks no other host, and sends nobody to one."""
        place = said.get(name)
        if not isinstance(place, str) or not _is_at(place, self._settings.issuer):
            raise SignOnFault(Trouble.MISCONFIGURED, f"{name} is not at the issuer's origin: {str(place)[:200]}")
        return place

    @staticmethod
    def _object(status: int, body: bytes, what: str) -> dict[str, Any]:
        if status >= 500:
            raise SignOnFault(Trouble.UNREACHABLE, f"{what}: HTTP {status}")
        said = _json(body) if status == 200 else None
        if not isinstance(said, dict):
            raise SignOnFault(Trouble.GARBLED, f"{what}: HTTP {status}, no JSON object")
        return said


def error_code(text: str) -> str:
    """A code of OAuth, or `other`: it comes from a browser's address and goes into the log."""
    return text if _ERROR_CODE.fullmatch(text) else "other"


def _refused(code: str) -> SignOnFault:
    if code == "invalid_grant":
        return SignOnFault(Trouble.CODE, code)
    if code in ("invalid_client", "unauthorized_client"):
        return SignOnFault(Trouble.CLIENT, code)
    return SignOnFault(Trouble.PROVIDER, code)


def _code_of(body: bytes) -> str:
    said = _json(body)
    return error_code(str(said.get("error"))) if isinstance(said, dict) else "other"


def _way(supported: Any) -> str:
    """How we show that we are ourselves."""
    for way in (_BASIC, _POST):
        if isinstance(supported, list) and way in supported:
            return way
    raise SignOnFault(Trouble.MISCONFIGURED, "takes a client's secret neither by header nor by form")


def _is_at(place: str, issuer: str) -> bool:
    try:
        here, there = urlsplit(place), urlsplit(issuer)
        same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
    except ValueError:
        return False
    return same and here.username is None and not here.fragment and place.isascii() and place.isprintable()


def _json(body: bytes) -> Any:
    """None when it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
