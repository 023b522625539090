"""Targets, nights, their figures, and the cases they leave."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.evidence import Check, VerifyReport
from domain.nights import NightState
from domain.outcome import Outcome
from domain.targets import RenderMode, Target, TargetKind
from domain.visits import Discovered
from storage.crawl.night_summary import FAILURES_SHOWN, night_summary
from storage.crawl.nights import finish_night, is_finished, night_progress, note_reports, open_night, targets_of
from storage.crawl.pauses import is_paused, pause_night, resume_night
from storage.crawl.targets import list_targets, save_targets
from storage.leads.cases import list_cases, show_case
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, TARGETS, TEXT, failed_visit, judgement, visit

FULL = Target(
    name="示例公众号",
    url="https://mp.example/list?a=1",
    kind=TargetKind.WECHAT,
    institution="示例医院",
    region="示例省",
    render=RenderMode.ALWAYS,
    max_pages=7,
    min_pages=2,
    delay_seconds=0.5,
    depth=1,
    include=("/s/",),
    exclude=("logout", "登录"),
    owner="甲",
    note="备注",
    local=True,
)


def test_targets_come_back_as_they_were(engine: Engine) -> None:
    save_targets(engine, [FULL, *TARGETS])
    assert [row.target for row in list_targets(engine)] == [FULL, *TARGETS]


def test_a_known_url_keeps_its_id_and_takes_new_settings(engine: Engine) -> None:
    save_targets(engine, TARGETS)
    before = {row.target.name: row.id for row in list_targets(engine)}
    renamed = Target("示例门诊部（新名）", "HTTP://clinic.example", max_pages=9)
    assert save_targets(engine, [renamed, renamed]) == []
    after = list_targets(engine)
    assert len(after) == 2
    assert after[0].id == before["示例门诊部"]
    assert after[0].target == renamed


def test_saving_no_targets_is_no_error(engine: Engine) -> None:
    assert save_targets(engine, []) == []
    assert list_targets(engine) == []


def test_an_unfinished_night_is_resumed_and_a_finished_one_followed(engine: Engine) -> None:
    save_targets(engine, TARGETS)
    targets = list_targets(engine)
    # 18:00 UTC on the 25th is 02:00 on the 26th in Beijing.
    assert open_night(engine, NOW, targets[:1]) == "2026-11-26"
    assert open_night(engine, NOW + timedelta(hours=9), targets) == "2026-11-26"
    assert len(night_summary(engine, "2026-11-26").targets) == 2
    finish_night(engine, "2026-11-26", NOW + timedelta(hours=1))
    assert open_night(engine, NOW + timedelta(hours=2), targets) == "2026-11-26-2"
    finish_night(engine, "2026-11-26-2", NOW + timedelta(hours=3))
    assert open_night(engine, NOW + timedelta(hours=4), []) == "2026-11-26-3"
    finish_night(engine, "2026-11-26-3", NOW + timedelta(hours=5))
    assert open_night(engine, NOW + timedelta(days=1), targets) == "2026-11-27"
    finish_night(engine, "2026-11-27", NOW + timedelta(days=1, hours=1))
    assert open_night(engine, NOW + timedelta(days=2), targets, of=date(2026, 11, 27)) == "2026-11-27-2"


def test_the_summary_counts_what_happened(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine, links=2)
    rows = claim(engine, night_id, ids, limit=5)
    own = [row for row in rows if row.target_id == ids[0]]
    other = [row for row in rows if row.target_id == ids[1]]
    store = open_store(engine, tmp_path)
    store.record(visit(own[0], flagged=True, discovered=(Discovered("http://clinic.example/new", 2),)))
    store.record(visit(own[1]))
    store.record(failed_visit(own[2], Outcome.TIMEOUT, outcome_detail="超时"))
    store.record(failed_visit(other[0]))
    store.close()
    summary = night_summary(engine, night_id)
    first, second = summary.targets
    assert (first.name, first.content_pages, first.leads, first.waiting) == ("示例门诊部", 2, 1, 1)
    assert first.outcomes == {Outcome.CONTENT: 2, Outcome.TIMEOUT: 1}
    assert first.failures == ((own[2].url, Outcome.TIMEOUT, "超时"),)
    assert (second.content_pages, second.leads, second.waiting) == (0, 0, 2)
    assert summary.families == {"efficacy-rate": 1}  # the silenced finding is not counted
    assert summary.outcomes == {Outcome.CONTENT: 2, Outcome.TIMEOUT: 1, Outcome.HTTP_GONE: 1}
    assert summary.ended_at is None
    progress = night_progress(engine, night_id)
    assert (progress.done, progress.leads, progress.outcomes) == (4, 1, summary.outcomes)
    assert (progress.waiting + progress.leased, progress.surplus) == (first.waiting + second.waiting, 0)


def test_failures_shown_are_those_set_aside_then_the_oldest(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine, links=FAILURES_SHOWN + 5)
    store = open_store(engine, tmp_path)
    rows = claim(engine, night_id, ids[:1], limit=50)
    for number, row in enumerate(rows):
        ended_at = NOW + timedelta(minutes=len(rows) - number)
        detail = "已 3 次中止" if number == 0 else "超时"
        visit = failed_visit(row, exchanges=(), ended_at=ended_at, outcome_detail=detail)
        store.record(replace(visit, set_aside=number == 0))
    store.close()
    target = night_summary(engine, night_id).targets[0]
    assert (target.set_aside, target.set_aside_pages) == (((rows[0].url, "已 3 次中止"),), 1)
    assert [url for url, _, _ in target.failures] == [rows[0].url, *(row.url for row in reversed(rows))][
        :FAILURES_SHOWN
    ]


def test_pages_set_aside_are_all_counted(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine, links=FAILURES_SHOWN + 5)
    store = open_store(engine, tmp_path)
    rows = claim(engine, night_id, ids[:1], limit=50)
    for row in rows:
        store.record(replace(failed_visit(row, exchanges=()), set_aside=True))
    store.close()
    target, other = night_summary(engine, night_id).targets
    assert (len(target.set_aside), target.set_aside_pages) == (FAILURES_SHOWN, len(rows))
    assert (other.set_aside, other.set_aside_pages) == ((), 0)


def test_verification_closes_the_night(engine: Engine) -> None:
    night_id, _ = open_sample_night(engine)
    good = VerifyReport("a.wacz", (Check("整包", True, ""),))
    bad = VerifyReport("b.wacz", (Check("整包", False, ""),))
    finish_night(engine, night_id, NOW + timedelta(hours=1), [good, bad])
    summary = night_summary(engine, night_id)
    assert (summary.bundles_verified, summary.bundles_failed) == (2, ("b.wacz",))
    assert summary.ended_at == NOW + timedelta(hours=1)


def test_a_night_that_is_closed_again_after_a_crash_ended_when_it_did(engine: Engine) -> None:
    night_id, _ = open_sample_night(engine)
    finish_night(engine, night_id, NOW + timedelta(hours=1))
    finish_night(engine, night_id, NOW + timedelta(days=1), [VerifyReport("a.wacz", (Check("整包", True, ""),))])
    summary = night_summary(engine, night_id)
    assert (summary.ended_at, summary.bundles_verified) == (NOW + timedelta(hours=1), 1)


def test_a_night_that_never_was_is_an_error(engine: Engine) -> None:
    with pytest.raises(KeyError):
        night_summary(engine, "2020-01-01")
    with pytest.raises(KeyError):
        finish_night(engine, "2020-01-01", NOW)


def test_a_paused_night_is_taken_up_and_its_dates_count(engine: Engine) -> None:
    save_targets(engine, TARGETS)
    targets = list_targets(engine)
    night_id = open_night(engine, NOW, targets)
    closing, evening = NOW + timedelta(hours=4), NOW + timedelta(days=1)
    pause_night(engine, night_id, closing)
    pause_night(engine, night_id, closing + timedelta(seconds=5))  # the second shard
    note_reports(engine, night_id, [VerifyReport("evidence/a.wacz", (Check("digest", True, ""),))])
    paused = night_summary(engine, night_id)
    assert (paused.state, paused.paused_at, paused.bundles_verified) == (NightState.PAUSED, closing, 1)
    assert open_night(engine, evening, targets) == night_id
    resume_night(engine, night_id, evening)
    resume_night(engine, night_id, evening + timedelta(hours=1))  # it is at work already
    assert not is_finished(engine, night_id) and targets_of(engine, night_id) == {target.id for target in targets}
    resumed = night_summary(engine, night_id)
    assert (resumed.state, resumed.paused_at, resumed.resumed_dates) == (NightState.OPEN, None, ("2026-11-27",))
    pause_night(engine, night_id, evening + timedelta(hours=4))
    assert is_paused(engine, night_id)
    resume_night(engine, night_id, NOW + timedelta(days=2))
    finish_night(engine, night_id, NOW + timedelta(days=2, hours=2))
    pause_night(engine, night_id, NOW + timedelta(days=2, hours=3))  # of a finished night nothing is left to pause
    assert night_summary(engine, night_id).state is NightState.FINISHED and is_finished(engine, night_id)
    assert not is_paused(engine, night_id)
    later = night_summary(engine, open_night(engine, NOW + timedelta(days=4), targets))
    assert later.missed_dates == ("2026-11-29",)


def test_pausing_a_night_that_never_was_is_an_error(engine: Engine) -> None:
    with pytest.raises(KeyError):
        is_finished(engine, "2020-01-01")
    assert targets_of(engine, "2020-01-01") == frozenset()
    with pytest.raises(KeyError):
        pause_night(engine, "2020-01-01", NOW)


def test_cases_are_the_flagged_pages(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    rows = claim(engine, night_id, ids, limit=2)
    store = open_store(engine, tmp_path)
    store.record(visit(rows[0], flagged=True))
    store.record(visit(rows[1]))
    store.close()
    cases = list_cases(engine)
    assert [(case.id, case.url, case.target, case.families) for case in cases] == [
        (rows[0].id, "http://clinic.example/", "示例门诊部", ("efficacy-rate",))
    ]
    assert (tmp_path / cases[0].bundle).is_file()
    assert list_cases(engine, "2020-01-01") == []
    assert list_cases(engine, night_id) == cases


def test_a_case_shows_the_judgement_as_it_was_made(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    rows = claim(engine, night_id, ids, limit=2)
    store = open_store(engine, tmp_path)
    store.record(visit(rows[0], flagged=True))
    store.record(visit(rows[1]))
    store.close()
    shown = show_case(engine, rows[0].id)
    assert shown.judgement == judgement(True)
    assert shown.text == TEXT
    assert shown.contacts == (("landline", "000-00001234"),)
    with pytest.raises(KeyError):
        show_case(engine, rows[1].id)
