"""What leaves the data folder is whole or not there, and an original goes out to those only who may see it, on the record."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.nights import Case
from domain.outbox import Statement, StatementKind
from domain.roles import Role
from review.accounts import Accounts
from review.audit_log import AuditLog
from storage.checking.verify import verify_all
from storage.crawl.nights import finish_night
from storage.database import migrate, open_engine
from storage.leads.cases import list_cases
from storage.leads.outbox import add_statement
from storage.sealing.keep_records import read_records
from storage.sealing.seals import seal_night
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from tests.storage.writes import Crash, count_writes, crash_at
from yiguang.errors import CommandFailed
from yiguang.home import MARK, utc_now
from yiguang.packages.export import (
    masked_files,
    original_files,
    record_opening,
    require_free,
    role_of_opener,
    warn_without_shot,
    write_files,
)
from yiguang.settings import Settings, read_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = tmp_path / "home"
    home.mkdir()
    return read_settings({"YIGUANG_HOME": str(home)})


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database_url)
    migrate(engine)
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, settings.home)
    store.record(visit(claim(engine, night_id, ids)[0], flagged=True))
    store.close()
    seal_night(engine, settings.home, night_id, seal_key(settings.home), NOW)
    finish_night(engine, night_id, NOW)
    (settings.home / MARK).touch()
    yield engine
    engine.dispose()


def _case(engine: Engine) -> Case:
    (case,) = list_cases(engine)
    return case


@pytest.mark.parametrize("masked", [True, False])
def test_a_crash_leaves_no_half_file_and_the_same_export_again_completes_it(
    settings: Settings, engine: Engine, tmp_path: Path, masked: bool
) -> None:
    case = _case(engine)
    files, again = (masked_files(settings, case) if masked else original_files(settings, case) for _ in range(2))
    assert again == files, "made anew it is the same to the byte"
    writes = count_writes(engine, lambda: write_files(tmp_path / "counted", files))
    assert writes == 3 * len(files)
    for number in range(writes):
        out = tmp_path / f"out-{number}"
        with pytest.raises(Crash), crash_at(engine, number):
            write_files(out, files)
        names = {path.name for path in out.iterdir() if path.suffix != ".part"}
        assert all((out / name).read_bytes() == files[name] for name in names)
        first = next(iter(files))
        assert first not in names or names == set(files), "the first says that all are there"
        require_free(out, files)
        write_files(out, files)
        assert {name: (out / name).read_bytes() for name in files} == files


def test_what_bears_the_name_already_is_not_overwritten(settings: Settings, engine: Engine, tmp_path: Path) -> None:
    files = masked_files(settings, _case(engine))
    name = next(iter(files))
    (tmp_path / name).write_bytes(b"mine")
    with pytest.raises(CommandFailed, match="不覆盖"):
        require_free(tmp_path, files)


def test_once_the_desk_has_accounts_only_they_may_open_an_original(settings: Settings, engine: Engine) -> None:
    assert role_of_opener(settings, "任何人") == "", "nobody to hold it against"
    accounts = Accounts(engine, utc_now)
    accounts.create_first()
    assert role_of_opener(settings, "任何人") == "", "an administrator alone opens nothing"
    accounts.create("officer-1", Role.OFFICER, "admin")
    assert role_of_opener(settings, " Officer-1 ") == "officer"
    with pytest.raises(CommandFailed, match="没有可用的账号 任何人"):
        role_of_opener(settings, "任何人")
    with pytest.raises(CommandFailed, match="管理员 admin 不得调阅"):
        role_of_opener(settings, "admin")
    accounts.create("officer-2", Role.OFFICER, "admin")
    accounts.disable("officer-1", "admin")
    with pytest.raises(CommandFailed, match="没有可用的账号"):
        role_of_opener(settings, "officer-1")


def test_an_opening_is_in_the_chain_and_in_the_desks_log(settings: Settings, engine: Engine) -> None:
    record_opening(settings, _case(engine), "officer-1", "officer", "移送示例区市场监管局")
    with engine.connect() as connection:
        (record,) = read_records(connection)
    assert (record.facts["by"], record.facts["role"]) == ("officer-1", "officer")
    (entry,) = AuditLog(engine, utc_now).entries()
    assert (entry.actor, entry.act, entry.subject) == ("officer-1", "original-exported", f"case:{_case(engine).id}")
    assert json.loads((settings.home / entry.detail["record"]).read_bytes())["reason"] == entry.detail["reason"]
    assert all(report.ok for report in verify_all(engine, settings.home))


def test_what_was_said_against_a_lead_goes_along(settings: Settings, engine: Engine) -> None:
    case = _case(engine)
    assert not [name for name in masked_files(settings, case) if name.endswith(".意见.txt")]
    said = Statement(StatementKind.DISPUTE, "wang", NOW, NOW, "患者王小明称系转载\x00")
    add_statement(engine, case.id, said, lambda _connection: None)
    (masked,) = (data for name, data in masked_files(settings, case).items() if name.endswith(".意见.txt"))
    assert "当事人异议（2026-11-26 02:00）" in masked.decode() and "王小明" not in masked.decode()
    (whole,) = (data for name, data in original_files(settings, case).items() if name.endswith(".意见.txt"))
    assert "患者王小明称系转载" in whole.decode() and "\x00" not in whole.decode()


def test_a_copy_without_its_screenshot_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    warn_without_shot(["ab.masked.txt", "ab.masked.json", "ab.masked.png"], "线索 3")
    assert capsys.readouterr().err == ""
    warn_without_shot(["ab.masked.txt", "ab.masked.json"], "线索 3")
    assert capsys.readouterr().err.startswith("线索 3：没有附截图，其中的文字未能识别")
