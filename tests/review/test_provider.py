"""What the desk believes of a sign-in provider, over real loopback: the protocol alone, without accounts."""

import base64
import hashlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review.id_tokens import Expected, signing_keys, verified_claims
from review.provider import Provider
from review.provider_http import MAX_BYTES, ask
from review.sign_on_settings import PROVIDERS, TROUBLE_ZH, SignOnFault, SignOnSettings, Trouble
from tests.review.desk import Clock
from tests.review.sign_in_provider import (
    CLIENT,
    SECRET,
    Handler,
    SignInProvider,
    ec_key,
    public_pem,
    published,
    rsa_key,
    sign_in_provider,
    signed,
)

#: Short enough to wait for, where nothing but slowness is expected.
HURRIED_SECONDS = 1.0
VERIFIER, NONCE, STATE = "v" * 43, "nonce-1", "state-1"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def provider(clock: Clock) -> Iterator[SignInProvider]:
    with sign_in_provider(clock) as provider:
        yield provider


def asker_settings(provider: SignInProvider) -> SignOnSettings:
    return SignOnSettings(provider.issuer, CLIENT, SECRET, "http://127.0.0.1:8000")


@pytest.fixture
def asker(provider: SignInProvider) -> Provider:
    return Provider(asker_settings(provider))


def come(asker: Provider, provider: SignInProvider) -> dict[str, Any]:
    """The whole journey: there, back with a code, and the code for a token. Raises SignOnFault."""
    back = provider.agree(asker.sign_on_url(STATE, NONCE, CHALLENGE))
    brought = {name: values[0] for name, values in parse_qs(urlsplit(back).query).items()}
    asker.check_issuer(brought.get("iss", ""))
    return asker.claims(brought["code"], VERIFIER, NONCE, provider.clock(), provider.clock())


def trouble_of(asker: Provider, provider: SignInProvider) -> Trouble | None:
    try:
        come(asker, provider)
    except SignOnFault as fault:
        assert fault.message == TROUBLE_ZH[fault.trouble]
        return fault.trouble
    return None


def hs256_by_public_key(provider: SignInProvider, claims: dict[str, Any]) -> str:
    return signed({"alg": "HS256", "kid": provider.kid}, claims, public_pem(rsa_key("first")))


def unsigned(provider: SignInProvider, claims: dict[str, Any]) -> str:
    return signed({"alg": "none", "kid": provider.kid}, claims, None)


def claimed_as(alg: str) -> Callable[[SignInProvider, dict[str, Any]], str]:
    return lambda provider, claims: signed({"alg": alg, "kid": provider.kid}, claims, provider.key)


def of_other_key(provider: SignInProvider, claims: dict[str, Any]) -> str:
    return signed({"alg": "RS256", "kid": provider.kid}, claims, rsa_key("stranger"))


def with_own_key_inside(provider: SignInProvider, claims: dict[str, Any]) -> str:
    header = {"alg": "RS256", "kid": provider.kid, "jwk": published(rsa_key("stranger"), provider.kid)}
    return signed(header, claims, rsa_key("stranger"))


def cut(provider: SignInProvider, claims: dict[str, Any]) -> str:
    return signed({"alg": "RS256", "kid": provider.kid}, claims, provider.key).rpartition(".")[0] + "."


def nested(provider: SignInProvider, _: object) -> str:
    deep: Any = []
    for _ in range(900):
        deep = [deep]
    return signed({"alg": "RS256", "kid": provider.kid}, deep, provider.key)


TOKENS: dict[str, tuple[Callable[[SignInProvider, dict[str, Any]], str], Trouble]] = {
    "none": (unsigned, Trouble.ALGORITHM),
    "HS256 with the public key": (hs256_by_public_key, Trouble.ALGORITHM),
    "RS512": (claimed_as("RS512"), Trouble.ALGORITHM),
    "nOnE": (claimed_as("nOnE"), Trouble.ALGORITHM),
    "ES256 of an RSA key": (claimed_as("ES256"), Trouble.KEY),
    "another key": (of_other_key, Trouble.SIGNATURE),
    "a key in the token": (with_own_key_inside, Trouble.SIGNATURE),
    "no signature": (cut, Trouble.SIGNATURE),
    "unknown kid": (lambda p, c: signed({"alg": "RS256", "kid": "k0"}, c, p.key), Trouble.KEY),
    "kid is no text": (lambda p, c: signed({"alg": "RS256", "kid": [1]}, c, p.key), Trouble.GARBLED),
    "must be understood": (lambda p, c: signed({"alg": "RS256", "kid": p.kid, "crit": ["x"], "x": 1}, c, p.key), Trouble.GARBLED),
    "claims are a list": (lambda p, c: signed({"alg": "RS256", "kid": p.kid}, [c], p.key), Trouble.GARBLED),
    "claims are deep": (nested, Trouble.GARBLED),
    "no token": (lambda *_: "rubbish", Trouble.GARBLED),
    "empty": (lambda *_: "", Trouble.GARBLED),
    "too long": (lambda *_: "x" * 70_000, Trouble.TOO_LARGE),
}  # fmt: skip


@pytest.mark.parametrize(("sign", "trouble"), TOKENS.values(), ids=TOKENS.keys())
def test_tokens_that_the_provider_did_not_sign_so(
    asker: Provider, provider: SignInProvider, sign: Any, trouble: Trouble
) -> None:
    provider.sign = sign
    assert trouble_of(asker, provider) is trouble


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({"nonce": "another"}, Trouble.CLAIMS),
        ({"nonce": None}, Trouble.CLAIMS),
        ({"nonce": 5}, Trouble.CLAIMS),
        ({"aud": "another"}, Trouble.CLAIMS),
        ({"aud": []}, Trouble.CLAIMS),
        ({"aud": None}, Trouble.CLAIMS),
        ({"aud": [CLIENT, "another"]}, Trouble.CLAIMS),
        ({"aud": [CLIENT, "another"], "azp": "another"}, Trouble.CLAIMS),
        ({"azp": "another"}, Trouble.CLAIMS),
        ({"iss": "http://evil.example"}, Trouble.CLAIMS),
        ({"iss": None}, Trouble.CLAIMS),
        ({"sub": None}, Trouble.CLAIMS),
        ({"sub": ""}, Trouble.CLAIMS),
        ({"exp": None}, Trouble.CLAIMS),
        ({"iat": None}, Trouble.CLAIMS),
        ({"exp": "never"}, Trouble.CLOCK),
        ({"exp": True}, Trouble.CLOCK),
    ],
    ids=str,
)
def test_tokens_that_say_what_they_should_not(
    asker: Provider, provider: SignInProvider, change: dict[str, Any], trouble: Trouble
) -> None:
    provider.change = change
    assert trouble_of(asker, provider) is trouble


@pytest.mark.parametrize("change", [{"azp": CLIENT}, {"aud": [CLIENT]}, {"aud": [CLIENT, "b"], "azp": CLIENT}], ids=str)
def test_tokens_for_us_among_others(asker: Provider, provider: SignInProvider, change: dict[str, Any]) -> None:
    provider.change = change
    assert come(asker, provider)


@pytest.mark.parametrize(
    ("name", "seconds", "fits"),
    [
        ("exp", -59, True), ("exp", -60, False), ("iat", 60, True), ("iat", 61, False), ("iat", -60, True), ("iat", -61, False),
        ("nbf", 60, True), ("nbf", 61, False),
    ],
)  # fmt: skip
def test_clocks_may_be_a_minute_apart_and_no_more(
    asker: Provider, provider: SignInProvider, clock: Clock, name: str, seconds: int, fits: bool
) -> None:
    clock.now = clock.now.replace(microsecond=0)
    provider.change = {name: int(clock().timestamp()) + seconds}
    assert trouble_of(asker, provider) is (None if fits else Trouble.CLOCK)


def test_keys_may_change_and_are_asked_for_when_they_have(asker: Provider, provider: SignInProvider) -> None:
    assert come(asker, provider) and come(asker, provider)
    assert provider.asked.count("GET /keys") == 1
    provider.use(rsa_key("second"), "k2")
    assert come(asker, provider)
    provider.use(ec_key("third"), "k3", "ES256")
    assert come(asker, provider)
    assert provider.asked.count("GET /keys") == 3
    provider.key, provider.alg, provider.kid = rsa_key("first"), "RS256", "k1"  # withdrawn
    assert trouble_of(asker, provider) is Trouble.KEY


def test_of_the_published_keys_only_sound_ones_for_signing_count(asker: Provider, provider: SignInProvider) -> None:
    good, weak = published(rsa_key("first"), "k1"), rsa_key("weak", 1024)
    provider.keys = [
        {"kty": "oct", "kid": "k1", "k": "AAAA"}, {"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": "AAAA"}, 5, {}, {"kty": "RSA"},  # type: ignore[list-item]
        published(ec_key("first"), "k1"), {**good, "kid": "k1", "use": "enc"}, {**good, "n": "!"}, published(weak, "weak"), good,
    ]  # fmt: skip
    assert come(asker, provider)
    provider.kid = None  # type: ignore[assignment]  # one key of its kind: no name is needed
    provider.sign = lambda p, claims: signed({"alg": "RS256"}, claims, p.key)
    assert come(asker, provider)
    provider.sign = lambda _, claims: signed({"alg": "RS256", "kid": "weak"}, claims, weak)
    assert trouble_of(asker, provider) is Trouble.KEY


def say(status: int, body: Any) -> Callable[[Handler], None]:
    return lambda handler: handler.say(status, body)


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(4 * MAX_BYTES // 65_536):
        handler.wfile.write(b" " * 65_536)


def trickling(handler: Handler) -> None:
    """Never silent for long, and never done."""
    handler.send_response(200)
    handler.end_headers()
    done = threading.Event()
    for _ in range(int(HURRIED_SECONDS * 10 * 2)):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        done.wait(0.1)


def leading_away(handler: Handler) -> None:
    handler.send_response(302)
    handler.send_header("location", f"{handler.provider.issuer}/elsewhere")
    handler.end_headers()


def hanging_up(handler: Handler) -> None:
    handler.close_connection = True


ANSWERS: dict[str, tuple[Callable[[Handler], None], Trouble]] = {
    "rubbish": (say(200, b"\xff\xfe<html>"), Trouble.GARBLED),
    "a list": (say(200, []), Trouble.GARBLED),
    "deep": (say(200, b"[" * 100_000), Trouble.GARBLED),
    "a long number": (say(200, b'{"a":' + b"9" * 5000 + b"}"), Trouble.GARBLED),
    "not found": (say(404, {}), Trouble.GARBLED),
    "broken": (say(503, {}), Trouble.UNREACHABLE),
    "led away": (leading_away, Trouble.GARBLED),
    "too large": (endless, Trouble.TOO_LARGE),
    "never done": (trickling, Trouble.SLOW),
    "hung up": (hanging_up, Trouble.UNREACHABLE),
}


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
@pytest.mark.parametrize(("answer", "trouble"), ANSWERS.values(), ids=ANSWERS.keys())
def test_a_provider_that_does_not_answer_well(
    asker: Provider, provider: SignInProvider, path: str, answer: Callable[[Handler], None], trouble: Trouble
) -> None:
    provider.answers[path] = answer
    hurried = Provider(asker_settings(provider), partial(ask, timeout_seconds=HURRIED_SECONDS))
    assert trouble_of(hurried if trouble is Trouble.SLOW else asker, provider) is trouble
    assert trouble in PROVIDERS
    assert not any("elsewhere" in asked for asked in provider.asked)
    provider.answers.clear()
    assert come(asker, provider)


@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "http://evil.example"},
        {"token_endpoint": "http://evil.example/token"},
        {"token_endpoint": "http://127.0.0.1:1/token"},
        {"authorization_endpoint": "https://evil.example/"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
        {"jwks_uri": "http://[::1"},
        {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
        {"token_endpoint_auth_methods_supported": 5},
    ],
    ids=str,
)
def test_a_provider_that_is_not_the_one_that_was_set(
    asker: Provider, provider: SignInProvider, says: dict[str, Any]
) -> None:
    provider.says = says
    assert trouble_of(asker, provider) is Trouble.MISCONFIGURED


@pytest.mark.parametrize("key", [rsa_key("first"), ec_key("first")], ids=["RSA", "EC"])
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_letter_of_a_token_may_change(key: Any, data: st.DataObject) -> None:
    """Base64 has letters whose last bits do not count: those alone may differ."""
    now = Clock()()
    at = int(now.timestamp())
    claims = {"iss": "https://i.example", "aud": CLIENT, "sub": "s", "exp": at + 60, "iat": at, "nonce": NONCE}
    alg = "ES256" if published(key, "k")["kty"] == "EC" else "RS256"
    token = signed({"alg": alg, "kid": "k"}, claims, key)
    keys, expected = signing_keys({"keys": [published(key, "k")]}), Expected("https://i.example", CLIENT, NONCE, now)
    assert verified_claims(token, keys, expected, now) == claims
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("AZaz09-_.= "))
    changed = token[:place] + letter + token[place + 1 :]
    try:
        assert verified_claims(changed, keys, expected, now) == claims
    except SignOnFault as fault:
        assert changed != token and fault.trouble is not Trouble.UNLINKED
    else:
        assert changed == token or place in _ends_of_parts(token)


def _ends_of_parts(token: str) -> set[int]:
    return {place - 1 for place, letter in enumerate(token + ".") if letter == "."}


def test_a_secret_may_be_shown_by_form_where_the_provider_wants_that(provider: SignInProvider) -> None:
    asked: list[tuple[str, Any, Any]] = []

    def noting(url: str, form: Any = None, headers: Any = None) -> tuple[int, bytes]:
        asked.append((url, form, headers))
        return ask(url, form, headers)

    provider.says = {"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}
    assert (
        trouble_of(Provider(asker_settings(provider), noting), provider) is Trouble.CLIENT
    )  # this one wants it in a header
    url, form, headers = asked[-1]
    assert url.endswith("/token") and (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
    assert "authorization" not in (headers or {})


def test_what_a_provider_says_of_itself_is_asked_again_after_an_hour(provider: SignInProvider) -> None:
    at = [0.0]
    asker = Provider(asker_settings(provider), monotonic=lambda: at[0])
    for seconds, times in ((0.0, 1), (3599.0, 1), (3600.0, 2)):
        at[0] = seconds
        assert come(asker, provider)
        assert provider.asked.count("GET /.well-known/openid-configuration") == times
        assert provider.asked.count("GET /keys") == times
