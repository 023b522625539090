"""Every look has a bundle of its own, whatever it found, and nothing about it can change unnoticed."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from domain.evidence import Check
from domain.retention import KeepClass
from storage.archive.orphans import clean_orphans
from storage.archive.warc_reading import read_back
from storage.canonical import read_canonical_zip
from storage.checking.verify import verify_all, verify_bundle
from storage.checking.verify_chain import verify_chain
from storage.database import migrate, open_engine, writing
from storage.evidence import package as parts
from storage.keeping.backup import evidence_paths
from storage.keeping.custody import assign_class, hold, kept_items
from storage.keeping.expiry import expire
from storage.sealing.seals import seal_night
from storage.tables import bundles, look_bundles, takedown_looks, warc_files
from storage.takedowns.looks import record_looks
from storage.takedowns.takedown import referred_case
from storage.verifier.bundle import check_bundle
from storage.verifier.report import FAILED, Report
from tests.storage.crawl import seal_key
from tests.storage.look_nights import (
    LADDER,
    climb,
    gone,
    led_to_start,
    look_at,
    look_of,
    referred_lead,
    sealing_of,
    unreachable,
    visit_again,
)
from tests.storage.samples import NOW
from tests.storage.test_keeping import POLICY
from tests.storage.writes import Crash, count_writes, crash_at


def test_each_look_has_evidence_that_verifies(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    key = seal_key(tmp_path).fingerprint
    for each in case.looks:
        report = verify_bundle(tmp_path / each.bundle, key)
        assert report.ok, [check for check in report.checks if not check.ok]
        alone = Report()
        check_bundle((tmp_path / each.bundle).read_bytes(), key, alone)
        assert alone.ok, [line for line in alone.lines if line.result == FAILED]
    looks = [look_of(tmp_path, case, number) for number in range(len(case.looks))]
    assert [look["grade"] for look in looks] == [grade for _, _, grade in LADDER]
    assert [look["number"] for look in looks] == list(range(1, len(LADDER) + 1))
    assert [look["days"] for look in looks] == [int(hours // 24) for hours, _, _ in LADDER]
    known = [each.bundle_sha256 for each in case.looks]
    assert [row["bundle_sha256"] for row in looks[-1]["earlier"]] == known[:-1]
    assert looks[-1]["reappeared"]
    assert looks[0]["shot_bundle_sha256"] is not None, "still flagged: the same visit brought a screenshot"
    reports = verify_all(engine, tmp_path)
    assert {str(tmp_path / each.bundle) for each in case.looks} < {report.path for report in reports}
    assert all(report.ok for report in (*reports, *verify_chain(engine, tmp_path, key)))


def test_what_the_evidence_of_a_page_that_is_gone_says(engine: Engine, tmp_path: Path) -> None:
    case = look_at(engine, tmp_path, referred_lead(engine, tmp_path), 24, gone)
    members = read_canonical_zip((tmp_path / case.looks[0].bundle).read_bytes())
    look, about = json.loads(members[parts.LOOK]), json.loads(members[parts.PROVENANCE])
    assert (look["outcome"], look["http_status"], look["response"]["status"]) == ("http-gone", 404, 404)
    assert look["error"] == "页面不存在（HTTP 404）；对照：本站其他页面正常"
    assert look["control"]["result"] == "alive"
    assert [item["url"] for item in look["control"]["exchanges"]] == ["https://clinic.example/"]
    assert (look["text_sha256"], members[parts.TEXT]) == (None, b"")
    assert look["claims"]["referred"] and not look["claims"]["left"]
    assert about["connections"][0]["host"] == "clinic.example"
    assert about["certificates"]
    assert "screenshot" in about["not_recorded"]
    assert b"404" in _warc_payloads(members[parts.WARC])


def _warc_payloads(warc: bytes) -> bytes:
    return b"".join(each.block for each in read_back(warc) if each.record.type == "response")


def test_a_page_that_leads_to_the_start_page_is_gone_and_not_put_right(engine: Engine, tmp_path: Path) -> None:
    case = referred_lead(engine, tmp_path)
    for hours in (24, 31):
        case = look_at(engine, tmp_path, case, hours, led_to_start)
    looks = [look_of(tmp_path, case, number) for number in range(2)]
    assert [look["grade"] for look in looks] == ["gone-once", "gone"]
    assert [(item["status"], item["location"]) for item in looks[0]["redirects"]] == [(302, "/")]
    assert (looks[0]["text_sha256"], looks[0]["control"]["result"]) == (None, "alive")
    key = seal_key(tmp_path).fingerprint
    assert all(verify_bundle(tmp_path / each.bundle, key).ok for each in case.looks)


def test_nothing_received_is_evidence_too(engine: Engine, tmp_path: Path) -> None:
    case = look_at(engine, tmp_path, referred_lead(engine, tmp_path), 24, unreachable)
    look = look_of(tmp_path, case, 0)
    assert (look["outcome"], look["grade"], look["error"]) == ("timeout", "unreachable", "30 秒内没有应答")
    assert (look["response"], look["http_status"], look["control"]) == (None, None, None)


def test_no_patient_is_named_in_what_is_written_of_a_look(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    look = look_of(tmp_path, case, 1)
    (added,) = look["claims"]["added"]
    assert "李小明" not in json.dumps(look, ensure_ascii=False)
    assert "13900000000" not in json.dumps(look, ensure_ascii=False)
    assert added["quote"].endswith("疗效因人而异，保证不开刀")
    assert [row["quote"] for row in look["claims"]["dropped"]] == ["治愈率达98%"]


def _failed_of(reports: list[Any], name: str) -> list[Check]:
    return [check for report in reports for check in report.checks if check.name == name and not check.ok]


def test_a_grade_rewritten_in_the_database_and_a_bundle_taken_away(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    with writing(engine) as connection:
        connection.execute(update(takedown_looks).where(takedown_looks.c.grade == "unreachable").values(grade="gone"))
    assert len(_failed_of(verify_all(engine, tmp_path), "复测登记")) == 1
    (tmp_path / case.looks[0].bundle).unlink()
    assert len(_failed_of(verify_all(engine, tmp_path), "文件")) == 1


def test_a_look_without_its_archive_is_not_recorded(engine: Engine, tmp_path: Path) -> None:
    """All or nothing: the page stays due, and nothing is said of it."""
    case = referred_lead(engine, tmp_path)
    at = NOW + timedelta(days=1)
    night_id = visit_again(engine, tmp_path, case, at, gone)
    with engine.connect() as connection:
        path = tmp_path / connection.scalars(select(warc_files.c.path).where(warc_files.c.night_id == night_id)).one()
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    recorded = record_looks(engine, night_id, sealing_of(tmp_path, at))
    assert recorded.new == 0
    assert "与登记的 SHA-256 不符" in recorded.faults[0]
    before = referred_case(engine, case.case_id)
    assert before is not None and not before.looks
    path.write_bytes(whole)
    assert record_looks(engine, night_id, sealing_of(tmp_path, at)).new == 1
    with engine.connect() as connection:
        assert len(connection.execute(select(look_bundles)).all()) == 1


def test_looks_are_kept_held_and_backed_up_with_their_lead(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    looks = {each.bundle for each in case.looks}
    assert looks < evidence_paths(engine)
    assert clean_orphans(engine, tmp_path) == []
    with engine.connect() as connection:
        lead = connection.scalars(select(bundles.c.path).where(bundles.c.page_id == case.case_id)).one()
        nights = {each.night_id for each in case.looks}
        before = {item.path: item for item in kept_items(connection, POLICY)}
    assert all(before[path].keep_class is KeepClass.LEAD and not before[path].held_by for path in looks)
    assign_class(engine, tmp_path, lead, case.looks[0].night_id, KeepClass.REFERRED, "甲", "移送", NOW)
    hold(engine, tmp_path, lead, case.looks[0].night_id, "甲", "行政复议未结", NOW)
    with engine.connect() as connection:
        after = kept_items(connection, POLICY)
    for item in after:
        if item.path in looks:
            assert (item.keep_class, len(item.held_by)) == (KeepClass.REFERRED, 1)
            assert item.due_at > before[item.path].due_at
        if item.kind == "warc":
            assert bool(item.held_by), "the night files of the looks hold half of what is held"
    assert {item.night_id for item in after if item.kind == "warc"} >= nights


def test_a_look_of_an_older_version_has_no_evidence_and_hinders_nothing(engine: Engine, tmp_path: Path) -> None:
    case = look_at(engine, tmp_path, referred_lead(engine, tmp_path), 24, gone)
    with writing(engine) as connection:
        connection.execute(look_bundles.delete())
    later = look_at(engine, tmp_path, case, 31, gone)
    assert [each.bundle for each in later.looks][0] == ""
    assert look_of(tmp_path, later, 1)["earlier"][0]["bundle_sha256"] is None
    assert later.looks[1].grade.value == "gone"
    assert verify_bundle(tmp_path / later.looks[1].bundle).ok


def test_a_crash_at_any_write_leaves_a_whole_look_or_none(tmp_path_factory: pytest.TempPathFactory) -> None:
    at = NOW + timedelta(days=1)

    def visited(folder: Path) -> tuple[Engine, Callable[[], None]]:
        engine = open_engine(f"sqlite:///{folder}/yiguang.db")
        migrate(engine)
        night_id = visit_again(engine, folder, referred_lead(engine, folder), at, gone)

        def end() -> None:
            record_looks(engine, night_id, sealing_of(folder, at))
            seal_night(engine, folder, night_id, seal_key(folder), at)

        return engine, end

    engine, end = visited(tmp_path_factory.mktemp("counted"))
    writes = count_writes(engine, end)
    engine.dispose()
    assert writes > 5
    for number in range(writes):
        folder = tmp_path_factory.mktemp("crashed")
        engine, end = visited(folder)
        with pytest.raises(Crash), crash_at(engine, number):
            end()
        clean_orphans(engine, folder)
        assert all(report.ok for report in verify_all(engine, folder)), number
        end()
        reports = verify_all(engine, folder) + verify_chain(engine, folder, seal_key(folder).fingerprint)
        assert all(report.ok for report in reports), number
        assert sum(report.path.endswith(".wacz") for report in reports) == len(list(folder.glob("evidence/*/*"))) == 2
        engine.dispose()


def test_evidence_of_looks_goes_by_policy_with_a_proof(engine: Engine, tmp_path: Path) -> None:
    case = climb(engine, tmp_path)
    gone_by = expire(engine, tmp_path, POLICY, "甲", NOW + timedelta(days=366 * 6))
    assert {each.bundle for each in case.looks} < {item.path for item in gone_by.deleted}
    assert not gone_by.refused
    assert not list(tmp_path.glob("evidence/*/*.wacz"))
    reports = verify_all(engine, tmp_path)
    assert all(report.ok for report in reports)
    assert sum("依保存期限删除" in note for report in reports for note in report.notes) >= len(case.looks) + 1
