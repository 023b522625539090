"""What a reader is shown of an item, and what not."""

from dataclasses import asdict
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from classifier.errors import LexiconError
from classifier.reference import load_reference
from domain.identifiers import find_identifiers
from domain.reviews import FindingVerdict, ItemKind, ItemState, Verdict
from domain.roles import Role
from review.conflicts import Conflicts
from review.decisions import Decisions
from review.item import load_item
from review.items import NoSuchItem
from review.queue import ReviewQueue
from review.settings import DeskSettings
from review.shots import screenshot
from review.training import training_rows
from storage.database import writing
from storage.operators.registry_import import import_institutions
from storage.tables import findings, pages
from tests.review.desk import Clock, Page, desk, own_text, people
from tests.storage.samples import PRINTED, REGISTERED, png

LEXICONS = Path(__file__).parents[2] / "lexicons"


def test_an_item_holds_all_that_a_decision_needs(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9)})
    (analyst,) = people(engine, clock, Role.ANALYST)
    view = load_item(engine, tmp_path, ids["a"], analyst, clock(), load_reference(LEXICONS))
    assert view.page.text == own_text("a")
    (live,), (silenced,) = view.live, view.silenced
    assert view.page.text[live.finding.start : live.finding.end] == live.finding.quote == "治愈率达98%"
    assert live.articles[0].law is not None and live.articles[0].law.name == "中华人民共和国广告法"
    assert "治愈率" in live.articles[0].point and live.rule_title.startswith("宣称治愈率")
    assert ("G1", "否定") in live.passed_gates and silenced.silenced_by == (("G1", "否定"),)
    assert view.judgement.score == 0.9 and view.judgement.parts == {"rules": 0.7}
    assert view.bundle is not None and view.shot is not None
    assert screenshot(tmp_path, view.bundle) == png()
    assert (view.readings, view.earlier, view.evidence_fault) == ((), (), "")


@pytest.mark.parametrize("printed", PRINTED)
def test_the_register_is_asked_for_the_numbers_of_the_page(engine: Engine, tmp_path: Path, printed: str) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9)})
    (analyst,) = people(engine, clock, Role.ANALYST)
    import_institutions(engine, [REGISTERED], REGISTERED.source, REGISTERED.as_of)
    with writing(engine) as connection:
        connection.execute(update(pages).values(identifiers=[asdict(each) for each in find_identifiers(printed)]))
    assert load_item(engine, tmp_path, ids["a"], analyst, clock()).registered == (REGISTERED,)


def test_evidence_that_is_gone_is_told(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9)})
    (analyst,) = people(engine, clock, Role.ANALYST)
    bundle = load_item(engine, tmp_path, ids["a"], analyst, clock()).bundle
    assert bundle is not None
    (tmp_path / bundle).write_bytes(b"PK\3\4 no archive")
    view = load_item(engine, tmp_path, ids["a"], analyst, clock())
    assert view.shot is None and "无法读取" in view.evidence_fault


def test_a_page_drawn_at_random_looks_like_one_that_is_read_twice(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    settings = DeskSettings(audit_pages=1, read_twice_share=1.0)
    ids = desk(engine, tmp_path, {"lead": Page(0.9), "let-pass": Page(0.1, flagged=False)}, settings)
    analyst, auditor = people(engine, clock, Role.ANALYST, Role.AUDITOR)
    views = [load_item(engine, tmp_path, ids[path], analyst, clock()) for path in ("lead", "let-pass")]
    for view in views:
        assert (view.item.kind, view.item.probability, view.item.priority) == (None, None, None)
        assert (view.judgement.score, dict(view.judgement.parts), view.item.state) == (None, {}, ItemState.WAITING)
    seen = [load_item(engine, tmp_path, ids[path], auditor, clock()) for path in ("lead", "let-pass")]
    assert [view.item.kind for view in seen] == [ItemKind.LEAD, ItemKind.AUDIT]
    assert [view.judgement.score for view in seen] == [0.9, 0.1]
    assert seen[0].item.priority == seen[1].item.priority


def test_the_second_of_two_readers_does_not_know_the_first(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9)}, DeskSettings(audit_pages=0, read_twice_share=1.0))
    one, two = people(engine, clock, Role.ANALYST, Role.ANALYST)
    queue, decisions = ReviewQueue(engine, clock), Decisions(engine, clock)
    item = queue.next_item(one)
    assert item is not None
    decisions.decide(one, item.id, Verdict.CONFIRM, note="明显", expected_version=item.version)
    assert queue.next_item(one) is None
    assert queue.counts(two).by_state == {ItemState.WAITING: 1}
    view = load_item(engine, tmp_path, ids["a"], two, clock())
    assert view.readings == () and view.item.state is ItemState.WAITING
    assert len(load_item(engine, tmp_path, ids["a"], one, clock()).readings) == 1


def test_earlier_decisions_on_the_same_operator_are_shown(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8)})
    one, two = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    decisions = Decisions(engine, clock)
    finding = load_item(engine, tmp_path, ids["a"], one, clock()).live[0].id
    decisions.decide(
        one, ids["a"], Verdict.DISMISS, "negated", "引用", {finding: FindingVerdict.NO}, expected_version=1
    )
    (earlier,) = load_item(engine, tmp_path, ids["b"], two, clock()).earlier
    assert (earlier.item_id, earlier.state, earlier.reason) == (ids["a"], ItemState.DISMISSED, "negated")
    (reading,) = load_item(engine, tmp_path, ids["a"], two, clock()).readings
    assert reading.findings == {finding: FindingVerdict.NO} and reading.counts


def test_items_of_a_declared_conflict_are_not_there(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(engine, tmp_path, {"a": Page(0.9)})
    one, two = people(engine, clock, Role.ANALYST, Role.ANALYST)
    queue, conflicts = ReviewQueue(engine, clock), Conflicts(engine, clock)
    assert queue.next_item(one) is not None
    assert conflicts.declare(one, "示例门诊部（总部）") == 1
    assert queue.next_item(one) is None and queue.items(one) == [] and queue.counts(one).total == 0
    for attempt in (lambda: queue.claim(one, ids["a"]), lambda: load_item(engine, tmp_path, ids["a"], one, clock())):
        with pytest.raises(NoSuchItem):
            attempt()
    with pytest.raises(NoSuchItem):
        Decisions(engine, clock).decide(one, ids["a"], Verdict.CONFIRM, expected_version=1)
    assert queue.next_item(two) is not None
    later = desk(engine, tmp_path, {"b": Page(0.9)}, day=1)
    assert queue.items(one) == [] and later
    conflicts.withdraw(one, "示例门诊部（总部）")
    assert len(queue.items(one)) == 2


def test_a_page_whose_words_were_cleared_is_shown_without_them(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    desk(engine, tmp_path, {"a": Page(0.9)})
    ids = desk(engine, tmp_path, {"a": Page(0.9, text=own_text("changed"))}, day=1)
    analyst, reviewer = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    assert load_item(engine, tmp_path, ids["a"], analyst, clock()).changes
    decisions = Decisions(engine, clock)
    decisions.decide(analyst, ids["a"], Verdict.NOT_AD, expected_version=1)
    assert len(list(training_rows(engine))) == 1
    with writing(engine) as connection:
        connection.execute(pages.update().values(text=None, contacts=[], identifiers=[], institutions=[]))
        connection.execute(findings.update().values(quote=""))
    view = load_item(engine, tmp_path, ids["a"], reviewer, clock())
    assert (view.page.text, view.page.cleared, view.changes) == ("", True, ())
    assert len(view.versions) == 2 and view.readings and list(training_rows(engine)) == []


def test_leads_without_a_rule_file_have_titles_and_unknown_rules_their_ids(tmp_path: Path) -> None:
    reference = load_reference(LEXICONS)
    assert reference.title_of("operator-not-medical") == "非医疗机构的主体提供医疗服务项目"
    assert reference.title_of("cure-rate").startswith("宣称治愈率") and reference.title_of("gone-rule") == "gone-rule"
    by_sentence = reference.card_of("sentence-anxiety")
    assert by_sentence is not None and by_sentence.title == "制造焦虑/恐吓（按句识别）" and by_sentence.gates
    assert by_sentence.id not in reference.rules and reference.title_of(by_sentence.id) == by_sentence.title
    assert load_reference(tmp_path).other_titles == {} == load_reference(tmp_path).sentence_rules
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "findings.toml").write_text("[broken", "utf-8")
    with pytest.raises(LexiconError):
        load_reference(tmp_path)
