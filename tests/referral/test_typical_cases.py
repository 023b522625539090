"""Drafts of typical cases say what was done and not who it was."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st

from domain.outbox import Measure, Step, StepTaken
from domain.routing import Recipient
from referral.lead import ReferredLead
from referral.typical_cases import (
    Draft,
    TypicalCaseBroken,
    closed_between,
    draft_of,
    drafts_docx,
    load_case_words,
    measures_of,
)
from storage.leads.outbox import Package
from tests.referral.leads import LEAD, LEXICONS, REFERENCE

WORDS = load_case_words(LEXICONS)
NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


def package(*measures: Measure, at: datetime = NOW) -> Package:
    steps = [
        StepTaken(Step.APPROVED, "li", at, at, id=1),
        StepTaken(Step.SENT, "wang", at, at, channel="机要", id=2),
        StepTaken(Step.CLOSED, "wang", at, at, measures=measures, id=3),
    ]
    return Package(1, "1号", Recipient.AMR, at, "wang", "ab" * 32, (7,), (), tuple(steps))


def draft(lead: ReferredLead) -> str:
    return draft_of(lead, package(Measure.FINED, Measure.REMOVED), "市场监督管理部门", WORDS).text


def test_a_draft_says_what_was_said_and_done() -> None:
    text = draft(LEAD)
    assert (
        text.startswith("某门诊部在其")
        and "“治愈率达98%”" in text
        and "《中华人民共和国广告法》第十六条第一款第（二）项" in text
    )
    assert text.endswith("经移送，市场监督管理部门罚没款，删除信息。")


@pytest.mark.parametrize(
    ("basis", "cited"),
    [
        ("广告法9(3)", "《中华人民共和国广告法》第九条第（三）项"),
        ("医疗广告管理办法7(2)", "《医疗广告管理办法》第七条第（二）项"),
        ("认定指南8(5)", "有关规定"),
        ("广告法14(2)", "《中华人民共和国广告法》第十四条第二款"),
        ("广告法28(2)(3)", "《中华人民共和国广告法》第二十八条第二款第（三）项"),
        ("广告法46", "《中华人民共和国广告法》第四十六条"),
    ],
)
def test_an_item_is_no_paragraph(basis: str, cited: str) -> None:
    claim = replace(LEAD.claims[0], articles=(REFERENCE.cite(basis),))
    assert f"涉嫌违反{cited}。" in draft(replace(LEAD, claims=(claim,)))


def test_titles_of_laws_stay_whatever_the_page_is_called() -> None:
    claim = replace(LEAD.claims[0], articles=(REFERENCE.cite("医疗广告管理办法7(2)"),))
    text = draft(replace(LEAD, title="医疗广告", claims=(claim,)))
    assert "发布医疗广告，" in text and "《医疗广告管理办法》第七条第（二）项" in text


@given(st.text("甲乙丙示例云埠", min_size=3, max_size=8), st.sampled_from(["口腔门诊部", "医院", "美容会所", "公司"]))
def test_no_name_is_left_in_it(stem: str, end: str) -> None:
    name = f"{stem}{end}"
    claim = replace(LEAD.claims[0], quote=f"{name}治愈率达98%")
    lead = replace(LEAD, named=(name,), site_name=f"{name}官网", claims=(claim,))
    text = draft(lead)
    assert name not in text and "示例门诊部" not in text


def test_only_what_was_closed_with_a_measure_in_these_days() -> None:
    done, nothing = package(Measure.ORDERED), package(Measure.NOTHING)
    before = package(Measure.ORDERED, at=NOW - timedelta(days=40))
    day = date(2026, 11, 26)
    assert closed_between([done, nothing, before], day, day) == [done]
    assert measures_of(nothing) == ()


def test_the_file_opens_in_word_and_warns() -> None:
    document = Document(
        BytesIO(drafts_docx([Draft(7, "某医院\x00\u202e发布")], date(2026, 1, 1), date(2026, 12, 31), WORDS))
    )
    said = [paragraph.text for paragraph in document.paragraphs]
    assert said[1].startswith("草稿") and "\u202e" not in said[-1] and said[-1].startswith("某医院")
    empty = Document(BytesIO(drafts_docx([], date(2026, 1, 1), date(2026, 12, 31), WORDS)))
    assert "没有办结" in empty.paragraphs[-1].text


@pytest.mark.parametrize(
    "text", ["", "head = 1", 'sentence = "{who}"\nhead=""\ncaution=""\nelse=""\nquotes=1\nkinds=[]']
)
def test_broken_words_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "typical_case.toml").write_text(text, "utf-8")
    with pytest.raises(TypicalCaseBroken):
        load_case_words(tmp_path)
