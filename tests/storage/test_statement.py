"""The statement says what the bundle says, and leaves to people what only people can say."""

from dataclasses import replace
from pathlib import Path

import pytest

from domain.connections import AnsweredBy, Connection, Tls
from domain.visits import FrontierUrl
from storage.digests import sha256_hex
from storage.evidence.bundle import build_bundle
from storage.evidence.statement import StatementTemplateBroken, statement_of
from tests.storage.samples import KEY, NOW, PROVENANCE, visit

TEMPLATE = (Path(__file__).parents[2] / "lexicons" / "letters" / "evidence-statement.txt").read_text("utf-8")
LEAD = visit(FrontierUrl(7, "2026-11-26", 1, "http://clinic.example/", 0, 1), flagged=True)


def test_every_blank_of_the_program_is_filled() -> None:
    bundle = build_bundle(LEAD, PROVENANCE | {"clock": "synchronised"}, NOW, KEY)
    text = statement_of(bundle, TEMPLATE)
    assert "$" not in text
    for said in (
        "与标准时间的偏差：未与外部时间源比对", "主机对照表（hosts）：程序没有使用", "名称词库 SHA-256：未记录",
        "示例监测中心", "2026-11-26T02:00:00+08:00", "synchronised", "Chromium 140", "1280 × 800", "得命中 1 处（均为线索，不是定性）",
        "http://video.example/a.mp4：视频不下载", "TLS 证书：各次请求均为 http", "结果：允许访问", "Python 未记录", "跳转：无",
        sha256_hex(bundle), KEY.fingerprint, "evidence/screenshot.png",
    ):  # fmt: skip
        assert said in text
    assert "    出口公网地址：本机出口" in text and "    时钟偏差：未与" in text and "egress" not in text
    assert text.count("____________") == TEMPLATE.count("____________")


def test_what_the_server_showed_of_itself_and_what_it_did_not_prove() -> None:
    tls = Tls("TLSv1.2", "ECDHE", (b"own", b"issuer"), "证书已过期")
    over = Connection("clinic.example", 443, "192.0.2.7", "10.0.0.2", ("192.0.2.7",), AnsweredBy.SYSTEM, tls)
    encrypted = replace(LEAD.exchanges[0], url="https://clinic.example/", connection=over)
    lead = replace(LEAD, exchanges=(*LEAD.exchanges, encrypted))
    text = statement_of(build_bundle(lead, PROVENANCE | {"egress": "192.0.2.1"}, NOW, KEY), TEMPLATE)
    for said in (
        "clinic.example（TLSv1.2，校验未通过：证书已过期）", f"证书 SHA-256 {sha256_hex(b'own')}",
        "clinic.example 的 TLS 身份校验未通过（证书已过期），仍予采集", "操作单位写明：192.0.2.1",
    ):  # fmt: skip
        assert said in text
    assert "    clinic.example：192.0.2.7（系统解析）\n" in text
    assert "TLS 证书：" not in text
    assert "出口公网地址：本机" not in text


def test_what_was_looked_up_in_a_table_is_told_and_so_is_a_known_clock() -> None:
    over = Connection("clinic.example", 80, "127.0.0.1", "127.0.0.1", ("127.0.0.1",), AnsweredBy.HOST_TABLE)
    lead = replace(LEAD, exchanges=(replace(LEAD.exchanges[0], connection=over),))
    known = PROVENANCE | {"clock_offset": "+0.012 毫秒", "clock_source": "chrony", "registry": "示例名录 2026-11-01 30"}
    text = statement_of(build_bundle(lead, known, NOW, KEY), TEMPLATE)
    for said in (
        "程序按对照表访问了 clinic.example", "偏差：+0.012 毫秒", "校时服务：chrony", "机构名录：示例名录 2026-11-01 30",
        "clinic.example：127.0.0.1（主机对照表）",
    ):  # fmt: skip
        assert said in text


def test_a_registry_that_was_not_imported_is_told_and_no_blank() -> None:
    """The blanks of the statement are for people to fill in."""
    text = statement_of(build_bundle(LEAD, PROVENANCE | {"registry": ""}, NOW, KEY), TEMPLATE)
    assert "机构名录：没有导入" in text


def test_a_url_cannot_break_the_page() -> None:
    hostile = replace(LEAD, final_url="http://clinic.example/\u202e$operator\x0c")
    text = statement_of(build_bundle(hostile, PROVENANCE, NOW, KEY), TEMPLATE)
    assert "最终网址：http://clinic.example/\ufffd$operator\ufffd\n" in text


@pytest.mark.parametrize("template", ["$no_such_fact", "100$"])
def test_a_broken_template_is_told(template: str) -> None:
    with pytest.raises(StatementTemplateBroken, match="模板有误"):
        statement_of(build_bundle(LEAD, PROVENANCE, NOW, KEY), template)
