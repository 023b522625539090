"""A key in a token signs like one in a file, for both verifiers, and never comes out."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pkcs11
import pytest
from pkcs11.util.ec import encode_named_curve_parameters

from domain.visits import FrontierUrl
from storage.checking.verify import verify_all, verify_bundle
from storage.checking.verify_chain import verify_chain
from storage.crawl.nights import finish_night
from storage.crawl.visits import SqlVisitStore
from storage.database import migrate, open_engine
from storage.evidence.bundle import build_bundle
from storage.sealing.key_rotation import hand_over, handed_over_to
from storage.sealing.seal_key import KEY_FILE, SealKey, SealKeyUnusable, make_key_file, signature_problem
from storage.sealing.seals import seal_night
from storage.sealing.token_key import TokenPlace, load_token_key, make_token_key
from storage.verifier.bundle import check_bundle
from storage.verifier.report import FAILED, Report
from tests.storage.crawl import claim, clock, open_sample_night
from tests.storage.samples import NOW, PROVENANCE, visit
from tests.storage.soft_token import LABEL, PIN, Token, soft_token


@pytest.fixture(scope="module")
def token() -> Token:
    return soft_token()


@pytest.fixture(scope="module")
def key(token: Token) -> SealKey:
    place = TokenPlace.parse(token.place("bundles"))
    assert make_token_key(place) is True
    assert make_token_key(place) is False
    return load_token_key(place)


def test_it_signs_as_a_file_does(key: SealKey, token: Token) -> None:
    for message in (b"", b"sha256:abc", b"x" * 10_000):
        assert signature_problem(key.public_key, message, key.sign(message)) == ""
    assert load_token_key(TokenPlace.parse(token.place("bundles"))).fingerprint == key.fingerprint


def test_it_does_not_come_out(key: SealKey) -> None:
    with pytest.raises(SealKeyUnusable, match="不能导出"):
        key.pem()


def test_both_verifiers_take_its_bundle(key: SealKey, tmp_path: Path) -> None:
    row = FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1)
    path = tmp_path / "x.wacz"
    path.write_bytes(build_bundle(visit(row, flagged=True), PROVENANCE, NOW, key))
    assert verify_bundle(path, key.fingerprint).ok
    report = Report()
    check_bundle(path.read_bytes(), key.fingerprint, report)
    assert [line.name for line in report.lines if line.result == FAILED] == []


def test_a_file_hands_over_to_a_token_and_both_nights_verify(key: SealKey, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/yiguang.db")
    migrate(engine)
    make_key_file(tmp_path / KEY_FILE)
    old = SealKey.load(tmp_path / KEY_FILE)
    for signer in (old, key):
        night_id, ids = open_sample_night(engine)
        store = SqlVisitStore(engine, tmp_path, PROVENANCE, clock, signer)
        store.record(visit(claim(engine, night_id, ids)[0], flagged=True))
        store.close()
        seal_night(engine, tmp_path, night_id, signer, NOW)
        finish_night(engine, night_id, NOW)
        if signer is old:
            assert handed_over_to(engine, old.fingerprint) == ""
            hand_over(engine, tmp_path, old, key, "示例甲", "改用令牌", NOW)
    assert handed_over_to(engine, old.fingerprint) == key.fingerprint
    reports = verify_all(engine, tmp_path) + verify_chain(engine, tmp_path, key.fingerprint)
    assert [check.message for report in reports for check in report.checks if not check.ok] == []
    stale = verify_chain(engine, tmp_path, old.fingerprint)
    assert any("不是最后移交到的" in check.message for report in stale for check in report.checks if not check.ok)
    engine.dispose()


def test_a_key_that_the_token_would_give_out_is_refused(token: Token, key: SealKey) -> None:
    with pkcs11.lib(str(token.module)).get_token(token_label=LABEL).open(rw=True) as session:  # `key` has logged in
        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp384r1")}
        open_to_all = {pkcs11.Attribute.SENSITIVE: False, pkcs11.Attribute.EXTRACTABLE: True}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        parameters.generate_keypair(store=True, label="loose", private_template=open_to_all)
        other = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
        session.create_domain_parameters(pkcs11.KeyType.EC, other, local=True).generate_keypair(
            store=True, label="p256"
        )
    with pytest.raises(SealKeyUnusable, match="可以导出"):
        load_token_key(TokenPlace.parse(token.place("loose")))
    with pytest.raises(SealKeyUnusable, match="P-384"):
        load_token_key(TokenPlace.parse(token.place("p256")))
    assert load_token_key(TokenPlace.parse(token.place("bundles"))).fingerprint == key.fingerprint


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda place: place.replace("pkcs11:", "file:"), "pkcs11:"),
        (lambda place: place.replace("object=", "label="), "object"),
        (lambda place: place + "&pin-value=1234", "pin-value"),
        (lambda place: place.replace("token=", "token=other-"), "不可用"),
        (lambda place: place.replace("libsofthsm2.so", "no-driver.so"), "no-driver.so"),
        (lambda place: place.replace("object=none", "object=nothing"), "不可用"),
        (lambda place: place + "-missing", "PIN 文件"),
    ],
)
def test_what_is_wrong_is_said(token: Token, spoil: Callable[[str], str], said: str) -> None:
    with pytest.raises(SealKeyUnusable, match=said):
        load_token_key(TokenPlace.parse(spoil(token.place("none"))))


def test_a_pin_that_others_can_read_or_that_is_wrong_is_refused(token: Token, tmp_path: Path) -> None:
    for name, mode, pin, said in (("open", 0o644, PIN, "0644"), ("empty", 0o600, "", "空")):
        with pytest.raises(SealKeyUnusable, match=said):
            load_token_key(TokenPlace.parse(_with_pin(token, tmp_path / name, mode, pin)))
    # In a process of its own: one that has logged in is not asked again
    asked = "import sys; from storage.sealing.token_key import *; load_token_key(TokenPlace.parse(sys.argv[1]))"
    wrong = _with_pin(token, tmp_path / "wrong", 0o600, "9999")
    done = subprocess.run([sys.executable, "-c", asked, wrong], capture_output=True, text=True, check=False)
    assert "PinIncorrect" in done.stderr.splitlines()[-1]


def _with_pin(token: Token, path: Path, mode: int, pin: str) -> str:
    path.touch(mode)
    path.write_text(pin)
    return token.place("bundles").replace(str(token.pin_file), str(path))
