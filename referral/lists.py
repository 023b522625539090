"""The lists of addresses, of evidence and of digests that go with a letter."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO

import xlsxwriter

from referral.checklist import to_the_minute
from referral.lead import ReferredLead
from referral.paper import in_cell

URL_HEADINGS = ("序号", "线索编号", "网址", "标题", "网站或账号", "当事人", "发布时间", "取证时间")
EVIDENCE_HEADINGS = ("序号", "线索编号", "位置（正文字序）", "内容原文", "事项", "涉嫌条款", "证据包 SHA-256")
_WIDEST = 60
Row = tuple[str, ...]


def url_rows(leads: Sequence[ReferredLead]) -> Iterable[Row]:
    for number, lead in enumerate(leads, 1):
        yield (
            str(number),
            str(lead.case_id),
            lead.url,
            lead.title,
            lead.account or lead.site_name,
            lead.subject.name,
            to_the_minute(lead.published_at),
            to_the_minute(lead.captured_at),
        )


def evidence_rows(leads: Sequence[ReferredLead]) -> Iterable[Row]:
    number = 0
    for lead in leads:
        for claim in lead.claims:
            number += 1
            yield (
                str(number),
                str(lead.case_id),
                f"{claim.start + 1}-{claim.end}",
                claim.quote,
                claim.title,
                "、".join(article.basis for article in claim.articles),
                lead.bundle_sha256,
            )


def as_csv(headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    """UTF-8 with a mark, as spreadsheet programs here expect; no cell is a formula."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([in_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(sheet_name: str, headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    """One sheet, every cell text. Rows are written as they come."""
    out = BytesIO()
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        # Two packages of the same leads differ in nothing else
        book.set_properties({"title": sheet_name, "author": "", "comments": ""})
        sheet = book.add_worksheet(sheet_name)
        bold = book.add_format({"bold": True, "bg_color": "#E8EEF4", "border": 1, "text_wrap": True})
        plain = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        for column, heading in enumerate(headings):
            sheet.set_column(column, column, min(_WIDEST, 6 + 3 * len(heading)))
            sheet.write_string(0, column, heading, bold)
        sheet.freeze_panes(1, 0)
        for place, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                sheet.write_string(place, column, in_cell(cell)[:32_767], plain)
    return out.getvalue()
