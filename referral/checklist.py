"""Which of the things that a recipient asks for are known of a lead, and which are not.

The fields are those of the referral sheets of the supervision practice that the recipients work by: who, where, what was said, by
which articles, and what was checked. A field without a value is listed as missing, never filled with a guess.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.beijing import BEIJING, stated_time
from domain.routing import MEDIUM_ZH
from domain.takedown import GRADE_ZH
from referral.citing import cited_together
from referral.lead import ReferredLead
from referral.recipients import RecipientCard


@dataclass(frozen=True, slots=True)
class Field:
    """`read` gives the value, empty when it is not known; None where neither a page nor a registry of ours can say it and a person
    has to. `how` tells where it may be had."""

    label: str
    how: str
    read: Callable[[ReferredLead], str] | None


@dataclass(frozen=True, slots=True)
class Checked:
    """One field of one lead; `value` is empty when it is missing."""

    label: str
    value: str
    how: str


def check(lead: ReferredLead, card: RecipientCard, told: Mapping[str, str]) -> tuple[Checked, ...]:
    """Every field that the recipient asks for, in its order. `told` has what a person filled in, by key of `FIELDS`; it counts
    before what the page or the registry says."""
    return tuple(_checked(lead, FIELDS[name], told.get(name, "").strip()) for name in card.requires)


def _checked(lead: ReferredLead, field: Field, told: str) -> Checked:
    read = "" if field.read is None else field.read(lead)
    return Checked(field.label, told or read, field.how)


def to_the_minute(moment: datetime | None) -> str:
    """In Beijing time; empty for None."""
    return "" if moment is None else f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"


def published(lead: ReferredLead) -> str:
    """As far as the page says it; empty when it does not."""
    return "" if lead.published_at is None else stated_time(lead.published_at)


def _credit_code(lead: ReferredLead) -> str:
    known = lead.institution
    return known.credit_code if known and known.credit_code else _numbers(lead, "credit-code")


def _licence(lead: ReferredLead) -> str:
    known = lead.institution
    return known.licence if known and known.licence else _numbers(lead, "licence")


def _numbers(lead: ReferredLead, kind: str) -> str:
    return "、".join(dict.fromkeys(value for found, value in lead.numbers if found == kind))


def _address(lead: ReferredLead) -> str:
    known = lead.institution
    return known.address if known else ""


def _subjects(lead: ReferredLead) -> str:
    known = lead.institution
    return f"登记的诊疗科目代码：{'、'.join(known.subjects)}" if known and known.subjects else ""


def _certificate(lead: ReferredLead) -> str:
    if lead.plain_basis:
        return "不适用：不构成广告，发布前无须审查"
    numbers = "、".join(value for kind, value in lead.numbers if kind in ("medical-ad", "product-ad"))
    return f"页面标注 {numbers}，真伪由审查机关核验" if numbers else "页面未见审查证明文号"


def _period(lead: ReferredLead) -> str:
    ends = dict.fromkeys((to_the_minute(lead.first_seen), to_the_minute(lead.last_seen)))
    return f"{' 至 '.join(ends)}（监测所见）"


def _quotes(lead: ReferredLead) -> str:
    return f"{len(lead.claims)} 处，见证据目录" if lead.claims else ""


def _articles(lead: ReferredLead) -> str:
    cited = [article for claim in lead.claims for article in claim.articles]
    if not lead.plain_basis:
        return cited_together(cited)
    others = cited_together(article for article in cited if article.formal != lead.plain_basis) or "无"
    return f"{others}（不构成广告，不适用广告法律法规：{lead.plain_basis}）"


def _ad_basis(lead: ReferredLead) -> str:
    return cited_together(lead.ad_basis) if lead.is_ad else "未认定为广告，按信息公开或者科普内容处理"


def _repeat(lead: ReferredLead) -> str:
    others = f"监测中另有已确认线索 {lead.confirmed_before} 件" if lead.confirmed_before else "监测中没有其他已确认线索"
    return f"{others}；{_looks(lead)}" if lead.looks else others


def _looks(lead: ReferredLead) -> str:
    last = lead.looks[-1]
    again = "，曾下线或改正而再现" if any(each.reappeared for each in lead.looks) else ""
    when = to_the_minute(last.look.at)
    return f"本线索此前移送后复测 {len(lead.looks)} 次，最近一次（{when}）{GRADE_ZH[last.grade]}{again}，见复测记录"


def _quoted(lead: ReferredLead, family: str) -> str:
    return "；".join(dict.fromkeys(claim.quote for claim in lead.claims if claim.family == family))


def _publisher(lead: ReferredLead) -> str:
    return lead.account or lead.site_name


FIELDS: dict[str, Field] = {
    "subject": Field("当事人名称（第一名称）", "登记机关", lambda lead: lead.subject.name),
    "credit-code": Field("统一社会信用代码", "国家企业信用信息公示系统或者登记机关", _credit_code),
    "licence": Field("执业许可证登记号", "卫生健康主管部门", _licence),
    "subjects": Field("诊疗科目比对", "许可证副本", _subjects),
    "staff": Field("医务人员姓名与注册核验", "电子化注册系统", None),
    "address": Field("住所", "登记机关", _address),
    "contacts": Field("联系方式", "页面所示", lambda lead: "、".join(lead.contacts[:6])),
    "publisher": Field("发布者（网站或账号名称）", "页面所示、备案信息", _publisher),
    "medium": Field("媒介", "备案主体、账号主体", lambda lead: MEDIUM_ZH[lead.publication.medium]),
    "account": Field("账号", "平台", lambda lead: lead.account or "（网站页面，无账号）"),
    "url": Field("网址", "页面所示", lambda lead: lead.url),
    "title": Field("标题", "页面所示", lambda lead: lead.title),
    "published": Field("发布时间", "页面所示或者平台", published),
    "period": Field("发布时段", "平台、广告主", _period),
    "quotes": Field("内容原文与位置", "证据", _quotes),
    "articles": Field("所涉条款", "所引规定", _articles),
    "ad-basis": Field("认定为广告的理由", "所引规定", _ad_basis),
    "certificate": Field("审查证明文号核验", "广告审查机关", _certificate),
    "cost": Field("广告费用线索", "广告合同、竞价推广账户", None),
    "repeat": Field("重复发布记录", "移送单位、执法办案系统", _repeat),
    "category": Field(
        "信息类别", "页面所示", lambda lead: "；".join(dict.fromkeys(claim.title for claim in lead.claims))
    ),
    "opinion": Field("主管部门定性意见（文号）", "市场监管、卫生健康等主管部门", None),
    "crime": Field("涉嫌罪名", "由移送机关研判", None),
    "amount": Field("涉案金额估计", "调查", None),
    "victims": Field("受害人或者涉及人群线索", "投诉举报", None),
    "designated-code": Field("定点医疗机构编码", "医保部门公开目录", None),
    "venue": Field("活动时间、地点", "页面所示、现场核查", None),
    "technique": Field("限制类、禁止类技术名称", "医疗技术目录", lambda lead: _quoted(lead, "prohibited-tech")),
    "unlicensed": Field("执业许可方面的疑点", "执业登记、现场核查", lambda lead: _quoted(lead, "unlicensed-beauty")),
    "reads": Field("阅读量", "页面所示、平台", None),
    "funds": Field("资金往来线索", "调查", None),
    "promises": Field("承诺内容（免费住院、返现、接送等）", "证据", lambda lead: _quoted(lead, "insurance-lure")),
    "insurance-items": Field("对应的医保违规情形", "医保部门研判", None),
    "product": Field("产品名称与注册证、批准文号", "药品监管数据库", None),
}
