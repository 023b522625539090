"""Makes the Word templates in `lexicons/letters/referral/` anew, which officers then edit in Word.

    python deploy/make_letter_template.py lexicons/letters/referral

Each says what the `.html` of its name says, which is the form for printing.
"""

import sys
from copy import deepcopy
from pathlib import Path

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph

_FONT = "仿宋"
_SHADE = "F3F3F3"
_FACTS = (
    ("网址", "{{ lead.url }}{% if lead.final_url %}（跳转至 {{ lead.final_url }}）{% endif %}"),
    ("标题", "{{ lead.heading }}"),
    ("媒介、发布情况", "{{ lead.medium }}；{{ lead.publisher }}；发布时间：{{ lead.published }}"),
    ("取证时间（北京时间）", "{{ lead.captured }}"),
    ("原始证据包校验值", "SHA-256 {{ lead.bundle_sha256 }}"),
    ("是否广告", "{{ lead.is_ad }}（{{ lead.ad_basis }}）"),
    ("移送理由", "{{ lead.remit }}"),
    ("管辖", "{{ lead.seat }}"),
    ("审核", "{{ lead.confirmed }}"),
)
_MATTER = (
    "{{ matter.number }}",
    "{{ matter.said }}\n{{ matter.why }}",
    "{% for place in matter.places %}“{{ place.quote }}”（{{ place.place }}）{{ '；' if not loop.last }}{% endfor %}"
    "{% if matter.more_places %}；另有 {{ matter.more_places }} 处，见证据目录{% endif %}",
    "{%p if matter.articles %}\n{{ matter.articles }}\n{%p endif %}\n{%p if matter.guides %}\n参照{{ matter.guides }}\n{%p endif %}",
)
_OTHER_MATTERS = "另有下列事项，原文、位置与条款见证据目录：{{ lead.other_matters }}。"


class Letter:
    """The document while it is written."""

    def __init__(self) -> None:
        self.document = Document()
        self.cell_points = 10.5
        style = self.document.styles["Normal"]
        style.font.name, style.font.size = _FONT, Pt(12)
        style.element.rPr.rFonts.set(qn("w:eastAsia"), _FONT)
        section = self.document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.6)
        section.top_margin = section.bottom_margin = Cm(2.5)
        self._number_pages()

    def line(
        self,
        text: str,
        size: float = 12,
        bold: bool = False,
        centre: bool = False,
        right: bool = False,
        indent: bool = False,
        new_page: bool = False,
    ) -> Paragraph:
        """Headings, which are bold, stay with what follows them."""
        paragraph = self.document.add_paragraph()
        run = paragraph.add_run(text)
        run.bold, run.font.size = bold, Pt(size)
        layout = paragraph.paragraph_format
        layout.space_after, layout.keep_with_next, layout.page_break_before = Pt(4), bold or None, new_page or None
        if centre or right:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER if centre else WD_ALIGN_PARAGRAPH.RIGHT
        if indent:
            layout.first_line_indent = Pt(24)
        return paragraph

    def only_if(self, condition: str, text: str, size: float = 12, indent: bool = False) -> None:
        self.line(f"{{%p if {condition} %}}")
        self.line(text, size, indent=indent)
        self.line("{%p endif %}")

    def table(self, rows: list[tuple[str, ...]], widths_cm: tuple[float, ...], *, head: bool = False) -> None:
        """With `head` the first row stands on every page again; without it the first column is shaded. No row is broken across pages."""
        table = self.document.add_table(rows=0, cols=len(widths_cm), style="Table Grid")
        table.autofit = False
        for column, width in zip(table.columns, widths_cm, strict=True):
            column.width = Cm(width)
        for place, row in enumerate(rows):
            added = table.add_row()
            properties = added._tr.get_or_add_trPr()
            properties.append(OxmlElement("w:cantSplit"))
            if head and place == 0:
                properties.append(OxmlElement("w:tblHeader"))
            for number, (cell, text, width) in enumerate(zip(added.cells, row, widths_cm, strict=True)):
                cell.width = Cm(width)
                if place == 0 if head else number == 0:
                    _shade(cell._tc.get_or_add_tcPr())
                for line, said in enumerate(text.split("\n")):
                    paragraph = cell.paragraphs[0] if line == 0 else cell.add_paragraph()
                    run = paragraph.add_run(said)
                    run.font.size, run.bold = Pt(self.cell_points), "matter.said" in said or None
                    paragraph.paragraph_format.space_after = Pt(0)
        after = self.document.add_paragraph().paragraph_format
        after.space_after, after.line_spacing = Pt(0), Pt(5)

    def repeated(self, head: tuple[str, ...], loop: str, row: tuple[str, ...], widths_cm: tuple[float, ...]) -> None:
        """A table with a row for each of a list; `{%tr` lines are taken out by docxtpl."""
        blank = ("",) * (len(head) - 1)
        rows = [head] if any(head) else []
        loops = (f"{{%tr for {loop} %}}", *blank), row, ("{%tr endfor %}", *blank)
        self.table([*rows, *loops], widths_cm, head=any(head))

    def sheets(self) -> None:
        """From here on pages have narrow margins and tables small print."""
        last = self.document.element.body.sectPr
        self.document.paragraphs[-1]._p.get_or_add_pPr().append(deepcopy(last))
        section = self.document.sections[-1]
        section.left_margin = section.right_margin = Cm(1.6)
        section.top_margin, section.bottom_margin = Cm(1.5), Cm(1.7)
        self.cell_points = 9

    def _number_pages(self) -> None:
        footer = self.document.sections[0].footer.paragraphs[0]
        footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
        for before, field in (("第 ", "PAGE"), (" 页，共 ", "NUMPAGES")):
            footer.add_run(before).font.size = Pt(9)
            for part in ("begin", f" {field} ", "end"):
                _add_field_part(footer, part)
        footer.add_run(" 页").font.size = Pt(9)


def _add_field_part(footer: Paragraph, part: str) -> None:
    run = footer.add_run()
    run.font.size = Pt(9)
    if part in ("begin", "end"):
        element = OxmlElement("w:fldChar")
        element.set(qn("w:fldCharType"), part)
    else:
        element = OxmlElement("w:instrText")
        element.text = part
    run._r.append(element)


def _shade(properties: object) -> None:
    shading = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", _SHADE)):
        shading.set(qn(f"w:{name}"), value)
    properties.append(shading)


def make(path: str) -> None:
    letter = Letter()
    letter.line("{{ title }}", 18, bold=True, centre=True)
    letter.line("{{ number }}", centre=True)
    letter.line("{{ recipient }}：")
    letter.line(
        "我单位在互联网医疗广告监测中发现下列线索 {{ total }} 条，经两名工作人员分别审核确认，现移送贵单位，请依法核查处理。"
        "所列均为线索，是否违法由贵单位依法认定。",
        indent=True,
    )
    letter.line("一、线索来源", bold=True)
    letter.line(
        "由监测程序访问公开网页发现并取证，不登录、不绕过访问限制；取证时间为北京时间{{ seen }}。审核人与审核时间见附表一。",
        indent=True,
    )
    letter.line("二、涉嫌当事人与涉嫌事实", bold=True)
    letter.repeated(
        ("序", "涉嫌当事人与网址", "主要涉嫌事项（原文、位置与条款见附表一）"),
        "lead in leads",
        ("{{ lead.number }}", "{{ lead.subject }}（线索 {{ lead.case }}）\n{{ lead.url }}", "{{ lead.named }}"),
        (0.9, 6, 8.9),
    )
    letter.only_if("more_leads", _MORE_LEADS)
    letter.line("三、{{ articles_head }}", bold=True)
    letter.only_if("duties", "{{ duties }}。", indent=True)
    letter.only_if("guides", "认定与执法参照：{{ guides }}。", indent=True)
    letter.only_if("liabilities", "相应的法律责任：{{ liabilities }}。", indent=True)
    letter.line("各条内容（归纳）见附表二。", indent=True)
    letter.line("四、主管部门意见", bold=True)
    letter.line("{{ opinion }}。", indent=True)
    letter.line("五、证据情况与电子数据取证说明", bold=True)
    letter.line(
        "每条线索附脱敏的网页文字与截图、电子数据取证说明（载明取证人员、设备与软件、网络环境、时间、步骤和校验值）。原始证据包封存于我单位，"
        "未随函寄送，可依程序调阅，其校验值见附表一；封存证明可用随附的核验程序核验。",
        indent=True,
    )
    letter.line("六、已做核验、未能核验事项与当事人意见", bold=True)
    letter.line(
        "未能核验：{% for label in missing %}{{ label }}{{ '；' if not loop.last }}{% else %}无{% endfor %}。"
        "逐条情况、可查之处与当事人意见见附表一。",
        indent=True,
    )
    letter.line("七、建议", bold=True)
    letter.line("{{ request }}", indent=True)
    letter.line("八、附件", bold=True)
    letter.line(
        "1．附表一、附表二（附后）；2．网址清单、线索情况表；3．证据目录（逐处列明位置、原文、条款）；4．脱敏副本与截图；"
        "5．电子数据取证说明{% if looked_at %}、复测记录{% endif %}；6．封存证明与核验程序；7．校验值清单。文件名中的线索编号与本函相同。",
        indent=True,
    )
    letter.line("{{ sender }}（盖章）", right=True)
    letter.line("{{ date }}", right=True)
    letter.line("联系人、电话：{{ liaison }}")
    _receipt(
        letter,
        "{{ sender }}：{{ number }}《{{ title }}》已于 ____ 年 __ 月 __ 日收到，收件编号 ____________。",
        "经办人",
    )
    letter.sheets()
    letter.line("{%p for lead in leads %}")
    letter.line("附表一（{{ lead.number }}）　线索 {{ lead.case }}：{{ lead.subject }}", bold=True, new_page=True)
    letter.table(list(_FACTS), (3.8, 14))
    letter.repeated(
        ("项", "涉嫌事项与理由", "内容原文与正文位置", "所涉条款（简称见附表二）"),
        "matter in lead.matters",
        _MATTER,
        (0.9, 5.6, 6.3, 5),
    )
    letter.only_if("lead.other_matters", _OTHER_MATTERS, 10)
    letter.line("{%p if lead.found %}")
    letter.repeated(("", ""), "item in lead.found", ("{{ item.label }}", "{{ item.value }}"), (3.8, 14))
    letter.line("{%p endif %}")
    letter.line(
        "未能核验：{% for item in lead.missing %}{{ item.label }}（可查：{{ item.how }}）"
        "{{ '；' if not loop.last else '。' }}{% else %}无。{% endfor %}",
        10,
    )
    letter.line(
        "当事人意见：{% for said in lead.statements %}{{ said.kind }}（{{ said.at }}）：{{ said.text }}"
        "{{ '；' if not loop.last else '。' }}{% else %}没有收到。{% endfor %}",
        10,
    )
    letter.line("{%p endfor %}")
    letter.line("附表二　所涉条款内容", bold=True, new_page=True)
    letter.line("由我单位归纳，以公布的文本为准。", 10)
    letter.repeated(
        ("规定", "条款与内容（归纳）"),
        "law in laws",
        (
            "{{ law.name }}{% if law.short %}（简称{{ law.short }}）{% endif %}{% if law.issued %}，{{ law.issued }}{% endif %}",
            "{% for article in law.articles %}{{ article.number }}：{{ article.point }}{{ '；' if not loop.last else '。' }}{% endfor %}",
        ),
        (6.4, 11.4),
    )
    letter.document.save(path)


_MORE_LEADS = "另有 {{ more_leads }} 条线索，逐条情况见附件《线索情况表》，证据见《证据目录》。"
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
    letter.line("联系人、电话：{{ liaison }}")
    _receipt(letter, "{{ sender }}移送的涉嫌犯罪案件材料已于____年__月__日收到。", "接收人")
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
        ("项", "涉嫌事项与理由", "内容原文与正文位置", "所涉条款"),
        "matter in lead.matters",
        _MATTER,
        (0.9, 5, 5.1, 4.8),
    )
    letter.only_if("lead.other_matters", _OTHER_MATTERS)
    letter.line("{%p endfor %}")
    letter.only_if("more_leads", _MORE_LEADS)
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
    letter.line("{{ sender }}（盖章）", right=True)
    letter.line("____年__月__日", right=True)


def _receipt(letter: Letter, text: str, signs: str) -> None:
    heading = letter.line("回　执（由收件单位填写后寄回）", centre=True)
    borders, top = OxmlElement("w:pBdr"), OxmlElement("w:top")
    for name, value in (("val", "dashed"), ("sz", "6"), ("space", "6"), ("color", "555555")):
        top.set(qn(f"w:{name}"), value)
    borders.append(top)
    heading._p.get_or_add_pPr().insert_element_before(borders, "w:spacing", "w:jc")
    heading.paragraph_format.space_before, heading.paragraph_format.keep_with_next = Pt(10), True
    letter.line(text).paragraph_format.keep_with_next = True
    letter.line(f"{signs}：____________　　（盖章）")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    make(str(folder / "letter.docx"))
    make_transfer(str(folder / "paper-transfer.docx"))
    make_report(str(folder / "paper-report.docx"))
    make_items(str(folder / "paper-items.docx"))
