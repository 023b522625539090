"""Whatever single byte changes, both verifiers say so and say where. (`python -m tests.verifier.tampering` does more.)"""

import json
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.visits import FrontierUrl
from storage.canonical import canonical_json, canonical_zip, read_canonical_zip
from storage.checking.verify import verify_bundle
from storage.evidence.bundle import build_bundle
from storage.evidence.package import DATAPACKAGE, DIGEST, LOOK, PROVENANCE, TEXT
from storage.sealing.proof import SUFFIX
from storage.verifier.bundle import check_bundle
from storage.verifier.proof import check_proof
from storage.verifier.report import FAILED, Report
from tests.storage.samples import KEY, NOW, page, visit
from tests.storage.samples import PROVENANCE as SYSTEM
from tests.storage.test_verification import _with
from tests.verifier.tampering import Night


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    made = Night(tmp_path_factory.mktemp("night"))
    yield made
    made.engine.dispose()


def test_single_bytes(night: Night) -> None:
    changes = list(night.changes(210, random.Random()))
    assert [change for change in changes if not change.caught] == []
    assert len(changes) > 210
    assert night.is_whole()


def _failed(data: bytes, key: str, proof: bytes | None = None) -> set[str]:
    report = Report()
    check_bundle(data, key, report)
    if proof is not None:
        check_proof(proof, data, key, [], report)
    return {line.name for line in report.lines if line.result == FAILED}


def test_a_bundle_signed_anew_by_somebody_else(night: Night, tmp_path: Path) -> None:
    forged = _with(TEXT="另一段正文".encode())
    path = tmp_path / "x.wacz"
    path.write_bytes(forged)
    ours = {check.name for check in verify_bundle(path, night.key).checks if not check.ok}
    assert "签名人" in ours
    assert "签名人" in _failed(forged, night.key)
    genuine = _with()
    assert _failed(genuine, KEY.fingerprint) == set()
    assert _failed(genuine, KEY.fingerprint, night.proof) >= {"哈希链条目", "签名人"}


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85"], ids=ascii)
def test_a_title_with_a_line_break_of_another_kind_verifies(mark: str, tmp_path: Path) -> None:
    """A post's title is taken from its script as it is there, and lines of JSON end with a line feed alone."""
    row = FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1)
    lead = visit(row, flagged=True, page=replace(page(row.url), title=f"示例{mark}门诊部"))
    path = tmp_path / "x.wacz"
    path.write_bytes(build_bundle(lead, SYSTEM, NOW, KEY))
    assert [check for check in verify_bundle(path).checks if not check.ok] == []
    assert _failed(path.read_bytes(), KEY.fingerprint) == set()


def test_signatures_of_two_bundles_exchanged(night: Night) -> None:
    one, other = (read_canonical_zip(path.read_bytes()) for path in night.given.bundles[:2])
    assert _failed(canonical_zip(one | {DIGEST: other[DIGEST]}), night.key) == {DATAPACKAGE}


def test_proofs_of_two_bundles_exchanged(night: Night) -> None:
    path, other = night.given.bundles[:2]
    proof = Path(f"{other}{SUFFIX}").read_bytes()
    assert _failed(path.read_bytes(), night.key, proof) == {"哈希链条目"}


def test_members_removed_and_moved(night: Night) -> None:
    members = read_canonical_zip(night.bundle)
    without = {name: body for name, body in members.items() if name != TEXT}
    assert "成员" in _failed(canonical_zip(without), night.key)
    assert "成员" in _failed(canonical_zip(dict(reversed(members.items()))), night.key)


def test_certificates_that_are_not_those_of_the_connections(night: Night, tmp_path: Path) -> None:
    """Signed anew with all digests right, so that only the certificate and its own digest can tell."""
    sheet = json.loads(read_canonical_zip(night.bundle)[PROVENANCE])
    [(digest, pem)] = sheet["certificates"].items()
    lines = pem.splitlines()
    spoilt = {
        "another certificate": {digest: "\n".join([lines[0], "AAAA" + lines[1][4:], *lines[2:], ""])},
        "another spelling": {digest: pem.replace("\n", "\n\n", 1)},
        "none at all": {},
        "one that no connection names": {digest: pem, "0" * 64: pem},
    }
    path = tmp_path / "x.wacz"
    for what, certificates in spoilt.items():
        forged = _with(PROVENANCE=canonical_json(sheet | {"certificates": certificates}))
        path.write_bytes(forged)
        ours = {check.name for check in verify_bundle(path, KEY.fingerprint).checks if not check.ok}
        assert (ours, _failed(forged, KEY.fingerprint)) == ({PROVENANCE}, {PROVENANCE}), what
    sound = _with(PROVENANCE=canonical_json(sheet))
    path.write_bytes(sound)
    assert verify_bundle(path, KEY.fingerprint).ok
    assert _failed(sound, KEY.fingerprint) == set()


def test_both_verifiers_take_what_is_good(night: Night) -> None:
    for path in night.given.bundles:
        report = verify_bundle(path, night.key)
        assert report.ok
        assert ["TLS" in note for note in report.notes] == [True, False]
        assert _failed(path.read_bytes(), night.key, Path(f"{path}{SUFFIX}").read_bytes()) == set()
    for path in night.given.looks:
        report = verify_bundle(path, night.key)
        assert report.ok
        assert _failed(path.read_bytes(), night.key, Path(f"{path}{SUFFIX}").read_bytes()) == set()


def test_a_look_that_is_given_out_as_a_lead_and_the_other_way_round(night: Night) -> None:
    lead, look = night.bundle, night.given.looks[0].read_bytes()
    assert "哈希链条目" in _failed(look, night.key, night.proof)
    members = read_canonical_zip(look)
    assert "成员" in _failed(canonical_zip({name: body for name, body in members.items() if name != LOOK}), night.key)
    assert "成员" in _failed(canonical_zip(read_canonical_zip(lead) | {LOOK: members[LOOK]}), night.key)
