"""What pages say of whoever runs them, and who is taken for one operator."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contacts import find_contacts
from domain.findings import Finding, Judgement
from domain.identifiers import find_identifiers
from domain.identity import IdentityEdge, IdentityLink, Node, NodeKind, Place, site_of
from domain.identity_links import icp_key, links_of, phone_key, site_of_url, subject_of
from domain.operator_profile import nodes_meant
from domain.operators import JudgedEdge, OperatorCluster, cluster_with, clusters_of, judge_edges
from domain.page import ExtractedPage, SelfStatement
from domain.pictures import PagePicture, PictureCode, PictureFate, PictureReading
from tests.storage.samples import NOW, judgement
from yiguang.lexicon_books import load_identity_policy

POLICY = load_identity_policy(Path(__file__).parents[1] / "lexicons")
TEXT = (
    "青屿安和门诊部 咨询热线：000-00001234\n"
    "本院治愈率达98%，加微信：demo_anhe 或致电 000-00005678\n"
    "地址：青屿区和平路8号\n云ICP备00001201号-1 技术支持：000-00007777 京公网安备11010500000725号"
)
COMPANY = "914403001922038216"


def page(url: str = "http://www.anhe.example/", text: str = TEXT, **changes: object) -> ExtractedPage:
    """Its first line is header, its last two are footer."""
    lines = text.split("\n")
    plain = ExtractedPage(
        url=url,
        title="青屿安和门诊部",
        text=text,
        encoding="utf-8",
        body_start=len(lines[0]) + 1,
        body_end=text.index(lines[-2]) - 1,
        contacts=find_contacts(text),
        identifiers=find_identifiers(text),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]  # the field types are checked where they are read


def places(links: Sequence[IdentityLink], kind: NodeKind) -> dict[str, Place]:
    return {link.node.key: link.place for link in links if link.node.kind is kind}


def ad(is_ad: bool = True) -> Judgement:
    return replace(judgement(False), is_ad=is_ad, findings=())


def test_numbers_are_linked_with_their_place_and_the_words_around_them() -> None:
    links = links_of(page("http://www.anhe.example/zhuanke.html"), ad())
    assert {link.subject for link in links} == {site_of("anhe.example")}
    assert places(links, NodeKind.PHONE) == {
        "00000001234": Place.HEADER,
        "00000005678": Place.AD,
        "00000007777": Place.FOOTER,
    }
    assert places(links, NodeKind.ACCOUNT) == {"wechat:demo_anhe": Place.AD}
    assert places(links, NodeKind.ICP) == {"云ICP备00001201": Place.FOOTER}
    assert places(links, NodeKind.PSB) == {"11010500000725": Place.FOOTER}
    assert places(links, NodeKind.DOMAIN) == {"anhe.example": Place.HOST}
    assert places(links, NodeKind.ADDRESS) == {"青屿区和平路8号": Place.FOOTER}
    vendor = next(link for link in links if link.node.key == "00000007777")
    assert vendor.quote.endswith("技术支持：000-00007777 京公网安备110105")


def test_the_same_number_counts_in_the_footer_although_it_stands_in_the_body_too() -> None:
    text = TEXT.replace("技术支持：000-00007777", "电话 000-00005678")
    links = links_of(page("http://anhe.example/a.html", text), ad())
    found = [link.place for link in links if link.node.key == "00000005678"]
    assert found == [Place.AD, Place.FOOTER]


@pytest.mark.parametrize(
    ("url", "is_ad", "place"),
    [
        ("http://anhe.example/", False, Place.HOME),
        ("http://anhe.example/index.html", False, Place.HOME),
        ("http://anhe.example/?from=1", True, Place.AD),
        ("http://anhe.example/news/1.html", False, Place.BODY),
    ],
)
def test_the_body_of_a_first_page_of_an_advertisement_and_of_any_other(url: str, is_ad: bool, place: Place) -> None:
    links = links_of(page(url), ad(is_ad))
    assert places(links, NodeKind.PHONE)["00000005678"] is place


def test_a_post_speaks_for_its_account_and_an_address_for_nobody() -> None:
    post = page("https://mp.weixin.qq.com/s/demo", account="青屿 安和", page_type="wx-article")
    assert str(subject_of(post)) == "账号 public:青屿安和"
    assert places(links_of(post, ad()), NodeKind.ACCOUNT)["public:青屿安和"] is Place.HOST
    assert site_of_url("http://127.0.0.1:8000/") is None
    assert site_of_url("http://[demo/") is None
    assert links_of(page("http://127.0.0.1/"), ad()) == ()


def test_codes_in_pictures_and_names_of_brands_are_linked() -> None:
    reading = PictureReading(
        "a" * 64, 9, 9, "0" * 32, (), (PictureCode("https://u.wechat.com/Demo", ((0, 0),) * 4),), "reader", 0.1
    )
    shown = PagePicture("http://anhe.example/a.png", PictureFate.READ, reading=reading, code_kinds=("add-friend",))
    lookalike = replace(shown, likeness=True, reading=replace(reading, codes=(PictureCode("other", ((0, 0),) * 4),)))
    lead = Finding("brand-name", "brand-piggyback", "青屿安和门诊部", 0, 7, 0.6, (), 5)
    links = links_of(page(pictures=(shown, lookalike)), replace(ad(), findings=(lead, replace(lead, silenced=True))))
    assert places(links, NodeKind.CODE_TARGET) == {"add-friend:u.wechat.com/Demo": Place.CODE}
    assert places(links, NodeKind.BRAND) == {"青屿安和门诊部": Place.FINDING}


def test_what_a_page_states_of_its_owner_is_linked() -> None:
    said = (
        SelfStatement("name", "青屿安和门诊部", "copyright", "版权所有 © 青屿安和门诊部"),
        SelfStatement("credit-code", COMPANY, "structured-data"),
        SelfStatement("phone", "+86-000-0000-1234", "structured-data"),
        SelfStatement("address", "青屿区 和平路8号", "structured-data"),
    )
    links = links_of(page(text="一\n二\n三\n四", statements=said), None)
    assert places(links, NodeKind.INSTITUTION) == {"青屿安和门诊部": Place.COPYRIGHT}
    assert places(links, NodeKind.CREDIT_CODE) == {COMPANY: Place.STRUCTURED_DATA}
    assert places(links, NodeKind.PHONE) == {"00000001234": Place.STRUCTURED_DATA}
    assert places(links, NodeKind.ADDRESS) == {"青屿区和平路8号": Place.STRUCTURED_DATA}


def test_a_list_of_numbers_does_not_crowd_out_the_owners_own() -> None:
    listed = "\n".join(f"某院 000-0000{number:04}" for number in range(1000, 1300))
    text = f"导医台 000-00000001\n{listed}\n尾\n网站电话 000-00000002"
    found = places(links_of(page("http://daoyi.example/list.html", text), ad(is_ad=False)), NodeKind.PHONE)
    assert (found["00000000001"], found["00000000002"]) == (Place.HEADER, Place.FOOTER)
    assert 0 < sum(place is Place.BODY for place in found.values()) <= 10


def test_spellings_of_one_number_have_one_key() -> None:
    assert {phone_key(text) for text in ("000-00001234", "(000) 0000-1234", "000-00001234转8001")} == {"00000001234"}
    assert {phone_key(text) for text in ("0755-26660000-801", "０７５５－２６６６００００", "+86-755-26660000")} == {
        "075526660000"
    }
    assert {phone_key(text) for text in ("400-000-1234", "+86-400-000-1234")} == {"4000001234"}
    assert icp_key("京ＩＣＰ备１６０１７２８７号－１") == "京ICP备16017287"
    assert {phone_key(text) for text in ("13900001234", "+86 139 0000 1234", "0086-139-0000-1234")} == {"13900001234"}
    assert {icp_key(text) for text in ("云ICP备00001201号-1", "云 icp备 00001201 号", "云ICP备00001201号-12")} == {
        "云ICP备00001201"
    }


@pytest.mark.parametrize(
    ("asked", "node"),
    [
        ("anhe.example", Node(NodeKind.SITE, "anhe.example")),
        ("https://www.anhe.example:8443/a?b#c", Node(NodeKind.SITE, "anhe.example")),
        ("云ICP备00001201号-1", Node(NodeKind.ICP, "云ICP备00001201")),
        ("京公网安备 11010500000725号", Node(NodeKind.PSB, "11010500000725")),
        (COMPANY, Node(NodeKind.CREDIT_CODE, COMPANY)),
        ("PDY00066X31010412A1002", Node(NodeKind.LICENCE, "PDY00066X31010412A1002")),
        ("（京）医广【2016】第07-01-0355号", Node(NodeKind.CERTIFICATE, "京|医||2016||07-01-0355")),
        ("(000)00001234", Node(NodeKind.PHONE, "00000001234")),
        ("000-00001234 ", Node(NodeKind.PHONE, "00000001234")),
        ("Demo_anhe01", Node(NodeKind.ACCOUNT, "wechat:demo_anhe01")),
        ("微信：demo_anhe01", Node(NodeKind.ACCOUNT, "wechat:demo_anhe01")),
        ("0000120101", Node(NodeKind.ACCOUNT, "qq:0000120101")),
        ("青屿安和", Node(NodeKind.ACCOUNT, "public:青屿安和")),
        ("青屿安和（总院）", Node(NodeKind.INSTITUTION, "青屿安和总院")),
    ],
)
def test_what_a_person_types_is_understood(asked: str, node: Node) -> None:
    assert node in nodes_meant(asked)


@given(asked=st.text(max_size=30))
def test_whatever_is_typed_is_taken_for_something_or_nothing(asked: str) -> None:
    assert bool(nodes_meant(asked)) == bool(asked.strip())


_LINES = st.sampled_from(
    [
        "电话 000-00001234",
        "微信：demo_anhe",
        "云ICP备00001201号-1",
        "地址：青屿区和平路8号",
        "\0\ud800",
        "医广",
        COMPANY,
        "",
    ]
)


@given(
    lines=st.lists(_LINES | st.text(max_size=12), min_size=1, max_size=8),
    cut=st.tuples(st.integers(0, 60), st.integers(0, 60)),
    url=st.sampled_from(
        [
            "http://a.example/",
            "http://[::1]/",
            "http://[x",
            "",
            "javascript:1",
            "http://a.example/b?c",
            "http://例.example",
        ]
    ),
    said=st.lists(
        st.builds(
            SelfStatement,
            st.sampled_from(["name", "phone", "address", "credit-code"]),
            st.text(max_size=300),
            st.sampled_from(["title", "structured-data"]),
        )
    ),
    account=st.sampled_from(["", "青屿安和"]),
)
def test_any_page_gives_links_with_their_words(
    lines: list[str], cut: tuple[int, int], url: str, said: list[SelfStatement], account: str
) -> None:
    text = "\n".join(lines)
    start, end = sorted(min(place, len(text)) for place in cut)
    read = ExtractedPage(
        url=url, title="", text=text, encoding="utf-8", body_start=start, body_end=end, contacts=find_contacts(text),
        identifiers=find_identifiers(text), statements=tuple(said), account=account, page_type="wx-article" if account else "page",
    )  # fmt: skip
    links = links_of(read, ad())
    assert len({(link.node, link.place) for link in links}) == len(links)
    for link in links:
        assert link.node.key and len(link.node.key) <= 200
        if link.place in (Place.HEADER, Place.FOOTER, Place.AD, Place.BODY):
            assert link.label in link.quote and link.quote in text
            assert "\n" not in link.quote.replace(link.label, "")


def edge(
    subject: str, node: Node, place: Place = Place.FOOTER, minute: int = 0, quote: str = "", label: str = ""
) -> IdentityEdge:
    time = NOW + timedelta(minutes=minute)
    link = IdentityLink(site_of(subject), node, place, label or node.key, quote or node.key)
    return IdentityEdge(link, time, time, page_id=1, url=f"http://{subject}/")


def phone(number: int) -> Node:
    return Node(NodeKind.PHONE, f"0000000{number + 1:04}")


def objections(edges: Sequence[IdentityEdge]) -> list[str]:
    return [item.objection for item in judge_edges(edges, POLICY)]


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (edge("a.example", phone(1)), ""),
        (edge("a.example", phone(1), Place.BODY), "位于正文"),
        (edge("a.example", phone(1), Place.AD), ""),
        (edge("a.example", Node(NodeKind.ICP, "云ICP备00001201"), Place.BODY), "位于正文"),
        (edge("a.example", Node(NodeKind.PHONE, "12320")), "公共号码或公共平台"),
        (edge("a.example", Node(NodeKind.PHONE, "00000000000")), "公共号码或公共平台"),
        (edge("a.example", Node(NodeKind.ICP, "沪ICP备88888888")), "公共号码或公共平台"),
        (edge("a.example", Node(NodeKind.PHONE, "00088888881")), ""),
        (edge("a.example", phone(1), quote="24小时健康热线：0001", label="0001"), ""),
        (edge("bbs.sohu.com", phone(1)), "公共平台上的页面"),
        (edge("a.example", phone(1), quote="网站建设：0001", label="0001"), "注明“网站建设”"),
        (edge("a.example", phone(1), quote="电话 0001 网站建设：0002", label="0001"), ""),
        (edge("a.example", Node(NodeKind.INSTITUTION, "某医院"), Place.COPYRIGHT), "机构名称可为多家共用"),
        (edge("a.example", Node(NodeKind.ADDRESS, "某路8号")), "地址可为多家共用"),
        (edge("a.b.com.cn", Node(NodeKind.DOMAIN, "com.cn"), Place.HOST), "不是注册域名"),
        (edge("a.b.com.cn", Node(NodeKind.DOMAIN, "b.com.cn"), Place.HOST), ""),
        (edge("a.example", Node(NodeKind.CODE_TARGET, "other:b.example/"), Place.CODE), "公共号码或公共平台"),
        (edge("a.example", Node(NodeKind.CODE_TARGET, "add-friend:u.wechat.com/Demo"), Place.CODE), ""),
    ],
)  # fmt: skip
def test_a_link_joins_or_says_why_not(one: IdentityEdge, said: str) -> None:
    assert objections([one]) == [said]


def test_a_newspaper_is_not_joined_by_the_numbers_in_its_advertisements() -> None:
    own, of_client = phone(1), phone(2)
    assert objections([edge("bao.example", own), edge("bao.example", of_client, Place.AD)]) == [
        "",
        "位于广告正文，该站另有自己的号码",
    ]
    many = [edge("bao.example", phone(number), Place.AD) for number in range(3)]
    assert set(objections(many)) == {"位于广告正文，且不止一两个"}


def test_a_directory_joins_nobody() -> None:
    most = POLICY.binds[NodeKind.PHONE].most_per_subject
    listed = [edge("minglu.example", phone(number)) for number in range(most + 1)]
    assert set(objections(listed)) == {"该站有过多电话，疑为目录"}
    assert set(objections(listed[:most])) == {""}


def test_a_hub_joins_nobody() -> None:
    most = POLICY.binds[NodeKind.PHONE].most_subjects
    shown = [edge(f"zhan{number}.example", phone(1)) for number in range(most + 1)]
    assert set(objections(shown)) == {"显示它的网站过多"}
    assert len(clusters_of(judge_edges(shown, POLICY))) == most + 1
    assert len(clusters_of(judge_edges(shown[:most], POLICY))) == 1
    assert {item.objection for item in judge_edges(shown[:2], POLICY, hubs=[phone(1)])} == {"显示它的网站过多"}


_SITES = st.integers(0, 11)
_EDGES = st.lists(
    st.builds(
        lambda site, number, place, minute: edge(f"s{site}.example", phone(number), place, minute),
        _SITES,
        st.integers(0, 8),
        st.sampled_from([Place.FOOTER, Place.HEADER, Place.BODY, Place.AD, Place.HOST]),
        st.integers(0, 5),
    ),
    max_size=40,
)


def shape(clusters: Sequence[OperatorCluster]) -> list[tuple[object, ...]]:
    return [(cluster.id, cluster.subjects, cluster.shared, set(cluster.edges)) for cluster in clusters]


@given(edges=_EDGES, data=st.data())
def test_the_order_of_arrival_does_not_matter(edges: list[IdentityEdge], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(edges))
    assert shape(clusters_of(judge_edges(edges, POLICY))) == shape(clusters_of(judge_edges(shuffled, POLICY)))


@given(edges=_EDGES)
def test_clusters_are_what_joining_edges_connect(edges: list[IdentityEdge]) -> None:
    judged = judge_edges(edges, POLICY)
    clusters = clusters_of(judged)
    of_subject = {subject: cluster.id for cluster in clusters for subject in cluster.subjects}
    assert len(of_subject) == sum(len(cluster.subjects) for cluster in clusters)
    assert of_subject.keys() == {item.edge.link.subject for item in judged}
    for first in judged:
        for second in judged:
            if first.binds and second.binds and first.edge.link.node == second.edge.link.node:
                assert of_subject[first.edge.link.subject] == of_subject[second.edge.link.subject]
    for cluster in clusters:
        assert connected(cluster)


def connected(cluster: OperatorCluster) -> bool:
    """By hand: from the first subject over joining edges every other is reached."""
    reached: set[Node] = {cluster.subjects[0]}
    binding = [item.edge.link for item in cluster.edges if item.binds]
    while True:
        more = {node for link in binding for node in (link.subject, link.node) if {link.subject, link.node} & reached}
        if more <= reached:
            return set(cluster.subjects) <= reached
        reached |= more


@given(edges=_EDGES, more=_EDGES)
def test_an_older_cluster_keeps_its_id_when_newer_sites_join(
    edges: list[IdentityEdge], more: list[IdentityEdge]
) -> None:
    newer = [replace(item, first_seen=item.first_seen + timedelta(days=1)) for item in more]
    before = clusters_of(JudgedEdge(item) for item in edges)
    after = {cluster.id for cluster in clusters_of(JudgedEdge(item) for item in [*edges, *newer])}
    oldest_of_merged = {cluster.id for cluster in before}
    assert len(after & oldest_of_merged) >= min(1, len(oldest_of_merged))
    if before:
        assert before[0].id in after


def test_a_cluster_is_found_by_a_member_and_by_what_its_members_share() -> None:
    judged = judge_edges(
        [edge("a.example", phone(1)), edge("b.example", phone(1)), edge("c.example", phone(2))], POLICY
    )
    found = cluster_with(phone(1), judged)
    assert found is not None
    assert found.subjects == (site_of("a.example"), site_of("b.example"))
    assert cluster_with(site_of("b.example"), judged) == found
    assert cluster_with(phone(3), judged) is None
