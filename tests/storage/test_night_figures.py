"""A night compared with the target's own history."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.nights import BLANK_MIN_PAGES, NightSummary, TargetResult
from domain.outcome import Outcome
from storage.crawl.night_figures import USUAL_MIN_NIGHTS, dates_between, pages_to_come
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import finish_night, list_nights, open_night
from storage.crawl.targets import list_targets, save_targets
from storage.database import writing
from storage.tables import frontier, night_targets, pages, visits
from tests.storage.samples import NOW, TARGETS
from yiguang.nights.summary import target_complaints


def a_night(engine: Engine, day: int, contents: int, titles: int = 1000, texts: int = 1000, leads: int = 0) -> str:
    """A finished night of the first sample target; so many of its pages have a title, a text, or are leads."""
    began = NOW + timedelta(days=day)
    save_targets(engine, TARGETS[:1])
    targets = list_targets(engine)
    night_id = open_night(engine, began, targets)
    with writing(engine) as connection:
        for number in range(contents):
            place = {"night_id": night_id, "target_id": targets[0].id}
            row = {"url_key": f"{day:04}{number:060}", "url": "u", "depth": 1, "due_at": began, "state": "done"}
            id_ = connection.execute(frontier.insert().values(place | row).returning(frontier.c.id)).scalar_one()
            tried = {
                "frontier_id": id_,
                "attempt": 1,
                "outcome": "content",
                "detail": "",
                "final_url": "u",
                "robots": "",
            }
            visit_id = connection.execute(
                visits.insert().values(place | tried | {"started_at": began, "ended_at": began}).returning(visits.c.id)
            ).scalar_one()
            page = {"id": id_, "visit_id": visit_id, "url": "u", "final_url": "u", "outcome": "content", "detail": ""}
            read = {
                "title": "标题" if number < titles else "",
                "text": "门诊时间安排如下，请提前预约。" if number < texts else "无",
            }
            connection.execute(
                pages.insert().values(place | page | read | {"captured_at": began, "flagged": number < leads})
            )
    finish_night(engine, night_id, began + timedelta(hours=3))
    return night_id


def test_far_fewer_pages_than_usual_are_red_whatever_the_minimum(engine: Engine) -> None:
    for day, contents in enumerate((40, 50, 60)):
        a_night(engine, day, contents)
    target = night_summary(engine, a_night(engine, 3, 9)).targets[0]
    assert (target.usual_pages, target.previous_pages, target.min_pages) == (50, 60, 1)
    assert target.few
    assert not target.healthy
    enough = night_summary(engine, a_night(engine, 4, 10)).targets[0]
    assert (enough.usual_pages, enough.few, enough.healthy) == (45, False, True)


def test_a_smaller_budget_is_no_fault(engine: Engine) -> None:
    for day in range(3):
        a_night(engine, day, 40)
    night_id = a_night(engine, 3, 4)
    with writing(engine) as connection:
        connection.execute(night_targets.update().where(night_targets.c.night_id == night_id).values(max_pages=4))
    target = night_summary(engine, night_id).targets[0]
    assert (target.usual_pages, target.few) == (4, False)


def test_too_few_nights_make_no_usual_number(engine: Engine) -> None:
    for day in range(USUAL_MIN_NIGHTS - 1):
        a_night(engine, day, 50)
    target = night_summary(engine, a_night(engine, 9, 1)).targets[0]
    assert (target.usual_pages, target.previous_pages, target.healthy) == (None, 50, True)


def test_a_night_looks_back_only(engine: Engine) -> None:
    first = a_night(engine, 0, 5, leads=2)
    second = a_night(engine, 1, 6)
    assert night_summary(engine, first).targets[0].previous_pages is None
    after = night_summary(engine, second)
    assert (after.targets[0].previous_pages, after.targets[0].previous_leads) == (5, 2)
    assert (after.previous_night, after.missed_dates) == (first, ())


def test_dates_without_a_night_are_named(engine: Engine) -> None:
    a_night(engine, 0, 1)
    late = night_summary(engine, a_night(engine, 3, 1))
    assert late.missed_dates == ("2026-11-27", "2026-11-28")  # NOW is on the 26th in Beijing
    assert [night_id for night_id, _, _ in list_nights(engine)] == ["2026-11-29", "2026-11-26"]
    assert dates_between("2026-11-26", "2026-11-26-2") == ()


@pytest.mark.parametrize(("titles", "texts", "blank"), [(20, 20, False), (9, 20, True), (20, 9, True), (10, 10, False)])
def test_pages_without_title_or_text_are_red_when_they_are_most(
    engine: Engine, titles: int, texts: int, blank: bool
) -> None:
    target = night_summary(engine, a_night(engine, 0, 20, titles, texts)).targets[0]
    assert (target.empty_titles, target.empty_texts) == (20 - titles, 20 - texts)
    assert (target.blank, target.healthy) == (blank, not blank)


def test_a_few_pages_without_title_are_an_accident() -> None:
    few = TargetResult(1, "x", "u", 1, BLANK_MIN_PAGES - 1, 0, 0, {}, empty_titles=BLANK_MIN_PAGES - 1)
    assert few.healthy


def test_success_with_nothing_is_impossible() -> None:
    ends = (Outcome.HTTP_GONE, Outcome.ROBOTS_DENIED, Outcome.UNKNOWN)  # unknown: a parked domain
    known = tuple(TargetResult(number, "x", "u", 0, 0, 0, 0, {end: 1}) for number, end in enumerate(ends))
    assert all(target.healthy for target in known)
    assert not NightSummary("2026-11-26", NOW, NOW, known, {}).healthy


@pytest.mark.parametrize(
    "outcomes", [{}, {Outcome.CONTENT: 0, Outcome.HTTP_GONE: 0}, {Outcome.TIMEOUT: 3}, {Outcome.CHALLENGE: 1}]
)
def test_a_minimum_of_nought_is_for_pages_of_which_something_is_known(outcomes: dict[Outcome, int]) -> None:
    """Not for those that nobody could see, as the page of a tip at a site that does not answer."""
    nothing = TargetResult(1, "x", "u", 0, 0, 0, 0, outcomes)
    page = TargetResult(2, "y", "v", 1, 1, 0, 0, {Outcome.CONTENT: 1})
    night = NightSummary("2026-11-26", NOW, NOW, (nothing, page), {})
    assert not nothing.healthy and not night.healthy
    assert target_complaints(night) == ["x：一页都没有取得，也不知道页面现在怎样"]


def test_pages_to_come_are_those_of_the_night_before_or_the_budget_without_those_given(engine: Engine) -> None:
    first = a_night(engine, 0, contents=7)
    [target] = list_targets(engine)
    assert pages_to_come(engine, first, [target.id]) == min(target.target.max_pages, 50) - 7
    later = open_night(engine, NOW + timedelta(days=1), [target])
    assert pages_to_come(engine, later, [target.id]) == 7
    assert pages_to_come(engine, later, []) == 0
    finish_night(engine, later, NOW + timedelta(days=1, hours=1))  # it gave nothing, and is the newest that counts
    assert pages_to_come(engine, open_night(engine, NOW + timedelta(days=2), [target]), [target.id]) == 0
    with pytest.raises(KeyError):
        pages_to_come(engine, "2020-01-01", [target.id])
