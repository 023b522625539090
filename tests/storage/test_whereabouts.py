"""What became of a URL, and the links that were not followed."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select

from domain.nights import NightKind
from domain.outcome import Outcome
from domain.targets import Target
from domain.visits import Discovered, Skipped, SkipRule
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.skips import NIGHTS_KEPT, SURPLUS_KEPT, skip_counts
from storage.crawl.targets import list_targets, save_targets
from storage.crawl.whereabouts import Fate, whereabouts
from storage.database import writing
from storage.tables import frontier, night_targets, skipped_links
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, failed_visit, visit

HOME = "http://clinic.example/"
ZIP = Skipped("http://clinic.example/a.zip", SkipRule.FILE, "不是网页文件")


@pytest.fixture
def night(engine: Engine, tmp_path: Path) -> str:
    """The start page visited: it leads to three pages, one skipped file, and a redirect target."""
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    row = claim(engine, night_id, ids[:1])[0]
    found = tuple(Discovered(f"{HOME}{number}", 1 + number) for number in range(3))
    store.record(visit(row, discovered=found, skipped=(ZIP,), skip_counts={SkipRule.FILE: 4, SkipRule.HOST: 2}))
    row = SqlFrontier(engine).claim(night_id, ids[:1], "w1", 1, NOW + timedelta(minutes=1), 60.0)[0]
    store.record(failed_visit(row, final_url="http://clinic.example/gone"))
    store.close()
    return night_id


def test_each_fate_is_told_with_its_reason(engine: Engine, night: str) -> None:
    home = whereabouts(engine, HOME, night)
    assert (home.fate, home.outcome, home.found_on, home.tries) == (Fate.VISITED, Outcome.CONTENT, "", 1)
    gone = whereabouts(engine, HOME + "0", night)
    assert (gone.fate, gone.outcome, gone.reason, gone.found_on) == (
        Fate.VISITED, Outcome.HTTP_GONE, "页面不存在", HOME,
    )  # fmt: skip
    reached = whereabouts(engine, HOME + "gone", night)
    assert (reached.fate, reached.found_on) == (Fate.REDIRECTED_TO, HOME + "0")
    waiting = whereabouts(engine, HOME + "1", night)
    assert (waiting.fate, waiting.target, waiting.at) == (Fate.WAITING, "示例门诊部", NOW + timedelta(seconds=4))
    skipped = whereabouts(engine, ZIP.url, night)
    assert (skipped.fate, skipped.reason, skipped.found_on) == (Fate.SKIPPED, "不是网页文件", HOME)
    assert whereabouts(engine, HOME + "never", night).fate is Fate.UNKNOWN
    with pytest.raises(KeyError):
        whereabouts(engine, HOME, "1999-01-01")


def test_a_url_tried_in_vain_waits_with_what_happened(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    row = claim(engine, night_id, ids[:1])[0]
    assert whereabouts(engine, HOME, night_id).fate is Fate.LEASED
    retry_at = NOW + timedelta(minutes=1)
    store.record(failed_visit(row, Outcome.TIMEOUT, outcome_detail="30 秒内未收完", retry_at=retry_at))
    store.close()
    waits = whereabouts(engine, HOME, night_id)
    assert (waits.fate, waits.outcome, waits.at, waits.tries) == (Fate.WAITING, Outcome.TIMEOUT, retry_at, 1)


def test_surplus_stays_known_after_the_night(engine: Engine, night: str) -> None:
    with writing(engine) as connection:
        connection.execute(night_targets.update().values(max_pages=2))
    assert whereabouts(engine, HOME + "1", night).fate is Fate.SURPLUS
    finish_night(engine, night, NOW)
    after = whereabouts(engine, HOME + "1", night)
    assert (after.fate, after.found_on) == (Fate.SURPLUS, HOME)
    assert whereabouts(engine, HOME + "never", night).unlisted == 0


def test_what_surplus_is_not_listed_is_counted(engine: Engine, night: str) -> None:
    many = SURPLUS_KEPT + 8
    target = list_targets(engine)[0].id
    with writing(engine) as connection:
        connection.execute(night_targets.update().values(max_pages=2))
        rows = [
            {"night_id": night, "target_id": target, "url_key": f"{number:064}", "url": "x", "depth": 1, "due_at": NOW}
            for number in range(many)
        ]
        connection.execute(frontier.insert(), rows)
    finish_night(engine, night, NOW)
    assert whereabouts(engine, HOME + "never", night).unlisted == many + 2 - SURPLUS_KEPT


@pytest.mark.parametrize("sites", [1, 3])
def test_surplus_of_every_target_is_kept_by_as_many_statements_as_of_one(engine: Engine, sites: int) -> None:
    """Everybody else waits on SQLite meanwhile. The first of each target are kept, those of targets with budget left stay."""
    save_targets(engine, [Target(f"示例{number}", f"http://{number}.example/") for number in range(sites + 1)])
    targets = list_targets(engine)
    night_id = open_night(engine, NOW, targets)
    many = SURPLUS_KEPT + 3
    rows = [
        {
            "night_id": night_id, "target_id": target.id, "url_key": f"{target.id:03}{number:061}", "url": f"{number}",
            "depth": 1, "priority": many - number, "due_at": NOW,
        }
        for target in targets
        for number in range(many)
    ]  # fmt: skip
    *spent, rich = (target.id for target in targets)
    with writing(engine) as connection:
        connection.execute(night_targets.update().where(night_targets.c.target_id.in_(spent)).values(max_pages=0))
        connection.execute(frontier.insert(), rows)
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: said.append(statement))
    finish_night(engine, night_id, NOW)
    dropping = [text for text in said if "frontier" in text and text.startswith(("UPDATE", "INSERT", "DELETE"))]
    assert [text.split()[0] for text in dropping] == ["UPDATE", "INSERT", "DELETE"]
    with engine.connect() as connection:
        dropped = connection.execute(select(night_targets.c.target_id, night_targets.c.surplus)).all()
        assert dict(map(tuple, dropped)) == {**dict.fromkeys(spent, many), rich: 0}
        kept = connection.execute(select(skipped_links.c.target_id, skipped_links.c.url)).all()
        assert sorted(map(tuple, kept)) == sorted((each, f"{url}") for each in spent for url in range(3, many))
        assert set(connection.scalars(select(frontier.c.target_id))) == {rich}


def test_skips_are_counted_by_rule(engine: Engine, night: str) -> None:
    target, other = (row.id for row in list_targets(engine))
    with engine.connect() as connection:
        assert skip_counts(connection, night, target) == {SkipRule.FILE: 4, SkipRule.HOST: 2}
        assert skip_counts(connection, night) == {SkipRule.FILE: 4, SkipRule.HOST: 2}
        assert skip_counts(connection, night, other) == {}


def test_urls_of_old_nights_are_forgotten_and_their_counts_kept(engine: Engine, night: str) -> None:
    finish_night(engine, night, NOW)
    for day in range(1, NIGHTS_KEPT + 1):
        later = NOW + timedelta(days=day)
        finish_night(engine, open_night(engine, later, list_targets(engine)), later)
    with engine.connect() as connection:
        assert connection.execute(select(skipped_links)).all() == []
        assert skip_counts(connection, night)[SkipRule.FILE] == 4


def test_rechecks_do_not_count_among_the_nights_whose_urls_are_kept(engine: Engine, night: str) -> None:
    """There is one after every night, and more by hand."""
    finish_night(engine, night, NOW)
    for hour in range(1, NIGHTS_KEPT + 1):
        later = NOW + timedelta(hours=hour)
        finish_night(engine, open_night(engine, later, list_targets(engine), NightKind.RECHECK), later)
    with engine.connect() as connection:
        assert connection.scalars(select(skipped_links.c.night_id).distinct()).all() == [night]
