import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.patterns import UnsafePattern, alternation, compile_pattern


@pytest.mark.parametrize(
    "text",
    [
        r"(?:治愈|有效)率.{0,8}?\d{2,3}%",
        r"[一二三]+代",
        r"a*b",
        r"(?:第\d{1,3}代){1,3}",
        r"没有(?:任何)?副作用(?!的证据)",
        r"(?<!不)保证",
    ],
)
def test_bounded_patterns_compile(text: str) -> None:
    assert compile_pattern(text).pattern == text


@pytest.mark.parametrize(
    "text", [r"(a+)+b", r"(?:ab)*c", r"(?:a{1,9}b?){2,9}c", r".{0,500}x", r"a{2,}(?:b|c+)*", r"(", r"a?", r"(?=a)"]
)
def test_runaway_or_broken_patterns_are_refused(text: str) -> None:
    with pytest.raises(UnsafePattern):
        compile_pattern(text)


@pytest.mark.parametrize(
    "text",
    [
        r".{0,120}.{0,120}.{0,120}x",
        r"\w+\w+\w+治",
        "(?:治|治愈|治.)" * 20 + "x",
        r"(?:[一-龥]{1,9}的?){1,4}{1,4}x",
        r"\s*" * 20 + "x",
        r"(?=.{0,99}a.{0,99}b.{0,99}c)x",
    ],
)
def test_patterns_that_could_share_out_a_text_in_too_many_ways_are_refused(text: str) -> None:
    with pytest.raises(UnsafePattern):
        compile_pattern(text)


@pytest.mark.parametrize(
    "text", [r".{0,30}治.{0,30}愈", "(?:治|愈|根)" * 30, r"\d{1,3}\s*%\s*以上", r"(?:医院|医生|医师){1,3}"]
)
def test_ordinary_patterns_are_not_refused(text: str) -> None:
    assert compile_pattern(text).pattern == text


def test_alternation_prefers_the_longest_literal() -> None:
    pattern = alternation(["第一", "第一人民", r"re:\d{2}条", "a.b"])
    assert pattern is not None
    assert [match.group() for match in pattern.finditer("第一人民 第一 12条 a.b axb")] == [
        "第一人民",
        "第一",
        "12条",
        "a.b",
    ]
    assert alternation([]) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "(?<!不是)(?<!并非)智商税",
        "(?<![专国])家电(?!话)",
        "(?<=专)家电",
        "(?<!无)污染?物",
        "(?<=不|并)是非|智商",
        "家电(?!话)",
        "(?<!不)[是非]",
    ],
)
@given(text=st.text(alphabet="不是并非智商税专国家电话无污染物", max_size=24), start=st.integers(0, 6))
def test_what_must_not_stand_before_a_word_is_found_from_the_word(pattern: str, text: str, start: int) -> None:
    """`alternation` turns such patterns round, for speed; they find the same, also from the middle of a text on."""
    turned = alternation([f"re:{pattern}"])
    assert turned is not None
    plain = re.compile(pattern)
    assert [one.span() for one in turned.finditer(text, start)] == [one.span() for one in plain.finditer(text, start)]


def test_an_alternation_begins_with_literals_whatever_looks_back() -> None:
    turned = alternation(["骗局", "re:(?<!放松)警惕", "re:(?<![专国])家电(?!话)"])
    assert turned is not None and "(?:(?<!" not in turned.pattern
