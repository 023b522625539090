"""Doctors whom a text names: forms of speech that count, words that look like names and are none."""

from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.practitioners import PractitionerBook, PractitionerLists, in_words, named_practitioners, seen_on_pages
from yiguang.lexicon_books import load_practitioner_book

DAY = date(2026, 11, 1)


@cache
def book() -> PractitionerBook:
    return load_practitioner_book(Path(__file__).parents[1] / "lexicons")


def named(text: str) -> list[tuple[str, str]]:
    return [(item.name, item.title) for item in named_practitioners(text, book())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("主任医师 李云屿", [("李云屿", "主任医师")]),
        ("专家：王禾，副主任医师，擅长颈椎病。", [("王禾", "副主任医师")]),
        ("赵青岚（主治中医师）\n每周二坐诊", [("赵青岚", "主治中医师")]),
        ("主任医师：周远岫、主治医师：沈澄", [("周远岫", "主任医师"), ("沈澄", "主治医师")]),
        ("欧阳清屿医生坐诊", [("欧阳清屿", "医生")]),
        (
            "姜允恒 临床 内科专业 主治医师\n卓言川 中医 中医专业 副主任医师",
            [("姜允恒", "主治医师"), ("卓言川", "副主任医师")],
        ),
        ("张某某 主任医师\n李某 主治医师", [("张某某", "主任医师"), ("李某", "主治医师")]),
    ],
)
def test_forms_that_name_a_doctor(text: str, expected: list[tuple[str, str]]) -> None:
    assert named(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "主任医师 周一、周三出诊",
        "全科医生团队，家庭医生签约",
        "主任医师团队轮流坐诊",
        "钱医生 副主任医师",
        "林主治医师",
        "白天 门诊 夜间 急诊 主任医师",
        "常规 检查 项目 主治医师",
        "请听从医生安排，安全第一",
        "乡村医生 高级医师",
        "本科室有副主任医师三名、主治医师五名",
        "",
    ],
)
def test_words_that_are_no_names(text: str) -> None:
    assert named(text) == []


def test_what_no_list_has_is_a_question_and_without_a_list_nothing_is_said() -> None:
    doctors = named_practitioners("主任医师 李云屿\n主治医师 沈澄", book())
    listed = PractitionerLists((("市卫健委", DAY, 12),), frozenset({"沈澄"}))
    said = in_words(doctors, listed)
    assert "李云屿（主任医师）" in said and "沈澄" not in said and "市卫健委，2026-11-01，载 12 人" in said
    assert in_words(doctors, PractitionerLists((), frozenset())) == ""
    assert in_words(doctors, PractitionerLists(listed.lists, frozenset({"李云屿", "沈澄"}))) == ""


def test_pages_are_gathered_by_name() -> None:
    pages = [("https://a.example/1", "主任医师 李云屿"), ("https://a.example/2", "李云屿主任医师、沈澄医生")]
    assert seen_on_pages(pages, book()) == {
        "李云屿": ("主任医师", ("https://a.example/1", "https://a.example/2")),
        "沈澄": ("医生", ("https://a.example/2",)),
    }


@given(st.text(alphabet="主任医师副治 李王赵云屿一周：、（）\n生大夫教授abc", max_size=80))
def test_names_lie_where_they_are_said_to(text: str) -> None:
    for item in named_practitioners(text, book()):
        assert text[item.start : item.end] == item.name and 2 <= len(item.name) <= 4
