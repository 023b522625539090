"""Sketches of texts, and versions of a page."""

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.sameness import (
    BANDS,
    NEAR_SHARE,
    SLOTS,
    _shingles,
    band_keys,
    likeness,
    likenesses,
    sketch_of,
    text_digest,
)
from domain.versions import Sighting, TextChange, VersionState, page_versions, sentences, text_changes

HANZI = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
SLOT = st.one_of(st.sampled_from([0, 1, 0x7FFF, 0x8000, 0xFFFF]), st.integers(0, 0xFFFF))
SLOTS_OF_SKETCH = st.lists(SLOT, min_size=SLOTS, max_size=SLOTS).map(
    lambda slots: "".join(f"{slot:04x}" for slot in slots)
)
LONG = st.text(HANZI, min_size=200, max_size=500)
NOTICE = (
    "示例门诊部坐落在示例市示例路一号，设有内科、外科、口腔科和检验科，周一至周日接诊。初次来院请携带身份证件，"
    "在一楼大厅取号后到二楼候诊。检验报告一般在两小时内取得，也可以在自助机上打印。夜间急诊请走东门。"
)


@given(st.text(max_size=300))
def test_a_sketch_depends_on_the_text_alone(text: str) -> None:
    sketch = sketch_of(text)
    assert sketch == sketch_of(text)
    assert len(sketch) in (0, SLOTS * 4)
    assert likeness(sketch, sketch) == (1.0 if sketch else 0.0)
    assert len(band_keys(sketch)) == (BANDS if sketch else 0)
    assert all(0 <= key < 2**31 for key in band_keys(sketch))


@given(st.lists(st.tuples(SLOT, SLOT), min_size=SLOTS, max_size=SLOTS))
def test_likeness_is_the_share_of_equal_slots(pairs: list[tuple[int, int]]) -> None:
    one, other = ("".join(f"{slot:04x}" for slot in slots) for slots in zip(*pairs, strict=True))
    assert likeness(one, other) == sum(mine == theirs for mine, theirs in pairs) / SLOTS


@given(
    st.text(st.one_of(HANZI, st.sampled_from("，。aΣς\u0301\u1100\u1161①㎏Ａ９\ud800"), st.characters()), max_size=80),
    st.integers(0, 9),
)
def test_letters_are_those_of_the_text_in_compatibility_form(text: str, long: int) -> None:
    text += "甲a\u0301" * long
    letters = "".join(filter(str.isalpha, unicodedata.normalize("NFKC", text).lower()))
    expected = {letters[start : start + 4] for start in range(len(letters) - 3)}
    assert _shingles(text) == expected


@given(SLOTS_OF_SKETCH, st.lists(st.one_of(st.just(""), SLOTS_OF_SKETCH)))
def test_a_sketch_is_compared_with_many_as_with_each(one: str, others: list[str]) -> None:
    assert list(likenesses(one, others)) == [likeness(one, other) for other in others]


@given(LONG, st.data())
@settings(max_examples=60)
def test_a_small_edit_keeps_texts_near_and_findable(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    inserted = data.draw(st.text(HANZI, min_size=1, max_size=2))
    before, after = sketch_of(text), sketch_of(text[:place] + inserted + text[place:])
    if before:
        assert likeness(before, after) >= NEAR_SHARE
        assert set(band_keys(before)) & set(band_keys(after))


@given(
    st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x6FFF), min_size=100),
    st.text(st.characters(min_codepoint=0x7000, max_codepoint=0x9FA5), min_size=100),
)
@settings(max_examples=30)
def test_texts_with_nothing_in_common_are_far_apart(one: str, other: str) -> None:
    assert likeness(sketch_of(one), sketch_of(other)) < NEAR_SHARE


def test_what_differs_in_numbers_only_is_near() -> None:
    assert likeness(sketch_of(NOTICE + "阅读 17 次"), sketch_of(NOTICE + "阅读 230 次")) == 1.0


def test_short_texts_have_no_sketch() -> None:
    assert sketch_of("暂无内容，敬请期待") == ""
    assert band_keys("") == ()
    assert likeness("", "") == 0.0


def test_a_digest_does_not_see_blanks() -> None:
    assert text_digest("甲 乙\n\n丙") == text_digest("甲乙\t丙")
    assert text_digest("甲乙丙") != text_digest("甲乙丁")


FIRST, CONFIRMED, UNCONFIRMED, ROTATING = (
    VersionState.FIRST,
    VersionState.CONFIRMED,
    VersionState.UNCONFIRMED,
    VersionState.ROTATING,
)


@pytest.mark.parametrize(
    ("seen", "states"),
    [
        ("", ()),
        ("A", (FIRST,)),
        ("AB", (FIRST, UNCONFIRMED)),
        ("ABB", (FIRST, CONFIRMED)),
        ("AABBA", (FIRST, CONFIRMED)),
        ("AABBAA", (FIRST, CONFIRMED)),
        ("ABC", (FIRST, UNCONFIRMED, UNCONFIRMED)),
        ("ABA", (FIRST, ROTATING)),
        ("ABABAB", (FIRST, ROTATING)),
        ("ABCABC", (FIRST, ROTATING, ROTATING)),
        ("ABBAABBABBA", (FIRST, ROTATING)),
        ("AABBCCB", (FIRST, CONFIRMED, CONFIRMED)),
        ("ABBCCBC", (FIRST, ROTATING, CONFIRMED)),
    ],
)
def test_a_change_counts_after_it_was_seen_twice_running(seen: str, states: tuple[VersionState, ...]) -> None:
    now = datetime(2026, 11, 25, tzinfo=UTC)
    versions = page_versions(
        Sighting(number, digest, now + timedelta(days=number)) for number, digest in enumerate(seen)
    )
    assert tuple(version.state for version in versions) == states
    assert [version.digest for version in versions] == sorted(set(seen))
    assert sum(version.sightings for version in versions) == len(seen)
    for version in versions:
        assert version.page_id == seen.index(version.digest)
        assert version.last_seen == now + timedelta(days=seen.rindex(version.digest))


def test_changes_are_told_by_sentence() -> None:
    before = "本院设内科。周一接诊。\n夜间急诊走东门！"
    after = "本院设内科。周一至周日接诊。\n夜间急诊走东门！欢迎来院。"
    assert text_changes(before, after) == (
        TextChange(("周一接诊。",), ("周一至周日接诊。",)),
        TextChange((), ("欢迎来院。",)),
    )


@given(st.lists(st.sampled_from(["甲。", "乙。", "丙！", "丁\n"])), st.lists(st.sampled_from(["甲。", "戊。", "丁\n"])))
def test_changes_say_all_that_came_and_went(one: list[str], other: list[str]) -> None:
    before, after = "".join(one), "".join(other)
    changes = text_changes(before, after)
    removed = sum(len(change.removed) for change in changes)
    added = sum(len(change.added) for change in changes)
    assert len(sentences(after)) - len(sentences(before)) == added - removed
    assert (changes == ()) == (sentences(before) == sentences(after))
