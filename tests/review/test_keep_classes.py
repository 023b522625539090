"""Evidence is kept as long as what was decided asks for."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from sqlalchemy import Engine, select

from domain.outbox import Step, StepTaken
from domain.retention import KeepClass, RecordKind, RetentionPolicy
from domain.reviews import Verdict
from domain.roles import Role
from domain.routing import Recipient
from referral.register import record_package, reserve_number
from review.decisions import Decisions
from review.item import load_item
from review.keep_classes import class_evidence, class_referred
from review.passing_on import PassingOn
from storage.keeping.custody import assign_class, assigned_classes
from storage.leads.outbox import take_step
from storage.sealing.keep_records import read_records, verify_records
from storage.tables import desk_items
from tests.referral.leads import confirm
from tests.review.desk import Clock, Page, desk, people
from tests.storage.writes import once_records_are_read
from yiguang.keeping import load_policy

LEXICONS = Path(__file__).parents[2] / "lexicons"


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
    assert (first.facts["by"], first.facts["reason"]) == (analyst.name, f"审核台排除（negated），条目 {ids['no']}")
    assert last.facts["reason"] == f"审核台重新打开或确认，条目 {ids['no']}"
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


def _longer_for_leads(policy: RetentionPolicy) -> RetentionPolicy:
    lead = replace(policy.terms[KeepClass.LEAD], months=policy.terms[KeepClass.REFERRED].months + 1)
    return RetentionPolicy({**policy.terms, KeepClass.LEAD: lead}, policy.sha256)


def test_what_was_sent_is_kept_as_referred_from_then_on(engine: Engine, tmp_path: Path) -> None:
    clock, policy = Clock(), load_policy(LEXICONS)
    ids = desk(engine, tmp_path, {"sent": Page(0.9), "made": Page(0.8), "by-hand": Page(0.7)})
    analyst, reviewer, officer = people(engine, clock, Role.ANALYST, Role.REVIEWER, Role.OFFICER)
    bundle = {path: load_item(engine, tmp_path, item, reviewer, clock()).bundle or "" for path, item in ids.items()}
    number = {}
    for path, item in ids.items():
        confirm(engine, item, [analyst, reviewer])
        with engine.connect() as connection:
            case = connection.execute(select(desk_items.c.page_id).where(desk_items.c.id == item)).scalar_one()
        number[path] = reserve_number(engine, Recipient.AMR, [case], officer.name, {}, clock())
        record_package(engine, number[path], "0" * 64)

    def step(path: str, step: Step, by: str, channel: str = "") -> None:
        taken = StepTaken(step, by, clock(), clock(), "说明", channel=channel, manifest_sha256="0" * 64)
        take_step(engine, number[path], taken, lambda _: None)

    assert class_referred(engine, tmp_path, policy, clock()) == 0  # a draft is no referral
    for path in ("sent", "by-hand"):
        step(path, Step.APPROVED, reviewer.name)
        step(path, Step.SENT, officer.name, "机要交换")
    clock.forward(days=1)
    assign_class(engine, tmp_path, bundle["by-hand"], "n", KeepClass.DISMISSED, "甲", "按函", clock())
    assert class_referred(engine, tmp_path, _longer_for_leads(policy), clock()) == 0  # it would be kept for less
    assert class_referred(engine, tmp_path, policy, clock()) == 1
    assert class_referred(engine, tmp_path, policy, clock()) == 0
    expected = {bundle["sent"]: KeepClass.REFERRED, bundle["by-hand"]: KeepClass.DISMISSED}
    assert _classes(engine) == expected
    with engine.connect() as connection:
        (record,) = [each for each in read_records(connection) if each.subject == bundle["sent"]]
    assert (record.facts["by"], record.facts["reason"]) == (officer.name, f"已寄送 {number['sent']}")
    step("sent", Step.WITHDRAWN, officer.name)
    PassingOn(engine, clock).reopen(reviewer, ids["sent"], "新证据", 3)
    Decisions(engine, clock).decide(analyst, ids["sent"], Verdict.DISMISS, "negated", expected_version=4)
    clock.forward(days=4)
    class_evidence(engine, tmp_path, "n", clock())
    class_referred(engine, tmp_path, policy, clock())
    assert _classes(engine) == expected  # the authority had it
    assert all(report.ok for report in verify_records(engine, tmp_path))
