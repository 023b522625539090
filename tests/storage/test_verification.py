"""No byte of a bundle can change, and no hostile file can make the check fail to answer."""

import io
import json
import zipfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.visits import FrontierUrl
from storage.canonical import NotCanonical, canonical_json, canonical_zip, read_canonical_zip
from storage.checking.verify import verify_all, verify_bundle
from storage.evidence import package as parts
from storage.evidence.bundle import build_bundle
from storage.sealing.seal_key import SealKey
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import KEY, NOW, PROVENANCE, visit

DATA = build_bundle(
    visit(FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1), flagged=True), PROVENANCE, NOW, KEY
)
files = partial(settings, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "case.wacz"


def _problems(path: Path, data: bytes) -> list[str]:
    path.write_bytes(data)
    report = verify_bundle(path)
    assert report.ok == (not [check for check in report.checks if not check.ok])
    return [check.message for check in report.checks if not check.ok]


def _with(key: SealKey = KEY, **changed: bytes) -> bytes:
    """The bundle with members changed, every list of digests made anew and signed, as a forger would."""
    members = read_canonical_zip(DATA)
    members |= {parts.__dict__[name]: body for name, body in changed.items()}
    members[parts.MANIFEST] = parts.manifest_of(members)
    members[parts.DATAPACKAGE] = parts.datapackage_of(members, "示例门诊部", "http://clinic.example/", NOW)
    signature = parts.sign_datapackage(members[parts.DATAPACKAGE], NOW, "yiguang/0.1.0", key)
    members[parts.DIGEST] = parts.digest_of(signature)
    return canonical_zip(members)


def test_an_untouched_bundle_verifies(path: Path) -> None:
    assert _problems(path, DATA) == []
    assert _problems(path, _with()) == []


def test_every_byte_is_guarded_by_the_form_or_a_digest() -> None:
    """All positions, without the slow reading of members: the form must break or a listed member must change."""
    unguarded = []
    for place in range(len(DATA)):
        flipped = bytearray(DATA)
        flipped[place] ^= 1 << place % 8
        try:
            read_canonical_zip(bytes(flipped))
        except NotCanonical:
            continue
        unguarded.append(place)
    assert unguarded == []


@files(max_examples=60)
@given(place=st.integers(0, len(DATA) - 1), mask=st.integers(1, 255))
def test_a_flipped_byte_is_reported(path: Path, place: int, mask: int) -> None:
    flipped = bytearray(DATA)
    flipped[place] ^= mask
    assert _problems(path, bytes(flipped))


@files(max_examples=40)
@given(member=st.sampled_from(parts.MEMBERS), place=st.integers(0, 100_000), mask=st.integers(1, 255))
def test_a_changed_member_in_a_well_formed_archive_is_reported(path: Path, member: str, place: int, mask: int) -> None:
    members = read_canonical_zip(DATA)
    body = bytearray(members[member])
    body[place % len(body)] ^= mask
    assert _problems(path, canonical_zip(members | {member: bytes(body)}))


@files(max_examples=40)
@given(length=st.integers(0, len(DATA) - 1))
def test_a_truncated_file_is_reported(path: Path, length: int) -> None:
    assert _problems(path, DATA[:length])


@files(max_examples=100)
@given(
    member=st.sampled_from(["WARC", "CDX", "IDX", "PAGES", "FINDINGS", "PROVENANCE", "SCREENSHOT", "TEXT"]),
    body=st.binary(max_size=80),
)
def test_hostile_members_are_answered(path: Path, member: str, body: bytes) -> None:
    assert _problems(path, _with(KEY, **{member: body}))


@files(max_examples=100)
@given(body=st.binary(max_size=300), signed=st.booleans())
def test_hostile_files_are_answered(path: Path, body: bytes, signed: bool) -> None:
    assert _problems(path, b"PK\3\4" + body if signed else body)


@pytest.mark.parametrize(
    "json_text",
    [
        b"[]",
        b"null",
        b'{"files":[{"name":[],"sha256":1}]}',
        b'{"files":7}',
        b"[" * 100_000,
        b'{"judgement":{"findings":[{"start":"a"}]}}',
        b"\xff",
    ],
)
def test_hostile_json_is_answered(path: Path, json_text: bytes) -> None:
    members = read_canonical_zip(DATA)
    for name in (parts.MANIFEST, parts.DATAPACKAGE, parts.DIGEST, parts.FINDINGS, parts.PROVENANCE):
        assert _problems(path, canonical_zip(members | {name: json_text}))


def test_missing_extra_reordered_and_doubled_members_are_reported(path: Path) -> None:
    members = read_canonical_zip(DATA)
    fewer = {name: body for name, body in members.items() if name != parts.SCREENSHOT}
    assert parts.SCREENSHOT in _problems(path, canonical_zip(fewer))[0]
    assert "extra.txt" in _problems(path, canonical_zip(members | {"extra.txt": b""}))[0]
    assert _problems(path, canonical_zip(dict(reversed(members.items()))))
    doubled = io.BytesIO(DATA)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(doubled, "a") as archive:
        archive.writestr(parts.TEXT, b"other text")
    assert "重复成员" in _problems(path, doubled.getvalue())[0]
    assert _problems(path, DATA + b"\0")


def test_the_member_that_changed_is_named(path: Path) -> None:
    members = read_canonical_zip(DATA)
    path.write_bytes(canonical_zip(members | {parts.TEXT: members[parts.TEXT] + b"!"}))
    failed = {check.name for check in verify_bundle(path).checks if not check.ok}
    assert parts.TEXT in failed
    assert parts.SCREENSHOT not in failed


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    report = verify_bundle(tmp_path / "none.wacz")
    assert not report.ok
    assert "无法读取" in report.checks[0].message
    assert not verify_bundle(tmp_path).ok


@pytest.fixture
def archive_folder(engine: Engine, tmp_path: Path) -> Path:
    night_id, ids = open_sample_night(engine, links=2)
    store = open_store(engine, tmp_path / "data")
    for number, row in enumerate(claim(engine, night_id, ids, limit=6)):
        store.record(visit(row, flagged=number == 0))
    store.close()
    return tmp_path / "data"


def _failed_paths(engine: Engine, folder: Path) -> list[str]:
    return [Path(report.path).suffix for report in verify_all(engine, folder) if not report.ok]


def test_all_evidence_of_a_night_verifies(engine: Engine, archive_folder: Path) -> None:
    reports = verify_all(engine, archive_folder, "2026-11-26")
    assert [report.ok for report in reports] == [True, True]
    assert verify_all(engine, archive_folder, "2020-01-01") == []


def test_a_forged_bundle_is_told_by_the_database(engine: Engine, archive_folder: Path) -> None:
    bundle = next(archive_folder.rglob("*.wacz"))
    bundle.write_bytes(_with())
    assert verify_bundle(bundle).ok
    assert _failed_paths(engine, archive_folder) == [".wacz"]
    bundle.unlink()
    assert _failed_paths(engine, archive_folder) == [".wacz"]


def test_any_changed_byte_of_a_warc_file_is_reported(engine: Engine, archive_folder: Path) -> None:
    warc = next(archive_folder.rglob("*.warc.gz"))
    data = warc.read_bytes()
    # The gzip header of the first record, the middle, and the last byte; then a cut and an addition.
    for place in (4, 9, len(data) // 2, len(data) - 1):
        flipped = bytearray(data)
        flipped[place] ^= 1
        warc.write_bytes(flipped)
        assert _failed_paths(engine, archive_folder) == [".gz"]
    for changed in (data[:-1], data + b"\0", b""):
        warc.write_bytes(changed)
        assert _failed_paths(engine, archive_folder) == [".gz"]
    warc.unlink()
    assert _failed_paths(engine, archive_folder) == [".gz"]
    warc.write_bytes(data)
    assert _failed_paths(engine, archive_folder) == []


def test_limits_that_are_none_are_told_and_raise_nothing(path: Path) -> None:
    sheet = json.loads(read_canonical_zip(DATA)[parts.PROVENANCE])
    for spoilt in (sheet | {"limits": 5}, {name: value for name, value in sheet.items() if name != "not_captured"}):
        path.write_bytes(_with(PROVENANCE=canonical_json(spoilt)))
        assert "无法摘录" in verify_bundle(path).notes[0]
