"""Every field that law.md 3.2 and 3.3 ask of a hand-over, one by one: where it stands in a package, or that it is named as missing.

The handbook itself is not read here; its fields are written down a second time, so that one that is dropped is seen.
"""

import json
from typing import Any

import pytest

from domain.routing import Recipient
from domain.visits import FrontierUrl
from referral.checklist import FIELDS
from referral.package import MANIFEST, checklist_text, listings
from storage.evidence.provenance import provenance_of
from tests.referral.leads import CARDS, LEAD, consignment
from tests.referral.test_schema import SCHEMA, to
from tests.storage.samples import NOW, PROVENANCE, visit

#: By recipient, what its package must say (3.3), and the field of the checklist under which it is said or listed as missing.
ASKED: dict[Recipient, dict[str, str]] = {
    Recipient.AMR: {
        "广告主第一名称": "subject", "广告主信用代码": "credit-code", "广告主住所": "address", "发布者或平台": "publisher",
        "媒介": "medium", "网址": "url", "内容原文与位置": "quotes", "涉嫌条款": "articles", "是否变相发布的理由": "ad-basis",
        "审查文号核验": "certificate", "发布时段与持续": "period", "广告费用线索": "cost", "重复违法记录": "repeat",
    },
    Recipient.NHC: {
        "机构许可号": "licence", "第一名称": "subject", "诊疗科目比对": "subjects", "医务人员姓名与注册核验": "staff",
        "限制或禁止技术名称": "technique", "非法行医事实": "unlicensed", "地址": "address",
    },
    Recipient.CAC: {
        "平台": "publisher", "账号": "account", "网址列表": "url", "信息标题": "title", "阅读量": "reads", "发布时间": "published",
        "类别": "category", "主管部门定性意见": "opinion",
    },
    Recipient.POLICE: {
        "涉嫌罪名": "crime", "涉案主体": "subject", "账号": "account", "资金": "funds", "联系方式": "contacts", "受害线索": "victims",
        "涉案金额估计": "amount",
    },
    Recipient.NHSA: {
        "定点机构名称": "subject", "定点机构编码": "designated-code", "诱导话术原文": "quotes", "活动时间地点": "venue", "承诺": "promises", "对应的违规项": "insurance-items",
        "涉及人群": "victims",
    },
    Recipient.NMPA: {"产品名、注册证或批准文号": "product", "功效宣称": "quotes"},
}  # fmt: skip

#: Of the common record (3.2), what the list for machines says of each lead, and under which name.
RECORD = {
    "lead_id": "case", "url": "url", "final_url": "final_url", "title": "title", "account_name": "account",
    "page_self_name": "site_name", "subject": "subject", "medium": "medium", "publish_time": "published_at",
    "capture time": "captured_at", "evidence digest": "bundle_sha256", "is_ad_basis": "is_advertisement",
    "jurisdiction_key": "jurisdiction", "routing reason": "reasons", "reviewers": "confirmed_by", "findings": "claims",
    "known fields": "present", "unknown fields": "missing", "statements": "statements",
}  # fmt: skip
#: Of its network and capture parts, what the provenance in every bundle says, and under which name.
CAPTURE = {
    "resolved_ip": "server_ips", "dns_answers": "connections", "server_cert_sha256": "certificates", "http_status": "http_status",
    "redirect_chain": "redirects", "operator, tool, tool_version": "system", "browser_version, user_agent, viewport": "browser",
    "start_at": "started_at", "end_at": "ended_at", "robots_status": "robots", "rules version": "rules_sha256",
    "what was not recorded, as egress_ip and ntp_offset": "not_recorded",
}  # fmt: skip
_FINDING = {"quote", "start", "end", "rule", "family", "matter", "severity", "basis"}


@pytest.mark.parametrize(
    ("recipient", "asked", "key"), [(to_, asked, key) for to_, row in ASKED.items() for asked, key in row.items()]
)
def test_each_field_is_there_or_named_as_missing(recipient: Recipient, asked: str, key: str) -> None:
    assert key in CARDS[recipient].requires, asked
    sent = to(recipient)
    label = FIELDS[key].label
    lines = [line.strip() for line in checklist_text(sent).splitlines() if label in line]
    assert any(line.startswith((f"[有] {label}：", f"[缺] {label}（")) for line in lines), asked
    (lead,) = json.loads(listings([], sent)[MANIFEST])["leads"]
    assert (label in {item["label"] for item in lead["present"]}) != (label in lead["missing"])


@pytest.mark.parametrize(("asked", "name"), RECORD.items())
def test_each_field_of_the_common_record_is_required_by_the_schema(asked: str, name: str) -> None:
    (lead,) = json.loads(listings([], consignment())[MANIFEST])["leads"]
    assert name in lead, asked
    described = _lead_schema()
    assert name in described["required"] and name in described["properties"], asked


@pytest.mark.parametrize(("asked", "name"), CAPTURE.items())
def test_each_field_of_the_capture_is_in_the_provenance(asked: str, name: str) -> None:
    row = FrontierUrl(1, "2026-11-26", 1, "http://clinic.example/", 0, 1)
    seen = visit(row, flagged=True)
    assert seen.judgement is not None and seen.rendering is not None
    assert name in provenance_of(seen, seen.judgement, seen.rendering, PROVENANCE, NOW), asked


def test_each_finding_says_what_the_record_asks() -> None:
    (lead,) = json.loads(listings([], consignment())[MANIFEST])["leads"]
    assert all(set(claim) == _FINDING for claim in lead["claims"]) and len(lead["claims"]) == len(LEAD.claims)


def _lead_schema() -> dict[str, Any]:
    items: dict[str, Any] = SCHEMA["properties"]["leads"]["items"]
    reference = items.get("$ref")
    return SCHEMA["$defs"][reference.rpartition("/")[2]] if reference else items
