"""The signing key stays in its file, and its signatures have one spelling."""

import base64
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.digests import sm3_hex
from storage.sealing.seal_key import KEY_FILE, SealKey, SealKeyUnusable, make_key_file, signature_problem
from tests.storage.samples import KEY

_OTHER = SealKey.generate()


def test_the_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    assert make_key_file(path) is True
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert make_key_file(path) is False
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    make_key_file(path)
    path.chmod(0o640)
    with pytest.raises(SealKeyUnusable, match="0640"):
        SealKey.load(path)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"])
def test_a_broken_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "seal.pem"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(SealKeyUnusable, match="PEM"):
        SealKey.load(path)


def test_a_missing_key_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SealKeyUnusable, match="yiguang init"):
        SealKey.load(tmp_path / "none.pem")


@given(message=st.binary(max_size=50), other=st.binary(max_size=50))
def test_a_signature_is_for_one_message_and_one_key(message: bytes, other: bytes) -> None:
    signature = KEY.sign(message)
    assert signature_problem(KEY.public_key, message, signature) == ""
    assert (signature_problem(KEY.public_key, other, signature) == "") == (message == other)
    assert signature_problem(_OTHER.public_key, message, signature) == "签名与内容不符"


def test_the_mirrored_signature_is_refused() -> None:
    """(r, order - s) verifies as well as (r, s): without a rule a signature could be rewritten by anybody."""
    order = int(
        "39402006196394479212279040100143613805079739270465446667946905279627659399113263569398956308152294913554433653942643"
    )
    raw = base64.b64decode(KEY.sign(b"text"))
    mirrored = raw[:48] + (order - int.from_bytes(raw[48:], "big")).to_bytes(48, "big")
    assert "规范" in signature_problem(KEY.public_key, b"text", base64.b64encode(mirrored).decode())


@pytest.mark.parametrize("signature", ["", "AAAA", "é", base64.b64encode(b"\0" * 96).decode()])
def test_what_is_no_signature_is_answered(signature: str) -> None:
    assert signature_problem(KEY.public_key, b"text", signature)
    assert signature_problem(signature, b"text", KEY.sign(b"text"))


def test_sm3_is_the_standards() -> None:
    """Example 1 of GB/T 32905-2016, appendix A."""
    assert sm3_hex(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
