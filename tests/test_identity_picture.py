"""The picture of an operator: a whole document, the same each time, safe whatever pages call themselves."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from domain.identity import IdentityEdge, IdentityLink, Node, NodeKind, Place, site_of
from domain.identity_picture import MOST_NODES, identity_picture
from domain.operators import JudgedEdge, OperatorCluster, clusters_of

HANDBOOK = Path(__file__).parents[1] / "docs" / "images" / "operator.svg"
SVG = "{http://www.w3.org/2000/svg}"
PHONE = Node(NodeKind.PHONE, "00000009911")
SEEN = datetime(2026, 11, 25, tzinfo=UTC)


def tied(host: str, node: Node, label: str = "", objection: str = "", quote: str = "咨询热线") -> JudgedEdge:
    link = IdentityLink(site_of(host), node, Place.FOOTER, label or node.key, quote)
    return JudgedEdge(IdentityEdge(link, SEEN, SEEN, 1, f"http://{host}/"), objection)


def picture_of(edges: Sequence[JudgedEdge]) -> str:
    (cluster,) = clusters_of(edges)
    return identity_picture(cluster)


def titles(picture: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(picture).iter(f"{SVG}title")]


def boxes(picture: str) -> list[tuple[int, int]]:
    found = ElementTree.fromstring(picture).findall(f"{SVG}g")
    rectangles = [group.find(f"{SVG}rect") for group in found]
    return [(int(box.attrib["x"]), int(box.attrib["y"])) for box in rectangles if box is not None]


def twenty() -> list[JudgedEdge]:
    name = Node(NodeKind.INSTITUTION, "青屿安和医院")
    return [
        edge
        for number in range(20)
        for edge in (
            tied(f"zhan{number}.example", PHONE, "000-00009911"),
            tied(f"zhan{number}.example", name, objection="机构名称可为多家共用"),
        )
    ]


def test_sites_what_joins_them_and_what_does_not() -> None:
    picture = picture_of(twenty())
    said = titles(picture)
    assert "电话 000-00009911" in said and "网站 zhan7.example" in said and "机构名称 青屿安和医院" in said
    assert "页脚“咨询热线”，http://zhan7.example/" in said
    assert picture.count('stroke-dasharray="4 4"') == 20 + 1  # and the legend
    assert len(boxes(picture)) == 22 == len(set(boxes(picture)))
    assert "20 个网站与账号" in picture and "未画出" not in picture


def test_the_same_cluster_gives_the_same_picture() -> None:
    assert picture_of(twenty()) == picture_of(twenty()[::-1])


def test_of_a_large_cluster_the_rest_is_told() -> None:
    edges = [tied(f"zhan{number}.example", PHONE) for number in range(100)]
    edges += [tied("zhan0.example", Node(NodeKind.ADDRESS, f"和平路{number}号"), objection="x") for number in range(50)]
    picture = picture_of(edges)
    assert len(boxes(picture)) <= MOST_NODES
    assert f"另有 {151 - len(boxes(picture))} 项未画出" in picture


def test_a_long_name_is_cut_and_kept_in_full_for_who_points_at_it() -> None:
    name = "青屿区安和联合专科医院国际部健康管理与康复中心第二门诊部"
    picture = picture_of([tied("a.example", PHONE), tied("a.example", Node(NodeKind.INSTITUTION, name), name, "x")])
    assert f"机构名称 {name}" in titles(picture)
    assert picture.count(name) == 1
    assert "…" in picture


@given(text=st.text(min_size=1, max_size=40), quote=st.text(max_size=40))
def test_nothing_that_a_page_says_breaks_out_of_its_text(text: str, quote: str) -> None:
    evil = Node(NodeKind.INSTITUTION, text)
    cluster = OperatorCluster("op-0", (site_of("a.example"),), (PHONE,), (tied("a.example", evil, text, "x", quote),))
    root = ElementTree.fromstring(identity_picture(cluster))
    assert {element.tag for element in root.iter()} <= {
        SVG + tag for tag in ("svg", "title", "rect", "text", "tspan", "g", "path")
    }


def test_markup_stays_text() -> None:
    name = '"><script>alert(1)</script>&amp;\u202e'
    picture = picture_of([tied("a.example", PHONE, name, quote=name)])
    assert "<script" not in picture
    assert re.search(r"\u202e|on\w+=", picture) is None
    assert "script>alert(1)" in "".join(titles(picture))


def test_the_picture_in_the_handbook_is_drawn_by_this_program() -> None:
    """After a wanted change: `python -m tests.test_identity_picture` draws it anew."""
    assert HANDBOOK.read_text("utf-8") == handbook_picture()


def handbook_picture() -> str:
    shown = []
    for number in range(12):
        host = f"qingyu-yiyuan{number}.example"
        shown.append(tied(host, PHONE, "000-00009911", quote="咨询热线：000-00009911"))
        vendor = Node(NodeKind.PHONE, "00000007777")
        shown.append(tied(host, vendor, "000-00007777", "注明“技术支持”", "技术支持：000-00007777"))
        name = f"青屿第{'一二三'[number % 3]}男科医院"
        shown.append(tied(host, Node(NodeKind.INSTITUTION, name), name, "机构名称可为多家共用", f"版权所有 {name}"))
        if number % 4 == 0:
            shown.append(
                tied(host, Node(NodeKind.ICP, "云ICP备00001201"), "云ICP备00001201号-1", quote="云ICP备00001201号-1")
            )
        if number % 5 == 0:
            code = Node(NodeKind.CODE_TARGET, "add-friend:u.wechat.com/demo")
            shown.append(tied(host, code, "https://u.wechat.com/demo", quote="http://qingyu.example/kefu.png"))
    return picture_of(shown)


if __name__ == "__main__":
    HANDBOOK.write_text(handbook_picture(), "utf-8")
