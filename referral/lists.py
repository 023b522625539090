"""The lists of addresses, of evidence and of digests that go with a letter."""

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from unicodedata import east_asian_width

import xlsxwriter

from domain.institutions import shown_party
from referral.checklist import published, to_the_minute
from referral.citing import cited_together
from referral.lead import ReferredLead
from referral.letter import Consignment, lead_values
from referral.paper import in_cell

URL_HEADINGS = ("序号", "线索编号", "网址", "标题", "网站或账号", "当事人", "发布时间", "取证时间（北京时间）")
EVIDENCE_HEADINGS = (
    "序号", "线索编号", "网址", "取证时间（北京时间）", "位置（正文字序）", "内容原文", "涉嫌事项", "所涉条款", "证据包 SHA-256", "监测规则（内部编号）",
)  # fmt: skip
CASE_HEADINGS = (
    "序号", "线索编号", "当事人", "媒介、发布者", "是否广告", "移送理由", "管辖", "审核", "已做核验", "未能核验", "当事人意见",
)  # fmt: skip
#: Columns that hold more than their heading tells, in widths of a digit.
_WIDTHS = {
    "网址": 30, "标题": 36, "内容原文": 40, "涉嫌事项": 26, "所涉条款": 36, "证据包 SHA-256": 24, "网站或账号": 24,
    "当事人": 24, "发布时间": 17, "取证时间（北京时间）": 17, "监测规则（内部编号）": 20, "编号": 24, "接收部门": 22, "进展": 20, "制作": 17, "寄送": 17, "到期": 17,
    "最近一步": 44, "期限": 44, "情况": 18, "媒介、发布者": 24, "是否广告": 20, "移送理由": 26, "管辖": 24,
    "审核": 24, "已做核验": 50, "未能核验": 32, "当事人意见": 24, "告知": 34, "怎么办": 44, "依据": 40,
}  # fmt: skip
_LINE_POINTS = 15
_TALLEST_POINTS = 400  # what a workbook allows is 409
Row = tuple[str, ...]


def url_rows(leads: Sequence[ReferredLead]) -> Iterable[Row]:
    for number, lead in enumerate(leads, 1):
        yield (
            str(number),
            str(lead.case_id),
            lead.url,
            lead.title,
            lead.account or lead.site_name,
            shown_party(lead.subject.name),
            published(lead),
            to_the_minute(lead.captured_at),
        )


def case_rows(consignment: Consignment) -> Iterable[Row]:
    """What the letter says of each lead, also of those for which it has no room."""
    for number, lead, route in consignment.numbered():
        said = lead_values(number, lead, route, consignment.card, consignment.told)
        yield (
            str(number),
            str(lead.case_id),
            said["subject"],
            f"{said['medium']}；{said['publisher']}",
            f"{said['is_ad']}（{said['ad_basis']}）",
            said["reasons"],
            said["seat"],
            said["confirmed"],
            "；".join(f"{item['label']}：{item['value']}" for item in said["checked"]),
            "；".join(f"{item['label']}（可查：{item['how']}）" for item in said["missing"]),
            "；".join(f"{item['kind']}（{item['at']}）：{item['text']}" for item in said["statements"]),
        )


def evidence_rows(leads: Sequence[ReferredLead]) -> Iterable[Row]:
    number = 0
    for lead in leads:
        for claim in lead.claims:
            number += 1
            yield (
                str(number),
                str(lead.case_id),
                lead.url,
                to_the_minute(lead.captured_at),
                f"第 {claim.start + 1} 至 {claim.end} 字",  # a spreadsheet takes 9-15 in CSV for a date
                claim.quote,
                claim.title,
                cited_together(claim.articles),
                lead.bundle_sha256,
                claim.rule,
            )


def as_csv(headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    """UTF-8 with a mark, as spreadsheet programs here expect; no cell is a formula."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([in_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(sheet_name: str, headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    """One sheet, every cell text, to be printed across one page. Rows are written as they come."""
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
        sheet.set_landscape()
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)  # inches
        sheet.set_footer("&C第 &P 页，共 &N 页")
        sheet.repeat_rows(0)
        widths = [_WIDTHS.get(heading, 4 + 2 * len(heading)) for heading in headings]
        for column, heading in enumerate(headings):
            sheet.set_column(column, column, widths[column])
            sheet.write_string(0, column, heading, bold)
        sheet.freeze_panes(1, 0)
        for place, row in enumerate(rows, 1):
            lines = max((_lines(cell, width) for cell, width in zip(row, widths, strict=True)), default=1)
            sheet.set_row(place, min(_TALLEST_POINTS, _LINE_POINTS * lines))
            for column, cell in enumerate(row):
                sheet.write_string(place, column, in_cell(cell)[:32_767], plain)
    return out.getvalue()


def _lines(cell: str, width: int) -> int:
    """How many lines a cell fills in a column of so many digits; Chinese takes two a character. Spreadsheets differ in whether they
    find that out themselves."""
    wide = sum(2 if east_asian_width(letter) in "WFA" else 1 for letter in cell[: width * 40])
    return max(1, -(-wide // max(1, width - 2)))
