"""A sign-in provider on loopback with keys of its own: honest, or hostile in one way at a time.

It signs with `cryptography` alone, so that what the desk believes is not checked against the library that the desk believes it with.
"""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote_plus, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

CLIENT, SECRET = "yiguang desk", "a secret: 100% of it/+"
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value: int, length: int | None = None) -> str:
    return b64(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


@cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:  # noqa: ARG001  # another name is another key
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:  # noqa: ARG001
    return ec.generate_private_key(ec.SECP256R1())


def published(key: Private, kid: str) -> dict[str, Any]:
    """As a JWK."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "use": "sig", "kid": kid, "n": number(numbers.n), "e": number(numbers.e)}
    point = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": number(point.x, 32), "y": number(point.y, 32)}


def signed(header: Mapping[str, Any], claims: Any, key: Private | bytes | None) -> str:
    """A JWT, by the algorithm that the key is of: RS256, ES256, HS256, or with no signature."""
    text = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    match key:
        case rsa.RSAPrivateKey():
            signature = key.sign(text.encode(), padding.PKCS1v15(), SHA256())
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(SHA256())))
            signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        case bytes():
            signature = hmac.new(key, text.encode(), hashlib.sha256).digest()
        case None:
            signature = b""
    return f"{text}.{b64(signature)}"


def public_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@dataclass
class Grant:
    """What a code stands for."""

    query: dict[str, str]
    person: dict[str, Any]


@dataclass
class SignInProvider:
    """`change` is done to the claims of the next tokens; `answers` replaces what an address says; `says` what discovery does."""

    clock: Callable[[], datetime]
    issuer: str = ""
    key: Private = field(default_factory=lambda: rsa_key("first"))
    kid: str = "k1"
    alg: str = "RS256"
    keys: list[dict[str, Any]] = field(default_factory=lambda: [published(rsa_key("first"), "k1")])
    change: dict[str, Any] = field(default_factory=dict)
    sign: Callable[["SignInProvider", dict[str, Any]], str] | None = None
    answers: dict[str, Callable[["Handler"], None]] = field(default_factory=dict)
    says: dict[str, Any] = field(default_factory=dict)
    names_itself: bool = True
    grants: dict[str, Grant] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def use(self, key: Private, kid: str, alg: str = "RS256") -> None:
        """Sign with another key from now on, and publish that alone."""
        self.key, self.kid, self.alg, self.keys = key, kid, alg, [published(key, kid)]

    def agree(self, url: str, subject: str = "subject-1", username: str = "") -> str:
        """As a browser would be led back from there with a code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        code = f"code-{len(self.grants)}"
        person = {"sub": subject} | ({"preferred_username": username} if username else {})
        self.grants[code] = Grant(query, person)
        return self.back(query, {"code": code})

    def back(self, query: Mapping[str, str], brought: Mapping[str, str]) -> str:
        own = {"iss": self.issuer} if self.names_itself else {}
        return f"{query['redirect_uri']}?{urlencode({**brought, 'state': query['state'], **own})}"

    def token_for(self, grant: Grant) -> str:
        now = int(self.clock().timestamp())
        claims = {"iss": self.issuer, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": grant.query["nonce"]}
        claims |= grant.person | self.change
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.sign is not None:
            return self.sign(self, claims)
        return signed({"alg": self.alg, "kid": self.kid, "typ": "JWT"}, claims, self.key)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?realm=office",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": self.names_itself,
        } | self.says

    def redeem(self, form: Mapping[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """RFC 6749 4.1.3 and RFC 7636 4.6, as an honest provider holds to them."""
        pair = f"{quote(CLIENT, safe='')}:{quote(SECRET, safe='')}".replace("%20", "+")
        if authorization != "Basic " + base64.b64encode(pair.encode()).decode():
            return 401, {"error": "invalid_client"}
        grant = self.grants.pop(form.get("code", ""), None)
        challenge = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if grant is None or form.get("redirect_uri") != grant.query["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if challenge != grant.query["code_challenge"] or grant.query["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        return 200, {"id_token": self.token_for(grant), "access_token": "not-looked-at", "token_type": "Bearer"}


class Handler(BaseHTTPRequestHandler):
    provider: SignInProvider

    def do_GET(self) -> None:  # noqa: N802  # the name is the library's
        self._answer()

    def do_POST(self) -> None:  # noqa: N802
        self._answer()

    def _answer(self) -> None:
        path, provider = urlsplit(self.path).path, self.provider
        provider.asked.append(f"{self.command} {path}")
        if path in provider.answers:
            provider.answers[path](self)
        elif path == "/.well-known/openid-configuration":
            self.say(200, provider.discovery())
        elif path == "/keys":
            self.say(200, {"keys": provider.keys})
        elif path == "/token":
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = dict(unquote_plus(pair).split("=", 1) for pair in body.split("&"))
            self.say(*provider.redeem(form, self.headers.get("authorization", "")))
        elif path == "/authorize":
            self._ask_person()
        elif path in ("/agree", "/refuse"):
            self._lead_back(path)
        else:
            self.say(200 if path == "/favicon.ico" else 404, {})

    def say(self, status: int, body: Any, kind: str = "application/json") -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def _ask_person(self) -> None:
        """A page with a form, on which a person says who it is."""
        query = urlsplit(self.path).query
        page = f"""<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>单位统一身份</title><h1>单位统一身份认证</h1>
        <form action="/agree"><input type="hidden" name="query" value="{query.replace("&", "&amp;")}">
        <label>工号 <input name="subject"></label> <label>用户名 <input name="username"></label>
        <button>登录</button> <button formaction="/refuse">取消</button></form>"""
        self.say(200, page.encode(), "text/html")

    def _lead_back(self, path: str) -> None:
        given = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        if path == "/agree":
            place = self.provider.agree(f"?{given['query']}", given["subject"], given.get("username", ""))
        else:
            query = {name: values[0] for name, values in parse_qs(given["query"]).items()}
            place = self.provider.back(query, {"error": "access_denied"})
        self.send_response(302)
        self.send_header("location", place)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Tests read what was asked from the provider."""


@contextmanager
def sign_in_provider(clock: Callable[[], datetime], host: str = "127.0.0.1") -> Iterator[SignInProvider]:
    """A provider that runs, known to browsers by that name."""
    provider = SignInProvider(clock)
    handler = type("OwnHandler", (Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    provider.issuer = f"http://{host}:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
