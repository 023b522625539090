"""One operator gathered step by step is the same as in the list of all, whatever order the pages came in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from domain.identity import site_of
from domain.page import ExtractedPage, SelfStatement
from domain.visits import Visit
from storage.database import writing
from storage.operators.identity_graph import IdentityGraph
from storage.pages.identity import add_identities
from storage.tables import identity_links
from tests.storage.crawl import claim, open_sample_night, open_store
from tests.storage.samples import NOW, judgement, visit
from yiguang.lexicon_books import load_identity_policy

POLICY = load_identity_policy(Path(__file__).parents[2] / "lexicons")
_SITES = st.sampled_from(
    ["a.example", "b.example", "c.example", "m.c.example", "d.example", "e.example", "bbs.sohu.com"]
)
_PHONES = st.lists(st.sampled_from([f"000-0000123{digit}" for digit in range(8)] + ["12320"]), max_size=8)


@pytest.fixture
def stored(engine: Engine, tmp_path: Path) -> Iterator[Visit]:
    """A visit whose page is stored: it stands for every page that proves a link."""
    night_id, ids = open_sample_night(engine)
    (row,) = claim(engine, night_id, ids[:1])
    store = open_store(engine, tmp_path)
    found = visit(row, judgement=replace(judgement(False), findings=()))
    store.record(found)
    yield found
    store.close()


def page(host: str, phones: list[str]) -> ExtractedPage:
    said = tuple(SelfStatement("phone", number, "structured-data") for number in phones)
    return ExtractedPage(url=f"http://{host}/", title="", text="", encoding="utf-8", statements=said)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shown=st.lists(st.tuples(_SITES, _PHONES, st.integers(0, 3)), max_size=8), data=st.data())
def test_gathering_and_listing_agree(
    engine: Engine, stored: Visit, shown: list[tuple[str, list[str], int]], data: st.DataObject
) -> None:
    visits = [
        replace(stored, page=page(host, phones), ended_at=NOW + timedelta(days=days)) for host, phones, days in shown
    ]
    with writing(engine) as connection:
        connection.execute(delete(identity_links))
        for some in data.draw(st.permutations(visits)):
            add_identities(connection, [some])
    graph = IdentityGraph(engine, POLICY)
    listed = {cluster.id: cluster.subjects for cluster in graph.clusters()}
    gathered = {}
    for host, _, _ in shown:
        cluster = graph.around(site_of(host)).cluster
        assert cluster is not None
        gathered[cluster.id] = cluster.subjects
    assert {key: subjects for key, subjects in gathered.items() if len(subjects) > 1} == listed
    with writing(engine) as connection:
        connection.execute(delete(identity_links))
        add_identities(connection, visits)
    assert {cluster.id: cluster.subjects for cluster in graph.clusters()} == listed
