"""Hostile text in every field of a hand-over, one field at a time: in letter, drafts, print, workbooks and CSV it stays text."""

import csv
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date
from io import BytesIO, StringIO
from xml.etree import ElementTree
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook

from crawler.rendering.print_page import print_pdf
from domain.institutions import RegisteredInstitution
from domain.outbox import Statement, StatementKind
from domain.reviews import FindingVerdict
from domain.routing import Recipient
from referral.checklist import FIELDS
from referral.lead import Confirmation, LeftOut, ReferredLead
from referral.letter import Consignment, letter_values
from referral.letter_files import letter_docx, letter_html
from referral.package import checklist_text, lists_of
from referral.recipients import RecipientCard
from referral.transfer_papers import paper_values
from tests.referral.leads import CARDS, LEAD, LEXICONS, LOOKS, RATE, SEEN, consignment, hostile

TEMPLATES = LEXICONS / "letters" / "referral"
EVIL = "=HYPERLINK(1)<script>alert(1)</script><w:p>&#x41;{{ 7*7 }}{% x %}\u202e\u2066\x00\x1b[31m\r\n@SUM(A1)"
_SIGNS = ("=", "+", "-", "@", "\t", "\r", "|", "%", "＝", "＋", "－", "＠")

_INSTITUTION = RegisteredInstitution(
    name=EVIL, source=EVIL, as_of=date(2026, 1, 1), aliases=(EVIL,), credit_code=EVIL, licence=EVIL, region=EVIL, address=EVIL,
    subjects=(EVIL,), domains=(EVIL,), accounts=(EVIL,),
)  # fmt: skip
#: By field of a lead: the lead with hostile text in that field alone.
LEADS: dict[str, Callable[[], ReferredLead]] = {
    "url": lambda: replace(LEAD, url=EVIL),
    "final_url": lambda: replace(LEAD, final_url=EVIL),
    "title": lambda: replace(LEAD, title=EVIL),
    "site_name": lambda: replace(LEAD, site_name=EVIL),
    "account": lambda: replace(LEAD, account=EVIL),
    "claims": lambda: replace(LEAD, claims=(replace(RATE, quote=EVIL, title=EVIL),)),
    "left_out": lambda: replace(
        LEAD, left_out=(LeftOut(replace(RATE, quote=EVIL, title=EVIL, rule=EVIL), FindingVerdict.NO),)
    ),
    "named": lambda: replace(LEAD, named=(EVIL,)),
    "contacts": lambda: replace(LEAD, contacts=(EVIL,)),
    "numbers": lambda: replace(
        LEAD, numbers=tuple((kind, EVIL) for kind in ("credit-code", "licence", "medical-ad", "product-ad"))
    ),
    "registered": lambda: replace(LEAD, registered=(_INSTITUTION,)),
    "target_institution": lambda: replace(LEAD, target_institution=EVIL),
    "target_region": lambda: replace(LEAD, target_region=EVIL),
    "confirmations": lambda: replace(LEAD, confirmations=(Confirmation(EVIL, SEEN), Confirmation(EVIL, SEEN))),
    "statements": lambda: replace(LEAD, statements=(Statement(StatementKind.DISPUTE, EVIL, SEEN, SEEN, EVIL),)),
    "looks": lambda: replace(
        LEAD, looks=tuple(replace(each, detail=EVIL, look=replace(each.look, copies=(EVIL,))) for each in LOOKS)
    ),
}
#: Not of a page's or a person's making: numbers, times, digests of ours and the lexicons' own words.
OURS = {
    "case_id", "published_at", "captured_at", "first_seen", "last_seen", "bundle", "bundle_sha256", "is_ad", "ad_basis",
    "confirmed_before", "plain_basis",
}  # fmt: skip


def _sent(field: str) -> Consignment:
    if field in LEADS:
        return consignment(Recipient.AMR, LEADS[field]())
    if field == "sender":
        return replace(consignment(), sender=EVIL)
    return replace(consignment(), told={field: EVIL}, card=_asking(field))


def _asking(field: str) -> RecipientCard:
    """The card of a recipient that asks for that."""
    return next(card for card in CARDS.values() if field in card.requires)


def test_no_field_is_forgotten() -> None:
    assert {field.name for field in fields(ReferredLead)} == set(LEADS) | OURS


@pytest.mark.parametrize("field", [*LEADS, "sender", *FIELDS])
def test_hostile_text_stays_text(field: str) -> None:
    sent = _sent(field)
    values, paper = letter_values(sent), paper_values(sent) | {"paper": "移送书"}
    for name, said in (("letter", values), *((f"paper-{key}", paper) for key in ("transfer", "report", "items"))):
        html = letter_html(TEMPLATES / f"{name}.html", said)
        assert "<script" not in html and "<w:p>" not in html and "HYPERLINK(1)49" not in html
        _require_plain_word(letter_docx(TEMPLATES / f"{name}.docx", said))
    for name, data in lists_of(sent).items():
        cells = _cells_of_workbook(data) if name.endswith(".xlsx") else _cells_of_csv(data)
        assert not [cell for cell in cells if cell.startswith(_SIGNS)], name
        assert all(map(_has_glyphs, cells)), name
    assert all(map(_has_glyphs, checklist_text(sent, transfer=bool(sent.card.papers)).splitlines()))


def test_the_print_of_hostile_text_does_nothing() -> None:
    sent = consignment(Recipient.AMR, hostile(EVIL), **dict.fromkeys(CARDS[Recipient.AMR].requires, EVIL))
    pdf = print_pdf(letter_html(TEMPLATES / "letter.html", letter_values(sent)), sandbox=False)
    assert pdf.startswith(b"%PDF")
    assert not [word for word in (b"/JavaScript", b"/JS ", b"/Launch", b"/URI", b"/EmbeddedFile") if word in pdf]


def _has_glyphs(text: str) -> bool:
    """Letters have wide blanks of their own."""
    return text.replace("\u3000", "").isprintable()


def _require_plain_word(data: bytes) -> None:
    """Well-formed, without fields, links to elsewhere, or characters that have no glyph."""
    with ZipFile(BytesIO(data)) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                tree = ElementTree.fromstring(archive.read(name))
                assert not [each for each in tree.iter() if each.get("TargetMode") == "External"], name
        body = ElementTree.fromstring(archive.read("word/document.xml"))
    assert not [each for each in body.iter() if each.tag.endswith(("}fldSimple", "}instrText", "}hyperlink"))]
    texts = [each.text for each in body.iter() if each.tag.endswith("}t") and each.text]
    assert all(map(_has_glyphs, texts))


def _cells_of_workbook(data: bytes) -> list[str]:
    book = load_workbook(BytesIO(data))
    assert book.active is not None
    cells = [cell for row in book.active.iter_rows() for cell in row]
    assert all(cell.data_type in ("s", "n") and cell.hyperlink is None for cell in cells)
    return [str(cell.value) for cell in cells if cell.value is not None]


def _cells_of_csv(data: bytes) -> list[str]:
    return [cell for row in csv.reader(StringIO(data.decode("utf-8-sig"), newline="")) for cell in row]
