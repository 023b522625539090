"""Brand names: precision and recall on names written for it, a third of which was not looked at while tuning."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from domain.brand_book import BrandBook
from domain.brand_hosts import likenesses, official_brand
from domain.brand_names import judge_names
from domain.brand_uses import BrandVerdict, InstitutionFact, PageNames
from yiguang.lexicon_books import load_brand_book

ROOT = Path(__file__).parent.parent
ROWS = [
    line.split("\t")
    for line in (Path(__file__).parent / "brand_names" / "names.tsv").read_text("utf-8").splitlines()
    if not line.startswith("#")
]


@cache
def book() -> BrandBook:
    return load_brand_book(ROOT / "lexicons")


def _names(fields: list[str]) -> PageNames:
    values: dict[str, Any] = dict(field.split("=", 1) for field in fields)
    claims = tuple(claim for claim in [values.pop("claims", "")] if claim)
    return PageNames(**values, claims=claims)


def held_out(row: list[str]) -> bool:
    """A third of the rows, chosen by their digest."""
    return hashlib.sha256("\t".join(row).encode()).digest()[0] % 3 == 0


def figures(rows: list[list[str]]) -> tuple[float, float, list[str]]:
    """Precision and recall of `piggybacking`, and the rows that went wrong."""
    hit = missed = wrong = 0
    faults = []
    for label, *fields in rows:
        judged = judge_names(_names(fields), book())
        called = judged is not None and judged.verdict is BrandVerdict.PIGGYBACKING
        hit += called and label == "piggybacking"
        missed += not called and label == "piggybacking"
        wrong += called and label == "lawful"
        if called != (label == "piggybacking"):
            faults.append(f"{label} {fields} {judged}")
    return hit / max(1, hit + wrong), hit / max(1, hit + missed), faults


@pytest.mark.parametrize("part", ["tuned", "held out"])
def test_precision_and_recall(part: str) -> None:
    rows = [row for row in ROWS if held_out(row) == (part == "held out")]
    precision, recall, faults = figures(rows)
    assert precision >= 0.97 and recall >= 0.9, "\n".join(faults)


def test_there_are_three_hundred_names_half_of_them_lawful() -> None:
    lawful = sum(row[0] == "lawful" for row in ROWS)
    assert len(ROWS) >= 300 and 0.4 <= lawful / len(ROWS) <= 0.6
    assert sum(map(held_out, ROWS)) >= 90
    assert len({tuple(row) for row in ROWS}) == len(ROWS)


def test_no_owner_is_ever_called_piggybacking_by_its_own_name() -> None:
    for brand in book().brands:
        for name in brand.names:
            for names in (PageNames(institution=name), PageNames(site_name=name, host="unknown-site.example")):
                judged = judge_names(names, book())
                assert judged is None or judged.verdict is not BrandVerdict.PIGGYBACKING, judged
        for domain in brand.official_domains:
            judged = judge_names(PageNames(site_name=brand.owner, host="www." + domain), book())
            assert judged is not None and judged.verdict is BrandVerdict.LAWFUL


def test_evidence_is_named_on_both_sides() -> None:
    judged = judge_names(PageNames(institution="青屿市同济口腔门诊部附属医院"), book())
    assert judged is not None and judged.verdict is BrandVerdict.UNKNOWN
    assert {item.name for item in judged.evidence_for} >= {"brand-word", "trade-category"}
    assert "public-kind" in {item.name for item in judged.evidence_against}


def test_registry_facts_decide_both_ways() -> None:
    names = PageNames(institution="青屿协和口腔医院")
    partner = InstitutionFact("青屿协和口腔医院", affiliated_with=("北京协和医院",))
    judged = judge_names(names, book(), [partner])
    assert judged is not None and judged.verdict is BrandVerdict.LAWFUL
    unknown = PageNames(institution="青屿协和康复之家医院有限公司")
    bare = PageNames(institution="青屿协和医院")
    private = InstitutionFact("青屿协和医院", public=False)
    assert judge_names(bare, book()).verdict is BrandVerdict.UNKNOWN  # type: ignore[union-attr]
    assert judge_names(bare, book(), [private]).verdict is BrandVerdict.PIGGYBACKING  # type: ignore[union-attr]
    assert judge_names(unknown, book()) is not None


def test_a_page_without_any_brand_is_not_judged() -> None:
    assert judge_names(PageNames(institution="青屿安和门诊部", host="anhe.example", title="就诊须知"), book()) is None
    assert judge_names(PageNames(), book()) is None


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("pumch-yuyue.example", "core-with-word"),
        ("xinxiehenanke.example", "pinyin-with-word"),
        ("301hosptial.example", "typo"),
        ("qilu-hospital.example", "typo"),
        ("xiangyа.example", "homograph"),
        ("xn--xiangy-8nf.example", "homograph"),
    ],
)
def test_hosts_that_look_alike(host: str, kind: str) -> None:
    assert kind in {likeness.kind for likeness in likenesses(host, book())}


@pytest.mark.parametrize(
    "host", ["tongji.baidu.com", "anhe.example", "xiangyang.example", "xn--a.example", "", "..", "a.b"]
)
def test_hosts_that_do_not(host: str) -> None:
    assert list(likenesses(host, book())) == []
    assert official_brand(host, book()) is None


def test_a_name_said_again_in_the_title_is_no_more_evidence() -> None:
    name = "青屿同济医院"
    once = judge_names(PageNames(site_name=name, host="www.qytj.example"), book())
    again = judge_names(
        PageNames(
            institution=name, site_name=name, account=name, title=f"{name}官网", keywords=f"{name},挂号", description=f"{name}位于青屿。",
            host="www.qytj.example",
        ),
        book(),
    )  # fmt: skip
    assert once is not None and again is not None
    assert (again.score, again.verdict) == (once.score, BrandVerdict.UNKNOWN)
