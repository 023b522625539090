"""Evidence through the command line: stamped, verified, handed out, and checked by its recipient."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from storage.database import open_engine, writing
from storage.sealing.seal_key import SealKey
from storage.sealing.seals import seal_night
from storage.tables import bundles
from tests.e2e.command_line import Run
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.look_nights import gone, look_at, refer
from tests.storage.samples import NOW, visit
from tests.storage.time_authority import TimeAuthority


@pytest.fixture
def sealed(yiguang: Run, home: Path) -> Path:
    """An initialised data folder with two sealed leads, signed with the key that `init` made."""
    assert yiguang("init").returncode == 0
    engine = open_engine(f"sqlite:///{home / 'yiguang.sqlite'}")
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, home)
    for row in claim(engine, night_id, ids, limit=2):
        store.record(visit(row, flagged=True))
    store.close()
    seal_night(engine, home, night_id, seal_key(home), NOW)
    engine.dispose()
    return home


def _configure(home: Path, *servers: TimeAuthority) -> None:
    tables = [
        f'[[authority]]\nname = "tsa-{number}"\nurl = "{server.url}"\nroots = "{server.roots}"\ntimeout_seconds = 5\n'
        for number, server in enumerate(servers, 1)
    ]
    (home / "authorities.toml").write_text("".join(tables), encoding="utf-8")


def test_init_names_the_key_and_keeps_it_close(yiguang: Run, home: Path) -> None:
    fingerprint = yiguang("init").stdout.decode().splitlines()[1].rpartition("：")[2]
    assert SealKey.load(home / "keys" / "seal.pem").fingerprint == fingerprint
    assert yiguang("init").stdout.decode().splitlines()[1].endswith(fingerprint)
    (home / "keys" / "seal.pem").chmod(0o644)
    done = yiguang("evidence", "verify", "--all")
    assert done.returncode == 1
    assert "0600" in done.stderr.decode()


def test_stamp_verify_export_and_check(yiguang: Run, sealed: Path, tmp_path: Path) -> None:
    before = yiguang("evidence", "verify", "--all")
    assert before.returncode == 0
    assert "没有时间戳" in before.stdout.decode()
    with TimeAuthority(tmp_path / "one") as one:
        with TimeAuthority(tmp_path / "two", falling_order=True) as two:
            _configure(sealed, one, two)
            assert yiguang("evidence", "stamp").stdout.decode().count("已取得") == 2
        again = yiguang("evidence", "stamp")
        assert (again.returncode, again.stdout) == (0, b"")
    checked = yiguang("evidence", "verify", "--all")
    assert checked.returncode == 0
    assert "注：tsa-2：时间戳有效（证书次序不合 DER" in checked.stdout.decode()
    case = json.loads(yiguang("cases", "list", "--json").stdout.splitlines()[0])
    original = ("--original", "--by", "甲", "--reason", "移送")
    exported = yiguang("evidence", "export", str(case["id"]), "--out", tmp_path / "out", *original)
    bundle = Path(exported.stdout.decode().strip())
    key = seal_key(sealed).fingerprint
    assert f"签名公钥指纹：{key}" in bundle.with_name(bundle.name + ".statement.txt").read_text("utf-8")
    arguments = [str(bundle), "--key", key, "--roots", str(one.roots), "--roots", str(two.roots)]
    alone = subprocess.run(
        [sys.executable, "-I", "-S", bundle.with_name("verify.pyz"), *arguments],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout.count("证书链到给定的根证书") == 2
    assert yiguang("evidence", "verify", bundle, "--key", key).returncode == 0
    assert yiguang("evidence", "verify", bundle, "--key", "0" * 64).returncode == 1


def test_an_authority_that_is_away_is_told_and_waits(yiguang: Run, sealed: Path, tmp_path: Path) -> None:
    with TimeAuthority(tmp_path / "one") as one:
        _configure(sealed, one)
    done = yiguang("evidence", "stamp")
    assert done.returncode == 1
    assert "无法连接" in done.stdout.decode()
    checked = yiguang("evidence", "verify", "--all")
    assert checked.returncode == 0, "late is no fault of the evidence"
    assert "已排队（试过 1 次）" in checked.stdout.decode()


def test_a_store_that_lost_all_its_bundles_is_a_failure(yiguang: Run, sealed: Path) -> None:
    engine = open_engine(f"sqlite:///{sealed / 'yiguang.sqlite'}")
    with writing(engine) as connection:
        connection.execute(bundles.delete())
    engine.dispose()
    done = yiguang("evidence", "verify", "--all")
    assert done.returncode == 1
    assert "没有一份证据包" in done.stderr.decode()


def test_the_verifier_is_the_same_every_time(yiguang: Run, tmp_path: Path) -> None:
    first, second = (yiguang("evidence", "verifier", "--out", tmp_path / name) for name in ("a.pyz", "b.pyz"))
    assert first.stdout.split()[0] == second.stdout.split()[0]
    assert (tmp_path / "a.pyz").read_bytes() == (tmp_path / "b.pyz").read_bytes()


def test_the_sheet_for_capturing_again(yiguang: Run, sealed: Path, tmp_path: Path) -> None:
    case = json.loads(yiguang("cases", "list", "--json").stdout.decode().splitlines()[0])
    sheet = tmp_path / "again.html"
    assert yiguang("evidence", "recapture", str(case["id"]), "--out", sheet).returncode == 0
    assert case["url"] in sheet.read_text("utf-8")
    assert case["bundle_sha256"] in sheet.read_text("utf-8")
    assert yiguang("evidence", "recapture", str(case["id"]), "--out", sheet).returncode == 1, "nothing is written over"
    assert yiguang("evidence", "recapture", str(case["id"]), "--out", tmp_path / "again.doc").returncode == 2
    (sealed / case["bundle"]).write_bytes((sealed / case["bundle"]).read_bytes()[:-1])
    refused = yiguang("evidence", "recapture", str(case["id"]), "--out", tmp_path / "more.html")
    assert refused.returncode == 1
    assert "未通过核验" in refused.stderr.decode()


def test_the_evidence_of_looks_is_listed_verified_and_told(yiguang: Run, sealed: Path, tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{sealed / 'yiguang.sqlite'}")
    with engine.connect() as connection:
        lead = connection.execute(select(bundles).order_by(bundles.c.id)).first()
    assert lead is not None
    case = refer(engine, lead.page_id)
    for hours in (25, 32):  # the other lead has the same text, and was seen within a day until then
        case = look_at(engine, sealed, case, hours, gone)
    engine.dispose()
    listed = [
        json.loads(line) for line in yiguang("evidence", "looks", str(case.case_id), "--json").stdout.splitlines()
    ]
    assert [(row["grade"], row["verified"], row["seal"]) for row in listed] == [
        ("gone-once", True, 2),
        ("gone", True, 3),
    ]
    words = yiguang("evidence", "looks").stdout.decode()
    assert words.count("通过\tevidence/") == 2 and "第 3 号封存摘要，2026-11-27 10:00，没有机构时间戳" in words
    together = yiguang("evidence", "verify", sealed / lead.path, *(sealed / row["bundle"] for row in listed))
    assert together.returncode == 0
    assert together.stdout.decode().count("与所指的证据包") == 2
    assert "3 份证据全部通过核验" in together.stderr.decode()
    masked = yiguang("evidence", "export", str(case.case_id), "--out", tmp_path / "out")
    assert masked.returncode == 0, masked.stderr.decode()
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert not [name for name in names if name.endswith(".wacz")], "no original"
    assert {f"{row['bundle_sha256']}.wacz.seal.json" for row in listed} < names
    assert yiguang("evidence", "looks", "9999").returncode == 1
    (sealed / listed[0]["bundle"]).write_bytes(b"x")
    spoilt = yiguang("evidence", "looks")
    assert spoilt.returncode == 1 and "2 次复测中有 1 次的证据未通过核验" in spoilt.stderr.decode()
