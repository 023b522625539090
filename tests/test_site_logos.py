"""Marks of signs, and what a likeness adds to what a page's names say."""

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.brand_book import BrandBook
from domain.brand_names import judge_names
from domain.brand_uses import BrandVerdict, InstitutionFact, PageNames
from domain.site_logos import MARK_SIDE, LogoLikeness, OfficialLogo, closest, encode_mark, likeness, logo_sources
from yiguang.lexicon_books import load_brand_book

DAY = date(2026, 11, 1)
CELLS = MARK_SIDE * MARK_SIDE
marks = st.lists(st.integers(-128, 127), min_size=CELLS, max_size=CELLS)


def mark(step: int) -> str:
    """Stripes of different width are unlike."""
    return encode_mark([60 if cell // step % 2 else -60 for cell in range(CELLS)])


def official(owner: str, *of: str, source: str = "官网") -> OfficialLogo:
    return OfficialLogo(owner, owner, of, source, DAY)


@cache
def book() -> BrandBook:
    return load_brand_book(Path(__file__).parent.parent / "lexicons")


@given(marks)
def test_a_mark_is_like_itself_and_unlike_its_opposite(cells: list[int]) -> None:
    whole = encode_mark(cells)
    opposite = encode_mark([min(127, -cell) for cell in cells])
    if any(cells):
        assert likeness(whole, whole) == pytest.approx(1.0)
        assert likeness(whole, opposite) < -0.9
    else:
        assert likeness(whole, whole) == 0.0


@pytest.mark.parametrize("broken", ["", "???", "AAAA", "ü"])
def test_what_is_no_mark_is_refused(broken: str) -> None:
    with pytest.raises(ValueError, match="not a mark|ASCII"):
        likeness(broken, mark(2))
    with pytest.raises(ValueError, match="576"):
        encode_mark([1, 2, 3])


def test_the_closest_sign_is_named_and_none_when_all_are_strange() -> None:
    logos = [official("青屿中心医院", mark(2)), official("临浦县医院", mark(3), mark(5))]
    assert closest([mark(7), mark(5)], logos) == ("临浦县医院", 1.0)
    assert closest([mark(7)], logos) is None
    assert closest([], logos) is None and closest([mark(2)], []) is None


def test_the_state_of_a_source_follows_what_it_has() -> None:
    one, two = official("青屿中心医院", mark(2)), official("临浦县医院", mark(3))
    assert logo_sources([one, two]) == logo_sources([two, one])
    assert logo_sources([one]) != logo_sources([one, two])
    assert [source for source, _, _ in logo_sources([one, official("甲", mark(2), source="丙")])] == ["丙", "官网"]


def named(site_name: str, owner: str = "北京协和医院", host: str = "www.anhe.example") -> PageNames:
    return PageNames(site_name=site_name, host=host, logo=LogoLikeness(owner, "http://a.example/l.png", "0", 0.97))


def test_a_sign_alone_is_a_question() -> None:
    judged = judge_names(named("青屿安和门诊部"), book())
    assert judged is not None and judged.verdict is BrandVerdict.UNKNOWN and judged.where == "logo"
    assert [item.name for item in judged.evidence_for] == ["copied-logo"]
    stranger = judge_names(named("青屿安和门诊部", "青屿中心医院"), book())
    assert stranger is not None and (stranger.token, stranger.verdict) == ("青屿中心医院", BrandVerdict.UNKNOWN)


def test_a_sign_beside_a_name_makes_the_name_a_lead() -> None:
    name = "青屿协和医院"
    without = judge_names(PageNames(site_name=name, host="www.anhe.example"), book())
    judged = judge_names(named(name), book())
    assert without is not None and judged is not None
    assert without.verdict is BrandVerdict.UNKNOWN and judged.verdict is BrandVerdict.PIGGYBACKING
    assert judged.score > without.score and judged.quote == name
    assert judged.evidence_for[-1].text == "站标与北京协和医院的标志相似（相似度 0.97）"


@pytest.mark.parametrize(
    ("names", "registered"),
    [
        (named("北京协和医院"), ()),
        (named("青屿健康导航"), ()),
        (named("青屿协和门诊部"), (InstitutionFact("青屿协和门诊部", affiliated_with=("北京协和医院",)),)),
        (named("青屿安和门诊部"), (InstitutionFact("北京协和医院"),)),
        (named("", host="news.qingyu.gov.cn"), ()),
    ],
)
def test_owners_partners_and_those_who_write_of_others_show_it_lawfully(
    names: PageNames, registered: tuple[InstitutionFact, ...]
) -> None:
    judged = judge_names(names, book(), registered)
    assert judged is None or not any(item.name == "copied-logo" for item in judged.evidence_for)


def test_a_lead_by_names_stays_whoever_the_sign_is_like() -> None:
    names = named("宁川新西京男科医院", "青屿中心医院")
    judged = judge_names(names, book())
    assert judged is not None and judged.verdict is BrandVerdict.PIGGYBACKING and judged.token == "西京"
