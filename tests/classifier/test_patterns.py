import pytest

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
