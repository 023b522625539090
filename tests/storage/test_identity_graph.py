"""Operators out of what nights saw: joined by what only one of them has, never by what strangers share."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from domain.identity import Node, NodeKind, Place, public_account, site_of
from domain.identity_links import phone_key
from domain.institutions import RegisteredInstitution
from storage.crawl.visits import SqlVisitStore
from storage.database import writing
from storage.operators.identity_graph import IdentityGraph
from storage.operators.registry import SqlRegistry
from storage.operators.registry_import import import_institutions
from storage.pages.identity import forget_words
from storage.tables import identity_links, identity_pages
from tests.storage.crawl import open_store
from tests.storage.identity_nights import HOSPITALS, SHARED_PHONE, STRANGER, hospital_text, night, page_at
from tests.storage.samples import NOW
from yiguang.lexicon_books import load_identity_policy

POLICY = load_identity_policy(Path(__file__).parents[2] / "lexicons")
PHONE = Node(NodeKind.PHONE, phone_key(SHARED_PHONE))
VENDOR = Node(NodeKind.PHONE, phone_key("000-00007777"))


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Iterator[SqlVisitStore]:
    opened = open_store(engine, tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def graph(engine: Engine) -> IdentityGraph:
    return IdentityGraph(engine, POLICY)


def twenty(engine: Engine, store: SqlVisitStore) -> dict[str, int]:
    shown = {url: page_at(url, hospital_text(number)) for number, url in enumerate(HOSPITALS)}
    shown[STRANGER] = page_at(STRANGER, hospital_text(99, "000-00001234"))
    return night(engine, store, 0, shown, flagged=HOSPITALS[:1])


def test_one_telephone_behind_twenty_hospitals(engine: Engine, store: SqlVisitStore, graph: IdentityGraph) -> None:
    ids = twenty(engine, store)
    around = graph.around(PHONE)
    assert around.cluster is not None
    assert set(around.cluster.subjects) == {site_of(url.split("/")[2]) for url in HOSPITALS}
    assert around.cluster.shared[0] == PHONE
    proof = next(item.edge for item in around.cluster.edges if item.edge.link.node == PHONE)
    assert (proof.page_id in ids.values(), proof.link.place, SHARED_PHONE in proof.link.quote) == (
        True,
        Place.FOOTER,
        True,
    )
    for subject in around.cluster.subjects:
        assert graph.around(subject).cluster == around.cluster
    (only,) = graph.clusters()
    assert (only.id, only.subjects) == (around.cluster.id, around.cluster.subjects)


def test_who_built_the_site_joins_nobody(engine: Engine, store: SqlVisitStore, graph: IdentityGraph) -> None:
    twenty(engine, store)
    around = graph.around(VENDOR)
    assert around.cluster is None
    assert len(around.mentions) == len(HOSPITALS) + 1
    assert {item.objection for item in around.mentions} == {"注明“技术支持”"}


def test_a_second_night_adds_no_links_and_moves_the_last_sight(
    engine: Engine, store: SqlVisitStore, graph: IdentityGraph
) -> None:
    first = night(engine, store, 0, {HOSPITALS[0]: page_at(HOSPITALS[0], hospital_text(0))})
    second = night(engine, store, 1, {HOSPITALS[0]: page_at(HOSPITALS[0], hospital_text(0))})
    around = graph.around(PHONE)
    assert around.cluster is not None
    edge = next(item.edge for item in around.cluster.edges if item.edge.link.node == PHONE)
    assert (edge.page_id, edge.last_page_id) == (first[HOSPITALS[0]], second[HOSPITALS[0]])
    assert (edge.last_seen - edge.first_seen).days == 1
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(identity_pages)) == 2
        keys = connection.scalars(select(identity_links.c.link_key)).all()
    assert len(keys) == len(set(keys)) == 3  # the domain, the shared number, and the number of who built the site


def test_a_cluster_keeps_its_id_when_others_join(engine: Engine, store: SqlVisitStore, graph: IdentityGraph) -> None:
    night(engine, store, 0, {url: page_at(url, hospital_text(0)) for url in HOSPITALS[10:12]})
    before = graph.around(PHONE).cluster
    night(engine, store, 1, {url: page_at(url, hospital_text(0)) for url in HOSPITALS[:5]})
    after = graph.around(PHONE).cluster
    assert before is not None and after is not None
    assert (after.id, len(after.subjects)) == (before.id, 7)


def test_a_platforms_number_joins_nobody(engine: Engine, store: SqlVisitStore, graph: IdentityGraph) -> None:
    most = POLICY.binds[NodeKind.PHONE].most_subjects
    urls = [f"http://zhan{number}.example/" for number in range(most + 1)]
    night(engine, store, 0, {url: page_at(url, hospital_text(1)) for url in urls[:most]})
    joined = graph.around(PHONE).cluster
    assert joined is not None and len(joined.subjects) == most
    night(engine, store, 1, {urls[-1]: page_at(urls[-1], hospital_text(1))})
    assert graph.around(PHONE).cluster is None
    assert graph.clusters() == []
    assert {item.objection for item in graph.around(PHONE).mentions} == {"显示它的网站过多"}


def test_the_registry_joins_a_site_and_an_account(engine: Engine, store: SqlVisitStore, graph: IdentityGraph) -> None:
    clinic = RegisteredInstitution(
        name="青屿安和门诊部",
        source="市卫健委",
        as_of=date(2026, 11, 1),
        credit_code="914403001922038216",
        domains=("www.qingyu-yiyuan0.example",),
        accounts=("青屿安和",),
    )
    import_institutions(engine, [clinic], "市卫健委", clinic.as_of)
    post = "https://mp.weixin.qq.com/s/demo"
    post_page = page_at(post, "青屿安和\n一\n二", account="青屿安和", page_type="wx-article")
    night(engine, store, 0, {HOSPITALS[0]: page_at(HOSPITALS[0], hospital_text(0)), post: post_page})
    around = graph.around(public_account("青屿安和"))
    assert around.cluster is not None
    kinds = {subject.kind for subject in around.cluster.subjects}
    assert kinds == {NodeKind.SITE, NodeKind.ACCOUNT, NodeKind.REGISTERED}
    sources = {item.edge.source for item in around.cluster.edges if item.edge.link.place is Place.REGISTRY}
    assert sources == {"市卫健委"}
    assert [cluster.id for cluster in graph.clusters()] == [around.cluster.id]
    registry = SqlRegistry(engine)
    assert registry.institution(1) == clinic
    with pytest.raises(KeyError):
        registry.institution(2)


def test_what_was_seen_earlier_but_recorded_late_counts_as_the_first(
    engine: Engine, store: SqlVisitStore, graph: IdentityGraph
) -> None:
    url = HOSPITALS[0]
    night(engine, store, 2, {url: page_at(url, hospital_text(0))})
    earlier = night(engine, store, 1, {url: page_at(url, hospital_text(0))})
    cluster = graph.around(PHONE).cluster
    assert cluster is not None
    edge = next(item.edge for item in cluster.edges if item.edge.link.node == PHONE)
    assert edge.page_id == earlier[url]
    assert (edge.first_seen - NOW).days == 1
    assert (edge.last_seen - NOW).days == 2


def test_words_of_expired_pages_go_and_a_vendors_number_still_joins_nobody(
    engine: Engine, store: SqlVisitStore, graph: IdentityGraph
) -> None:
    inner = HOSPITALS[0] + "zhuanke.html"
    text = f"{hospital_text(0).split(chr(10))[1]}加微信：demo_anhe 找王主任\n一\n技术支持：某网络公司 000-00007777"
    ids = night(engine, store, 0, {inner: page_at(inner, text)})
    with writing(engine) as connection:
        forget_words(connection, list(ids.values()))
    account = Node(NodeKind.ACCOUNT, "wechat:demo_anhe")
    around = graph.around(site_of("qingyu-yiyuan0.example"))
    assert around.cluster is not None
    quotes = {item.edge.link.node: item.edge.link.quote for item in around.cluster.edges}
    assert quotes[account] == "demo_anhe"
    assert graph.around(VENDOR).cluster is None
