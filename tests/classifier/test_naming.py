"""How often an institution is named, and that counting it costs no more than the length of the text."""

import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

import pytest

from classifier import naming
from classifier.naming import NameWords, most_named_institution
from classifier.product_names import most_named_brand, most_named_product, planted_product

NOUN, PUBLIC = 0, 1
WORDS = NameWords(institutions=frozenset([NOUN]), no_private_institution=frozenset([PUBLIC]))


def hits_of(text: str, literals: Mapping[str, int]) -> list[tuple[int, int, int]]:
    """In the order of their ends, as the automaton gives them."""
    found = [
        (start, start + len(word), number)
        for word, number in literals.items()
        for start in range(len(text))
        if text.startswith(word, start)
    ]
    return sorted(found, key=lambda hit: hit[1])


def hits_in(text: str) -> list[tuple[int, int, int]]:
    return hits_of(text, {"医院": NOUN, "人民": PUBLIC, "大学附属": PUBLIC})


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("云岭男子医院与云岭男子医院", 2),
        ("云岭人民医院与云岭人民医院", 0),
        ("云岭大学附属男子医院", 0),
        ("人民路十二号的两条街外，云岭男子医院", 1),
        ("人民一二三四五六医院", 0),
        ("人民一二三四五六七医院", 1),
        ("医院", 0),
        ("云岭仁和医院与云岭仁和医院", 2),
        ("医生和护士的话", 0),
        ("某县骨科医院和男科医院", 1),
        ("云岭路和骨科医院", 1),
    ],
)
def test_a_private_institution_is_counted(text: str, times: int) -> None:
    assert most_named_institution(text, hits_in(text), WORDS)[0] == times


FOLLOWER, LATIN_KIND = 2, 3
BRANDS = NameWords(
    products=frozenset([NOUN]), brand_followers=frozenset([FOLLOWER]), latin_kinds=frozenset([LATIN_KIND])
)


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("abc采用，abc套装，abc", 0),
        ("“安”牌喷剂好。“安”在药店有售，认准“安”，安心。", 3),
        ("velora喷剂，velora热销，认准velora", 3),
        ("“清朗”喷剂与清朗套装，清朗", 3),
        ("认准“清朗”品牌，清朗好", 2),
        ("Velora采用三重配方，velora好，认准velora".lower(), 3),
        ("“高优优”已服务八万家，“高优优”好", 2),
        ("“清朗”的喷剂，清朗", 0),
        ("nmn喷剂，nmn，nmn", 0),
        ("喷剂", 0),
    ],
)
def test_a_brand_is_counted_with_or_without_its_noun(text: str, times: int) -> None:
    literals = {
        "喷剂": NOUN,
        "套装": FOLLOWER,
        "品牌": FOLLOWER,
        "采用": FOLLOWER,
        "已服务": FOLLOWER,
        "nmn": LATIN_KIND,
    }
    assert most_named_brand(text, hits_of(text, literals), BRANDS)[0] == times


OPENING = "孩子夜里总是咳嗽，多半是受了凉，也可能是屋里太干，家长先看看体温，再想想这两天吃过什么，是不是吹了空调，有没有跑得一身汗，回来又马上喝了冷水。"


@pytest.mark.parametrize(
    ("text", "title", "products"),
    [
        (OPENING + "可以用安禾喷剂，其主要成分是草药。", "", 1),
        (OPENING + "可以用安禾喷剂。", "", 0),
        (OPENING + "可以用安禾喷剂，其主要成分是草药。", "安禾喷剂怎么用", 0),
        ("安禾喷剂怎么用？" + OPENING + "安禾喷剂，其主要成分是草药。", "", 0),
        (OPENING + "可以用安禾喷剂。" + OPENING + "其主要成分是草药。", "", 0),
        (OPENING + "可以用普通喷剂，其主要成分是草药。", "", 0),
        (OPENING + "可以用益菌喷剂，其主要成分是草药。", "", 0),
        (OPENING + "可以用安禾霜，其主要成分是草药。", "", 0),
        (OPENING + "可以用安禾霜，其主要成分是草药，安禾霜。", "", 1),
    ],
    ids=[
        "planted",
        "not dwelt on",
        "titled",
        "opened with",
        "dwelt on elsewhere",
        "of any maker",
        "a kind",
        "a sign once",
        "a sign twice",
    ],
)
def test_a_product_is_planted(text: str, title: str, products: int) -> None:
    words = {"喷剂": 0, "霜": 0, "益菌": 1, "其主要成分": 2, "普通": 3}
    hits = hits_of(text, words)
    known = NameWords(
        products=frozenset([0]), product_kinds=frozenset([1]), dwelling=frozenset([2]), any_maker=frozenset([3])
    )
    assert planted_product(text, title, hits, known)[0] == products


def test_a_kind_of_goods_is_no_product_by_name() -> None:
    text = "灵芝喷剂，灵芝喷剂，安禾喷剂"
    hits = sorted([(0, 2, 1), (5, 7, 1), (2, 4, 0), (7, 9, 0), (12, 14, 0)], key=lambda hit: hit[1])
    assert most_named_product(text, hits, NameWords(products=frozenset([0]), product_kinds=frozenset([1]))) == (
        1,
        (10, 14),
    )


def test_the_place_of_the_institution_that_is_named_most() -> None:
    text = "安禾骨科医院旁是云岭男子医院。云岭男子医院"
    assert most_named_institution(text, hits_in(text), WORDS) == (2, (8, 14))
    assert most_named_institution("医院", hits_in("医院"), WORDS) == (0, None)


KIND, UNNAMED, MOUTH, LONG_NOUN = 2, 3, 4, 5
KINDS = NameWords(
    institutions=frozenset([NOUN, LONG_NOUN]),
    no_private_institution=frozenset([PUBLIC]),
    kinds=frozenset([KIND]),
    no_name=frozenset([UNNAMED]),
    no_institution=frozenset([MOUTH]),
)


def kind_hits_in(text: str) -> list[tuple[int, int, int]]:
    literals = {"门诊": NOUN, "医院": NOUN, "口腔": NOUN, "中医馆": LONG_NOUN, "医馆": NOUN, "人民": PUBLIC}
    literals |= {"整形": KIND, "美容": KIND, "专科": KIND, "所有": UNNAMED, "选择": UNNAMED, "开办": UNNAMED}
    return hits_of(text, literals | {"口腔溃疡": MOUTH})


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("整形美容门诊与整形美容门诊", 0),
        ("想去整形美容门诊的人，选择整形美容专科医院", 0),
        ("并不是所有医院", 0),
        ("云岭禾川整形美容医院与禾川整形美容医院", 2),
        ("东屿市整形美容医院", 0),
        ("东屿人民美容整形医院", 0),
        ("青山上火口腔溃疡", 0),
        ("青山禾川口腔", 1),
        ("他在山脚开办中医馆", 0),
    ],
)
def test_a_kind_is_no_name(text: str, times: int) -> None:
    assert most_named_institution(text, kind_hits_in(text), KINDS)[0] == times


def test_work_grows_with_the_text_only() -> None:
    def lines_run(repeated: int) -> int:
        text = "人民医院云岭男子医院" * repeated
        hits, run = hits_in(text), 0

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal run
            run += event == "line" and frame.f_code.co_filename == naming.__file__
            return trace

        sys.settrace(trace)
        try:
            most_named_institution(text, hits, WORDS)
        finally:
            sys.settrace(None)
        return run

    assert 0 < lines_run(400) <= 4 * lines_run(100) + 100
