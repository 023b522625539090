"""What is called what where people outside read of it."""

import re
from pathlib import Path

import pytest

from classifier.citations import ArticleKind, han_number
from classifier.errors import LexiconError
from classifier.matters import load_matters
from domain.findings import FAMILIES
from referral.citing import cited_together
from tests.referral.leads import REFERENCE

#: Every rule that a finding may stand by, with its title at the desk.
RULES = {
    **{rule.id: rule.title for rule in (*REFERENCE.rules.values(), *REFERENCE.sentence_rules.values())},
    **REFERENCE.other_titles,
}
#: Words of our own making, of the trade's or of the street: no authority files a case under them.
_OURS = (
    "推销页", "好转话", "功效话", "安全话", "引流", "种草", "软文", "傍名牌", "医托", "黄牛", "号贩子", "黑救护车", "按句识别", "极限词", "借名借势",
    "话术", "见证", "神医", "仿冒", "冒充", "骗", "非法", "违法",
)  # fmt: skip


def test_every_rule_and_every_family_has_words_for_readers_outside() -> None:
    assert set(REFERENCE.matters.rules) == set(RULES)
    assert set(REFERENCE.matters.families) == set(FAMILIES)


def test_they_are_not_the_words_of_the_desk() -> None:
    for matter in {*REFERENCE.matters.rules.values(), *REFERENCE.matters.families.values()}:
        said = f"{matter.said}{matter.why}"
        assert not [word for word in _OURS if word in said], matter
        assert matter.why.endswith("。") and not matter.said.endswith("。") and not re.search("[a-zA-Z]", said)


def test_a_rule_of_the_past_is_called_by_its_family() -> None:
    assert REFERENCE.matter_of("gone-rule", "comparison") == REFERENCE.matters.families["comparison"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[a]\nsaid = "甲"\nwhy = "乙。"\nrules = ["x", "x"]', "key x stands here twice"),
        ('[a]\nsaid = "甲"\nrules = ["x"]', "why"),
        ('[a]\nsaid = " "\nwhy = "乙。"', "say something"),
    ],
)
def test_a_file_that_lacks_something_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "matters.toml").write_text(text, "utf-8")
    with pytest.raises(LexiconError, match=says):
        load_matters(tmp_path)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "一"),
        (10, "十"),
        (16, "十六"),
        (40, "四十"),
        (100, "一百"),
        (101, "一百零一"),
        (112, "一百一十二"),
        (287, "二百八十七"),
    ],
)
def test_articles_are_counted_as_laws_count_them(number: int, said: str) -> None:
    assert han_number(number) == said


@pytest.mark.parametrize(
    ("basis", "said"),
    [
        ("广告法16(1)(2)", "《广告法》第十六条第一款第（二）项"),
        ("广告法9(3)", "《广告法》第九条第（三）项"),
        ("广告法28(1)", "《广告法》第二十八条第一款"),
        ("医疗广告管理办法6(1)", "《医疗广告管理办法》第六条第（一）项"),
        ("医疗广告管理办法6(2)", "《医疗广告管理办法》第六条第二款"),
        ("反不正当竞争法7(2)", "《反不正当竞争法》第七条第二款"),
        ("刑法287-1", "《刑法》第二百八十七条之一"),
        (
            "三品一械办法11(5)",
            "《药品、医疗器械、保健食品、特殊医学用途配方食品广告审查管理暂行办法》第十一条第（五）项",
        ),
        ("自媒体医疗科普通知", "《关于规范“自媒体”医疗科普行为的通知》"),
        ("某条例3", "某条例3"),
    ],
)
def test_a_basis_as_it_is_cited_on_paper(basis: str, said: str) -> None:
    assert REFERENCE.cite(basis).formal == said


def test_several_articles_are_cited_without_repetition() -> None:
    bases = "广告法28(2)(4) 医疗广告管理办法7(2) 广告法16(1)(2) 广告法9(3) 广告法16(1)(1) 广告法28(1) 医保基金条例15 治安管理处罚法 广告法16(1)(2)"
    assert cited_together(map(REFERENCE.cite, bases.split())) == (
        "《广告法》第九条第（三）项、第十六条第一款第（一）项、第（二）项、第二十八条第一款、第二款第（四）项；《治安管理处罚法》；"
        "《医疗保障基金使用监督管理条例》第十五条；《医疗广告管理办法》第七条第（二）项"
    )
    assert (
        cited_together([REFERENCE.cite("三品一械办法"), REFERENCE.cite("三品一械办法2")], short=True)
        == "《三品一械办法》第二条"
    )
    assert cited_together([]) == ""


def test_a_guide_is_nothing_to_offend_against() -> None:
    kinds = {
        basis: REFERENCE.cite(basis).kind
        for basis in ("监管工作指南5", "广告法58", "广告法16(1)(1)", "基本医疗卫生法100(2)")
    }
    assert list(kinds.values()) == [ArticleKind.GUIDE, ArticleKind.LIABILITY, ArticleKind.DUTY, ArticleKind.LIABILITY]


def test_what_follows_is_said_by_the_same_law() -> None:
    assert [each.basis for each in REFERENCE.cite("广告法16(1)(2)").liabilities] == ["广告法58"]
    assert REFERENCE.cite("医疗广告管理办法7(2)").liabilities == ()
    for law, articles in REFERENCE.citations.follows.items():
        assert set(articles) <= set(REFERENCE.laws[law].articles) & REFERENCE.citations.liability[law]


def test_the_file_names_laws_and_articles_that_there_are() -> None:
    citations = REFERENCE.citations
    assert citations.guides <= set(REFERENCE.laws) and set(citations.liability) <= set(REFERENCE.laws)
    for basis in citations.paragraphs:
        assert REFERENCE.cite(basis).point, basis
    for law, articles in citations.liability.items():
        whole = {article.partition("(")[0] for article in REFERENCE.laws[law].articles}
        assert articles <= whole, law
