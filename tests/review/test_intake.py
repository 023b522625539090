"""What a night brings to the desk."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, select, update

from domain.institutions import name_key
from domain.reviews import Verdict
from domain.roles import Role
from review.conflicts import Conflicts
from review.decisions import Decisions
from review.draws import choose, choose_share, draws, population_sha256
from review.intake import take_in, take_in_missing, take_in_rescored
from review.items import Filters
from review.queue import ReviewQueue
from review.settings import DeskSettings
from storage.database import writing
from storage.tables import desk_draws, desk_item_parties, desk_items, desk_nights, nights, pages
from tests.review.desk import PLAIN, SEED, Clock, Page, item_ids, night, own_text, people
from tests.storage.samples import NOW


def _items(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(desk_items).order_by(desk_items.c.id)))


def test_leads_become_items_once(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = night(engine, tmp_path, {"a": Page(0.9, severity=5), "b": Page(0.6), "c": Page(0.1, flagged=False)})
    assert take_in(engine, night_id, NOW, PLAIN) == 2
    assert take_in(engine, night_id, NOW, PLAIN) == 0
    first, second = sorted(_items(engine), key=lambda item: -item.priority)
    assert (first.page_id, first.priority, first.rank) == (ids["a"], 4.5, -4.5)
    assert (second.page_id, second.severity, second.probability) == (ids["b"], 4, 0.6)
    assert (first.families, first.rules, first.state, first.kind) == (
        ["efficacy-rate"],
        ["cure-rate"],
        "waiting",
        "lead",
    )
    assert (first.target, first.institution, first.version) == ("示例门诊部", "示例门诊部", 1)


def test_the_same_text_is_not_read_again_the_night_after(engine: Engine, tmp_path: Path) -> None:
    night_id, _ = night(engine, tmp_path, {"a": Page(0.9), "b": Page(0.9)})
    take_in(engine, night_id, NOW, PLAIN)
    changed = Page(0.9, text=own_text("quite another text"))
    night_id, ids = night(engine, tmp_path, {"a": Page(0.9), "b": changed}, day=1)
    assert take_in(engine, night_id, NOW, PLAIN) == 1
    items = _items(engine)
    assert [item.page_id for item in items][2:] == [ids["b"]]
    again = next(item for item in items if item.url.endswith("/a"))
    assert (again.seen_at - again.created_at).total_seconds() == 86_400


def test_a_new_rule_on_an_old_text_is_read(engine: Engine, tmp_path: Path) -> None:
    night_id, _ = night(engine, tmp_path, {"a": Page(0.9)})
    take_in(engine, night_id, NOW, PLAIN)
    night_id, _ = night(engine, tmp_path, {"a": Page(0.9, rule="another")}, day=1)
    assert take_in(engine, night_id, NOW, PLAIN) == 1


def test_a_sample_of_what_was_let_pass_is_drawn_once_and_can_be_drawn_again(engine: Engine, tmp_path: Path) -> None:
    pages = {f"p{n}": Page(n / 100, flagged=False) for n in range(12)} | {"lead": Page(0.9)}
    night_id, ids = night(engine, tmp_path, pages)
    settings = DeskSettings(audit_pages=4, read_twice_share=0.0)
    assert take_in(engine, night_id, NOW, settings, SEED) == 5
    assert take_in(engine, night_id, NOW, settings) == 0
    drawn = {item.page_id for item in _items(engine) if item.kind == "audit"}
    (draw,) = [draw for draw in draws(engine) if draw.kind == "audit"]
    population = sorted(page_id for path, page_id in ids.items() if path != "lead")
    assert (draw.population, draw.population_sha256) == (12, population_sha256(population))
    assert set(draw.drawn) == set(choose(draw.seed, population, 4)) == drawn
    (lead,) = [item for item in _items(engine) if item.kind == "lead"]
    assert {item.priority for item in _items(engine)} == {lead.priority}


def test_nothing_is_drawn_before_a_night_is_over(engine: Engine, tmp_path: Path) -> None:
    night_id, _ = night(engine, tmp_path, {"a": Page(0.1, flagged=False), "lead": Page(0.9)})
    with engine.begin() as connection:
        connection.execute(nights.update().values(ended_at=None))
    settings = DeskSettings(audit_pages=1, read_twice_share=0.0)
    assert take_in(engine, night_id, NOW, settings) == 1
    with engine.begin() as connection:
        connection.execute(nights.update().values(ended_at=NOW))
    assert take_in(engine, night_id, NOW, settings) == 1
    with engine.connect() as connection:
        figures = connection.execute(select(desk_nights)).one()
    assert (figures.pages, figures.leads, figures.rule_hits) == (2, 1, {"cure-rate": 2})
    assert figures.scores == [0, 1, 0, 0, 0, 0, 0, 0, 0, 1]


def test_nights_that_nobody_took_in_are_taken_in(engine: Engine, tmp_path: Path) -> None:
    for day in range(2):
        night(engine, tmp_path, {f"a{day}": Page(0.9)}, day)
    assert take_in_missing(engine, NOW, PLAIN) == 2
    assert take_in_missing(engine, NOW, PLAIN) == 0


def test_a_night_taken_in_by_several_at_once_is_taken_in_once(engine: Engine, tmp_path: Path) -> None:
    night_id, _ = night(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8), "c": Page(0.1, flagged=False)})
    start, new = Barrier(4), []

    def take() -> None:
        start.wait()
        new.append(take_in(engine, night_id, NOW))

    threads = [Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(new) == [0, 0, 0, 3]


def test_pages_of_a_rescore_that_are_taken_in_by_several_at_once_are_taken_in_once(
    engine: Engine, tmp_path: Path
) -> None:
    _, ids = night(engine, tmp_path, {f"low{n}": Page(0.1, flagged=False) for n in range(40)})
    scores = dict.fromkeys(ids.values(), 0.9)
    start = Barrier(4)

    def take() -> int:
        start.wait()
        return take_in_rescored(engine, scores, NOW, 1)

    with ThreadPoolExecutor(4) as pool:
        assert sorted(taken.result() for taken in [pool.submit(take) for _ in range(4)]) == [0, 0, 0, 40]


def test_a_list_goes_on_where_it_stopped(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    pages = {f"p{n}": Page(0.5 + n % 4 / 10) for n in range(11)}
    night_id, ids = night(engine, tmp_path, pages)
    take_in(engine, night_id, NOW, PLAIN)
    (ann,) = people(engine, clock, Role.ANALYST)
    queue = ReviewQueue(engine, clock)
    whole = [item.id for item in queue.items(ann)]
    assert sorted(whole) == sorted(item_ids(engine, ids).values())
    seen: list[int] = []
    while some := queue.items(ann, after=seen[-1] if seen else None, limit=3):
        seen += [item.id for item in some]
    assert seen == whole


def test_lists_are_narrowed_and_counted(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    night_id, ids = night(engine, tmp_path, {"a": Page(0.9), "b": Page(0.8, rule="price-lure"), "c": Page(0.7)})
    take_in(engine, night_id, NOW, PLAIN)
    items = item_ids(engine, ids)
    (ann,) = people(engine, clock, Role.ANALYST)
    queue = ReviewQueue(engine, clock)
    Decisions(engine, clock).decide(ann, items["c"], Verdict.NOT_AD, expected_version=1)

    def found(**narrowed: object) -> set[str]:
        chosen = {item.id for item in queue.items(ann, Filters.from_json(narrowed))}
        assert queue.counts(ann, Filters.from_json(narrowed)).total == len(chosen)
        return {path for path, item_id in items.items() if item_id in chosen}

    assert found() == {"a", "b", "c"}
    assert found(rule="price-lure") == {"b"} and found(rule="price") == set() and found(rule="%") == set()
    assert found(states=["not-ad"]) == {"c"} and found(states=["waiting"]) == {"a", "b"}
    assert found(families=["efficacy-rate"], stage="first") == {"a", "b"} and found(families=["privacy"]) == set()
    assert found(institution="示例") == {"a", "b", "c"} and found(institution="_") == set()
    assert found(nights=[night_id]) == {"a", "b", "c"} and found(nights=["2020-01-01"]) == set()
    assert found(regions=["无"]) == set() and found(targets=[999]) == set() and found(assignee="me") == set()
    assert queue.family_counts(ann) == {"efficacy-rate": 3}
    assert queue.counts(ann).open == 2


@pytest.mark.parametrize(
    "data",
    [
        {"x": 1}, {"families": "privacy"}, {"families": ["x"]}, {"targets": ["1"]}, {"targets": [True]},
        {"states": ["x"]}, {"stage": "x"}, {"assignee": 1}, {"regions": ["x"] * 101}, {"nights": [1]},
    ],
)  # fmt: skip
def test_filters_that_are_none_are_refused(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever is found first
        Filters.from_json(data)


def test_views_are_kept_for_their_owner(engine: Engine) -> None:
    ann, ben = people(engine, Clock(), Role.ANALYST, Role.ANALYST)
    queue = ReviewQueue(engine, Clock())
    queue.save_view(ann, "重点", Filters(families=("privacy",), institution="口腔"))
    queue.save_view(ann, "重点", Filters(families=("anxiety",)))
    (view,) = queue.saved_views(ann)
    assert (view.name, view.filters) == ("重点", Filters(families=("anxiety",))) and queue.saved_views(ben) == []
    queue.forget_view(ben, "重点")
    assert queue.saved_views(ann)
    queue.forget_view(ann, "重点")
    assert queue.saved_views(ann) == []
    with pytest.raises(ValueError, match="视图名"):
        queue.save_view(ann, " ", Filters())


_IDS = st.lists(st.integers(1, 10**9), unique=True, max_size=60)


@given(_IDS, st.integers(0, 80), st.integers(0, 3))
def test_a_draw_depends_on_seed_and_members_only(ids: list[int], size: int, seed: int) -> None:
    drawn = choose(str(seed), ids, size)
    assert drawn == choose(str(seed), ids[::-1], size) and len(drawn) == min(size, len(ids)) and set(drawn) <= set(ids)
    assert drawn == choose(str(seed), ids, len(ids))[: len(drawn)]


@given(_IDS)
def test_a_share_takes_each_whatever_the_others(ids: list[int]) -> None:
    assert choose_share("s", ids, 0.0) == frozenset() and choose_share("s", ids, 1.0) == frozenset(ids)
    half = choose_share("s", ids, 0.5)
    assert half == {number for number in ids if choose_share("s", [number], 0.5)}


def test_a_share_is_a_share() -> None:
    assert 0.04 < len(choose_share("s", range(20_000), 0.05)) / 20_000 < 0.06


def test_draws_are_recorded_also_when_nothing_is_chosen(engine: Engine, tmp_path: Path) -> None:
    night_id, _ = night(engine, tmp_path, {"a": Page(0.9)})
    take_in(engine, night_id, NOW, PLAIN, SEED)
    with engine.connect() as connection:
        draw = connection.execute(select(desk_draws)).one()
    assert (draw.kind, draw.seed, draw.population, draw.drawn, draw.drawn_by) == ("read-twice", SEED, 1, [], "系统")


def test_a_drawn_page_hides_among_leads_that_were_taken_in_before_the_night_ended(
    engine: Engine, tmp_path: Path
) -> None:
    """As when a night is paused: its leads come in the morning, the draw when it has ended."""
    pages = {"a": Page(0.9, severity=5), "b": Page(0.1, flagged=False)}
    night_id, page_ids = night(engine, tmp_path, pages)
    with writing(engine) as connection:
        ended_at = connection.scalar(select(nights.c.ended_at))
        connection.execute(update(nights).values(ended_at=None))
    assert take_in(engine, night_id, NOW, PLAIN, SEED) == 1
    with writing(engine) as connection:
        connection.execute(update(nights).values(ended_at=ended_at))
    assert take_in(engine, night_id, NOW, DeskSettings(audit_pages=1, read_twice_share=0.0), SEED) == 1
    assert [item.priority for item in _items(engine)] == [4.5, 4.5]


def test_what_a_double_click_sends_twice_is_done_once(engine: Engine, tmp_path: Path) -> None:
    clock = Clock()
    night_id, _ = night(engine, tmp_path, {"a": Page(0.9)})
    take_in(engine, night_id, NOW, PLAIN)
    (ann,) = people(engine, clock, Role.ANALYST)
    queue, conflicts, start = ReviewQueue(engine, clock), Conflicts(engine, clock), Barrier(8)

    def click(_: int) -> None:
        start.wait()
        queue.save_view(ann, "重点", Filters(families=("privacy",)))
        conflicts.declare(ann, "示例门诊部")

    with ThreadPoolExecutor(8) as clicks:
        for each in [clicks.submit(click, number) for number in range(8)]:
            each.result()
    assert [view.name for view in queue.saved_views(ann)] == ["重点"]


def test_the_platform_of_public_accounts_is_nobodys_institution(engine: Engine, tmp_path: Path) -> None:
    """Under its name all accounts would be one operator, in the statistics by institution and in what was decided before."""
    accounts = {"a": "示例科普甲", "b": "示例科普乙"}
    night_id, ids = night(engine, tmp_path, {path: Page(0.9) for path in accounts})
    with writing(engine) as connection:
        for path, account in accounts.items():
            of_account = {"site_name": "微信公众平台", "account": account}
            connection.execute(update(pages).where(pages.c.id == ids[path]).values(of_account))
    take_in(engine, night_id, NOW, PLAIN)
    by_page = {item.page_id: item for item in _items(engine)}
    assert {path: by_page[page_id].institution for path, page_id in ids.items()} == accounts
    with engine.connect() as connection:
        named = connection.execute(
            select(desk_item_parties.c.party).where(desk_item_parties.c.item_id == by_page[ids["a"]].id)
        )
        parties = set(named.scalars())
    assert name_key("示例科普甲") in parties and name_key("微信公众平台") not in parties
