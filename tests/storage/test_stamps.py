"""Heads are stamped by several authorities, late if need be, and every token is checked again by two programs."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from domain.stamps import StampUnavailable
from storage.checking.verify_chain import verify_chain
from storage.sealing.proof import proof_of
from storage.sealing.rfc3161 import Rfc3161Authority, find_openssl
from storage.sealing.seals import seal_night
from storage.sealing.stamps import request_stamps
from storage.tables import bundles, time_stamps
from tests.storage.crawl import claim, clock, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from tests.storage.time_authority import TimeAuthority


def client(server: TimeAuthority, name: str = "tsa-1") -> Rfc3161Authority:
    return Rfc3161Authority(name, server.url, server.roots, timeout_seconds=10, openssl=find_openssl())


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    with TimeAuthority(tmp_path_factory.mktemp("tsa") / "plain") as server:
        yield server


@pytest.fixture(scope="module")
def falling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TimeAuthority]:
    """A second, independent one: RSA, with its certificates in an order that is no DER."""
    folder = tmp_path_factory.mktemp("tsa") / "falling"
    with TimeAuthority(folder, name="另一时间戳", rsa_keys=True, falling_order=True) as server:
        yield server


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    for row in claim(engine, night_id, ids, limit=2):
        store.record(visit(row, flagged=True))
    store.close()
    seal_night(engine, tmp_path, night_id, seal_key(tmp_path), NOW)
    return tmp_path


def _verified_by_openssl(server: TimeAuthority, document: Path, token: Path) -> bool:
    command = ["openssl", "ts", "-verify", "-data", str(document), "-in", str(token), "-CAfile", str(server.roots)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_a_head_is_stamped_by_several_and_openssl_agrees(
    engine: Engine, folder: Path, plain: TimeAuthority, falling: TimeAuthority
) -> None:
    authorities = [client(plain), client(falling, "tsa-2")]
    assert [attempt.fault for attempt in request_stamps(engine, folder, authorities, clock)] == ["", ""]
    head = folder / "seals/000001/head.json"
    for server, name in ((plain, "tsa-1"), (falling, "tsa-2")):
        assert _verified_by_openssl(server, head, head.with_name(f"{name}.tsr"))
        assert not _verified_by_openssl(server, folder / "seals/000001/entries.jsonl", head.with_name(f"{name}.tsr"))
    reports = verify_chain(engine, folder, seal_key(folder).fingerprint, authorities)
    assert all(report.ok for report in reports)
    checked = {check.name: check.message for check in reports[1].checks}
    assert "由 openssl 核验" in checked["tsa-2.tsr"]
    asked = plain.asked
    assert request_stamps(engine, folder, authorities, clock) == []
    assert plain.asked == asked


def test_an_authority_that_is_away_is_asked_again(engine: Engine, folder: Path, plain: TimeAuthority) -> None:
    away = replace(client(plain), url="http://127.0.0.1:9/", timeout_seconds=2)
    first = request_stamps(engine, folder, [away], clock)
    assert "无法连接" in first[0].fault
    report = verify_chain(engine, folder, seal_key(folder).fingerprint, [away])[1]
    assert report.ok
    assert "已排队（试过 1 次）" in report.notes[0]
    late = NOW + timedelta(days=3)
    assert request_stamps(engine, folder, [client(plain)], lambda: late)[0].fault == ""
    with engine.connect() as connection:
        row = connection.execute(select(time_stamps)).one()
    assert (row.attempts, row.received_at) == (2, late)
    assert row.stamped_at != NOW, "the time is the authority's own"
    message = verify_chain(engine, folder, seal_key(folder).fingerprint, [client(plain)])[1].notes[0]
    assert row.stamped_at.isoformat() in message


@pytest.mark.parametrize("mood", ["refusing", "broken"])
def test_an_answer_that_is_no_token_is_not_stored(
    engine: Engine, folder: Path, plain: TimeAuthority, mood: str
) -> None:
    setattr(plain, mood, True)
    try:
        tried = request_stamps(engine, folder, [client(plain)], clock)
    finally:
        setattr(plain, mood, False)
    assert tried[0].fault.startswith("应答不可用")
    assert not (folder / "seals/000001/tsa-1.tsr").exists()


def test_a_token_of_another_authority_or_over_something_else_is_refused(
    plain: TimeAuthority, falling: TimeAuthority
) -> None:
    token = client(plain).stamp(b"head")
    assert client(plain).read(b"head", token).ok
    assert not client(plain).read(b"tail", token).ok
    assert not replace(client(plain), roots_file=falling.roots).read(b"head", token).ok


def test_without_openssl_a_token_that_is_no_der_is_refused_with_the_reason(falling: TimeAuthority) -> None:
    token = client(falling).stamp(b"head")
    reading = replace(client(falling), openssl=None).read(b"head", token)
    assert not reading.ok
    assert "InvalidSetOrdering" in reading.message
    with pytest.raises(StampUnavailable, match="InvalidSetOrdering"):
        replace(client(falling), openssl=None).stamp(b"head")


def test_an_answer_to_another_question_is_refused(plain: TimeAuthority, falling: TimeAuthority) -> None:
    """A replayed token is over the right document but does not hold this request's nonce."""
    for server in (plain, falling):
        old = client(server).stamp(b"head")
        server.reply, made = (lambda _query, old=old: old), server.reply  # type: ignore[method-assign,misc]
        try:
            with pytest.raises(StampUnavailable):
                client(server).stamp(b"head")
        finally:
            server.reply = made  # type: ignore[method-assign]


def test_a_changed_token_is_named(engine: Engine, folder: Path, plain: TimeAuthority) -> None:
    request_stamps(engine, folder, [client(plain)], clock)
    token = folder / "seals/000001/tsa-1.tsr"
    changed = bytearray(token.read_bytes())
    changed[len(changed) // 2] ^= 1
    token.write_bytes(changed)
    report = verify_chain(engine, folder, seal_key(folder).fingerprint, [client(plain)])[1]
    assert [check.name for check in report.checks if not check.ok] == ["tsa-1.tsr"]


def test_a_proof_goes_with_a_bundle_once_it_is_sealed(engine: Engine, folder: Path, plain: TimeAuthority) -> None:
    request_stamps(engine, folder, [client(plain)], clock)
    with engine.connect() as connection:
        path = connection.scalars(select(bundles.c.path)).first() or ""
    proof = proof_of(engine, path)
    assert proof is not None
    assert json.loads(proof)["head"].encode() == (folder / "seals/000001/head.json").read_bytes()
    assert json.loads(json.loads(proof)["entry"])["path"] == path
    assert proof_of(engine, "evidence/none.wacz") is None
