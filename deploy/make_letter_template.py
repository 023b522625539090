"""Makes `lexicons/letters/referral/letter.docx` anew: the Word template that officers then edit in Word.

    python deploy/make_letter_template.py lexicons/letters/referral/letter.docx

It says what `letter.html` says, which is the form for printing.
"""

import sys

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

_FONT = "仿宋"
_FACTS = (
    ("网址", "{{ lead.url }}"),
    ("标题", "{{ lead.heading }}"),
    ("媒介、发布者", "{{ lead.medium }}；{{ lead.publisher }}"),
    ("发布时间", "{{ lead.published }}"),
    ("取证时间（北京时间）", "{{ lead.captured }}"),
    ("是否广告", "{{ lead.is_ad }}（{{ lead.ad_basis }}）"),
    ("移送理由", "{{ lead.reasons }}"),
    ("管辖", "{{ lead.seat }}"),
    ("复核", "{{ lead.confirmed }}"),
)


class Letter:
    """The document while it is written."""

    def __init__(self) -> None:
        self.document = Document()
        style = self.document.styles["Normal"]
        style.font.name, style.font.size = _FONT, Pt(12)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.6)
        section.top_margin = section.bottom_margin = Cm(2.5)

    def line(self, text: str, size: int = 12, bold: bool = False, centre: bool = False, indent: bool = False) -> None:
        paragraph = self.document.add_paragraph()
        run = paragraph.add_run(text)
        run.bold, run.font.size = bold, Pt(size)
        paragraph.paragraph_format.space_after = Pt(4)
        if centre:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        if indent:
            paragraph.paragraph_format.first_line_indent = Pt(24)

    def table(self, rows: list[tuple[str, ...]], widths_cm: tuple[float, ...]) -> None:
        table = self.document.add_table(rows=0, cols=len(widths_cm), style="Table Grid")
        table.autofit = False
        for column, width in zip(table.columns, widths_cm, strict=True):
            column.width = Cm(width)
        for row in rows:
            cells = table.add_row().cells
            for cell, text, width in zip(cells, row, widths_cm, strict=True):
                cell.width = Cm(width)
                cell.paragraphs[0].add_run(text).font.size = Pt(10.5)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def repeated(self, head: tuple[str, ...], loop: str, row: tuple[str, ...], widths_cm: tuple[float, ...]) -> None:
        """A table with a row for each of a list; `{%tr` lines are taken out by docxtpl."""
        blank = ("",) * (len(head) - 1)
        rows = [head] if any(head) else []
        self.table([*rows, (f"{{%tr for {loop} %}}", *blank), row, ("{%tr endfor %}", *blank)], widths_cm)


def make(path: str) -> None:
    letter = Letter()
    letter.line("{{ title }}", 18, bold=True, centre=True)
    letter.line("{{ number }}", centre=True)
    letter.line("{{ recipient }}：")
    letter.line(
        "我单位在互联网医疗广告监测中发现下列线索，经两人复核，现移送贵单位。所列均为线索，是否违法由贵单位依法认定。",
        indent=True,
    )
    letter.line("一、线索来源", bold=True)
    letter.line(
        "由监测程序定期访问公开网页发现并取证，不登录、不绕过访问限制；每条线索由两名工作人员分别复核确认。各条的取证时间与复核人见下。",
        indent=True,
    )
    letter.line("二、涉嫌当事人与涉嫌事实", bold=True)
    letter.line("{%p for lead in leads %}")
    letter.line("（{{ lead.number }}）线索 {{ lead.case }}：{{ lead.subject }}", bold=True)
    letter.table(list(_FACTS), (3.8, 12))
    letter.repeated(
        ("位置", "内容原文", "涉嫌事项与条款"),
        "quote in lead.quotes",
        ("{{ quote.place }}", "{{ quote.quote }}", "{{ quote.title }}；{{ quote.articles }}"),
        (3.2, 7.6, 5),
    )
    letter.line("{%p if lead.more_quotes %}")
    letter.line("另有 {{ lead.more_quotes }} 处，见证据目录。")
    letter.line("{%p endif %}")
    letter.line("{%p endfor %}")
    letter.line("{%p if more_leads %}")
    letter.line("另有 {{ more_leads }} 条线索，逐条情况见附件《线索情况表》，证据见《证据目录》。")
    letter.line("{%p endif %}")
    letter.line("三、涉嫌违反的规定", bold=True)
    letter.repeated(
        ("规定", "条款", "内容（归纳）"),
        "article in articles",
        ("{{ article.law }}", "{{ article.article or '—' }}", "{{ article.point or '—' }}"),
        (5, 2.6, 8.2),
    )
    letter.line("四、主管部门意见", bold=True)
    letter.line("{{ opinion }}", indent=True)
    letter.line("五、证据情况与电子数据取证说明", bold=True)
    letter.line(
        "每条线索另附电子数据取证说明，载明取证人员、设备与软件、网络环境、时间、步骤和校验值。随函为脱敏副本；原始证据包封存于我单位，"
        "可依程序调阅。原包校验值如下：",
        indent=True,
    )
    letter.repeated(("", ""), "lead in leads", ("线索 {{ lead.case }}", "SHA-256 {{ lead.bundle_sha256 }}"), (3.8, 12))
    letter.line("六、已做核验、未能核验事项与当事人意见", bold=True)
    letter.line("{%p for lead in leads %}")
    letter.line("线索 {{ lead.case }}", bold=True)
    letter.repeated(("", ""), "item in lead.checked", ("{{ item.label }}", "{{ item.value }}"), (4.8, 11))
    letter.line(
        "未能核验：{% for item in lead.missing %}{{ item.label }}（可查：{{ item.how }}）"
        "{{ '；' if not loop.last else '。' }}{% else %}无。{% endfor %}"
    )
    letter.line(
        "当事人意见：{% for said in lead.statements %}{{ said.kind }}（{{ said.at }}）：{{ said.text }}"
        "{{ '；' if not loop.last else '。' }}{% else %}没有收到。{% endfor %}"
    )
    letter.line("{%p endfor %}")
    letter.line("七、建议", bold=True)
    letter.line("{{ request }}", indent=True)
    letter.line("八、附件", bold=True)
    letter.line(
        "网址清单、线索情况表、证据目录、截图、脱敏副本、电子数据取证说明、封存证明与核验程序、校验值清单。",
        indent=True,
    )
    letter.line("")
    letter.line("　　　　　　　　　　　　　　　　　　　　　　{{ sender }}（盖章）")
    letter.line("　　　　　　　　　　　　　　　　　　　　　　{{ date }}")
    letter.line("联系人：____________　　电话：____________")
    letter.line("—————————————————— 回　执 ——————————————————", centre=True)
    letter.line("{{ sender }}：{{ number }}《{{ title }}》已于 ____ 年 __ 月 __ 日收到，收件编号 ____________。")
    letter.line("经办人：____________　　（盖章）")
    letter.document.save(path)


if __name__ == "__main__":
    make(sys.argv[1])
