"""Figures of the dashboard, against cases worked out by hand."""

from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, func, insert, select

from domain.reviews import Stage, Verdict, jeffreys, wilson
from domain.roles import Role
from review.accounts import Account
from review.audit_log import AuditLog
from review.conflicts import Conflicts
from review.decisions import Decisions
from review.draws import choose, draws
from review.figures import ages, agreement, audit_estimate, drift, load, psi, rule_periods
from review.intake import take_in, take_in_rescored
from review.queue import ReviewQueue
from review.random_check import CannotDraw, draw_check
from review.settings import DeskSettings
from storage.database import writing
from storage.tables import desk_items, desk_nights, nights
from tests.review.desk import PLAIN, SEED, Clock, Page, desk, item_ids, night, people
from tests.storage.samples import NOW


def _decide(engine: Engine, clock: Clock, who: Account, item_id: int, verdict: Verdict) -> None:
    with engine.connect() as connection:
        version = connection.scalar(select(desk_items.c.version).where(desk_items.c.id == item_id))
    reason = "negated" if verdict is Verdict.DISMISS else ""
    Decisions(engine, clock).decide(who, item_id, verdict, reason, expected_version=version or 0)


def test_recall_and_prevalence_come_from_the_sample(engine: Engine, tmp_path: Path) -> None:
    """4 leads of which 3 are found; 10 pages below, of which 2 are found, so that (2 + 1/2) / 11 of them are taken to be missed."""
    clock = Clock()
    pages = {f"lead{n}": Page(0.9) for n in range(4)} | {f"low{n}": Page(0.1, flagged=False) for n in range(10)}
    ids = desk(engine, tmp_path, pages, DeskSettings(audit_pages=10, read_twice_share=0.0))
    (ann,) = people(engine, clock, Role.ANALYST)
    before = audit_estimate(engine, ["2026-11-26"])
    assert (before.drawn, before.read, before.recall.value, before.prevalence.value) == (10, 0, None, None)
    assert (before.recall.low, before.recall.high) == (0.0, 1.0)
    for path, item_id in ids.items():
        found = path in ("lead0", "lead1", "lead2", "low0", "low1")
        _decide(engine, clock, ann, item_id, Verdict.CONFIRM if found else Verdict.NOT_AD)
    estimate = audit_estimate(engine, ["2026-11-26"])
    assert (estimate.pages, estimate.below, estimate.read, estimate.found) == (14, 10, 10, 2)
    missed = 10 * 2.5 / 11
    assert estimate.missed.value == pytest.approx(missed)
    assert estimate.recall.value == pytest.approx(3 / (3 + missed))
    assert estimate.prevalence.value == pytest.approx((3 + missed) / 14)
    # Wilson's interval of 2 in 10 is 0.0567 to 0.5098
    assert (estimate.recall.low, estimate.recall.high) == pytest.approx((3 / 8.098, 3 / 3.567), abs=1e-3)
    assert audit_estimate(engine, []).recall.value is None


def test_of_few_pages_that_came_out_alike_nothing_is_said_for_certain(engine: Engine, tmp_path: Path) -> None:
    """It was 100 % at the end of an interval of 61 to 100 %."""
    clock = Clock()
    pages = {f"lead{n}": Page(0.9) for n in range(6)} | {f"low{n}": Page(0.1, flagged=False) for n in range(10)}
    ids = desk(engine, tmp_path, pages, DeskSettings(audit_pages=10, read_twice_share=0.0))
    (ann,) = people(engine, clock, Role.ANALYST)
    for path, item_id in ids.items():
        _decide(engine, clock, ann, item_id, Verdict.CONFIRM if path.startswith("lead") else Verdict.NOT_AD)
    estimate = audit_estimate(engine, ["2026-11-26"])
    assert (estimate.read, estimate.found, estimate.flagged_found) == (10, 0, 6.0)
    for each in (estimate.missed, estimate.recall, estimate.prevalence):
        assert each.value is not None and each.low < each.value < each.high
    assert estimate.recall.high == 1.0 and estimate.recall.value == pytest.approx(6 / (6 + 10 * 0.5 / 11))


@given(st.integers(0, 500).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials))))
def test_the_estimate_of_a_share_lies_within_its_interval(counted: tuple[int, int]) -> None:
    low, high = wilson(*counted)
    assert low < jeffreys(*counted) < high


def test_a_share_of_more_than_there_is_is_none() -> None:
    for successes, trials in ((-1, 3), (4, 3)):
        with pytest.raises(ValueError, match=f"{successes} of {trials}"):
            jeffreys(successes, trials)
    assert jeffreys(0, 0) == 0.5


def test_leads_of_a_later_rescore_are_not_of_the_nights_leads(engine: Engine, tmp_path: Path) -> None:
    """One lead, found; two pages below became leads later and were dismissed: that says nothing of the one."""
    clock = Clock()
    pages = {"lead": Page(0.9), "low0": Page(0.1, flagged=False), "low1": Page(0.1, flagged=False)}
    night_id, page_ids = night(engine, tmp_path, pages)
    take_in(engine, night_id, NOW, PLAIN, SEED)
    assert take_in_rescored(engine, {page_ids["low0"]: 0.8, page_ids["low1"]: 0.7}, NOW, 1) == 2
    (ann,) = people(engine, clock, Role.ANALYST)
    for path, item_id in item_ids(engine, page_ids).items():
        _decide(engine, clock, ann, item_id, Verdict.CONFIRM if path == "lead" else Verdict.NOT_AD)
    assert audit_estimate(engine, [night_id]).flagged_found == pytest.approx(1.0)


def test_load_is_held_against_the_hands_there_are(engine: Engine, tmp_path: Path) -> None:
    clock = Clock(NOW + timedelta(hours=2))
    ids = desk(engine, tmp_path, {f"p{n}": Page(0.9) for n in range(9)})
    ann, ben = people(engine, clock, Role.ANALYST, Role.ANALYST)
    for number, (who, verdict) in enumerate(
        [(ann, Verdict.NOT_AD), (ann, Verdict.CONFIRM), (ben, Verdict.NOT_AD), (ben, Verdict.LATER)]
    ):
        _decide(engine, clock, who, ids[f"p{number}"], verdict)
    clock.forward(days=1)
    shown = load(engine, clock(), days=3)
    assert [(day.came, day.read, day.readers) for day in shown.days] == [(0, 0, 0), (9, 3, 2), (0, 0, 0)]
    assert [f"{day.day:%m-%d %H:%M}" for day in shown.days] == ["11-25 00:00", "11-26 00:00", "11-27 00:00"]
    assert shown.waiting == {Stage.FIRST: 6, Stage.SECOND: 1}
    assert (shown.per_reader, shown.days_left) == (1.5, 2.0)


def test_what_waits_is_counted_by_its_age(engine: Engine, tmp_path: Path) -> None:
    clock = Clock(NOW + timedelta(days=5, hours=2))
    desk(engine, tmp_path, {"old": Page(0.9)})
    desk(engine, tmp_path, {"new": Page(0.9)}, day=5)
    first, second, _ = ages(engine, clock())
    assert first.buckets == ((1, 1), (3, 0), (7, 1), (14, 0), (float("inf"), 0))
    assert first.oldest == NOW + timedelta(hours=2)
    assert (second.oldest, sum(count for _, count in second.buckets)) == (None, 0)


def test_agreement_counts_pairs_that_did_not_know_of_each_other(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    ids = desk(
        engine, tmp_path, {f"p{n}": Page(0.9) for n in range(5)}, DeskSettings(audit_pages=0, read_twice_share=1.0)
    )
    ann, ben, cem = people(engine, clock, Role.ANALYST, Role.ANALYST, Role.REVIEWER)
    yes, no = Verdict.CONFIRM, Verdict.DISMISS
    for number, (first, second) in enumerate([(yes, yes), (yes, yes), (no, no), (yes, no)]):
        _decide(engine, clock, ann, ids[f"p{number}"], first)
        _decide(engine, clock, ben, ids[f"p{number}"], second)
    _decide(engine, clock, ann, ids["p4"], yes)
    _decide(engine, clock, cem, ids["p3"], yes)
    found = agreement(engine)
    assert (found.pairs, found.same.value) == (4, 0.75) and found.kappa == pytest.approx(0.5)
    assert agreement(engine, clock() + timedelta(days=1)).pairs == 0


def test_rules_are_judged_week_by_week(engine: Engine, tmp_path: Path) -> None:
    clock = Clock(NOW + timedelta(hours=3))
    ids = desk(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8), "c": Page(0.7)})
    ann, cem = people(engine, clock, Role.ANALYST, Role.REVIEWER)
    _decide(engine, clock, ann, ids["a"], Verdict.NOT_AD)
    clock.forward(days=7)
    for who in (ann, cem):
        _decide(engine, clock, who, ids["b"], Verdict.CONFIRM)
    clock.forward(minutes=1)
    before, now = rule_periods(engine, clock(), periods=2)
    assert (before.rules["cure-rate"].confirmed, before.rules["cure-rate"].dismissed) == (0, 1)
    assert (now.rules["cure-rate"].confirmed, now.rules["cure-rate"].dismissed) == (1, 0)


def test_a_night_unlike_those_before_is_seen(engine: Engine) -> None:
    calm, wild = [80, 10, 5, 1, 1, 1, 1, 1, 0, 0], [10, 10, 5, 1, 1, 1, 1, 1, 30, 40]
    with engine.begin() as connection:
        for day, scores in enumerate((calm, calm, wild), 1):
            night_id = f"2026-01-0{day}"
            connection.execute(insert(nights), {"id": night_id, "started_at": NOW, "ended_at": NOW})
            row = {"night_id": night_id, "taken_at": NOW, "pages": 100, "leads": 1, "items": 1, "scores": scores}
            connection.execute(insert(desk_nights), row | {"rule_hits": {"r": 5 * day}})
    first, second, third = drift(engine)
    assert first.psi is None and second.psi == pytest.approx(0.0) and third.psi is not None and third.psi > 0.25
    assert second.rules == {"r": (100.0, 50.0)} and third.rules == {"r": (150.0, 75.0)}
    (only,) = drift(engine, nights=1, before=1)
    assert only.night_id == "2026-01-03" and only.psi == pytest.approx(third.psi)


@given(st.lists(st.integers(0, 1000), min_size=3, max_size=3), st.lists(st.integers(0, 1000), min_size=3, max_size=3))
def test_drift_is_never_negative_and_the_same_both_ways(now: list[int], before: list[int]) -> None:
    there, back = psi(now, before), psi(before, now)
    assert (there is None) == (not any(now) or not any(before))
    if there is not None:
        assert there == pytest.approx(back) and there >= 0 and psi(now, now) == 0


def test_targets_and_readers_are_both_drawn(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    night_id, pages = night(engine, tmp_path, {f"p{n}": Page(0.9) for n in range(6)})
    take_in(engine, night_id, NOW, DeskSettings(audit_pages=0, read_twice_share=0.0), SEED)
    ids = item_ids(engine, pages)
    with engine.begin() as connection:  # six targets, one item each
        for number, item_id in enumerate(ids.values(), 1):
            connection.execute(desk_items.update().where(desk_items.c.id == item_id).values(target_id=number))
    ann, ben, cem, boss = people(engine, clock, Role.ANALYST, Role.ANALYST, Role.ANALYST, Role.ADMIN)
    Conflicts(engine, clock).declare(cem, "示例门诊部")
    check = draw_check(engine, clock, boss, 4, SEED)
    assert set(check.given) == set(choose(SEED, range(1, 7), 4)) and check.unread == () and check.items == 4
    assert sorted(check.given.values()) == [ann.name] * 2 + [ben.name] * 2
    queue = ReviewQueue(engine, clock)
    assert {item.assignee for item in queue.items(ann)} == {ann.name, ben.name, None}
    assert [draw.kind for draw in draws(engine)][:2] == ["readers", "targets"]
    rest = draw_check(engine, clock, boss, 9, SEED)
    assert len(rest.given) == 2


def test_several_draws_at_once_give_nothing_out_twice(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    desk(engine, tmp_path, {f"p{number}": Page(0.9) for number in range(8)})
    with writing(engine) as connection:  # as many targets as items
        for number, item_id in enumerate(connection.scalars(select(desk_items.c.id).order_by(desk_items.c.id)).all()):
            connection.execute(desk_items.update().where(desk_items.c.id == item_id).values(target_id=100 + number))
    boss, *_ = people(engine, clock, Role.REVIEWER, Role.ANALYST, Role.ANALYST)
    start, made, failed = Barrier(5), [], []

    def draw() -> None:
        start.wait()
        try:
            made.append(draw_check(engine, clock, boss, 3))
        except CannotDraw as fault:
            failed.append(fault)

    threads = [Thread(target=draw) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) + len(failed) == 5
    given = [target for check in made for target in check.given]
    assert len(given) == len(set(given)) >= 3
    with engine.connect() as connection:
        assert sum(check.items for check in made) == connection.scalar(
            select(func.count()).where(desk_items.c.assignee.is_not(None))
        )
        assert connection.scalar(select(func.max(desk_items.c.version))) == 2
    assert AuditLog(engine, clock).verify() == ()
