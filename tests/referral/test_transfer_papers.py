"""The drafts that go with a case which an authority transfers to the police."""

import re
import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from domain.routing import Recipient
from referral.letter import LEADS_SHOWN
from referral.letter_files import letter_docx, letter_html
from referral.package import checklist_text
from referral.transfer_papers import BLANK, DRAFT, paper_values
from tests.referral.leads import CARDS, LEAD, LEXICONS, RATE, consignment, hostile
from tests.referral.test_letter import HOSTILE, _docx_words, _words

TEMPLATES = LEXICONS / "letters" / "referral"
GOLDEN = Path(__file__).parent / "golden"
POLICE = replace(consignment(), card=CARDS[Recipient.POLICE])
PAPERS = CARDS[Recipient.POLICE].papers


def _values(key: str, **told: str) -> dict[str, object]:
    return paper_values(replace(POLICE, told=told)) | {"paper": dict(PAPERS)[key] + DRAFT}


@pytest.mark.parametrize("key", [key for key, _ in PAPERS])
def test_each_paper_word_by_word(key: str) -> None:
    words = _words(letter_html(TEMPLATES / f"paper-{key}.html", _values(key, crime="虚假广告罪")))
    assert words == (GOLDEN / f"paper-{key}.txt").read_text("utf-8")
    assert key == "items" or "涉嫌" in words
    word_file = _docx_words(letter_docx(TEMPLATES / f"paper-{key}.docx", _values(key, crime="虚假广告罪")))
    assert re.sub(r"[\s—　]", "", word_file) == re.sub(r"[\s—　]", "", words)


def test_the_report_counts_what_it_has_no_room_for() -> None:
    claims = tuple(replace(RATE, start=number, end=number + 1) for number in range(19))
    leads = [replace(LEAD, claims=claims), *[LEAD] * LEADS_SHOWN]
    sent = replace(POLICE, leads=leads, routes=[*POLICE.routes] * len(leads))
    values = paper_values(sent) | {"paper": "情况调查报告"}
    for said in (
        _words(letter_html(TEMPLATES / "paper-report.html", values)),
        _docx_words(letter_docx(TEMPLATES / "paper-report.docx", values)),
    ):
        assert "另有 15 处，见证据目录" in said and "另有 1 条线索，逐条情况见附件《线索情况表》" in said


def test_the_word_templates_are_what_is_made_anew(tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "deploy" / "make_letter_template.py"
    subprocess.run([sys.executable, script, tmp_path], check=True)
    made = sorted(tmp_path.glob("*.docx"))
    assert [path.name for path in made] == sorted(path.name for path in TEMPLATES.glob("*.docx"))
    for path in made:
        assert _docx_words(path.read_bytes()) == _docx_words((TEMPLATES / path.name).read_bytes())


def test_what_only_the_authority_can_say_is_left_to_it() -> None:
    words = _words(letter_html(TEMPLATES / "paper-transfer.html", _values("transfer")))
    assert f"文号：{BLANK}" in words and f"涉案金额：{BLANK}" in words
    sheet = checklist_text(POLICE, transfer=True)
    for title in ("涉嫌犯罪案件移送书", "涉嫌犯罪案件情况调查报告", "涉案物品清单"):
        assert f"[草稿] {title}" in sheet
    assert "[缺] 有关检验报告或者鉴定结论" in sheet and "草稿中待填：文号、负责人姓名与批准日期" in sheet
    assert "[草稿]" not in checklist_text(POLICE)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
@pytest.mark.parametrize("key", [key for key, _ in PAPERS])
def test_hostile_words_stay_words(key: str, text: str) -> None:
    lead = hostile(text)
    sent = replace(
        consignment(Recipient.AMR, lead),
        card=CARDS[Recipient.POLICE],
        told=dict.fromkeys(("crime", "amount", "victims"), text),
    )
    values = paper_values(sent) | {"paper": "移送书"}
    html = letter_html(TEMPLATES / f"paper-{key}.html", values)
    plain = letter_html(TEMPLATES / f"paper-{key}.html", _values(key))
    assert "<script" not in html and "<img" not in html
    assert html.count("<table") <= plain.count("<table")
    Document(BytesIO(letter_docx(TEMPLATES / f"paper-{key}.docx", values)))
