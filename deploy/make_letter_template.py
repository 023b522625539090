"""Makes the Word templates in `lexicons/letters/referral/` anew, which officers then edit in Word.

    python deploy/make_letter_template.py lexicons/letters/referral

Each says what the `.html` of its name says, which is the form for printing.
"""

import sys
from pathlib import Path

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
    ("审核", "{{ lead.confirmed }}"),
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
        "我单位在互联网医疗广告监测中发现下列线索，经两人审核，现移送贵单位。所列均为线索，是否违法由贵单位依法认定。",
        indent=True,
    )
    letter.line("一、线索来源", bold=True)
    letter.line(
        "由监测程序定期访问公开网页发现并取证，不登录、不绕过访问限制；每条线索由两名工作人员分别审核确认。各条的取证时间与审核人见下。",
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
    letter.line("三、{{ articles_head }}", bold=True)
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
        "网址清单、线索情况表、证据目录、截图、脱敏副本、电子数据取证说明、{% if looked_at %}复测记录、{% endif %}封存证明与核验程序、校验值清单。",
        indent=True,
    )
    letter.line("")
    letter.line("　　　　　　　　　　　　　　　　　　　　　　{{ sender }}（盖章）")
    letter.line("　　　　　　　　　　　　　　　　　　　　　　{{ date }}")
    letter.line("联系人：____________　　电话：____________")
    letter.line("—————————— 回　执 ——————————", centre=True)
    letter.line("{{ sender }}：{{ number }}《{{ title }}》已于 ____ 年 __ 月 __ 日收到，收件编号 ____________。")
    letter.line("经办人：____________　　（盖章）")
    letter.document.save(path)


_PARTY = (
    ("名称", "{{ party.name }}"),
    ("统一社会信用代码", "{{ party.code }}"),
    ("住所", "{{ party.address }}"),
    ("联系方式", "{{ party.contacts }}"),
    ("账号", "{{ party.account }}"),
    ("网址", "{{ party.url }}"),
)


def make_transfer(path: str) -> None:
    """涉嫌犯罪案件移送书."""
    letter = _paper("文号：{{ blank }}")
    letter.line("{{ recipient }}：")
    letter.line(
        "我单位在互联网医疗广告监测与核查中，发现下列当事人的行为涉嫌犯罪。"
        "经本单位负责人{{ blank }}于____年__月__日批准，"
        "依照《中华人民共和国行政处罚法》第二十七条和《行政执法机关移送涉嫌犯罪案件的规定》第五条、第六条，现将案件移送贵单位，请依法审查，并将是否立案的决定书面告知我单位。",
        indent=True,
    )
    letter.line("一、当事人", bold=True)
    _parties(letter)
    letter.line("二、涉嫌罪名", bold=True)
    letter.line("{{ crime }}", indent=True)
    letter.line("三、案情", bold=True)
    letter.line(
        "上列网页的取证时间、内容原文与位置，见《涉嫌犯罪案件情况调查报告》及《证据目录》。"
        "涉案金额：{{ amount }}。受害人或者涉及人群：{{ victims }}。",
        indent=True,
    )
    letter.line("四、附送材料", bold=True)
    letter.line("1．涉嫌犯罪案件情况调查报告；")
    letter.line("2．涉案物品清单；")
    letter.line("3．有关检验报告或者鉴定结论（没有的写明“无”）：{{ blank }}；")
    letter.line(
        "4．其他有关涉嫌犯罪的材料：{{ number }}所附网址清单、线索情况表、证据目录、电子数据取证说明、脱敏副本、封存证明、校验值清单。"
    )
    _signed(letter)
    letter.line("联系人：____________　　电话：____________")
    letter.line("—————————— 回　执 ——————————", centre=True)
    letter.line("{{ sender }}移送的涉嫌犯罪案件材料已于____年__月__日收到。")
    letter.line("接收人：____________　　（盖章）")
    letter.document.save(path)


def make_report(path: str) -> None:
    """涉嫌犯罪案件情况调查报告."""
    letter = _paper("对应线索材料：{{ number }}")
    letter.line("一、案件来源与调查经过", bold=True)
    letter.line(
        "由监测程序定期访问公开网页发现，程序不登录、不绕过访问限制；每条线索由两名工作人员分别审核确认。"
        "发现经过之外的调查情况：{{ blank }}",
        indent=True,
    )
    letter.line("二、当事人", bold=True)
    _parties(letter)
    letter.line("三、涉嫌犯罪的事实", bold=True)
    letter.line("{%p for lead in leads %}")
    letter.line("（{{ lead.number }}）线索 {{ lead.case }}：{{ lead.subject }}", bold=True)
    letter.line("取证时间（北京时间）：{{ lead.captured }}　　发布时间：{{ lead.published }}")
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
    letter.line("涉案金额：{{ amount }}　　受害人或者涉及人群：{{ victims }}")
    letter.line("四、证据", bold=True)
    letter.line(
        "每条线索另附电子数据取证说明，载明取证人员、设备与软件、网络环境、时间、步骤和校验值；原始证据包封存于我单位，可依程序调阅。",
        indent=True,
    )
    letter.line("五、涉嫌罪名与意见", bold=True)
    letter.line("涉嫌罪名：{{ crime }}", indent=True)
    letter.line("调查结论与处理意见：{{ blank }}", indent=True)
    letter.line("调查人：____________、____________")
    _signed(letter)
    letter.document.save(path)


def make_items(path: str) -> None:
    """涉案物品清单."""
    letter = _paper("对应线索材料：{{ number }}")
    letter.line("下列电子数据的原始证据包封存于我单位。扣押、查封的实物与款项由移送机关补充填写。", indent=True)
    letter.line("一、电子数据", bold=True)
    letter.repeated(
        ("线索", "名称与来源", "校验值"),
        "lead in leads",
        (
            "{{ lead.case }}",
            "网页证据包（WACZ）：{{ lead.url }}，{{ lead.captured }}",
            "SHA-256 {{ lead.bundle_sha256 }}",
        ),
        (2, 7, 6.8),
    )
    letter.line("{%p if more_leads %}")
    letter.line("另有 {{ more_leads }} 项，见《证据目录》。")
    letter.line("{%p endif %}")
    letter.line("二、其他涉案物品与款项", bold=True)
    letter.table([("序号", "名称、规格、数量", "存放地点与保管人"), ("1", "{{ blank }}", "{{ blank }}")], (2, 7, 6.8))
    letter.line("移送人：____________　　接收人：____________")
    _signed(letter)
    letter.document.save(path)


def _paper(under: str) -> Letter:
    letter = Letter()
    letter.line("{{ paper }}", 18, bold=True, centre=True)
    letter.line(under, centre=True)
    return letter


def _parties(letter: Letter) -> None:
    letter.line("{%p for party in parties %}")
    letter.table(list(_PARTY), (3.8, 12))
    letter.line("{%p endfor %}")
    letter.line("{%p if more_leads %}")
    letter.line("另有 {{ more_leads }} 名当事人或者网页，见《线索情况表》。")
    letter.line("{%p endif %}")


def _signed(letter: Letter) -> None:
    letter.line("　　　　　　　　　　　　　　　　　　　　　　{{ sender }}（盖章）")
    letter.line("　　　　　　　　　　　　　　　　　　　　　　____年__月__日")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    make(str(folder / "letter.docx"))
    make_transfer(str(folder / "paper-transfer.docx"))
    make_report(str(folder / "paper-report.docx"))
    make_items(str(folder / "paper-items.docx"))
