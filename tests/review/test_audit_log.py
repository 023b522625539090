"""The log cannot be changed unnoticed, nor without force."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from review.audit_log import NO_ENTRY, AuditLog, export_faults
from review.sealed_heads import record_log_head, sealed_heads
from storage.database import open_engine, writing
from storage.sealing.keep_records import verify_records
from storage.tables import audit_entries, metadata
from tests.review.desk import Clock
from tests.storage.samples import NOW


@pytest.fixture
def log(engine: Engine) -> AuditLog:
    log = AuditLog(engine, Clock())
    for number in range(3):
        log.record_alone(f"人{number}", "looked", f"item:{number}", {"why": "看"})
    return log


def test_acts_are_kept_in_order(log: AuditLog) -> None:
    assert [(entry.number, entry.actor) for entry in log.entries()] == [(3, "人2"), (2, "人1"), (1, "人0")]
    assert [entry.number for entry in log.entries(before=3, limit=1)] == [2]
    assert [entry.number for entry in log.entries(actor="人1")] == [2]
    assert [entry.detail for entry in log.entries(subject="item:0")] == [{"why": "看"}]
    assert log.entries(act="decided") == [] and log.verify() == ()


def test_an_act_that_fails_leaves_no_entry(log: AuditLog, engine: Engine) -> None:
    with pytest.raises(RuntimeError, match="no"), writing(engine) as connection:
        log.record(connection, "人", "tried", "item:9")
        raise RuntimeError("no")
    assert log.head()[0] == 3


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_entries SET actor = 'x' WHERE number = 2", "DELETE FROM audit_entries WHERE number = 3"]
)
def test_the_database_refuses_to_change_the_log(log: AuditLog, engine: Engine, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), writing(engine) as connection:
        connection.execute(text(statement))
    assert log.verify() == ()


@pytest.mark.parametrize(
    ("statement", "number", "message"),
    [
        ("UPDATE audit_entries SET actor = 'x' WHERE number = 2", 2, "各栏与其内容不符"),
        ("UPDATE audit_entries SET at = '2020-01-01 00:00:00' WHERE number = 2", 2, "各栏与其内容不符"),
        ("UPDATE audit_entries SET document = replace(document, '人1', '人9') WHERE number = 2", 2, "摘要不符"),
        ("UPDATE audit_entries SET digest = 'x' WHERE number = 2", 2, "摘要不符"),
        ("DELETE FROM audit_entries WHERE number = 2", 2, "缺第 2 至 2 条"),
    ],
)
def test_what_is_done_by_force_is_found(
    log: AuditLog, engine: Engine, statement: str, number: int, message: str
) -> None:
    _drop_triggers(engine)
    with writing(engine) as connection:
        connection.execute(text(statement))
    faults = log.verify()
    assert faults[0].number == number and message in faults[0].message


def test_a_log_cut_short_is_found_by_who_knows_its_head(log: AuditLog, engine: Engine) -> None:
    head = log.head()
    log.record_alone("人3", "looked", "item:3")
    assert log.verify(head) == ()
    _drop_triggers(engine)
    with writing(engine) as connection:
        connection.execute(audit_entries.delete().where(audit_entries.c.number >= 3))
    assert log.verify() == ()
    assert [fault.number for fault in log.verify(head)] == [3]


def test_an_empty_log_is_whole(engine: Engine) -> None:
    log = AuditLog(engine, Clock())
    assert log.head() == (0, NO_ENTRY) and log.verify() == () and log.verify(log.head()) == ()


def test_heads_are_sealed_with_the_nights(log: AuditLog, engine: Engine, tmp_path: Path) -> None:
    assert record_log_head(engine, tmp_path, "2026-11-26", NOW)
    assert not record_log_head(engine, tmp_path, "2026-11-26", NOW)
    log.record_alone("人3", "looked", "item:3")
    assert record_log_head(engine, tmp_path, "2026-11-27", NOW)
    heads = sealed_heads(engine)
    assert [number for number, _ in heads] == [3, 4] and log.verify(*heads) == ()
    assert all(report.ok for report in verify_records(engine, tmp_path))
    _drop_triggers(engine)
    with writing(engine) as connection:
        connection.execute(audit_entries.delete().where(audit_entries.c.number == 4))
    assert log.verify() == () and [fault.number for fault in log.verify(*heads)] == [4]


def test_nothing_is_sealed_of_an_empty_log(engine: Engine, tmp_path: Path) -> None:
    assert not record_log_head(engine, tmp_path, "2026-11-26", NOW) and sealed_heads(engine) == ()


def test_an_export_is_checked_without_the_database(log: AuditLog, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    assert log.export(file) == 3
    lines = file.read_text("utf-8").splitlines(keepends=True)
    assert [json.loads(line)["actor"] for line in lines] == ["人0", "人1", "人2"]
    assert export_faults(iter(lines)) == ()
    assert [fault.number for fault in export_faults(iter([lines[0], lines[2]]))] == [2]
    assert [fault.number for fault in export_faults(iter([lines[0].replace("人0", "人9"), *lines[1:]]))] == [2]
    with pytest.raises(FileExistsError):
        log.export(file)


@given(st.lists(st.tuples(st.text(), st.text(max_size=8), st.dictionaries(st.text(), st.text())), max_size=5))
def test_any_words_are_kept_and_verify(acts: list[tuple[str, str, dict[str, str]]]) -> None:
    engine = open_engine("sqlite://")
    metadata.create_all(engine, [audit_entries])
    log = AuditLog(engine, Clock())
    for actor, act, detail in acts:
        log.record_alone(actor, act, "item:1", detail)
    assert log.verify() == () and log.head()[0] == len(acts)
    engine.dispose()


def _drop_triggers(engine: Engine) -> None:
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("DROP TRIGGER audit_entries_fixed ON audit_entries"))
            return
        for change in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_entries_no_{change}"))
