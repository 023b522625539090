"""The old key hands over to the new one before everybody's eyes; either period verifies, and no other key does."""

import json
import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from storage.canonical import canonical_json
from storage.checking.verify import verify_all
from storage.checking.verify_chain import verify_chain
from storage.checking.verify_proof import verify_proof
from storage.crawl.nights import finish_night
from storage.database import migrate, open_engine, writing
from storage.digests import sha256_hex
from storage.sealing.keep_records import RecordIncomplete
from storage.sealing.key_rotation import NightIsOpen, finish_rotation, rotate_key
from storage.sealing.proof import proof_of
from storage.sealing.seal_key import KEY_FILE, SealKey
from storage.sealing.seals import seal_night
from storage.tables import bundles, keep_records
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from tests.storage.writes import Crash, count_writes, crash_at


def _night(engine: Engine, folder: Path) -> str:
    """A night of one lead from beginning to end, with the key of the day; gives its bundle's path."""
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, folder)
    store.record(visit(claim(engine, night_id, ids)[0], flagged=True))
    store.close()
    seal_night(engine, folder, night_id, seal_key(folder), NOW)
    finish_night(engine, night_id, NOW)
    with engine.connect() as connection:
        return str(connection.execute(bundles.select().order_by(bundles.c.id.desc())).first().path)  # type: ignore[union-attr]


def _rotate(engine: Engine, folder: Path) -> SealKey:
    return rotate_key(engine, folder, folder / KEY_FILE, "甲", "年度更换", NOW)


def _faults(engine: Engine, folder: Path) -> list[str]:
    reports = verify_all(engine, folder) + verify_chain(engine, folder, seal_key(folder).fingerprint)
    return [f"{check.name}：{check.message}" for report in reports for check in report.checks if not check.ok]


def test_nights_before_and_after_verify(engine: Engine, tmp_path: Path) -> None:
    keys = [seal_key(tmp_path).fingerprint]
    for _ in range(2):
        _night(engine, tmp_path)
        keys.append(_rotate(engine, tmp_path).fingerprint)
        assert _faults(engine, tmp_path) == []
    _night(engine, tmp_path)
    assert _faults(engine, tmp_path) == []
    assert len(set(keys)) == 3
    assert seal_key(tmp_path).fingerprint == keys[-1]
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["seal.pem"]


def test_a_head_of_the_old_key_after_the_hand_over_is_red(engine: Engine, tmp_path: Path) -> None:
    stolen = seal_key(tmp_path)
    _night(engine, tmp_path)
    _rotate(engine, tmp_path)
    seal_night(engine, tmp_path, "2026-11-27", stolen, NOW)
    assert [fault.partition("：")[0] for fault in _faults(engine, tmp_path)] == ["签名人"]


def test_a_hand_over_that_the_old_key_did_not_sign_is_red(engine: Engine, tmp_path: Path) -> None:
    _night(engine, tmp_path)
    _rotate(engine, tmp_path)
    forger = SealKey.generate()
    facts = json.loads((tmp_path / "records/000001-key.json").read_bytes())
    facts["hand_over"]["new_public_key"] = forger.public_key
    with writing(engine) as connection:
        connection.execute(update(keep_records).values(document=canonical_json(facts).decode()))
    assert "密钥更换：records/000001-key.json：签名与内容不符" in _faults(engine, tmp_path)


def test_a_key_put_in_place_by_hand_is_red(engine: Engine, tmp_path: Path) -> None:
    _night(engine, tmp_path)
    _rotate(engine, tmp_path)
    (tmp_path / KEY_FILE).write_bytes(SealKey.generate().pem())
    assert any("不是最后移交到的" in fault for fault in _faults(engine, tmp_path))


def test_not_while_a_night_is_open_and_not_without_a_reason(engine: Engine, tmp_path: Path) -> None:
    before = seal_key(tmp_path).fingerprint
    with pytest.raises(RecordIncomplete):
        rotate_key(engine, tmp_path, tmp_path / KEY_FILE, "甲", "", NOW)
    open_sample_night(engine)
    with pytest.raises(NightIsOpen):
        _rotate(engine, tmp_path)
    assert seal_key(tmp_path).fingerprint == before
    assert finish_rotation(engine, tmp_path / KEY_FILE) is False


def test_a_crash_at_any_write_leaves_one_key_in_force(tmp_path_factory: pytest.TempPathFactory) -> None:
    def home() -> tuple[Engine, Path]:
        folder = tmp_path_factory.mktemp("rotating")
        engine = open_engine(f"sqlite:///{folder}/yiguang.db")
        migrate(engine)
        _night(engine, folder)
        return engine, folder

    engine, folder = home()
    writes = count_writes(engine, lambda: _rotate(engine, folder) and None)
    assert writes > 5
    for number in range(writes):
        engine, folder = home()
        with pytest.raises(Crash), crash_at(engine, number):
            _rotate(engine, folder)
        engine.dispose()
        finish_rotation(engine, folder / KEY_FILE)  # as the next command does
        assert all(fault.startswith(("记录：", "head.json：", "entries.jsonl：")) for fault in _faults(engine, folder))
        _rotate(engine, folder)
        _night(engine, folder)
        assert _faults(engine, folder) == [], number
        engine.dispose()


def test_a_proof_alone(engine: Engine, tmp_path: Path) -> None:
    proof = proof_of(engine, _night(engine, tmp_path))
    assert proof is not None
    path = tmp_path / "case.wacz.seal.json"
    path.write_bytes(proof)
    key = seal_key(tmp_path).fingerprint
    assert verify_proof(path, key).ok
    assert not verify_proof(path, "0" * 64).ok
    assert "没有时间戳" in verify_proof(path).notes[1]
    for place in range(0, len(proof), 7):
        changed = bytearray(proof)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert not verify_proof(path).ok, place
    given = json.loads(proof)
    given["entry"] = given["entry"].replace('"bytes":', '"bytes":1')
    del given["sha256"]
    path.write_bytes(canonical_json(given | {"sha256": sha256_hex(canonical_json(given))}))
    assert [check.name for check in verify_proof(path).checks if not check.ok] == ["默克尔路径"]
