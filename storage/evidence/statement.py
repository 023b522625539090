"""The statement on how electronic evidence was taken, filled from what a verified bundle says of itself."""

import base64
import json
from collections.abc import Mapping
from string import Template
from typing import Any

from domain.connections import AnsweredBy
from storage.canonical import read_canonical_zip
from storage.digests import sha256_hex, sm3_hex
from storage.evidence.package import DIGEST, FINDINGS, MANIFEST, PROVENANCE

UNKNOWN = "未记录"
NONE = "无"
_NO_REGISTRY = "没有导入"
_ROBOTS = {
    "allowed": "允许访问",
    "denied": "不允许访问",
    "absent": "网站没有 robots.txt",
    "unreachable": "robots.txt 无法取得",
}
_ANSWERED_BY = {
    AnsweredBy.SYSTEM: "系统解析",
    AnsweredBy.HOST_TABLE: "主机对照表",
    AnsweredBy.LITERAL: "网址直接写明",
}
#: By the keys of `not_recorded` on the sheet.
_NOT_RECORDED = {
    "dns_ttl": "域名应答的有效时间",
    "tls_certificates": "TLS 证书",
    "egress_address": "出口公网地址",
    "clock_offset": "时钟偏差",
    "screenshot": "截图",
}


class StatementTemplateBroken(Exception):
    """The template names something that a bundle does not say; the message is Chinese for the operator."""


def statement_of(bundle: bytes, template: str) -> str:
    """The statement for a bundle that verifies; blanks for people stay blanks. Raises StatementTemplateBroken."""
    members = read_canonical_zip(bundle)
    about: dict[str, Any] = json.loads(members[PROVENANCE])
    findings = json.loads(members[FINDINGS])["judgement"]["findings"]
    public_key = json.loads(members[DIGEST])["signedData"]["publicKey"]
    values = _facts(about) | {
        "leads": str(sum(not finding["silenced"] for finding in findings)),
        "bundle_sha256": sha256_hex(bundle),
        "bundle_sm3": sm3_hex(bundle),
        "key_sha256": sha256_hex(base64.b64decode(public_key)),
        "files": "\n".join(_file_lines(json.loads(members[MANIFEST])["files"])),
    }
    try:
        return Template(template).substitute({name: _on_paper(value) for name, value in values.items()})
    except (KeyError, ValueError) as fault:
        raise StatementTemplateBroken(f"取证说明的模板有误：{fault}") from fault


def _facts(about: Mapping[str, Any]) -> dict[str, str]:
    system, browser = about["system"], about["browser"]
    named = (
        "operator", "tool", "tool_version", "python", "host", "system", "clock", "clock_source", "dns_servers",
        "names_sha256",
    )  # fmt: skip
    missing = [f"    {limit}" for limit in about.get("limits", ())]
    missing += [f"    {item['url']}：{item['reason']}" for item in about["not_captured"]]
    missing += [f"    {_NOT_RECORDED.get(name, name)}：{reason}" for name, reason in about["not_recorded"].items()]
    return {
        **{name: system.get(name, UNKNOWN) for name in named},
        "registry": system.get("registry", UNKNOWN) or _NO_REGISTRY,
        "started": about["started_at"]["beijing"],
        "ended": about["ended_at"]["beijing"],
        "clock_offset": system.get("clock_offset") or about["not_recorded"].get("clock_offset", UNKNOWN),
        "dns": "\n".join(_dns_lines(about)) or f"    {UNKNOWN}",
        "host_table": _host_table(about),
        "egress": _egress(about),
        "tls": "\n".join(_tls_lines(about)) or f"    {NONE}",
        "browser": browser["name"],
        "user_agent": browser["user_agent"],
        "viewport": " × ".join(map(str, browser["viewport"])),
        "browser_started": browser["started_at"]["beijing"],
        "browser_ended": browser["ended_at"]["beijing"],
        "rules_sha256": about["rules_sha256"],
        "model_sha256": about["model_sha256"],
        "robots": _ROBOTS.get(about["robots"], about["robots"]),
        "http_status": str(about["http_status"]),
        "exchanges": str(about["exchanges"]),
        "url": about["url"],
        "final_url": about["final_url"],
        "redirects": "；".join(f"{step['status']} 至 {step['location']}" for step in about["redirects"]) or NONE,
        "server_ips": "、".join(about["server_ips"]) or UNKNOWN,
        "missing": "\n".join(missing) or f"    {NONE}",
    }


def _egress(about: Mapping[str, Any]) -> str:
    if said := about["system"].get("egress"):
        return f"操作单位写明：{said}"
    return f"程序未记录：{about['not_recorded'].get('egress_address', UNKNOWN)}"


def _dns_lines(about: Mapping[str, Any]) -> list[str]:
    """One line a host: every address that its name led to, and who said so."""
    lines = {
        f"    {item['host']}：{'、'.join(item['dns_answers']) or UNKNOWN}（{_ANSWERED_BY.get(item['answered_by'], item['answered_by'])}）"
        for item in about.get("connections", ())
    }
    return sorted(lines)


def _host_table(about: Mapping[str, Any]) -> str:
    mapped = {item["host"] for item in about.get("connections", ()) if item["answered_by"] == AnsweredBy.HOST_TABLE}
    return f"程序按对照表访问了 {'、'.join(sorted(mapped))}" if mapped else "程序没有使用"


def _tls_lines(about: Mapping[str, Any]) -> list[str]:
    """One line a host: whether it could be trusted and the digest of its certificate."""
    lines: dict[str, None] = {}
    for connection in about.get("connections", ()):
        if (tls := connection["tls"]) is None:
            continue
        held = "校验通过" if tls["verified"] else f"校验未通过：{tls['fault']}"
        own = tls["chain_sha256"][0] if tls["chain_sha256"] else UNKNOWN
        line = f"    {connection['host']}（{tls['version']}，{held}）\n        证书 SHA-256 {own}"
        lines[line] = None
    return list(lines)


def _file_lines(files: list[dict[str, Any]]) -> list[str]:
    return [f"    {item['name']}（{item['bytes']} 字节）\n        SHA-256 {item['sha256']}" for item in files]


def _on_paper(text: str) -> str:
    """What a page put into its URL or title must not change the look of the statement."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text)
