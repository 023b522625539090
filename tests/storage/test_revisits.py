"""What is remembered of pages and sites from night to night."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from domain.outcome import Outcome
from domain.page import Exchange, Link
from domain.site_trials import Rung, SiteTrial
from domain.visits import Discovered, FrontierUrl, SiteRest, Visit
from storage.crawl.frontier import SqlFrontier
from storage.crawl.night_summary import night_summary
from storage.crawl.nights import finish_night, open_night
from storage.crawl.revisits import MAX_DAYS_ON_TRUST, MAX_INTERVAL_DAYS, MAX_LINKS, SqlCrawlMemory, server_addresses
from storage.crawl.targets import list_targets
from storage.crawl.visits import SqlVisitStore
from storage.tables import frontier, night_targets, page_memory, pages
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, exchange, judgement, page, visit

HOME = "http://clinic.example/"
LINKS = (HOME + "1", HOME + "2")


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[SqlVisitStore]:
    opened = open_store(engine, tmp_path)
    yield opened
    opened.close()


def memory(engine: Engine, rules: str = "r" * 64, names: str = "") -> SqlCrawlMemory:
    return SqlCrawlMemory(engine, rules, "m" * 64, names)


def tagged(url: str) -> Exchange:
    plain = exchange(url)
    return replace(plain, response_headers=(*plain.response_headers, ("ETag", '"v1"'), ("Last-Modified", "yesterday")))


def in_full(row: FrontierUrl, text: str | None = None, **given: Any) -> Visit:
    read = page(row.url) if text is None else page(row.url, text)
    links = given.pop("links", LINKS)
    changes: dict[str, Any] = {"exchanges": (tagged(row.url),), "page": replace(read, links=tuple(map(Link, links)))}
    changes |= given
    if text is not None:
        changes["judgement"] = judgement(False, text)
    return visit(row, **changes)


def first_night(engine: Engine, store: SqlVisitStore, **changes: Any) -> int:
    """The start page, read in full on the first night; the id of its page."""
    night_id, ids = open_sample_night(engine)
    row = claim(engine, night_id, ids[:1])[0]
    store.record(in_full(row, **changes))
    finish_night(engine, night_id, NOW)
    return row.id


def next_night(engine: Engine, days: int) -> tuple[str, FrontierUrl]:
    later = NOW + timedelta(days=days)
    targets = list_targets(engine)[:1]
    night_id = open_night(engine, later, targets)
    queue = SqlFrontier(engine)
    queue.seed(night_id, [(targets[0].id, HOME)], later)
    return night_id, queue.claim(night_id, [targets[0].id], "w1", 1, later, 60.0)[0]


def remembered(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(page_memory).where(page_memory.c.url == HOME)).one()


def test_a_page_with_validators_may_be_asked_for_conditionally(engine: Engine, store: SqlVisitStore) -> None:
    page_id = first_night(engine, store)
    earlier = memory(engine).earlier([HOME, HOME + "never"], NOW + timedelta(days=1)).get(HOME)
    assert earlier is not None
    assert (earlier.page_id, earlier.etag, earlier.last_modified, earlier.links) == (
        page_id, '"v1"', "yesterday", LINKS,
    )  # fmt: skip


def test_other_rules_other_names_or_long_trust_ask_for_the_whole_page(engine: Engine, store: SqlVisitStore) -> None:
    first_night(engine, store)
    assert memory(engine, rules="x" * 64).earlier([HOME], NOW) == {}
    assert memory(engine, names="n" * 64).earlier([HOME], NOW) == {}
    assert memory(engine).earlier([HOME], NOW + timedelta(days=MAX_DAYS_ON_TRUST, seconds=5)) == {}
    assert memory(engine).earlier([HOME + "never"], NOW) == {}


@pytest.mark.parametrize("why", ["lead", "redirected", "untagged", "many-links", "unshown"])
def test_some_pages_are_always_fetched_in_full(engine: Engine, store: SqlVisitStore, why: str) -> None:
    night_id, ids = open_sample_night(engine)
    row = claim(engine, night_id, ids[:1])[0]
    each: dict[str, Any] = {
        "lead": visit(row, flagged=True, exchanges=(tagged(row.url),)),
        "redirected": in_full(row, exchanges=(exchange(row.url, status=302), tagged(row.url))),
        "untagged": in_full(row, exchanges=(exchange(row.url),)),
        "many-links": in_full(row, links=[f"{HOME}{number}" for number in range(MAX_LINKS + 1)]),
        "unshown": replace(in_full(row, exchanges=(tagged(row.url),)), unshown=True),
    }
    store.record(each[why])
    assert memory(engine).earlier([HOME], NOW) == {}


def test_an_unchanged_page_refers_to_the_text_it_had(engine: Engine, store: SqlVisitStore) -> None:
    page_id = first_night(engine, store)
    night_id, row = next_night(engine, 1)
    found = (Discovered(LINKS[0], 1),)
    store.record(
        visit(
            row,
            page=None,
            judgement=None,
            same_as=page_id,
            exchanges=(exchange(HOME, b"", status=304),),
            discovered=found,
        )
    )
    with engine.connect() as connection:
        before, after = connection.execute(select(pages).where(pages.c.url == HOME).order_by(pages.c.id)).all()
    assert (after.outcome, after.same_as, after.text, after.flagged) == ("content", page_id, None, False)
    assert after.text_sha256 == before.text_sha256
    assert (after.title, after.score, after.judgement) == (before.title, before.score, before.judgement)
    summary = night_summary(engine, night_id)
    assert summary.outcomes == {Outcome.CONTENT: 1}
    assert summary.targets[0].waiting == 1
    earlier = memory(engine).earlier([HOME], NOW + timedelta(days=2)).get(HOME)
    assert earlier is not None
    assert earlier.page_id == page_id


def test_the_interval_doubles_while_nothing_changes_and_starts_over_when_it_does(
    engine: Engine, store: SqlVisitStore
) -> None:
    first_night(engine, store)
    intervals = [remembered(engine).interval_days]
    for night in range(1, 7):
        night_id, row = next_night(engine, night)
        store.record(in_full(row, ended_at=NOW + timedelta(days=night, seconds=4)))
        finish_night(engine, night_id, NOW + timedelta(days=night))
        intervals.append(remembered(engine).interval_days)
    assert intervals == [1, 2, 4, 8, 16, MAX_INTERVAL_DAYS, MAX_INTERVAL_DAYS]
    assert remembered(engine).changed_at == NOW + timedelta(seconds=4)
    _, row = next_night(engine, 7)
    store.record(in_full(row, text="本院治愈率达98%，无效退款。换过", ended_at=NOW + timedelta(days=7)))
    assert (remembered(engine).interval_days, remembered(engine).changed_at) == (1, NOW + timedelta(days=7))


def test_pages_not_due_come_last_and_are_the_ones_left_over(engine: Engine, store: SqlVisitStore) -> None:
    """The budget goes to new pages first, wherever they are found."""
    first_night(engine, store)
    night_id, row = next_night(engine, 1)
    store.record(in_full(row, ended_at=NOW + timedelta(days=1)))
    finish_night(engine, night_id, NOW + timedelta(days=1))
    # On the third night HOME is not due (its interval is two days now), though it is the first link
    targets = list_targets(engine)
    later = NOW + timedelta(days=2)
    third = open_night(engine, later, targets)
    queue = SqlFrontier(engine)
    queue.seed(third, [(targets[0].id, HOME), (targets[0].id, HOME + "new")], later)
    with engine.connect() as connection:
        this_night = select(frontier).where(frontier.c.night_id == third)
        priorities = {row.url: row.priority for row in connection.execute(this_night)}
    assert (priorities[HOME], priorities[HOME + "new"]) == (1, 0)
    claimed = queue.claim(third, [targets[0].id], "w", 2, later, 60.0)
    assert [item.url for item in claimed] == [HOME + "new", HOME]


def test_urls_given_back_cost_nothing(engine: Engine) -> None:
    night_id, ids = open_sample_night(engine)
    queue = SqlFrontier(engine)
    row = claim(engine, night_id, ids[:1])[0]
    until = NOW + timedelta(minutes=5)
    queue.give_back([row.id], "another", until)
    queue.give_back([row.id], "w1", until)
    assert claim(engine, night_id, ids[:1]) == []
    assert queue.next_dues(night_id, ids[:1], NOW) == {ids[0]: until}
    with engine.connect() as connection:
        assert connection.scalar(select(night_targets.c.started).where(night_targets.c.target_id == ids[0])) == 0
    again = queue.claim(night_id, ids[:1], "w1", 1, until, 60.0)
    assert [item.attempts for item in again] == [1]


def test_rests_are_kept_until_they_are_ended(engine: Engine) -> None:
    rest = SiteRest("clinic.example", NOW, 1, "HTTP 429")
    memory(engine).keep_rest(rest)
    memory(engine).keep_rest(longer := replace(rest, until=NOW + timedelta(hours=1), level=2))
    assert memory(engine).rests() == [longer]
    memory(engine).end_rest("clinic.example")
    assert memory(engine).rests() == []


def test_trials_are_kept_one_for_each_site_and_rung(engine: Engine) -> None:
    scripts = SiteTrial("clinic.example", Rung.SCRIPTS, 1, NOW)
    waiting = SiteTrial("clinic.example", Rung.PATIENCE, -1, NOW)
    for trial in (scripts, waiting, again := replace(scripts, streak=2, tried_at=NOW + timedelta(hours=1))):
        memory(engine).keep_trial(trial)
    assert sorted(memory(engine).trials(), key=lambda trial: trial.rung) == [waiting, again]


def test_another_page_of_a_host_is_known(engine: Engine, store: SqlVisitStore) -> None:
    first_night(engine, store)
    assert memory(engine).known_page("clinic.example", [HOME + "gone"]) == HOME
    assert memory(engine).known_page("clinic.example", [HOME]) is None


def test_of_each_host_the_server_that_answered_last_is_known(engine: Engine) -> None:
    memory(engine).keep_addresses({"b.example": "203.0.113.7", "a.example": "2001:db8::7"}, NOW)
    memory(engine).keep_addresses({"b.example": "203.0.113.9"}, NOW + timedelta(days=1))
    assert server_addresses(engine) == {"a.example": "2001:db8::7", "b.example": "203.0.113.9"}
