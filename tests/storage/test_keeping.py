"""Nothing of the evidence goes but by policy, nothing on hold goes at all, and what went is explained for good."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, BrokenBarrierError, Thread

import pytest
from sqlalchemy import Engine, delete, event, insert, select, update

from domain.retention import KeepClass, RetentionPolicy, RetentionTerm
from storage.archive.orphans import clean_orphans
from storage.checking.verify import verify_all
from storage.checking.verify_chain import verify_chain
from storage.crawl.nights import finish_night
from storage.database import writing
from storage.keeping.custody import NothingToDo, assign_class, hold, holds_on, kept_items, release
from storage.keeping.expiry import due_items, expire
from storage.sealing.keep_records import RecordIncomplete, write_record_files
from storage.sealing.seals import seal_night
from storage.tables import bundles, keep_records, warc_files
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, visit
from tests.storage.writes import Crash, count_writes, crash_at, once_records_are_read

POLICY = RetentionPolicy(
    {
        KeepClass.REFERRED: RetentionTerm("已移送", 72, "移送登记之日", ("行政处罚法36",)),
        KeepClass.LEAD: RetentionTerm("线索", 60, "取证之日", ("行政处罚法36",)),
        KeepClass.DISMISSED: RetentionTerm("审核后排除", 6, "排除登记之日", ("个人信息保护法28",)),
        KeepClass.CAPTURE: RetentionTerm("巡查原始记录", 12, "夜间巡查开始之日", ("个人信息保护法28",)),
        KeepClass.TEXT: RetentionTerm("非线索页面的文字", 12, "最后一次见到之日", ("个人信息保护法28",)),
    },
    "p" * 64,
)
NIGHT = "2026-11-26"
BY = "示例监测中心 甲"


def _night(engine: Engine, folder: Path) -> None:
    """A sealed night of two leads and one other page."""
    night_id, ids = open_sample_night(engine, links=2)
    store = open_store(engine, folder)
    for number, row in enumerate(claim(engine, night_id, ids, limit=3)):
        store.record(visit(row, flagged=number < 2))
    store.close()
    seal_night(engine, folder, night_id, seal_key(folder), NOW)
    finish_night(engine, night_id, NOW)


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    _night(engine, tmp_path)
    return tmp_path


def _years(number: float) -> datetime:
    return NOW + timedelta(days=366 * number)


def _paths(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.scalars(select(bundles.c.path).order_by(bundles.c.id)))


def _faults(engine: Engine, folder: Path) -> list[tuple[str, str]]:
    reports = verify_all(engine, folder) + verify_chain(engine, folder, seal_key(folder).fingerprint)
    return [(Path(report.path).name, check.name) for report in reports for check in report.checks if not check.ok]


def _notes(engine: Engine, folder: Path) -> str:
    return "\n".join(note for report in verify_all(engine, folder) for note in report.notes)


@pytest.mark.usefixtures("folder")
def test_nothing_is_due_before_its_term(engine: Engine) -> None:
    assert due_items(engine, POLICY, _years(0.9)) == []
    assert [item.kind for item in due_items(engine, POLICY, _years(1.1))] == ["warc"]
    assert [item.kind for item in due_items(engine, POLICY, _years(5.1))] == ["bundle", "bundle", "warc"]


def test_what_is_deleted_by_policy_is_not_missing(engine: Engine, folder: Path) -> None:
    done = expire(engine, folder, POLICY, BY, _years(6))
    assert ([item.kind for item in done.deleted], done.refused) == (["bundle", "bundle", "warc"], ())
    assert not list(folder.rglob("*.wacz"))
    assert not list(folder.rglob("*.warc.gz"))
    assert _faults(engine, folder) == []
    assert _notes(engine, folder).count("依保存期限删除") == 3
    assert BY in _notes(engine, folder)
    proof = json.loads((folder / "records/000001-deletion.json").read_bytes())
    assert (proof["what"], proof["by"], proof["policy"]["basis"]) == ("bundle", BY, ["行政处罚法36"])
    assert proof["path"].endswith(f"{proof['sha256']}.wacz")
    seal_night(engine, folder, NIGHT, seal_key(folder), _years(6))
    assert _faults(engine, folder) == []
    assert expire(engine, folder, POLICY, BY, _years(7)).deleted == ()


def test_what_is_kept_is_read_once_for_many_deletions(engine: Engine, folder: Path) -> None:
    """It is every file of evidence that there is: read for each deletion, a thousand of them took minutes."""
    readings = 0

    def count(*asked: object) -> None:
        nonlocal readings
        readings += "FROM bundles ORDER BY bundles.id" in " ".join(str(asked[2]).split())

    event.listen(engine, "before_cursor_execute", count)
    assert len(expire(engine, folder, POLICY, BY, _years(6)).deleted) == 3
    assert readings == 2, "what is due, and whether it still is"


def test_missing_without_proof_is_red_and_is_never_declared_deleted(engine: Engine, folder: Path) -> None:
    lost, altered = _paths(engine)
    (folder / lost).unlink()
    (folder / altered).write_bytes((folder / altered).read_bytes() + b"!")
    done = expire(engine, folder, POLICY, BY, _years(6))
    assert [item.kind for item in done.deleted] == ["warc"]
    assert [refusal.path for refusal in done.refused] == [lost, altered]
    assert (Path(lost).name, "文件") in _faults(engine, folder)


def test_a_hold_keeps_the_bundle_and_the_night_file_it_is_in(engine: Engine, folder: Path) -> None:
    held, other = _paths(engine)
    hold(engine, folder, held, NIGHT, BY, "行政复议未结", NOW)
    hold(engine, folder, held, NIGHT, BY, "法院调取", NOW)
    assert [item.path for item in expire(engine, folder, POLICY, BY, _years(6)).deleted] == [other]
    assert _faults(engine, folder) == []
    release(engine, folder, held, NIGHT, BY, "复议终结", _years(6))
    with pytest.raises(NothingToDo):
        release(engine, folder, held, NIGHT, BY, "复议终结", _years(6))
    assert len(expire(engine, folder, POLICY, BY, _years(6)).deleted) == 2


def test_what_was_deleted_cannot_be_held(engine: Engine, folder: Path) -> None:
    expire(engine, folder, POLICY, BY, _years(6))
    with pytest.raises(NothingToDo, match="已依保存期限删除"):
        hold(engine, folder, _paths(engine)[0], NIGHT, BY, "复议", _years(6))


def test_a_half_written_record_is_cleared_away(engine: Engine, folder: Path) -> None:
    hold(engine, folder, _paths(engine)[0], NIGHT, BY, "复议", NOW)
    (folder / "records" / "000002-hold.json.1.part").write_bytes(b"{")
    assert clean_orphans(engine, folder) == ["records/000002-hold.json.1.part"]
    assert _faults(engine, folder) == []


def test_a_record_that_is_being_written_is_not_cleared_away(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cleaning, on_disk = Thread(target=clean_orphans, args=(engine, folder)), os.fsync

    def meanwhile(descriptor: int) -> None:
        cleaning.start()
        cleaning.join(0.3)  # else it waits for this
        monkeypatch.setattr(os, "fsync", on_disk)
        on_disk(descriptor)

    monkeypatch.setattr(os, "fsync", meanwhile)
    record = hold(engine, folder, _paths(engine)[0], NIGHT, BY, "复议", NOW)
    cleaning.join()
    assert (folder / record.path).read_bytes() == record.document.encode()


def test_two_processes_write_the_same_record(engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of containers, in which both have the same number."""
    hold(engine, folder, _paths(engine)[0], NIGHT, BY, "复议", NOW)
    (path,) = folder.glob("records/*-hold.json")
    path.unlink()
    both, on_disk = Barrier(2), os.fsync

    def at_once(descriptor: int) -> None:
        with suppress(BrokenBarrierError):
            both.wait(1)
        on_disk(descriptor)

    monkeypatch.setattr(os, "fsync", at_once)
    with ThreadPoolExecutor(2) as processes:
        for written in [processes.submit(write_record_files, engine, folder) for _ in range(2)]:
            written.result()
    assert _faults(engine, folder) == []


def test_a_class_runs_from_when_it_was_given(engine: Engine, folder: Path) -> None:
    referred, dismissed = _paths(engine)
    assign_class(engine, folder, referred, NIGHT, KeepClass.REFERRED, BY, "移送示例区市场监管局", _years(1))
    assign_class(engine, folder, dismissed, NIGHT, KeepClass.DISMISSED, BY, "属于正常信息公开", NOW)
    with engine.connect() as connection:
        classes = {item.path: (item.keep_class, item.due_at.year) for item in kept_items(connection, POLICY)}
    assert classes[referred] == (KeepClass.REFERRED, 2033)
    assert classes[dismissed] == (KeepClass.DISMISSED, 2027)
    assert dismissed in [item.path for item in due_items(engine, POLICY, _years(0.6))]
    assert referred not in [item.path for item in due_items(engine, POLICY, _years(6))]
    with pytest.raises(ValueError, match="不能改用较短"):
        assign_class(engine, folder, referred, NIGHT, KeepClass.DISMISSED, BY, "误报", NOW)
    with pytest.raises(NothingToDo):
        assign_class(engine, folder, dismissed, NIGHT, KeepClass.DISMISSED, BY, "误报", NOW)


def test_a_release_ends_the_holds_that_it_names(engine: Engine, folder: Path) -> None:
    path, other = _paths(engine)
    for reason in ("行政复议未结", "法院调取", "检察院调取"):
        hold(engine, folder, path, NIGHT, BY, reason, NOW)
    hold(engine, folder, other, NIGHT, BY, "法院调取", NOW)
    for named in ((4,), (1, 4), (9,)):  # the fourth is on something else
        with pytest.raises(NothingToDo, match="现有的是第 1、2、3 号"):
            release(engine, folder, path, NIGHT, BY, "复议终结", NOW, named)
    assert release(engine, folder, path, NIGHT, BY, "复议终结", NOW, (1,)).facts["releases"] == [1]
    assert (holds_on(engine, path), holds_on(engine, other)) == ((2, 3), (4,))
    assert path not in [item.path for item in due_items(engine, POLICY, _years(9))]
    with pytest.raises(NothingToDo, match="没有第 1 号留置"):
        release(engine, folder, path, NIGHT, BY, "复议终结", NOW, (1,))
    assert release(engine, folder, path, NIGHT, BY, "审结", NOW).facts["releases"] == [2, 3]
    assert (holds_on(engine, path), holds_on(engine, other)) == ((), (4,))
    assert path in [item.path for item in due_items(engine, POLICY, _years(9))]


def test_a_hold_that_is_set_during_a_release_stands(engine: Engine, folder: Path) -> None:
    path, _ = _paths(engine)
    hold(engine, folder, path, NIGHT, BY, "行政复议未结", NOW)
    with once_records_are_read(engine, lambda: hold(engine, folder, path, NIGHT, BY, "法院调取", NOW)):
        released = release(engine, folder, path, NIGHT, BY, "复议终结", NOW)
    with engine.connect() as connection:
        (item,) = [item for item in kept_items(connection, POLICY) if item.path == path]
    assert (released.facts["releases"], item.held_by) == ([1], (3,))


def test_a_referral_during_a_dismissal_comes_last(engine: Engine, folder: Path) -> None:
    path, _ = _paths(engine)
    refer = partial(assign_class, engine, folder, path, NIGHT, KeepClass.REFERRED, BY, "移送示例区市场监管局", NOW)
    with once_records_are_read(engine, refer):
        assign_class(engine, folder, path, NIGHT, KeepClass.DISMISSED, BY, "误报", NOW)
    with engine.connect() as connection:
        (item,) = [item for item in kept_items(connection, POLICY) if item.path == path]
    assert item.keep_class is KeepClass.REFERRED


@pytest.mark.parametrize(("by", "reason"), [("", "复议"), ("甲", " ")])
def test_an_act_needs_a_name_and_a_reason(engine: Engine, folder: Path, by: str, reason: str) -> None:
    with pytest.raises(RecordIncomplete):
        hold(engine, folder, _paths(engine)[0], NIGHT, by, reason, NOW)
    assert not (folder / "records").exists()


def test_a_deletion_made_up_in_the_database_is_red(engine: Engine, folder: Path) -> None:
    path = _paths(engine)[0]
    hold(engine, folder, path, NIGHT, BY, "复议", NOW)
    document = (folder / "records/000001-hold.json").read_text("utf-8").replace('"hold"', '"deletion"')
    with writing(engine) as connection:
        connection.execute(update(keep_records).values(kind="deletion", document=document))
    (folder / path).unlink()
    assert {name for name, _ in _faults(engine, folder)} == {Path(path).name, "000001-hold.json"}


def test_a_record_cannot_go_or_change_unnoticed(engine: Engine, folder: Path) -> None:
    hold(engine, folder, _paths(engine)[0], NIGHT, BY, "复议", NOW)
    file = folder / "records/000001-hold.json"
    file.write_bytes(file.read_bytes().replace("复议".encode(), "复核".encode()))
    assert _faults(engine, folder) == [(file.name, "记录")]
    file.unlink()
    assert _faults(engine, folder) == [(file.name, "记录")]
    assert write_record_files(engine, folder) == [f"records/{file.name}"]
    assert _faults(engine, folder) == []
    with writing(engine) as connection:
        connection.execute(delete(keep_records))
    assert (file.name, "记录") in _faults(engine, folder)


def test_a_night_under_way_is_left_alone(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    store.record(visit(claim(engine, night_id, ids)[0]))
    store.close()
    with engine.connect() as connection:
        assert connection.scalar(select(warc_files.c.sealed))
        assert kept_items(connection, POLICY) == []


def test_a_crash_at_any_write_leaves_nothing_unexplained(tmp_path_factory: pytest.TempPathFactory) -> None:
    from storage.database import migrate, open_engine

    def home() -> tuple[Engine, Path]:
        folder = tmp_path_factory.mktemp("expiring")
        engine = open_engine(f"sqlite:///{folder}/yiguang.db")
        migrate(engine)
        _night(engine, folder)
        return engine, folder

    engine, folder = home()
    writes = count_writes(engine, lambda: expire(engine, folder, POLICY, BY, _years(6)) and None)
    engine.dispose()
    assert writes > 9
    for number in range(writes):
        engine, folder = home()
        with pytest.raises(Crash), crash_at(engine, number):
            expire(engine, folder, POLICY, BY, _years(6))
        engine.dispose()
        assert {name for _, name in _faults(engine, folder)} <= {"删除", "记录"}  # recorded, and not carried out yet
        expire(engine, folder, POLICY, BY, _years(6))
        assert (_faults(engine, folder), list(folder.rglob("*.wacz"))) == ([], []), number
        engine.dispose()


_DIE_DELETING = """
import os, signal, sys
from datetime import timedelta
from pathlib import Path
from storage.database import open_engine
from storage.keeping.expiry import expire
from tests.storage.samples import NOW
from tests.storage.test_keeping import BY, POLICY
from tests.storage.writes import crash_at

def die():
    os.kill(os.getpid(), signal.SIGKILL)

engine = open_engine(sys.argv[1])
with crash_at(engine, int(sys.argv[3]), die):
    expire(engine, Path(sys.argv[2]), POLICY, BY, NOW + timedelta(days=2200))
"""


@pytest.mark.parametrize("number", [2, 7])
def test_kill_while_deleting(engine: Engine, database_url: str, folder: Path, number: int) -> None:
    died = subprocess.run([sys.executable, "-c", _DIE_DELETING, database_url, folder, str(number)], check=False)
    assert died.returncode == -signal.SIGKILL
    expire(engine, folder, POLICY, BY, _years(6))
    assert (_faults(engine, folder), list(folder.rglob("*.wacz"))) == ([], [])
    assert _notes(engine, folder).count("依保存期限删除") == 3


def test_a_full_disk_deletes_nothing_without_proof(
    engine: Engine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:  # noqa: ARG001  # signature is the system's
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            expire(engine, folder, POLICY, BY, _years(6))
    assert len(list(folder.rglob("*.wacz"))) == 2
    assert not list(folder.rglob("*.part"))
    assert len(expire(engine, folder, POLICY, BY, _years(6)).finished) == 3
    assert _faults(engine, folder) == []


@pytest.mark.parametrize("months", [0, 59])
def test_a_term_below_the_law_is_refused(months: int) -> None:
    short = replace(POLICY.terms[KeepClass.REFERRED], months=months)
    with pytest.raises(ValueError, match="referred"):
        RetentionPolicy({**POLICY.terms, KeepClass.REFERRED: short}, "")


def test_a_term_ends_no_day_early() -> None:
    leap = datetime(2028, 2, 29, 12, tzinfo=NOW.tzinfo)
    assert POLICY.due_at(KeepClass.LEAD, leap) == leap.replace(year=2033, month=3, day=1)
    assert POLICY.due_at(KeepClass.DISMISSED, leap.replace(month=8, day=31)) == leap.replace(year=2029, month=3, day=1)


def test_acts_taken_out_exchanged_or_renamed_are_named(engine: Engine, folder: Path) -> None:
    held, opened = _paths(engine)
    hold(engine, folder, held, NIGHT, BY, "行政复议未结", NOW)
    hold(engine, folder, opened, NIGHT, BY, "诉讼未结", NOW)
    names = ["000001-hold.json", "000002-hold.json"]
    assert _faults(engine, folder) == []
    with engine.connect() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(keep_records))]

    def told(*changed: dict[str, object]) -> set[str]:
        """The records that are found at fault when these stand in place of all; all are put back."""
        _replace(engine, folder, changed)
        found = {name for name, _ in _faults(engine, folder)}
        _replace(engine, folder, rows)
        return found

    one, other = rows
    assert told(other) == {names[0]}, "taken out, with its file"
    exchanged = ({**one, "document": other["document"]}, {**other, "document": one["document"]})
    assert told(*exchanged) == set(names), "one in the other's place"
    assert told({**one, "subject": opened}, other) == {names[0]}, "said to be about something else"
    assert told({**one, "kind": "release"}, other) == {names[0]}, "said to be the opposite"
    assert _faults(engine, folder) == []


def _replace(engine: Engine, folder: Path, rows: Sequence[dict[str, object]]) -> None:
    """Let these be the records, in the database and on disk."""
    with writing(engine) as connection:
        connection.execute(delete(keep_records))
        connection.execute(insert(keep_records), list(rows))
    for path in folder.glob("records/*"):
        path.unlink()
    write_record_files(engine, folder)
