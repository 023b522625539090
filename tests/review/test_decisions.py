"""What a decision does, and what is refused."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, text, update

from domain.reviews import AlreadyDecided, FindingVerdict, ItemState, Refused, RoleMayNot, SamePerson, Stage, Verdict
from domain.roles import Role
from review.accounts import Account, Accounts
from review.audit_log import AuditLog
from review.decisions import CannotUndo, CountChanged, Decisions
from review.item import load_item
from review.item_locks import InOtherHands
from review.items import Filters, NoSuchItem
from review.locked_rows import Incomplete, ItemChanged
from review.passing_on import PassingOn
from review.queue import ReviewQueue
from review.reasons import load_reasons
from review.settings import DeskSettings
from storage.database import writing
from storage.tables import desk_decisions, desk_items, findings
from storage.tables import pages as stored_pages
from tests.review.desk import PASSWORDS, Clock, Page, desk, own_text, people
from tests.storage.samples import NOW

LEXICONS = Path(__file__).parents[2] / "lexicons"
SAME = own_text("same")


class Desk:
    """Two analysts, three reviewers and some items."""

    def __init__(self, engine: Engine, folder: Path, pages: dict[str, Page], settings: DeskSettings) -> None:
        self.clock = Clock()
        self.ids = desk(engine, folder, pages, settings)
        self.queue = ReviewQueue(engine, self.clock)
        self.decisions = Decisions(engine, self.clock, reasons=load_reasons(LEXICONS))
        self.passing = PassingOn(engine, self.clock)
        self.log = AuditLog(engine, self.clock)
        self.ann, self.ben, self.cem, self.dee, self.eva = people(
            engine, self.clock, Role.ANALYST, Role.ANALYST, Role.REVIEWER, Role.REVIEWER, Role.REVIEWER
        )
        self._engine = engine

    def row(self, path: str = "a") -> Any:
        with self._engine.connect() as connection:
            return connection.execute(select(desk_items).where(desk_items.c.id == self.ids[path])).one()

    def decide(self, who: Account, verdict: Verdict, reason: str = "", path: str = "a", **more: object) -> ItemState:
        version = self.row(path).version
        done = self.decisions.decide(who, self.ids[path], verdict, reason, expected_version=version, **more)  # type: ignore[arg-type]  # checked by decide
        return done.items[0].state


@pytest.fixture
def one(engine: Engine, tmp_path: Path) -> Desk:
    return Desk(engine, tmp_path, {"a": Page(0.9)}, DeskSettings(audit_pages=0, read_twice_share=0.0))


@pytest.fixture
def blind(engine: Engine, tmp_path: Path) -> Desk:
    return Desk(engine, tmp_path, {"a": Page(0.9)}, DeskSettings(audit_pages=0, read_twice_share=1.0))


@pytest.fixture
def many(engine: Engine, tmp_path: Path) -> Desk:
    pages = {f"copy{n}": Page(0.9, text=SAME) for n in range(4)} | {"a": Page(0.8), "b": Page(0.7, severity=1)}
    return Desk(engine, tmp_path, pages, DeskSettings(audit_pages=0, read_twice_share=0.0))


def test_two_persons_confirm(one: Desk) -> None:
    assert one.decide(one.ann, Verdict.CONFIRM) is ItemState.FIRST_CONFIRMED
    with pytest.raises(RoleMayNot):
        one.decide(one.ben, Verdict.CONFIRM)
    assert one.decide(one.cem, Verdict.CONFIRM) is ItemState.CONFIRMED
    row = one.row()
    assert (row.first_reader, row.second_reader, row.stage) == (one.ann.id, one.cem.id, None)
    assert row.decided_at == one.clock.now
    with pytest.raises(AlreadyDecided):
        one.decide(one.dee, Verdict.DISMISS, "negated")


def test_a_reviewer_does_not_second_the_own_reading(one: Desk) -> None:
    one.decide(one.cem, Verdict.CONFIRM)
    assert one.queue.next_item(one.cem) is None
    with pytest.raises(SamePerson):
        one.decide(one.cem, Verdict.CONFIRM)
    assert one.decide(one.dee, Verdict.CONFIRM) is ItemState.CONFIRMED


def test_a_disagreement_goes_to_a_third(one: Desk) -> None:
    one.decide(one.ann, Verdict.CONFIRM)
    assert one.decide(one.cem, Verdict.DISMISS, "permitted") is ItemState.DISPUTED
    assert one.queue.next_item(one.cem) is None
    item = one.queue.next_item(one.dee)
    assert item is not None and item.stage is Stage.THIRD
    assert one.decide(one.dee, Verdict.DISMISS, "permitted") is ItemState.DISMISSED


def test_two_blind_readings_that_disagree_go_to_a_third(blind: Desk) -> None:
    assert blind.decide(blind.ann, Verdict.CONFIRM) is ItemState.READ_ONCE
    with pytest.raises(SamePerson):
        blind.decide(blind.ann, Verdict.CONFIRM)
    assert blind.decide(blind.ben, Verdict.NOT_AD, "science") is ItemState.DISPUTED
    assert blind.decide(blind.cem, Verdict.CONFIRM) is ItemState.CONFIRMED


def test_four_people_may_have_read_one_item(blind: Desk) -> None:
    blind.decide(blind.ann, Verdict.CONFIRM)
    assert blind.decide(blind.ben, Verdict.CONFIRM) is ItemState.FIRST_CONFIRMED
    assert blind.decide(blind.cem, Verdict.DISMISS, "permitted") is ItemState.DISPUTED
    assert blind.decide(blind.dee, Verdict.CONFIRM) is ItemState.CONFIRMED
    row = blind.row()
    readers = (row.first_reader, row.second_reader, row.third_reader, row.fourth_reader)
    assert readers == (blind.ann.id, blind.ben.id, blind.cem.id, blind.dee.id)


def test_later_keeps_an_item_from_who_said_so_only(one: Desk) -> None:
    assert one.decide(one.ann, Verdict.LATER) is ItemState.HELD
    assert one.queue.next_item(one.ann) is None
    item = one.queue.next_item(one.ben)
    assert item is not None
    one.queue.release(one.ben, item.id)
    one.clock.forward(hours=5)
    assert one.queue.next_item(one.ann) is not None
    assert one.decide(one.ann, Verdict.CONFIRM) is ItemState.FIRST_CONFIRMED
    assert (one.row().held_state, one.row().held_until) == (None, None)


def test_a_hold_keeps_an_item_from_everybody(one: Desk) -> None:
    until = one.clock.now + timedelta(days=3)
    with pytest.raises(Incomplete):
        one.passing.hold(one.ann, one.ids["a"], until, " ", 1)
    with pytest.raises(Incomplete):
        one.passing.hold(one.ann, one.ids["a"], until + timedelta(days=100), "等答复", 1)
    one.passing.hold(one.ann, one.ids["a"], until, "等登记机关答复", 1)
    assert [one.queue.next_item(who) for who in (one.ann, one.ben, one.cem)] == [None] * 3
    one.clock.forward(days=3)
    assert one.queue.next_item(one.ben) is not None


def test_what_changed_meanwhile_is_not_decided(one: Desk) -> None:
    one.decide(one.ann, Verdict.CONFIRM)
    with pytest.raises(ItemChanged):
        one.decisions.decide(one.cem, one.ids["a"], Verdict.CONFIRM, expected_version=1)
    with pytest.raises(NoSuchItem):
        one.decisions.decide(one.cem, 999, Verdict.CONFIRM, expected_version=1)


def test_what_somebody_else_has_open_is_not_decided(one: Desk) -> None:
    one.queue.claim(one.ann, one.ids["a"])
    for act in (
        lambda: one.decide(one.ben, Verdict.CONFIRM),
        lambda: one.passing.hold(one.ben, one.ids["a"], one.clock.now + timedelta(days=1), "x", 1),
        lambda: one.passing.hand_over(one.ben, one.ids["a"], one.cem.name, "", 1),
        lambda: one.passing.assign(one.cem, [one.ids["a"]], one.ben.name),
    ):
        with pytest.raises(InOtherHands, match=one.ann.name):
            act()
    one.clock.forward(minutes=15)
    assert one.decide(one.ben, Verdict.CONFIRM) is ItemState.FIRST_CONFIRMED


def test_who_only_looks_keeps_nobody_from_deciding(one: Desk) -> None:
    one.decide(one.ann, Verdict.CONFIRM)
    for looker in (one.ann, one.ben):
        assert one.queue.claim(looker, one.ids["a"]).lock_holder is None
    assert one.queue.claim(one.cem, one.ids["a"]).lock_holder == one.cem.name
    one.decide(one.cem, Verdict.CONFIRM)
    assert one.queue.claim(one.dee, one.ids["a"]).lock_holder is None


@pytest.mark.parametrize(
    ("verdict", "reason", "note"),
    [
        (Verdict.DISMISS, "", ""),
        (Verdict.DISMISS, "science", ""),
        (Verdict.DISMISS, "no-such-reason", ""),
        (Verdict.DISMISS, "other", " "),
        (Verdict.CONFIRM, "negated", ""),
        (Verdict.NOT_AD, "negated", ""),
        (Verdict.CONFIRM, "", "x" * 2001),
    ],
)
def test_reasons_and_notes_are_asked_for(one: Desk, verdict: Verdict, reason: str, note: str) -> None:
    with pytest.raises(Incomplete):
        one.decide(one.ann, verdict, reason, note=note)
    assert one.row().version == 1


def test_findings_of_another_page_are_refused(one: Desk) -> None:
    with pytest.raises(Incomplete):
        one.decide(one.ann, Verdict.CONFIRM, finding_verdicts={999: FindingVerdict.YES})
    assert one.row().version == 1


def test_findings_of_a_page_that_had_not_changed_are_judged_where_they_lie(engine: Engine, tmp_path: Path) -> None:
    """They lie with the earlier page, and are shown with the later one."""
    pages = {"earlier": Page(0.1, flagged=False), "a": Page(0.1, flagged=False)}
    drawn = Desk(engine, tmp_path, pages, DeskSettings(audit_pages=2, read_twice_share=0.0))
    earlier, later = drawn.row("earlier").page_id, drawn.row().page_id
    with writing(engine) as connection:
        connection.execute(delete(findings).where(findings.c.page_id == later))
        connection.execute(update(stored_pages).where(stored_pages.c.id == later).values(same_as=earlier, text=None))
    shown = load_item(engine, tmp_path, drawn.ids["a"], drawn.ann, drawn.clock()).live[0].id
    said = {shown: FindingVerdict.NO}
    assert drawn.decide(drawn.ann, Verdict.DISMISS, "negated", finding_verdicts=said) is ItemState.DISMISSED
    assert load_item(engine, tmp_path, drawn.ids["a"], drawn.ann, drawn.clock()).readings[0].findings == said


def test_a_decision_is_taken_back_within_the_minute(one: Desk) -> None:
    one.queue.claim(one.ann, one.ids["a"])
    before = one.row()
    one.decide(one.ann, Verdict.DISMISS, "negated")
    one.clock.forward(seconds=59)
    undone = one.decisions.undo(one.ann)
    assert undone.items[0].state is ItemState.WAITING
    after = one.row()
    kept = ("state", "stage", "first_reader", "decided_at", "assignee", "stage_since", "lock_holder")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert after.version == before.version + 2
    with pytest.raises(CannotUndo):
        one.decisions.undo(one.ann)
    assert [entry.act for entry in one.log.entries(limit=2)] == ["undone", "decided"]


def test_a_decision_is_not_taken_back_after_that_or_by_others_or_when_built_on(one: Desk) -> None:
    one.decide(one.ann, Verdict.CONFIRM)
    with pytest.raises(CannotUndo):
        one.decisions.undo(one.cem)
    one.decide(one.cem, Verdict.CONFIRM)
    with pytest.raises(CannotUndo, match="已有变化"):
        one.decisions.undo(one.ann)
    one.clock.forward(seconds=61)
    with pytest.raises(CannotUndo, match="60 秒"):
        one.decisions.undo(one.cem)


def test_copies_are_decided_together_with_exceptions(many: Desk) -> None:
    item = many.queue.claim(many.ann, many.ids["copy0"])
    copies = many.queue.cluster(many.ann, item.id)
    assert {copy.id for copy in copies} == {many.ids[f"copy{n}"] for n in (1, 2, 3)}
    but_one = [copy.id for copy in copies if copy.id != many.ids["copy2"]]
    done = many.decisions.decide(
        many.ann, item.id, Verdict.CONFIRM, expected_version=item.version, with_items=[*but_one, many.ids["a"]]
    )
    assert {decided.item_id for decided in done.items} == {item.id, *but_one}
    assert done.skipped == (many.ids["a"],)
    states = {path: many.row(path).state for path in many.ids}
    assert states["copy1"] == states["copy3"] == "first-confirmed" and states["copy2"] == states["a"] == "waiting"
    assert {undone.state for undone in many.decisions.undo(many.ann).items} == {ItemState.WAITING}
    assert {many.row(path).state for path in many.ids} == {"waiting"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # on SQLite one writes at a time
def test_copies_are_decided_while_somebody_else_gives_them_to_a_person(many: Desk, engine: Engine) -> None:
    """Both lock the same items, and neither waits for the other without end."""
    low, high = sorted(many.ids[f"copy{n}"] for n in (0, 3))
    item = many.queue.claim(many.ann, high)
    decide = partial(many.decisions.decide, expected_version=item.version, with_items=[low])
    with ThreadPoolExecutor(2) as people_at_work, engine.connect() as other:
        other.execute(select(desk_items.c.id).where(desk_items.c.id == low).with_for_update())
        given = people_at_work.submit(many.passing.assign, many.cem, [low, high], many.ben.name)
        _until_waiting(engine, 1)
        decided = people_at_work.submit(decide, many.ann, high, Verdict.CONFIRM)
        _until_waiting(engine, 2)
        other.rollback()
        with pytest.raises(InOtherHands):
            given.result()
        assert {each.item_id for each in decided.result().items} == {low, high}


def _until_waiting(engine: Engine, number: int) -> None:
    """Until so many connections wait for a lock."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    for _ in range(200):
        with engine.connect() as connection:
            if connection.scalar(waiting) == number:
                return
        time.sleep(0.05)
    raise AssertionError("nobody waits")


def test_nobody_else_is_given_a_copy_of_what_somebody_reads(many: Desk) -> None:
    first, second = many.queue.next_item(many.ann), many.queue.next_item(many.ben)
    assert first is not None and first.id == many.ids["copy0"]
    assert second is not None and second.id == many.ids["a"]


def test_a_filtered_set_is_dismissed_as_it_was_counted(many: Desk) -> None:
    slight = Filters(families=("efficacy-rate",))
    count = many.decisions.bulk_count(many.cem, slight)
    assert count == 6
    many.decide(many.ann, Verdict.CONFIRM, path="a")
    with pytest.raises(CountChanged):
        many.decisions.bulk(many.cem, slight, Verdict.DISMISS, "slight", "均为轻微", count)
    done = many.decisions.bulk(many.cem, slight, Verdict.DISMISS, "slight", "均为轻微", count - 1)
    assert len(done.items) == 5 and many.row("b").state == "dismissed" and many.row("a").state == "first-confirmed"
    (entry,) = many.log.entries(act="decided-in-bulk")
    assert sorted(entry.detail["items"]) == sorted(item.item_id for item in done.items)
    many.decisions.undo(many.cem, done.batch)
    assert many.row("b").state == "waiting"


def test_nothing_is_confirmed_unseen(many: Desk) -> None:
    with pytest.raises(Incomplete, match="逐条"):
        many.decisions.bulk(many.cem, Filters(), Verdict.CONFIRM, "", "都像", 6)
    with pytest.raises(RoleMayNot):
        many.decisions.bulk_count(many.ann, Filters())
    with pytest.raises(Incomplete, match="批量决定须写明理由"):
        many.decisions.bulk(many.cem, Filters(), Verdict.DISMISS, "slight", "", 6)


def test_an_item_goes_back_to_its_first_reader(one: Desk) -> None:
    one.decide(one.ann, Verdict.CONFIRM)
    with pytest.raises(Incomplete):
        one.passing.send_back(one.cem, one.ids["a"], "", one.row().version)
    sent = one.passing.send_back(one.cem, one.ids["a"], "请核对文号", one.row().version)
    assert sent.state is ItemState.SENT_BACK
    assert one.queue.next_item(one.ben) is None
    item = one.queue.next_item(one.ann)
    assert item is not None and item.state is ItemState.SENT_BACK
    assert one.decide(one.ann, Verdict.CONFIRM) is ItemState.FIRST_CONFIRMED
    assert one.decide(one.cem, Verdict.CONFIRM) is ItemState.CONFIRMED


def test_a_decided_item_is_opened_again(one: Desk) -> None:
    one.decide(one.ann, Verdict.DISMISS, "negated")
    with pytest.raises(RoleMayNot):
        one.passing.reopen(one.ann, one.ids["a"], "再看", 2)
    assert one.passing.reopen(one.cem, one.ids["a"], "新证据", 2).state is ItemState.WAITING
    assert one.decide(one.ann, Verdict.CONFIRM) is ItemState.FIRST_CONFIRMED
    with pytest.raises(Incomplete, match="尚无结论"):
        one.passing.reopen(one.cem, one.ids["a"], "再看", one.row().version)


def test_work_is_given_to_people_who_can_do_it(one: Desk) -> None:
    item = one.ids["a"]
    one.passing.hand_over(one.ann, item, one.ben.name, "您熟悉", 1)
    assert one.queue.next_item(one.ann) is None
    assert one.queue.items(one.ann, Filters(assignee=one.ben.name))[0].assignee == one.ben.name
    assert one.queue.items(one.ben, Filters(assignee="me")) and not one.queue.items(one.ben, Filters(assignee="nobody"))
    assert one.queue.next_item(one.ben) is not None
    one.decide(one.ben, Verdict.CONFIRM)
    for unable in (one.ann.name, one.ben.name, "nobody"):
        with pytest.raises(Incomplete, match="不能处理"):
            one.passing.assign(one.cem, [item], unable)
    one.passing.assign(one.cem, [item], one.dee.name)
    assert one.queue.next_item(one.eva) is None
    one.passing.assign(one.cem, [item], None)
    assert one.queue.next_item(one.eva) is not None


def test_work_of_who_left_goes_back_to_everybody(one: Desk, engine: Engine) -> None:
    one.passing.hand_over(one.ann, one.ids["a"], one.ben.name, "", 1)
    assert one.queue.next_item(one.ben) is not None
    Accounts(engine, one.clock, PASSWORDS).disable(one.ben.name, "test")
    assert one.queue.next_item(one.ann) is not None


@pytest.mark.parametrize("role", [Role.OFFICER, Role.EDITOR, Role.ADMIN, Role.AUDITOR])
def test_who_does_not_review_decides_nothing(one: Desk, engine: Engine, role: Role) -> None:
    (other,) = people(engine, one.clock, role)
    acts = (
        lambda: one.queue.next_item(other),
        lambda: one.queue.claim(other, one.ids["a"]),
        lambda: one.decide(other, Verdict.CONFIRM),
        lambda: one.decisions.undo(other),
        lambda: one.decisions.bulk_count(other, Filters()),
        lambda: one.passing.reopen(other, one.ids["a"], "x", 1),
        lambda: one.passing.send_back(other, one.ids["a"], "x", 1),
        lambda: one.passing.hand_over(other, one.ids["a"], one.ann.name, "x", 1),
        lambda: one.passing.hold(other, one.ids["a"], NOW + timedelta(days=1), "x", 1),
    )
    for act in acts:
        with pytest.raises(RoleMayNot):
            act()
    assert one.row().version == 1


def test_every_act_is_logged_and_the_log_is_whole(one: Desk, engine: Engine) -> None:
    one.queue.next_item(one.ann)
    one.decide(one.ann, Verdict.CONFIRM, note="疑似")
    one.passing.send_back(one.cem, one.ids["a"], "请核对", 2)
    one.passing.hand_over(one.ann, one.ids["a"], one.ben.name, "", 3)
    one.passing.hold(one.ben, one.ids["a"], one.clock.now + timedelta(days=1), "等", 4)
    one.clock.forward(days=1)
    one.decide(one.ben, Verdict.NOT_AD, "science")
    one.passing.reopen(one.cem, one.ids["a"], "再看", 6)
    one.passing.assign(one.cem, [one.ids["a"]], None)
    acts = [entry.act for entry in reversed(one.log.entries(subject=f"item:{one.ids['a']}"))]
    assert acts == ["item-opened", "decided", "sent-back", "handed-over", "held", "decided", "reopened"]
    assert [entry.act for entry in one.log.entries(subject="night:2026-11-26")] == ["taken-in"]
    assert one.log.verify() == ()
    with engine.connect() as connection:
        assert len(connection.execute(select(desk_decisions)).all()) == 2


def test_every_refusal_is_said_in_chinese() -> None:
    for refusal in (SamePerson(), NoSuchItem(1), ItemChanged(1, 2), CountChanged(1, 2), InOtherHands("x", NOW)):
        assert isinstance(refusal, Refused) and any("一" <= letter <= "鿿" for letter in str(refusal))
