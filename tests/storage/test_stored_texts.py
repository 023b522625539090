"""Pages of a night as documents again."""

from pathlib import Path

from sqlalchemy import Engine

from storage.pages.stored_texts import stored_documents
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import TEXT, failed_visit, visit


def test_pages_with_a_text_come_back_as_documents(engine: Engine, tmp_path: Path) -> None:
    night_id, ids = open_sample_night(engine)
    store = open_store(engine, tmp_path)
    first, second = claim(engine, night_id, ids, limit=2)
    store.record(visit(first))
    store.record(failed_visit(second))
    store.close()
    ((number, document),) = stored_documents(engine, night_id)
    assert number == first.id
    assert document.text == TEXT
    assert document.url
    assert set(document.contact_in_body) | set(document.contact_in_footer) == {"000-00001234"}
    assert list(stored_documents(engine, "1999-01-01")) == []
