"""What was read in pictures comes back as it was, on both databases."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.evidence import EvidenceIncomplete
from domain.page import Exchange, ExtractedPage
from domain.pictures import (
    PagePicture,
    PictureCode,
    PictureFate,
    PictureLine,
    PictureReading,
    places_of,
)
from domain.visits import FrontierUrl
from storage.checking.verify import verify_all
from storage.crawl.revisits import SqlCrawlMemory
from storage.crawl.visits import SqlVisitStore
from storage.leads.cases import list_cases, show_case
from storage.pages.pictures import (
    SqlPictureMemory,
    picture_fates,
    pictures_of_page,
    pictures_of_url,
    seconds_spent,
)
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, TEXT, exchange, page, visit

BOX = ((10, 20), (310, 20), (310, 60), (10, 60))
BODY = b"a poster, as far as anybody here knows"
LOOK = "0123456789abcdef" * 17
POSTER = PictureReading(
    sha256=hashlib.sha256(BODY).hexdigest(),
    width=720,
    height=960,
    look=LOOK,
    lines=(PictureLine("治愈率达98%", BOX, 0.987),),
    codes=(PictureCode("https://u.wechat.com/demo\0abc", BOX),),
    engine="test/1",
    seconds=0.5,
)


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[SqlVisitStore]:
    opened = open_store(engine, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def row(engine: Engine) -> FrontierUrl:
    night_id, ids = open_sample_night(engine)
    return claim(engine, night_id, ids[:1])[0]


def poster_page(url: str, *others: PagePicture) -> ExtractedPage:
    """The sample page, its claim read in a picture."""
    start = TEXT.index("治愈率达98%")
    shown = PagePicture(
        url + "poster.png", PictureFate.READ, "", POSTER, ((start, start + 7),), ("add-friend",), POSTER.sha256
    )
    return replace(page(url), pictures=(shown, *others))


def fetched(url: str) -> Exchange:
    return exchange(url + "poster.png", BODY)


def test_pictures_come_back_with_their_page(engine: Engine, store: SqlVisitStore, row: FrontierUrl) -> None:
    unread = PagePicture(row.url + "b.png", PictureFate.BUDGET)
    stored = poster_page(row.url, unread)
    store.record(visit(row, page=stored, picture_exchanges=(fetched(row.url),)))
    kept = replace(
        stored.pictures[0], reading=replace(POSTER, codes=(PictureCode("https://u.wechat.com/demo\ufffdabc", BOX),))
    )
    with engine.connect() as connection:
        assert pictures_of_page(connection, row.id) == (kept, unread)
        assert picture_fates(connection, row.night_id) == {PictureFate.READ: 1, PictureFate.BUDGET: 1}
    assert [shown.picture for shown in pictures_of_url(engine, row.url)] == [kept, unread]
    assert pictures_of_url(engine, row.url + "other") == []
    assert seconds_spent(engine, row.night_id, [row.target_id]) == 0.5
    assert seconds_spent(engine, row.night_id, [row.target_id + 1]) == 0.0


def test_a_reading_is_known_by_its_bytes_and_by_its_look(
    engine: Engine, store: SqlVisitStore, row: FrontierUrl
) -> None:
    memory = SqlPictureMemory(engine)
    assert memory.known(POSTER.sha256) is None
    store.record(visit(row, page=poster_page(row.url), picture_exchanges=(fetched(row.url),)))
    known = memory.known(POSTER.sha256)
    assert known is not None
    assert known.lines == POSTER.lines
    assert memory.alike(LOOK[:-1] + "e") == known
    assert memory.alike("f" + LOOK[1:]) is None
    assert memory.alike(LOOK[:16] + "0" * 256) is None


def test_the_evidence_of_a_lead_holds_its_pictures_and_where_they_say_what(
    engine: Engine, store: SqlVisitStore, row: FrontierUrl, tmp_path: Path
) -> None:
    store.record(visit(row, flagged=True, page=poster_page(row.url), picture_exchanges=(fetched(row.url),)))
    store.close()
    assert all(report.ok for report in verify_all(engine, tmp_path))
    [case] = list_cases(engine)
    with zipfile.ZipFile(tmp_path / case.bundle) as bundle:
        read = json.loads(bundle.read("evidence/findings.json"))
        index = bundle.read("indexes/index.cdx.gz")
    assert index
    finding = read["judgement"]["findings"][0]
    [picture] = read["page"]["pictures"]
    assert picture["spans"] == [[finding["start"], finding["end"]]]
    assert picture["reading"]["sha256"] == POSTER.sha256
    assert picture["reading"]["lines"][0]["box"] == [list(corner) for corner in BOX]
    detail = show_case(engine, case.id)
    [place] = places_of(detail.pictures, finding["start"], finding["end"])
    assert place.boxes == (BOX,)


def test_a_lead_without_the_picture_it_quotes_is_refused(store: SqlVisitStore, row: FrontierUrl) -> None:
    with pytest.raises(EvidenceIncomplete, match=r"poster\.png"):
        store.record(visit(row, flagged=True, page=poster_page(row.url)))


def test_a_page_with_pictures_left_unread_is_fetched_in_full_the_next_night(
    engine: Engine, store: SqlVisitStore, row: FrontierUrl
) -> None:
    tagged = replace(exchange(row.url), response_headers=(("ETag", '"v1"'),))
    small = PagePicture(row.url + "dot.gif", PictureFate.SMALL)
    unread = PagePicture(row.url + "b.png", PictureFate.UNSUSPICIOUS)
    shown = replace(page(row.url), pictures=(small, unread))
    store.record(visit(row, page=shown, exchanges=(tagged,)))
    assert SqlCrawlMemory(engine, "r" * 64, "m" * 64).earlier([row.url], NOW) == {}


def test_small_pictures_do_not_stand_against_a_conditional_request(
    engine: Engine, store: SqlVisitStore, row: FrontierUrl
) -> None:
    tagged = replace(exchange(row.url), response_headers=(("ETag", '"v1"'),))
    shown = replace(page(row.url), pictures=(PagePicture(row.url + "dot.gif", PictureFate.SMALL),))
    store.record(visit(row, page=shown, exchanges=(tagged,)))
    earlier = SqlCrawlMemory(engine, "r" * 64, "m" * 64).earlier([row.url], NOW).get(row.url)
    assert earlier is not None and earlier.etag == '"v1"'
