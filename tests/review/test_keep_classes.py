"""Evidence is kept as long as what was decided asks for."""

from functools import partial
from pathlib import Path

from sqlalchemy import Engine

from domain.retention import KeepClass, RecordKind
from domain.reviews import Verdict
from domain.roles import Role
from review.decisions import Decisions
from review.item import load_item
from review.keep_classes import class_evidence
from review.passing_on import PassingOn
from storage.keeping.custody import assign_class, assigned_classes
from storage.sealing.keep_records import read_records, verify_records
from tests.review.desk import Clock, Page, desk, people
from tests.storage.writes import once_records_are_read


def _classes(engine: Engine) -> dict[str, KeepClass]:
    with engine.connect() as connection:
        records = read_records(connection, RecordKind.RETENTION)
    return {path: keep_class for path, (keep_class, _) in assigned_classes(records).items()}


def test_what_was_dismissed_is_not_kept_as_a_lead(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"no": Page(0.9), "science": Page(0.8), "open": Page(0.7), "by-hand": Page(0.6)})
    analyst, reviewer = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    decisions = Decisions(engine, clock)
    bundle = {path: load_item(engine, tmp_path, item, reviewer, clock()).bundle or "" for path, item in ids.items()}
    decisions.decide(analyst, ids["no"], Verdict.DISMISS, "negated", expected_version=1)
    decisions.decide(analyst, ids["science"], Verdict.NOT_AD, "science", expected_version=1)
    assign_class(engine, tmp_path, bundle["by-hand"], "n", KeepClass.DISMISSED, "甲", "按函", clock())
    clock.forward(days=2)
    assert class_evidence(engine, tmp_path, "n", clock()) == 0
    clock.forward(days=1)
    assert class_evidence(engine, tmp_path, "n", clock()) == 1
    assert class_evidence(engine, tmp_path, "n", clock()) == 0
    assert _classes(engine) == {bundle["no"]: KeepClass.DISMISSED, bundle["by-hand"]: KeepClass.DISMISSED}
    PassingOn(engine, clock).reopen(reviewer, ids["no"], "新证据", 2)
    assert class_evidence(engine, tmp_path, "n", clock()) == 1
    assert _classes(engine)[bundle["no"]] is KeepClass.LEAD
    with engine.connect() as connection:
        first, last = [record for record in read_records(connection) if record.subject == bundle["no"]]
    assert (first.facts["by"], first.facts["reason"]) == (analyst.name, f"复核台排除（negated），条目 {ids['no']}")
    assert last.facts["reason"] == f"复核台重新打开或确认，条目 {ids['no']}"
    assert all(report.ok for report in verify_records(engine, tmp_path))


def test_a_referral_while_what_was_decided_is_put_into_classes_comes_last(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"no": Page(0.9)})
    analyst, reviewer = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    bundle = load_item(engine, tmp_path, ids["no"], reviewer, clock()).bundle or ""
    Decisions(engine, clock).decide(analyst, ids["no"], Verdict.DISMISS, "negated", expected_version=1)
    clock.forward(days=3)
    refer = partial(assign_class, engine, tmp_path, bundle, "n", KeepClass.REFERRED, "甲", "移送", clock())
    with once_records_are_read(engine, refer):
        assert class_evidence(engine, tmp_path, "n", clock()) == 1
    assert _classes(engine) == {bundle: KeepClass.REFERRED}
