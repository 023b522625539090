"""The letter as people read it, and what hostile words do to it."""

import csv
import re
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from domain.outbox import Statement, StatementKind
from domain.routing import Recipient
from referral.checklist import check
from referral.letter import letter_values
from referral.letter_files import LetterTemplateBroken, letter_docx, letter_html, template_for
from referral.lists import (
    CASE_HEADINGS,
    EVIDENCE_HEADINGS,
    URL_HEADINGS,
    as_csv,
    as_xlsx,
    case_rows,
    evidence_rows,
    url_rows,
)
from referral.paper import in_cell, on_paper
from tests.referral.leads import CARDS, LEAD, LEXICONS, LOOKED_AT, PROMISE, RATE, REFERENCE, SEEN, consignment, hostile

TEMPLATES = LEXICONS / "letters" / "referral"
GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "<script>alert(1)</script>",
    "</td></table><img src=x onerror=alert(1)>",
    "{{ 7 * 7 }}{% for x in y %}",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "@SUM(A1)",
    "\t=1+1",
    "－2＋3",
    "a\x00b\x07c\x1b[31m",
    "好\u202e反\u2066\u200b",
    "\ud800半个",
    "行一\r\n行二\u2028行三",
    "&amp;<w:t>&#x41;",
    "长" * 100_000,
)


def _html(recipient: Recipient, **told: str) -> str:
    sent = consignment(recipient, **told)
    return letter_html(template_for(TEMPLATES, recipient, ".html"), letter_values(sent))


def _words(html: str) -> str:
    """What stands on the page, a line each for headings, paragraphs and cells."""
    body = html[html.index("<h1>") :]
    text = re.sub(r"<[^>]+>", "\n", body)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def _docx_words(data: bytes) -> str:
    """Every paragraph and cell, in the order of the document."""
    document = Document(BytesIO(data))
    texts = []
    for element in document.element.body.iter():
        if element.tag.endswith("}p"):
            texts.append("".join(part.text or "" for part in element.iter() if part.tag.endswith("}t")))
    return "\n".join(text.strip() for text in texts if text.strip()) + "\n"


@pytest.mark.parametrize(("recipient", "told"), [(Recipient.AMR, {}), (Recipient.NHC, {"staff": "未见登记"})])
def test_the_letter_word_by_word(recipient: Recipient, told: dict[str, str]) -> None:
    assert _words(_html(recipient, **told)) == (GOLDEN / f"{recipient}.txt").read_text("utf-8")


def test_the_date_is_written_as_on_official_letters() -> None:
    early = replace(consignment(), made_at=datetime(2027, 1, 4, 18, 0, tzinfo=UTC))
    assert letter_values(early)["date"] == "2027年1月5日"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 7, 4, 16, tzinfo=UTC), "2026-07-05"),
        (datetime(2026, 7, 4, 16, 5, tzinfo=UTC), "2026-07-05 00:05"),
        (None, ""),
    ],
)
def test_no_hour_is_told_where_the_page_says_a_day(at: datetime | None, told: str) -> None:
    lead = replace(LEAD, published_at=at)
    said = letter_values(consignment(Recipient.AMR, lead))["leads"][0]["published"]
    (row,) = url_rows([lead])
    assert said == (told or "页面未标注") and row[URL_HEADINGS.index("发布时间")] == told
    fields = {item.label: item.value for item in check(lead, CARDS[Recipient.CAC], {})}
    assert fields["发布时间"] == told


def test_the_word_file_says_what_the_print_says() -> None:
    sent = consignment(Recipient.AMR)
    said = _docx_words(letter_docx(TEMPLATES / "letter.docx", letter_values(sent)))
    printed = _words(_html(Recipient.AMR))
    assert re.sub(r"[\s—　]", "", said) == re.sub(r"[\s—　]", "", printed)


def test_both_forms_say_what_the_institution_said() -> None:
    statements = (
        Statement(StatementKind.DISPUTE, "wang", SEEN, SEEN, "称系第三方代运营"),
        Statement(StatementKind.CORRECTION, "wang", SEEN, SEEN, "称已删除\u202e"),
    )
    sent = consignment(Recipient.AMR, replace(LEAD, statements=statements))
    values = letter_values(sent)
    want = "当事人意见：当事人异议（2026-11-26 02:00）：称系第三方代运营；当事人称已更正（2026-11-26 02:00）：称已删除\ufffd。"
    assert want in letter_html(template_for(TEMPLATES, Recipient.AMR, ".html"), values)
    assert want in _docx_words(letter_docx(TEMPLATES / "letter.docx", values))


def test_both_forms_say_that_the_page_was_looked_at_since() -> None:
    sent = consignment(Recipient.AMR, LOOKED_AT)
    values = letter_values(sent)
    for said in (
        letter_html(TEMPLATES / "letter.html", values),
        _docx_words(letter_docx(TEMPLATES / "letter.docx", values)),
    ):
        assert "5．电子数据取证说明、复测记录；" in said
        assert "此前移送后复测 2 次，最近一次（2026-11-26 10:30）未见改动，曾下线或改正而再现，见复测记录" in said
    assert "复测" not in _html(Recipient.AMR)


def test_a_market_regulator_is_told_what_follows() -> None:
    assert letter_values(consignment())["liabilities"] == "《广告法》第五十八条"
    assert letter_values(consignment(Recipient.NHC))["liabilities"] == ""


def test_the_annex_says_what_each_article_says_and_explains_short_names() -> None:
    both = replace(
        RATE,
        articles=(REFERENCE.cite("广告法16(1)(2)"), REFERENCE.cite("三品一械办法"), REFERENCE.cite("三品一械办法2")),
    )
    laws = letter_values(consignment(Recipient.NHC, replace(LEAD, claims=(both,))))["laws"]
    assert [(law["name"][:9], law["short"]) for law in laws] == [
        ("中华人民共和国广告", ""), ("药品、医疗器械、保", "三品一械办法"), ("医疗广告认定指南", "认定指南"),
    ]  # fmt: skip
    assert [article["number"] for article in laws[1]["articles"]] == ["全文", "第二条"]
    assert laws[0]["articles"][0]["point"] == REFERENCE.cite("广告法16(1)(2)").point


def test_who_answers_for_the_letter_is_told_or_named_as_lacking() -> None:
    assert letter_values(consignment())["liaison"] == "（待填写）"
    assert letter_values(consignment(liaison="李某，000-00001234"))["liaison"] == "李某，000-00001234"


@pytest.mark.parametrize("recipient", Recipient)
def test_no_letter_has_words_or_numbers_of_our_own(recipient: Recipient) -> None:
    sent = replace(consignment(), card=CARDS[recipient])
    printed = _words(letter_html(template_for(TEMPLATES, recipient, ".html"), letter_values(sent)))
    assert not re.search(r"[\u4e00-\u9fff]\d+\(\d|cure-|推销页|好转话", printed)
    assert set(re.findall("[A-Za-z]{2,}", printed.replace(LEAD.final_url, "").replace(LEAD.url, ""))) <= {
        "SHA",
        "ab" * 32,
    }


def test_pages_are_numbered_and_rows_stay_whole() -> None:
    html = _html(Recipient.AMR)
    assert (
        'content: "第 " counter(page) " 页，共 " counter(pages) " 页"' in html and "tr { break-inside: avoid }" in html
    )
    with ZipFile(TEMPLATES / "letter.docx") as archive:
        footers = "".join(archive.read(name).decode() for name in archive.namelist() if name.startswith("word/footer"))
        body = archive.read("word/document.xml").decode()
    assert " PAGE " in footers and " NUMPAGES " in footers
    assert body.count("<w:cantSplit/>") == body.count("<w:tr>") and body.count("<w:tblHeader/>") == 3


def test_a_letter_accuses_nobody() -> None:
    printed = _words(_html(Recipient.AMR))
    assert "涉嫌" in printed and "是否违法由贵单位依法认定" in printed
    assert "未能核验" in printed and "统一社会信用代码" in printed


def test_the_cyberspace_office_is_told_when_nobody_has_given_an_opinion() -> None:
    post = replace(LEAD, account="demo_xxxx", site_name="")
    without = letter_values(consignment(Recipient.CAC, post))
    assert without["opinion"] == "未定性，供研判"
    with_opinion = letter_values(consignment(Recipient.CAC, post, opinion="某卫函〔2026〕1号"))
    assert with_opinion["opinion"] == "某卫函〔2026〕1号"


def test_a_matter_stands_once_with_all_its_places() -> None:
    other = replace(PROMISE, start=RATE.start, end=RATE.end, quote=RATE.quote)
    values = letter_values(consignment(Recipient.AMR, replace(LEAD, claims=(RATE, other, PROMISE))))
    rate, promise = values["leads"][0]["matters"]
    assert [place["quote"] for place in rate["places"]] == ["治愈率达98%"]
    assert [place["quote"] for place in promise["places"]] == ["治愈率达98%", "无效退款"]
    assert (rate["articles"], promise["articles"]) == (
        "《广告法》第十六条第一款第（二）项",
        "《广告法》第十六条第一款第（一）项",
    )


def test_what_does_not_fit_into_the_letter_is_counted() -> None:
    claims = tuple(replace(RATE, start=number, end=number + 1) for number in range(19))
    others = tuple(replace(PROMISE, title=f"事项{number}", severity=1) for number in range(9))
    (lead,) = letter_values(consignment(Recipient.AMR, replace(LEAD, claims=(*others, *claims))))["leads"]
    first = lead["matters"][0]
    assert (first["said"], len(first["places"]), first["more_places"]) == (RATE.title, 4, 15)
    assert (len(lead["matters"]), lead["other_matters"]) == (8, "事项7；事项8")
    assert lead["named"] == f"{RATE.title}；事项0；事项1；等 10 项"


def test_places_that_overlap_are_one() -> None:
    whole = replace(RATE, start=8, end=15, quote="治愈率达98%")
    inner = replace(whole, start=11, end=15, quote="达98%"[1:])
    after = replace(whole, start=12, end=20, quote="98%，绝不复发"[:8])
    apart = replace(PROMISE, title=RATE.title)
    (lead,) = letter_values(consignment(Recipient.AMR, replace(LEAD, claims=(apart, inner, after, whole))))["leads"]
    (matter,) = lead["matters"]
    assert [place["place"] for place in matter["places"]] == ["第9至20字", "第22至25字"]
    assert matter["places"][0]["quote"] == "治愈率达98%，绝不复发"


def test_what_is_the_recipients_comes_first_and_is_said_to_be() -> None:
    theirs = replace(PROMISE, recipients=("amr", "nmpa"), severity=1)
    sent = consignment(Recipient.NMPA, replace(LEAD, claims=(RATE, theirs)))
    (lead,) = letter_values(sent)["leads"]
    assert [matter["said"] for matter in lead["matters"]] == [PROMISE.title, RATE.title]
    assert lead["remit"] == "下表第 1 项涉及贵单位职责"
    (lead,) = letter_values(consignment(Recipient.AMR))["leads"]
    assert lead["remit"] == "下表所列各项由贵单位主办"


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_words_stay_words(text: str) -> None:
    sent = consignment(Recipient.AMR, hostile(text), cost=text, repeat=text)
    values = letter_values(sent)
    html = letter_html(TEMPLATES / "letter.html", values)
    assert html.count("<table") == (TEMPLATES / "letter.html").read_text("utf-8").count("<table")
    assert "<script" not in html and "<img" not in html
    data = letter_docx(TEMPLATES / "letter.docx", values)
    with ZipFile(BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(archive.read(name))
    assert on_paper(text) in "".join(_docx_words(data).split("\n")) or len(text) > 1000 or not on_paper(text)


def test_an_office_is_not_named_by_the_code_of_its_region() -> None:
    values = letter_values(consignment(Recipient.AMR, replace(LEAD, target_region="110105")))
    assert values["recipient"] == "市场监督管理部门"
    assert "所在地：行政区划代码 110105（" in values["leads"][0]["seat"]


def test_what_is_no_advertisement_is_held_against_no_advertising_law() -> None:
    card = CARDS[Recipient.NHC]
    assert card.plain is not None
    naming = replace(RATE, title="不规范命名", articles=(REFERENCE.cite("医疗机构管理条例实施细则41"),))
    plain = replace(LEAD, is_ad=False, ad_basis=(), claims=(RATE, naming)).as_plain(
        card.plain.without, REFERENCE.cite(card.plain.basis)
    )
    alone = letter_values(consignment(Recipient.NHC, plain))
    assert alone["title"] == "医疗机构信息公开、医疗科普内容问题线索通报"
    assert "责令相关医疗机构及时整改" in alone["request"] and alone["articles_head"] == "有关规定"
    assert (alone["duties"], alone["guides"]) == (
        "《医疗机构管理条例实施细则》第四十一条",
        "《医疗广告认定指南》第九条",
    )
    words = _words(letter_html(template_for(TEMPLATES, Recipient.NHC, ".html"), alone))
    assert "第十六条" not in words and "违法发布医疗广告" not in words and "涉嫌违反的规定" not in words
    (asked,) = [item for item in check(plain, card, {}) if item.label == "所涉条款"]
    assert (
        asked.value
        == "《医疗机构管理条例实施细则》第四十一条（不构成广告，不适用广告法律法规：《医疗广告认定指南》第九条）"
    )
    (reviewed,) = [item for item in check(plain, card, {}) if item.label == "审查证明文号核验"]
    assert reviewed.value == "不适用：不构成广告，发布前无须审查"
    both = letter_values(consignment(Recipient.NHC, LEAD, plain))
    assert both["title"] == "涉嫌违法执业、违法发布医疗广告和信息公开、科普内容问题线索通报"
    assert both["request"] == card.request + card.plain.request
    assert both["duties"].startswith("《广告法》第十六条第一款第（一）项、第（二）项；")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:12]))
def test_hostile_words_are_no_formulae(text: str) -> None:
    leads = [hostile(text)]
    for headings, rows in ((URL_HEADINGS, url_rows), (EVIDENCE_HEADINGS, evidence_rows)):
        book = load_workbook(BytesIO(as_xlsx("清单", headings, rows(leads))))
        assert book.active is not None
        cells = [cell for row in book.active.iter_rows() for cell in row]
        assert all(cell.data_type in ("s", "n") and cell.hyperlink is None for cell in cells)
        assert not any(cell.data_type == "f" for cell in cells)
        read = list(csv.reader(StringIO(as_csv(headings, rows(leads)).decode("utf-8-sig"), newline="")))
        assert len(read) == 2 and len(read[1]) == len(headings)
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")) for cell in read[1])


def test_a_place_is_no_date_to_a_spreadsheet() -> None:
    """9-15 in CSV is shown as the 15th of September, and saved so."""
    rows = csv.DictReader(StringIO(as_csv(EVIDENCE_HEADINGS, evidence_rows([LEAD])).decode("utf-8-sig"), newline=""))
    assert [row["位置（正文字序）"] for row in rows] == ["第 9 至 15 字", "第 22 至 25 字"]


@given(st.text(max_size=60))
def test_any_text_on_paper_is_printable_and_on_one_line(text: str) -> None:
    plain = on_paper(text)
    assert plain.isprintable() and "\n" not in plain
    assert on_paper(plain) == plain
    assert in_cell(text) in (plain, f"'{plain}")


def test_a_template_that_names_something_unknown_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.html").write_text("{{ colour }}", "utf-8")
    with pytest.raises(LetterTemplateBroken, match="colour"):
        letter_html(tmp_path / "letter.html", letter_values(consignment()))
    document = Document()
    document.add_paragraph("{{ colour }}")
    document.save(str(tmp_path / "letter.docx"))
    with pytest.raises(LetterTemplateBroken, match="colour"):
        letter_docx(tmp_path / "letter.docx", letter_values(consignment()))
    (tmp_path / "broken.docx").write_bytes(b"no archive")
    with pytest.raises(LetterTemplateBroken, match=r"broken\.docx"):
        letter_docx(tmp_path / "broken.docx", letter_values(consignment()))


def test_a_template_cannot_reach_beyond_what_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "letter.html").write_text("{{ ''.__class__.__mro__[1].__subclasses__() }}", "utf-8")
    with pytest.raises(LetterTemplateBroken):
        letter_html(tmp_path / "letter.html", letter_values(consignment()))


def test_a_template_takes_the_style_of_its_folder_and_nothing_outside_it(tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (tmp_path / "secret.html").write_text("not for letters", "utf-8")
    letter = folder / "letter-amr.html"
    letter.write_text('{% include "style.html" %}{{ title }}', "utf-8")
    with pytest.raises(LetterTemplateBroken, match=r"letter-amr\.html.*style\.html"):
        letter_html(letter, letter_values(consignment()))
    (folder / "style.html").write_text("<style>p { color: #123 }</style>", "utf-8")
    assert letter_html(letter, letter_values(consignment())).startswith("<style>p { color: #123 }</style>")
    letter.write_text('{% include "../secret.html" %}', "utf-8")
    with pytest.raises(LetterTemplateBroken):
        letter_html(letter, letter_values(consignment()))


def test_a_recipient_may_have_a_template_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "letter-amr.docx").touch()
    assert template_for(tmp_path, "amr", ".docx").name == "letter-amr.docx"
    assert template_for(tmp_path, "nhc", ".docx").name == "letter.docx"


def test_leads_beyond_what_a_letter_holds_are_counted_and_listed() -> None:
    leads = [replace(LEAD, case_id=number) for number in range(1, 54)]
    sent = consignment(Recipient.AMR, *leads)
    values = letter_values(sent)
    assert (len(values["leads"]), values["more_leads"]) == (50, 3)
    said = "另有 3 条线索，逐条情况见附件《线索情况表》，证据见《证据目录》。"
    assert said in _words(letter_html(TEMPLATES / "letter.html", values))
    assert said in _docx_words(letter_docx(TEMPLATES / "letter.docx", values))
    rows = list(case_rows(sent))
    assert [row[1] for row in rows] == [str(lead.case_id) for lead in leads]
    assert all(len(row) == len(CASE_HEADINGS) and "统一社会信用代码（可查：" in row[9] for row in rows)


def test_the_date_of_a_letter_has_no_leading_zeros() -> None:
    """GB/T 9704-2012 7.3.5.4: 月、日不编虚位. It is the day in Beijing."""
    made = replace(consignment(), made_at=datetime(2026, 3, 4, 16, 30, tzinfo=UTC))
    assert letter_values(made)["date"] == "2026年3月5日"
