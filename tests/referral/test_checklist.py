"""What each recipient asks for."""

from dataclasses import replace
from pathlib import Path

import pytest

from domain.reviews import FindingVerdict
from domain.routing import Recipient
from referral.checklist import FIELDS, check
from referral.lead import LeftOut
from referral.letter import letter_values
from referral.package import MANIFEST, checklist_text, listings
from referral.recipients import RecipientsBroken, load_recipients
from tests.referral.leads import CARDS, LEAD, LEXICONS, consignment

#: What the practice of each authority asks of a hand-over, in the words of the checklist
ASKED = {
    Recipient.AMR: "当事人名称（第一名称） 统一社会信用代码 住所 发布者（网站或账号名称） 媒介 网址 内容原文与位置 所涉条款 认定为广告的理由 "
    "审查证明文号核验 发布时段 广告费用线索 重复发布记录",
    Recipient.NHC: "当事人名称（第一名称） 执业许可证登记号 诊疗科目比对 医务人员姓名与注册核验 网址 内容原文与位置",
    Recipient.CAC: "账号 网址 标题 发布时间 信息类别 主管部门定性意见（文号）",
    Recipient.POLICE: "涉嫌罪名 账号 联系方式 受害人或者涉及人群线索 涉案金额估计",
    Recipient.NHSA: "当事人名称（第一名称） 定点医疗机构编码 内容原文与位置 活动时间、地点 受害人或者涉及人群线索",
    Recipient.NMPA: "产品名称与注册证、批准文号 内容原文与位置",
}


@pytest.mark.parametrize("recipient", Recipient)
def test_every_field_is_filled_or_listed_as_missing(recipient: Recipient) -> None:
    checked = check(LEAD, CARDS[recipient], {})
    labels = [item.label for item in checked]
    assert set(ASKED[recipient].split()) <= set(labels)
    assert len(labels) == len(set(labels)) == len(CARDS[recipient].requires)
    assert all(item.how for item in checked)


def test_nothing_is_guessed() -> None:
    checked = {item.label: item.value for item in check(LEAD, CARDS[Recipient.AMR], {})}
    assert checked["统一社会信用代码"] == checked["住所"] == checked["广告费用线索"] == ""
    assert checked["当事人名称（第一名称）"] == "示例门诊部"
    assert checked["审查证明文号核验"] == "页面未见审查证明文号"


def test_what_a_person_fills_in_counts_first() -> None:
    told = {"opinion": " 某卫函〔2026〕1号 ", "title": "另一标题", "account": "  "}
    checked = {item.label: item.value for item in check(LEAD, CARDS[Recipient.CAC], told)}
    assert checked["主管部门定性意见（文号）"] == "某卫函〔2026〕1号"
    assert checked["标题"] == "另一标题"
    assert checked["账号"] == "（网站页面，无账号）"


def test_the_sheet_for_the_own_desk_counts_what_is_lacking() -> None:
    sheet = checklist_text(consignment(Recipient.NHC))
    assert "[缺] 医务人员姓名与注册核验（电子化注册系统）" in sheet
    assert "[有] 当事人名称（第一名称）：示例门诊部" in sheet
    lacking = sheet.partition("\n函\n")[0].count("[缺]")
    assert f"缺 {lacking} 项" in sheet and lacking


def test_what_the_readers_did_not_hold_stands_there_alone() -> None:
    claim = replace(LEAD.claims[0], quote="三天见效", rule="fast-effect")
    lead = replace(LEAD, left_out=(LeftOut(claim, FindingVerdict.NO),))
    sent = consignment(Recipient.AMR, lead)
    place = f"第 {claim.start + 1} 至 {claim.end} 字，fast-effect"
    assert f"[未列入] 审核判为不成立：“三天见效”（{place}）" in checklist_text(sent)
    assert "三天见效" not in str(letter_values(sent)) + listings([], sent)[MANIFEST].decode()


def test_what_a_person_has_to_write_into_the_letter_is_lacking() -> None:
    sheet = checklist_text(consignment(Recipient.AMR))
    assert "[缺] 主送机关的全称（函中写作“甲省乙市市场监督管理部门”）" in sheet and "[缺] 盖章" in sheet
    assert "[缺] 本单位联系人、电话" in sheet
    assert "本单位联系人" not in checklist_text(consignment(Recipient.AMR, liaison="李某，000-00001234"))


def test_an_advertisement_number_on_the_page_is_for_others_to_check() -> None:
    lead = replace(LEAD, numbers=(("medical-ad", "（京）医广【2026】第01-01-0001号"),))
    checked = {item.label: item.value for item in check(lead, CARDS[Recipient.AMR], {})}
    assert checked["审查证明文号核验"] == "页面标注 （京）医广【2026】第01-01-0001号，真伪由审查机关核验"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("requires: [subject, product, url", "requires: [subject, colour, url"), "colour"),
        (("letter: 涉嫌欺诈骗保线索函", "title: 涉嫌欺诈骗保线索函"), "nhsa"),
        (("nmpa:\n", "nmpb:\n"), "没有 nmpa"),
        (("attachments_mb: 20", "attachments_mb: 0"), "正数"),
        (("attachments_mb: 20", "attachments_mb: many"), "有误"),
    ],
)
def test_recipients_that_lack_something_are_named(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    text = (LEXICONS / "recipients.yml").read_text("utf-8")
    assert change[0] in text
    (tmp_path / "recipients.yml").write_text(text.replace(*change), "utf-8")
    with pytest.raises(RecipientsBroken, match=says):
        load_recipients(tmp_path, frozenset(FIELDS))
