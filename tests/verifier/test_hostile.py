"""Files made to trip the verifier get an answer, never a traceback and never a good report."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from storage.canonical import canonical_json, canonical_zip, read_canonical_zip
from storage.evidence.package import DIGEST, FINDINGS, MANIFEST, PROVENANCE
from storage.verifier.bundle import check_bundle
from storage.verifier.certificate import Certificate, chain_to_top, read_certificate, read_pem
from storage.verifier.errors import UNREADABLE, Unsupported
from storage.verifier.proof import check_proof
from storage.verifier.report import Report
from storage.verifier.timestamp import TokenRefused, read_stamp
from tests.storage.samples import KEY
from tests.storage.test_verification import DATA, _with
from tests.verifier.handing_over import HandOver

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_quick = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _bundle_is_refused(data: bytes) -> bool:
    report = Report()
    check_bundle(data, None, report)
    return not report.ok


@_quick
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes(data: bytes, as_zip: bool) -> None:
    assert _bundle_is_refused(b"PK\3\4" + data if as_zip else data)


@_quick
@given(
    member=st.sampled_from(["WARC", "CDX", "IDX", "PAGES", "FINDINGS", "PROVENANCE", "SCREENSHOT", "TEXT"]),
    body=st.binary(max_size=80) | _JSON.map(canonical_json),
)
def test_members_signed_anew(member: str, body: bytes) -> None:
    assert _bundle_is_refused(_with(KEY, **{member: body}))


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"files":[{"name":1},{"name":"a"},{"name":[]}]}', b'{"a":1e999}'])
def test_hostile_json(text: bytes) -> None:
    members = read_canonical_zip(DATA)
    for name in (MANIFEST, DIGEST, FINDINGS, PROVENANCE):
        assert _bundle_is_refused(canonical_zip(members | {name: text}))


@_quick
@example(changes={"index": False})
@example(changes={"index": 0.0, "count": 13.0})
@given(
    changes=st.dictionaries(
        st.sampled_from(["entry", "index", "count", "merkle_path", "head", "stamps"]), _JSON, min_size=1
    )
)
def test_proofs_of_any_shape(hand_over: HandOver, changes: dict[str, object]) -> None:
    path = hand_over.bundles[0]
    given_proof = json.loads(path.with_name(path.name + ".seal.json").read_bytes())
    changed = given_proof | changes
    del changed["sha256"]
    changed["sha256"] = hashlib.sha256(canonical_json(changed)).hexdigest()
    report = Report()
    check_proof(canonical_json(changed), path.read_bytes(), None, [], report)
    only_stamps_gone = set(changes) == {"stamps"} and changes["stamps"] in ([], {}, "")
    same = canonical_json(changed) == canonical_json(given_proof)  # 0 == False, but they are not written alike
    assert report.ok == (only_stamps_gone or same)


def _tokens(hand_over: HandOver) -> tuple[list[bytes], bytes]:
    path = hand_over.bundles[0]
    proof = json.loads(path.with_name(path.name + ".seal.json").read_bytes())
    return [base64.b64decode(stamp["token"]) for stamp in proof["stamps"]], proof["head"].encode()


@_quick
@given(which=st.sampled_from([0, 1]), place=st.integers(0, 5000), piece=st.binary(max_size=3))
def test_mangled_tokens(hand_over: HandOver, which: int, place: int, piece: bytes) -> None:
    tokens, head = _tokens(hand_over)
    token = tokens[which]
    place %= len(token)
    roots = [found for path in hand_over.roots for found in read_pem(path.read_text("ascii"))]
    try:
        stamp = read_stamp(token[:place] + piece + token[place + len(piece) :], head, roots)
    except (TokenRefused, *UNREADABLE):
        return
    # What the authority's signature does not cover may change, what it says may not.
    assert stamp.stamped_at == read_stamp(token, head, roots).stamped_at


@_quick
@given(st.binary(max_size=200))
def test_any_token(data: bytes) -> None:
    with pytest.raises((TokenRefused, *UNREADABLE)):
        read_stamp(data, b"head", [])


def _certificate(
    subject: str,
    issuer: str,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    may_issue: bool,
    days: int = 9,
) -> x509.Certificate:
    now = datetime.now(UTC)
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (subject, issuer)]
    return (
        x509.CertificateBuilder()
        .subject_name(names[0])
        .issuer_name(names[1])
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(may_issue, None), True)
        .sign(issuer_key, hashes.SHA384())
    )


def _read(certificate: x509.Certificate) -> Certificate:
    return read_certificate(certificate.public_bytes(serialization.Encoding.DER))


def test_an_algorithm_that_is_not_known_is_neither_good_nor_bad(hand_over: HandOver) -> None:
    """A token whose signature algorithm is named as SM2 with SM3."""
    (token, _), head = _tokens(hand_over)
    ecdsa, sm2 = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a811ccf55018375")
    assert token.count(ecdsa) >= 1
    with pytest.raises(Unsupported, match="1.2.156.10197.1.501"):
        read_stamp(ecdsa.join(token.split(ecdsa)[:-1]) + sm2 + token.split(ecdsa)[-1], head, [])


def test_chains_end_where_they_must() -> None:
    root_key, middle_key, leaf_key = (ec.generate_private_key(ec.SECP384R1()) for _ in range(3))
    now = datetime.now(UTC)
    root = _read(_certificate("根", "根", root_key, root_key, may_issue=True))
    middle = _read(_certificate("中", "根", middle_key, root_key, may_issue=True))
    leaf = _read(_certificate("叶", "中", leaf_key, middle_key, may_issue=False))
    assert [item.name for item in chain_to_top(leaf, [root, middle], now)] == ["叶", "中", "根"]
    assert [item.name for item in chain_to_top(leaf, [root], now)] == ["叶"]
    stranger = _read(_certificate("中", "根", middle_key, leaf_key, may_issue=True))
    assert [item.name for item in chain_to_top(leaf, [root, stranger], now)] == ["叶", "中"]
    powerless = _read(_certificate("中", "根", middle_key, root_key, may_issue=False))
    with pytest.raises(ValueError, match="无权签发"):
        chain_to_top(leaf, [root, powerless], now)
    with pytest.raises(ValueError, match="有效期"):
        chain_to_top(leaf, [root, middle], now + timedelta(days=400))
