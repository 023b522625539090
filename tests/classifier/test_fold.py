"""Folding brings spellings together and never loses the way back."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifier.errors import LexiconError
from classifier.fold import Folder

LEXICONS = Path(__file__).parents[2] / "lexicons"
FOLDER = Folder.load(LEXICONS / "fold")

RAW = st.text(
    alphabet=st.one_of(
        st.sampled_from("治愈率根有效药微信薇zhiyu *·.-|/~^_％98①㎡½㊙️❤\u200b\ufeff\u00ad\n\t\0。，“”癒療"),
        st.characters(),
        st.integers(0xD800, 0xDFFF).map(chr),
    ),
    max_size=60,
)
WITH_READINGS = st.lists(
    st.one_of(RAW, st.sampled_from(["療(liáo)", "癬（XUǍN）", "(é)", "発(fā", "㊙(mì)"])), max_size=8
)


@given(st.one_of(RAW, WITH_READINGS.map("".join)))
@settings(max_examples=300, deadline=None)
def test_every_span_leads_back(text: str) -> None:
    folded = FOLDER.fold(text)
    previous = 0
    for position in range(len(folded.text)):
        start, end = folded.original_span(position, position + 1)
        assert 0 <= start < end <= len(text)
        assert start >= previous
        previous = start
    if folded.text:
        whole = folded.original_span(0, len(folded.text))
        assert whole[0] >= 0
        assert whole[1] <= len(text)


@given(st.text(alphabet="治愈率根有效药医院患者手术", min_size=2, max_size=30))
def test_plain_text_stays_as_it_is(text: str) -> None:
    if any(text[i] == text[i + 1] == text[i + 2] == text[i + 3] for i in range(len(text) - 3)):
        return
    folded = FOLDER.fold(text)
    assert folded.text == text
    assert not folded.joined
    assert not folded.respelled


@pytest.mark.parametrize(
    ("written", "folded", "disguised"),
    [
        ("療效９８％（Ａ）①", "疗效98%(a)1", False),
        ("有效率 98 %", "有效率98%", False),
        ("根*治", "根治", True),
        ("治 愈 率 高", "治愈率高", True),
        ("治\u200b愈", "治愈", True),
        ("治yu率达99%", "治愈率达99%", True),
        ("加薇信咨询", "加微信咨询", True),
        ("首页 治疗 专家", "首页 治疗 专家", False),
        ("心、肝、脾、肺", "心、肝、脾、肺", False),
        ("！！！！！！", "!!!", False),
        ("电话000000001234", "电话000000001234", False),
        ("plan全面", "plan全面", False),
        ("全国Z好，效果蕞强", "全国最好,效果最强", True),
        ("jazz好听", "jazz好听", False),
        ("治⭐愈⭐率高", "治愈率高", True),
        ("减❤️肥❤️茶", "减肥茶", True),
        ("根🔥治🔥鼻炎", "根治鼻炎", True),
        ("种植牙🔥正畸🔥洁牙", "种植牙🔥正畸🔥洁牙", False),
        ("看💧做🔥吃", "看💧做🔥吃", False),
        ("美bai祛ban，抗shuai", "美白祛斑,抗衰", True),
        ("高雪糖、关某炎", "高血糖、关节炎", True),
        ("1️⃣3️⃣9️⃣", "139", False),
        ("「根治」", "“根治”", False),
        ("根治牛皮癬(xuǎn)永不復(fù)發（FĀ）", "根治牛皮癣永不复发", False),
        ("白\u200b癜(diàn)风", "白癜风", True),
        ("核磁(mri)对比(ct)", "核磁(mri)对比(ct)", False),
    ],
)
def test_spellings(written: str, folded: str, disguised: bool) -> None:
    result = FOLDER.fold(written)
    assert result.text == folded
    assert result.is_disguised(0, len(result.text)) is disguised


@pytest.mark.parametrize(
    "ordinary",
    [
        "兄弟一起出租传单",
        "陶冶好情操",
        "安徽信息学院",
        "提高威信号召力",
        "大长腿款式",
        "其中要方便群众",
        "治愈帅哥",
        "二百一十细胞",
        "冰雪糖果",
        "微心愿征集",
    ],
)
def test_ordinary_words_are_no_evasion(ordinary: str) -> None:
    assert FOLDER.fold(ordinary).text == ordinary


def test_growing_characters_point_at_one_original() -> None:
    folded = FOLDER.fold("占地㎡")
    assert folded.text == "占地m2"
    assert folded.original_span(2, 3) == folded.original_span(3, 4) == (2, 3)


def test_patterns_fold_their_literals_only() -> None:
    assert FOLDER.fold_pattern(r"（[％%]\D{0,3}Ａ") == r"\([%%]\D{0,3}a"


def test_broken_spelling_table_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("# x\n薇信\t微信\n只有一格\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"bad\.tsv:3"):
        Folder.load(tmp_path)


@pytest.mark.parametrize("unit", ["治", "治 ", "㎡", "\u200b", "zhi愈", "*治", "a", "\n", "98 %"])
def test_long_runs_fold_to_the_same_as_short_ones(unit: str) -> None:
    few, many = FOLDER.fold(unit * 50).text, FOLDER.fold(unit * 20_000).text
    assert set(many) == set(few)
    assert many.startswith(few[: len(few) - 3])


def test_a_reading_is_left_out_of_the_way_back() -> None:
    text = "專治癬(xuǎn)病"
    folded = FOLDER.fold(text)
    start = folded.text.index("癣")
    assert [text[slice(*folded.original_span(at, at + 1))] for at in (start, start + 1)] == ["癬", "病"]
    assert text[slice(*folded.original_span(start, start + 2))] == "癬(xuǎn)病"


def test_readings_without_tones_are_left_out_where_they_crowd() -> None:
    crowd = (
        "了(le)解(jie)(jie)骨(gu)(gu)关(guan)节(jie)炎(yan)，先(xian)看(kan)症(zheng)状(zhuang)再(zai)治(zhi)疗(liao)"
    )
    assert FOLDER.fold(crowd).text == "了解骨关节炎,先看症状再治疗"
    assert FOLDER.fold("维生素(a)和腺苷(an)").text == "维生素(a)和腺苷(an)"
    assert FOLDER.fold("维生素(a)" * 12 + "字" * 1000).text.startswith("维生素(a)")


def test_random_separators_fold_away() -> None:
    rng = random.Random(7)
    for _ in range(50):
        word = "".join(rng.sample("彻底根治牛皮癣不复发", 6))
        separator = rng.choice("*^_~ ·.-|/+•★")
        assert FOLDER.fold(separator.join(word)).text == word
