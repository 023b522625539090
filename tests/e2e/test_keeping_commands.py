"""A case through its life: a copy for circulation, the original for one who says why, hold, class, expiry."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from sqlalchemy import Engine, update

from storage.crawl.nights import finish_night
from storage.database import open_engine, writing
from storage.sealing.key_rotation import rotate_key
from storage.sealing.seals import seal_night
from storage.tables import bundles, nights
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, page, visit
from tests.storage.soft_token import Token, soft_token
from tests.storage.writes import Crash, count_writes, crash_at

Run = Callable[..., CompletedProcess[bytes]]
WHO = ("--by", "甲", "--reason", "行政复议未结")
TEXT = (
    "示例门诊部\n本院治愈率达98%，签约治疗，无效退款。\n患者王女士，五十岁，手机139-0000-0000。\n咨询电话 000-00001234"
)


@pytest.fixture(scope="module")
def token() -> Token:
    return soft_token()


@pytest.fixture
def kept(yiguang: Run, home: Path) -> Path:
    """A data folder with one sealed lead, case 1."""
    yiguang("init")
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, home)
    row = claim(engine, night_id, ids)[0]
    store.record(visit(row, flagged=True, page=page(row.url, TEXT)))
    store.close()
    seal_night(engine, home, night_id, seal_key(home), NOW)
    finish_night(engine, night_id, NOW)
    engine.dispose()
    return home


def test_what_circulates_names_no_patient(yiguang: Run, kept: Path, tmp_path: Path) -> None:
    done = yiguang("evidence", "export", "1", "--out", tmp_path / "out")
    assert done.returncode == 0
    sheet = Path(done.stdout.decode().strip())
    files = sorted(tmp_path.joinpath("out").iterdir())
    assert [file.suffix for file in files] == [".json", ".png", ".txt"]
    for file in (files[0], files[2]):
        assert not [secret for secret in ("王女士", "五十岁", "139-0000-0000") if secret in file.read_text("utf-8")]
    assert "000-00001234" in sheet.read_text("utf-8")
    listed = json.loads(files[0].read_bytes())
    assert [mask["kind"] for mask in listed["masks"]] == ["name", "age", "phone"]
    assert [item["quote"] for item in listed["findings"]] == ["治愈率达98%", "无效退款"]
    assert next(kept.glob("evidence/*/*.wacz")).stem == listed["bundle_sha256"]
    assert yiguang("evidence", "records").stdout == b""


def test_the_original_is_opened_by_name_and_reason_only(yiguang: Run, kept: Path, tmp_path: Path) -> None:
    out = ("evidence", "export", "1", "--out", tmp_path / "out", "--original")
    refused = yiguang(*out)
    assert refused.returncode == 2
    assert "--by" in refused.stderr.decode()
    assert not (tmp_path / "out").exists()
    assert yiguang(*out, *WHO).returncode == 0
    assert "调阅原件\t甲\t行政复议未结" in yiguang("evidence", "records").stdout.decode()
    assert yiguang("evidence", "verify", "--all").returncode == 0
    (kept / "records/000001-opening.json").unlink()
    assert yiguang("evidence", "verify", "--all").returncode == 1


@pytest.mark.usefixtures("kept")
def test_holding_releasing_and_referring(yiguang: Run) -> None:
    assert yiguang("evidence", "release", "1", *WHO).returncode == 1
    assert yiguang("evidence", "hold", "1", *WHO).returncode == 0
    assert yiguang("evidence", "release", "1", *WHO).returncode == 0
    assert yiguang("evidence", "retain", "1", "--as", "referred", *WHO).returncode == 0
    shorter = yiguang("evidence", "retain", "1", "--as", "dismissed", *WHO)
    assert (shorter.returncode, "不能改用较短" in shorter.stderr.decode()) == (1, True)
    assert yiguang("evidence", "hold", "1", "--by", " ", "--reason", "复议").returncode == 2
    kinds = [line.split("\t")[2] for line in yiguang("evidence", "records").stdout.decode().splitlines()]
    assert kinds == ["留置", "解除留置（1 项：第 1 号）", "改类（线索 → 已移送）"]


@pytest.mark.usefixtures("kept")
def test_a_release_says_how_many_holds_it_ended_and_which_stand(yiguang: Run) -> None:
    for number in (1, 2, 3):
        assert f"留置，已登记（第 {number} 号）" in yiguang("evidence", "hold", "1", *WHO).stderr.decode()
    wrong = yiguang("evidence", "release", "1", "--hold", "7", *WHO)
    assert (wrong.returncode, "没有第 7 号留置" in wrong.stderr.decode()) == (1, True)
    said = yiguang("evidence", "release", "1", "--hold", "2", *WHO).stderr.decode()
    assert "解除留置（1 项：第 2 号）" in said and "仍有 2 项留置：第 1、3 号" in said
    said = yiguang("evidence", "release", "1", *WHO).stderr.decode()
    assert "解除留置（2 项：第 1、3 号）" in said and "仍有" not in said
    assert yiguang("evidence", "verify", "--all").returncode == 0


def test_expiry_needs_a_name_and_does_what_it_said(yiguang: Run, kept: Path, tmp_path: Path) -> None:
    assert yiguang("evidence", "expire").returncode == 2
    assert yiguang("evidence", "expire", "--dry-run").stdout == b""
    _age(kept)
    announced = yiguang("evidence", "expire", "--dry-run").stdout
    assert announced.count(b"\n") == 3
    assert "1 页的文字期满" in announced.decode()
    assert yiguang("evidence", "expire", "--by", "甲").stdout == announced
    assert not list(kept.glob("evidence/*/*.wacz"))
    checked = yiguang("evidence", "verify", "--all")
    assert (checked.returncode, checked.stdout.decode().count("依保存期限删除")) == (0, 2)
    gone = yiguang("evidence", "export", "1", "--out", tmp_path / "out")
    assert (gone.returncode, "已依保存期限删除" in gone.stderr.decode()) == (1, True)


def _age(home: Path) -> None:
    """Let the night have been ten years ago, as far as the terms go."""
    engine = open_engine(f"sqlite:///{home}/yiguang.sqlite")
    with writing(engine) as connection:
        connection.execute(update(bundles).values(created_at=NOW - timedelta(days=3660)))
        connection.execute(update(nights).values(started_at=NOW - timedelta(days=3660)))
    engine.dispose()


def test_a_hand_over_that_died_before_its_end_is_finished_by_the_next_command(yiguang: Run, kept: Path) -> None:
    engine = open_engine(f"sqlite:///{kept}/yiguang.sqlite")
    _rotate(engine, kept)
    writes = count_writes(engine, lambda: _rotate(engine, kept))  # with a head over the hand-over before
    before = seal_key(kept).fingerprint
    with pytest.raises(Crash), crash_at(engine, writes - 2):  # the key's last rename, and the folder's sync behind it
        _rotate(engine, kept)
    engine.dispose()
    assert (seal_key(kept).fingerprint, (kept / "keys" / "seal.next.pem").exists()) == (before, True)
    assert yiguang("evidence", "verify", "--all").returncode == 0
    assert (seal_key(kept).fingerprint != before, (kept / "keys" / "seal.next.pem").exists()) == (True, False)


def _rotate(engine: Engine, home: Path) -> None:
    rotate_key(engine, home, home / "keys" / "seal.pem", "甲", "年度更换", NOW)


def test_a_new_key_takes_over(yiguang: Run, kept: Path, tmp_path: Path) -> None:
    old = seal_key(kept).fingerprint
    told = yiguang("evidence", "rotate-key", *WHO).stdout.decode()
    new = seal_key(kept).fingerprint
    assert old != new
    assert (f"旧公钥指纹：{old}" in told, new in told) == (True, True)
    assert yiguang("evidence", "verify", "--all").returncode == 0
    bundle = yiguang("evidence", "export", "1", "--out", tmp_path, "--original", *WHO).stdout.decode().strip()
    assert yiguang("evidence", "verify", bundle, f"{bundle}.seal.json", "--key", old).returncode == 0
    assert yiguang("evidence", "verify", f"{bundle}.seal.json", "--key", new).returncode == 1


def test_a_second_copy_is_pushed_checked_and_fetched_back(yiguang: Run, kept: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    told = yiguang("evidence", "push", copy)
    assert (told.returncode, "没有对象锁定" in told.stderr.decode()) == (0, True)
    assert yiguang("evidence", "push", copy).stdout == b""
    bundle = next(kept.glob("evidence/*/*.wacz"))
    bundle.unlink()
    assert yiguang("evidence", "verify", "--all").returncode == 1
    assert (
        yiguang("evidence", "pull", copy).stdout.decode().startswith(f"evidence/{bundle.parent.name}/{bundle.name}\t")
    )
    assert yiguang("evidence", "verify", "--all", "--store", copy).returncode == 0
    stored = copy / "objects" / bundle.stem[:2] / bundle.stem
    stored.write_bytes(b"!" + stored.read_bytes()[1:])
    assert yiguang("evidence", "verify", "--all", "--store", copy).returncode == 1
    assert yiguang("evidence", "verify", bundle, "--store", copy).returncode == 2
    assert yiguang("evidence", "push", copy, "--option", "x").returncode == 2
    assert yiguang("evidence", "push", "nowhere://x").returncode == 1


def test_the_signing_goes_over_to_a_token(yiguang: Run, kept: Path, token: Token) -> None:
    place = {"YIGUANG_SEAL_TOKEN": token.place("seal")}
    assert yiguang("evidence", "rotate-key", *WHO, environ=place).returncode == 2, "the new place has to be said"
    before = seal_key(kept).fingerprint
    done = yiguang("evidence", "rotate-key", *WHO, "--to-token", token.place("seal"))
    assert done.returncode == 0, done.stderr.decode()
    assert before in done.stdout.decode()
    assert not (kept / "keys/seal.pem").exists()
    assert yiguang("evidence", "verify", "--all").returncode == 1, "without the setting no key is in use"
    assert yiguang("evidence", "verify", "--all", environ=place).returncode == 0
    assert yiguang("init", environ=place).returncode == 0
    assert not (kept / "keys/seal.pem").exists()
    assert yiguang("evidence", "rotate-key", *WHO, environ=place).returncode == 2
    assert yiguang("evidence", "rotate-key", *WHO, "--to-token", token.place("seal"), environ=place).returncode == 2
    assert yiguang("evidence", "rotate-key", *WHO, "--to-token", token.place("next"), environ=place).returncode == 0
    after = {"YIGUANG_SEAL_TOKEN": token.place("next")}
    assert yiguang("evidence", "verify", "--all", environ=after).returncode == 0
    assert yiguang("evidence", "verify", "--all", environ=place).returncode == 1
