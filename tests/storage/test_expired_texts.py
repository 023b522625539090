"""Words of pages that were no lead go when their term is over; what tells that they were judged stays, and so do leads."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, select, update

from domain.page import ExtractedPage
from domain.pictures import PagePicture, PictureFate, PictureLine, PictureReading
from domain.visits import Visit
from storage.checking.verify import verify_all
from storage.crawl.frontier import SqlFrontier
from storage.crawl.nights import finish_night, open_night
from storage.crawl.targets import list_targets
from storage.database import migrate, open_engine, writing
from storage.keeping.expired_texts import due_texts
from storage.keeping.expiry import Expiry, due_text_count, expire
from storage.pages.pictures import SqlPictureMemory
from storage.pages.rescores import JudgedBy, Rejudged, Scope, open_rescore, read_batch, store_batch
from storage.pages.stored_texts import stored_documents
from storage.sealing.seals import seal_night
from storage.tables import findings, keep_records, night_targets, page_memory, pages, rescore_pages
from tests.storage.crawl import claim, open_sample_night, open_store, seal_key
from tests.storage.samples import NOW, TEXT, judgement, visit
from tests.storage.test_keeping import BY, NIGHT, POLICY
from tests.storage.writes import Crash, count_writes, crash_at

LATER = NOW + timedelta(days=367)
READING = PictureReading(
    "a" * 64, 600, 400, "0" * 272, (PictureLine("患者白女士", ((0, 0), (9, 0)), 0.9),), (), "x/1", 1.0
)


def _with_picture(lead: Visit) -> Visit:
    page: ExtractedPage | None = lead.page
    assert page is not None
    shown = PagePicture("http://clinic.example/a.png", PictureFate.READ, "", READING, ((0, 4),))
    return replace(lead, page=replace(page, pictures=(shown,)))


@pytest.fixture
def night(engine: Engine, tmp_path: Path) -> list[int]:
    """A lead and two others, of which the second shows a picture with words; their ids."""
    return _night(engine, tmp_path)


def _night(engine: Engine, folder: Path) -> list[int]:
    night_id, ids = open_sample_night(engine, links=2)
    store = open_store(engine, folder)
    rows = claim(engine, night_id, ids, limit=3)
    store.record(visit(rows[0], flagged=True))
    store.record(visit(rows[1]))
    store.record(_with_picture(visit(rows[2])))
    store.close()
    seal_night(engine, folder, night_id, seal_key(folder), NOW)
    finish_night(engine, night_id, NOW)
    return [row.id for row in rows]


def _texts(engine: Engine) -> dict[int, str | None]:
    with engine.connect() as connection:
        return {row.id: row.text for row in connection.execute(select(pages.c.id, pages.c.text))}


def _quotes(engine: Engine, page_id: int) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(select(findings.c.quote).where(findings.c.page_id == page_id)))


def test_after_the_term_only_the_lead_has_words(engine: Engine, tmp_path: Path, night: list[int]) -> None:
    lead, *others = night
    assert due_text_count(engine, POLICY, NOW + timedelta(days=300)) == 0
    assert due_text_count(engine, POLICY, LATER) == 2
    assert SqlPictureMemory(engine).known(READING.sha256) is not None
    assert expire(engine, tmp_path, POLICY, BY, LATER).texts == 2
    assert _texts(engine) == {lead: TEXT, **dict.fromkeys(others)}
    assert [_quotes(engine, page_id) for page_id in others] == [{""}, {""}]
    assert "治愈率达98%" in _quotes(engine, lead)
    assert SqlPictureMemory(engine).known(READING.sha256) is None, "to be read again where it is seen again"
    assert [document.text for _, document in stored_documents(engine, NIGHT)] == [TEXT]
    with engine.connect() as connection:
        row = connection.execute(select(pages).where(pages.c.id == others[0])).one()
        remembered = set(connection.scalars(select(page_memory.c.page_id)))
    assert (row.contacts, row.title, len(row.text_sha256)) == ([], "示例门诊部", 64)
    assert remembered == {lead}
    record = json.loads((tmp_path / "records/000002-texts.json").read_bytes())
    assert (record["pages"], record["by"], record["policy"]["basis"]) == (2, BY, ["个人信息保护法28"])
    assert all(report.ok for report in verify_all(engine, tmp_path))
    assert expire(engine, tmp_path, POLICY, BY, LATER).texts == 0
    with engine.connect() as connection:
        assert [row.kind for row in connection.execute(select(keep_records))].count("texts") == 1


def test_a_text_that_is_still_seen_stays(engine: Engine, tmp_path: Path, night: list[int]) -> None:
    _, seen, shared = night
    with writing(engine) as connection:
        connection.execute(
            update(page_memory).where(page_memory.c.page_id == seen).values(seen_at=LATER - timedelta(days=1))
        )
        connection.execute(
            update(pages).where(pages.c.id == night[0]).values(same_as=shared, captured_at=LATER - timedelta(days=1))
        )
    with engine.connect() as connection:
        assert due_texts(connection, POLICY, LATER) == []
    assert expire(engine, tmp_path, POLICY, BY, LATER).texts == 0


def test_what_a_later_page_has_of_an_earlier_one_goes_with_its_words(
    engine: Engine, tmp_path: Path, night: list[int]
) -> None:
    """A page that had not changed has no text of its own, but contacts and authors, and a rescore may have judged it."""
    _, first, *_ = night
    later = NOW + timedelta(days=1)
    opened = open_night(engine, later, list_targets(engine))
    frontier = SqlFrontier(engine)
    frontier.seed(opened, [(1, "http://clinic.example/unchanged")], later)
    [row] = [row for row in frontier.claim(opened, [1], "w1", 9, later, 60.0) if row.url.endswith("unchanged")]
    store = open_store(engine, tmp_path)
    store.record(visit(row, page=None, judgement=None, same_as=first, started_at=later, ended_at=later))
    store.close()
    finish_night(engine, opened, later)
    run, _ = open_rescore(engine, Scope(night_id=opened), JudgedBy("r", "m", "n"), later)
    [(stored, before)] = read_batch(engine, run.id, 0)
    store_batch(engine, run.id, 0, [Rejudged(stored, before, judgement(True))], later)
    assert _left_of(engine, row.id) == (1, 1)
    expire(engine, tmp_path, POLICY, BY, NOW + timedelta(days=365, hours=12))
    assert _left_of(engine, row.id) == (1, 1), "seen within the term"
    expire(engine, tmp_path, POLICY, BY, LATER)
    assert _left_of(engine, row.id) == (0, 0)


def _left_of(engine: Engine, page_id: int) -> tuple[int, int]:
    """Contacts that a page has, and judgements of rescores with their quotes."""
    judged = select(rescore_pages.c.judgement).where(
        rescore_pages.c.page_id == page_id, rescore_pages.c.judgement.is_not(None)
    )
    with engine.connect() as connection:
        contacts = connection.execute(select(pages.c.contacts).where(pages.c.id == page_id)).scalar_one()
        return len(contacts), len(connection.scalars(judged).all())


def test_what_is_due_is_found_in_one_pass(tmp_path: Path) -> None:
    """Asked for page by page whether it is in use, a few thousand pages of old nights took a minute, and four times as many a
    quarter of an hour."""
    engine = open_engine(f"sqlite:///{tmp_path}/yiguang.db")
    migrate(engine)
    night_id, ids = open_sample_night(engine, links=400)
    with writing(engine) as connection:
        connection.execute(update(night_targets).values(max_pages=400))
    store = open_store(engine, tmp_path)
    store.record_all([visit(row) for row in claim(engine, night_id, ids[:1], limit=400)])
    store.close()
    finish_night(engine, night_id, NOW)
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.set_progress_handler(step, 1000)
        assert len(due_texts(connection, POLICY, LATER)) == 400
    engine.dispose()
    assert steps < 100


def test_words_of_a_lead_go_with_its_evidence(engine: Engine, tmp_path: Path, night: list[int]) -> None:
    done = expire(engine, tmp_path, POLICY, BY, NOW + timedelta(days=366 * 6))
    assert ([item.kind for item in done.deleted], done.texts) == (["bundle", "warc"], 3)
    assert set(_texts(engine).values()) == {None}
    assert _quotes(engine, night[0]) == {""}


def test_a_crash_at_any_write_clears_all_or_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("counted")
    engine = _home(folder)
    writes = count_writes(engine, lambda: expire(engine, folder, POLICY, BY, LATER))
    engine.dispose()
    for number in range(writes):
        folder = tmp_path_factory.mktemp("crashed")
        engine = _home(folder)
        with pytest.raises(Crash), crash_at(engine, number):
            expire(engine, folder, POLICY, BY, LATER)
        cleared = sum(text is None for text in _texts(engine).values())
        with engine.connect() as connection:
            recorded = [row.kind for row in connection.execute(select(keep_records))].count("texts")
        assert (cleared, recorded) in ((0, 0), (2, 1))
        expire(engine, folder, POLICY, BY, LATER)
        assert sum(text is None for text in _texts(engine).values()) == 2
        assert all(report.ok for report in verify_all(engine, folder))
        engine.dispose()


def _home(folder: Path) -> Engine:
    engine = open_engine(f"sqlite:///{folder}/yiguang.db")
    migrate(engine)
    _night(engine, folder)
    return engine


SECRET = "患者林小样女士的一段话。"


def _with_secret(folder: Path) -> Engine:
    """A database with one page that has these words, none of them in SQLite's log of writes."""
    engine = open_engine(f"sqlite:///{folder}/yiguang.db")
    migrate(engine)
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, folder)
    row = claim(engine, night_id, ids)[0]
    plain = visit(row)
    assert plain.page is not None
    store.record(replace(plain, page=replace(plain.page, text=f"{plain.page.text}{SECRET * 500}")))
    store.close()
    finish_night(engine, night_id, NOW)
    engine.dispose()
    with closing(sqlite3.connect(folder / "yiguang.db")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert _is_in_files(folder)
    return open_engine(f"sqlite:///{folder}/yiguang.db")


def _is_in_files(folder: Path) -> bool:
    return any(SECRET.encode() in file.read_bytes() for file in folder.glob("yiguang.db*"))


def test_nothing_of_it_is_left_in_the_file(tmp_path: Path) -> None:
    engine = _with_secret(tmp_path)
    done = expire(engine, tmp_path, POLICY, BY, LATER)
    assert (done.texts, done.texts_left_in_files, _is_in_files(tmp_path)) == (1, False, False)
    engine.dispose()


def test_what_a_reader_keeps_in_the_files_is_told_and_goes_with_the_next_run(tmp_path: Path) -> None:
    engine = _with_secret(tmp_path)
    event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout=200"))
    reader = open_engine(f"sqlite:///{tmp_path}/yiguang.db")
    with reader.connect() as connection:
        assert connection.scalar(select(pages.c.id)) is not None
        done = expire(engine, tmp_path, POLICY, BY, LATER)
        assert (done.texts, done.texts_left_in_files, _is_in_files(tmp_path)) == (1, True, True)
        done = expire(engine, tmp_path, POLICY, BY, LATER)
        assert (done.texts, done.texts_left_in_files, _is_in_files(tmp_path)) == (0, True, True)
    done = expire(engine, tmp_path, POLICY, BY, LATER)
    assert (done.texts, done.texts_left_in_files, _is_in_files(tmp_path)) == (0, False, False)
    for used in (reader, engine):
        used.dispose()


def test_a_reader_that_ends_is_waited_for(tmp_path: Path) -> None:
    engine = _with_secret(tmp_path)
    reader = open_engine(f"sqlite:///{tmp_path}/yiguang.db")
    connection = reader.connect()
    assert connection.scalar(select(pages.c.id)) is not None
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(expire, engine, tmp_path, POLICY, BY, LATER)
        while _in_another_connection(
            tmp_path
        ):  # until the words are cleared, after which only the reader is in the way
            assert not running.done()
        connection.close()
        done = running.result()
    assert (done.texts, done.texts_left_in_files, _is_in_files(tmp_path)) == (1, False, False)
    for used in (reader, engine):
        used.dispose()


def _in_another_connection(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "yiguang.db")) as connection:
        return bool(connection.execute("SELECT count(*) FROM pages WHERE text IS NOT NULL").fetchone()[0])


def test_where_no_words_were_ever_cleared_no_reader_is_in_the_way(tmp_path: Path) -> None:
    engine = _with_secret(tmp_path)
    with engine.connect() as connection:
        assert connection.scalar(select(pages.c.id)) is not None
        assert expire(engine, tmp_path, POLICY, BY, NOW) == Expiry((), (), ())
    engine.dispose()
