"""The verifier's own arithmetic against the library that signs."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.digests import sm3_hex
from storage.sealing.merkle import merkle_paths, merkle_root
from storage.verifier.der import read_whole
from storage.verifier.keys import read_public_key, verify_signature
from storage.verifier.proof import root_from_path
from storage.verifier.sm3 import sm3_in_python

_SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
_KEYS = [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1())]
_RSA = rsa.generate_private_key(65537, 2048)


@given(st.binary(max_size=300))
def test_sm3_in_python_is_sm3(data: bytes) -> None:
    assert sm3_in_python(data) == sm3_hex(data)


@settings(max_examples=15, deadline=None)
@given(message=st.binary(max_size=40), other=st.binary(max_size=40), which=st.sampled_from([0, 1]))
def test_ecdsa(message: bytes, other: bytes, which: int) -> None:
    private = _KEYS[which]
    key = read_public_key(private.public_key().public_bytes(*_SPKI))
    signature = private.sign(message, ec.ECDSA(hashes.SHA384()))
    assert verify_signature(key, message, signature, "sha384")
    assert verify_signature(key, other, signature, "sha384") == (other == message)
    stranger = read_public_key(ec.generate_private_key(private.curve).public_key().public_bytes(*_SPKI))
    assert not verify_signature(stranger, message, signature, "sha384")


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_rsa(digest: str) -> None:
    algorithm = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[digest]
    key = read_public_key(_RSA.public_key().public_bytes(*_SPKI))
    signature = _RSA.sign(b"text", padding.PKCS1v15(), algorithm)
    assert verify_signature(key, b"text", signature, digest)
    assert not verify_signature(key, b"tent", signature, digest)
    assert not verify_signature(key, b"text", signature[:-1] + bytes([signature[-1] ^ 1]), digest)


def test_short_rsa_keys_prove_nothing() -> None:
    private = rsa.generate_private_key(65537, 1024)
    key = read_public_key(private.public_key().public_bytes(*_SPKI))
    assert not verify_signature(key, b"text", private.sign(b"text", padding.PKCS1v15(), hashes.SHA256()), "sha256")


def test_a_point_off_its_curve_is_refused() -> None:
    spki = bytearray(_KEYS[0].public_key().public_bytes(*_SPKI))
    spki[-1] ^= 1
    with pytest.raises(ValueError, match="not on its curve"):
        read_public_key(bytes(spki))


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=20), st.data())
def test_paths_lead_to_the_root(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = merkle_paths(leaves)[index]
    assert root_from_path(leaves[index], index, len(leaves), path) == merkle_root(leaves)


@given(st.binary(max_size=60))
def test_broken_der_is_answered(data: bytes) -> None:
    try:
        element = read_whole(data)
    except ValueError:
        return
    assert element.raw == data
    assert hashlib.sha256(element.content).digest()
