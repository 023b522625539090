"""What identifies a patient is black in the copy, everything else is as it was, and the list says what was done."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.masking import BLACK, Masker, MaskKind, MaskWords
from yiguang.keeping import load_masker

MASKER: Masker = load_masker(Path(__file__).resolve().parent.parent / "lexicons")

# Nobody is called so, no region has the code 99, no mobile of this number exists.
MASKED = [
    ("患者张某某，身份证号990000199001010000。", "张某某", MaskKind.NAME),
    ("患者张某某，身份证号990000199001010000。", "990000199001010000", MaskKind.IDENTITY_NUMBER),
    ("身份证号：990000 19900101 0000", "990000 19900101 0000", MaskKind.IDENTITY_NUMBER),
    ("身份证号：990000-1990-0101-000X，", "990000-1990-0101-000X", MaskKind.IDENTITY_NUMBER),
    ("身份证990000900101000", "990000900101000", MaskKind.IDENTITY_NUMBER),
    ("王女士服药一个月后感觉好多了", "王女士", MaskKind.NAME),
    ("患者李示例，治疗后康复", "李示例", MaskKind.NAME),
    ("患者小林，12岁", "小林", MaskKind.NAME),
    ("患者小林，12岁", "12岁", MaskKind.AGE),
    ("来自示例县的患者周先生，五十八岁", "五十八岁", MaskKind.AGE),
    ("患者陈先生来自示例省示例县示例村，", "示例省示例县示例村", MaskKind.HOME),
    ("来自示例县的患者周先生，五十八岁", "示例县", MaskKind.HOME),
    ("吴某军，男，诉称", "吴某军", MaskKind.NAME),
    ("患者钱某英，住院号0000772", "钱某英", MaskKind.NAME),
    ("患者钱某英，住院号0000772", "0000772", MaskKind.PAPER),
    ("黑龙江孟大爷说", "孟大爷", MaskKind.NAME),
    ("陈**：效果很好", "陈**", MaskKind.NAME),
    ("家属手机139-0000-0000", "139-0000-0000", MaskKind.PHONE),
    ("我的号是１３９００００００００", "１３９００００００００", MaskKind.PHONE),
    ("可以问患者本人，电话13900000000", "13900000000", MaskKind.PHONE),
    ("病历号：AB-000123", "AB-000123", MaskKind.PAPER),
    ("医保卡：0012 3456 78", "0012 3456 78", MaskKind.PAPER),
    ("病历号：1234 5678 9012 3456 789", "1234 5678 9012 3456 789", MaskKind.PAPER),
    ("病历号：00123456 2019-01-02入院", "00123456", MaskKind.PAPER),
    ("执业证书编号：110000000000000", "110000000000000", MaskKind.PAPER),
    ("写信到 demo.patient@mail.example 谢谢", "demo.patient@mail.example", MaskKind.MAIL),
    ("接送车京A·D0000", "京A·D0000", MaskKind.PLATE),
]
KEPT = [
    "咨询电话：139-0000-0000、139-0000-0001",
    "预约挂号请拨 000-00001234",
    "全国热线 400-000-0000",
    "可刷医保卡 400-000-0000",
    "医保卡：10000元以内",
    "加微信 demo_abcd 预约",
    "客服QQ：10000001",
    "王主任、李医生亲自坐诊",
    "院长陈示例教授",
    "来自德国的设备，患者治愈率98%",
    "来自示例市的专家团队",
    "适合18岁以上患者",
    "患者年满18岁方可就诊，未满8岁儿童慎用",
    "有*效*率*高*达*98%",
    "糖尿病患者请加微信 demo_abcd",
    "现任坐堂张示例先生",
    "统一社会信用代码：91330100799655058B",
    "（京）医广【2016】第00-00-0000号",
    "京ICP备00000000号-1",
    "高血压患者应当注意饮食",
    "帮助患者康复，患者康复后无需服药",
    "患者高龄，患者：白癜风，患者常年，患者黄褐斑",
]


@pytest.mark.parametrize(("text", "secret", "kind"), MASKED)
def test_what_identifies_is_black(text: str, secret: str, kind: MaskKind) -> None:
    masked = MASKER.mask(text)
    start = text.index(secret)
    assert masked.text[start : start + len(secret)] == BLACK * len(secret)
    assert kind in {mask.kind for mask in masked.masks if mask.start <= start < mask.end}


@pytest.mark.parametrize("text", KEPT)
def test_what_the_advertiser_shows_of_himself_stays(text: str) -> None:
    masked = MASKER.mask(text)
    assert (masked.text, masked.masks) == (text, ())


_PIECES = st.sampled_from(
    [text for text, _, _ in MASKED] + KEPT + ["。", "，", "\n", BLACK, "患者", "王", "女士", "1", "岁"]
)
_TEXTS = st.lists(_PIECES | st.text(max_size=6), max_size=8).map("".join)


@given(_TEXTS)
@settings(deadline=None)
def test_the_list_is_the_difference_and_nothing_is_left(text: str) -> None:
    masked = MASKER.mask(text)
    assert len(masked.text) == len(text)
    listed = {place for mask in masked.masks for place in range(mask.start, mask.end)}
    assert len(listed) == sum(mask.end - mask.start for mask in masked.masks)
    for place, (before, after) in enumerate(zip(text, masked.text, strict=True)):
        assert after == (BLACK if place in listed else before)
    assert all(BLACK not in text[mask.start : mask.end] for mask in masked.masks)
    assert MASKER.mask(masked.text).masks == ()
    assert all(mask.kind.reason for mask in masked.masks)


def test_an_empty_list_is_refused() -> None:
    words = MaskWords(
        ("患者",),
        ("先生",),
        ("医生",),
        (),
        ("康复",),
        ("电话",),
        ("本人",),
        ("病历号",),
        ("家住",),
        ("未满",),
        ("以上",),
    )
    with pytest.raises(ValueError, match="surnames"):
        Masker(words)
