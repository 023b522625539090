"""What the provenance sheet says of the connections: addresses, what names led to, TLS and certificates."""

import ssl
from collections.abc import Iterable, Mapping
from typing import Any

from domain.connections import AnsweredBy, Connection, Tls
from domain.page import Exchange
from storage.digests import sha256_hex

_NO_TTL = "地址由本机系统解析器给出，它不报告应答的有效时间（TTL）与原文"
_NO_ANSWERS = "没有向域名服务器查询：地址来自采集机器的主机对照表，或网址直接写明地址"
_NO_TLS = "各次请求均为 http，没有证书"
_NO_EGRESS = "本机出口的公网地址须由操作单位用 YIGUANG_EGRESS 写明，未写明；本机一端的地址见 connections"
_NO_OFFSET = "未与外部时间源比对；内核自报的同步状态见 system.clock（如有），时间以机构时间戳（如有）为准"
_NO_CHAIN = "部分 https 请求没有留下证书链"


def connections_of(exchanges: Iterable[Exchange]) -> list[dict[str, Any]]:
    """Each connection once, in the order of first use; equal ones that were opened again are not told apart."""
    known = dict.fromkeys(item.connection for item in exchanges if item.connection is not None)
    return [_row(connection) for connection in known]


def certificates_of(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """Every certificate that a server sent, as PEM by the SHA-256 of its DER."""
    sent = dict.fromkeys(
        certificate
        for item in exchanges
        if item.connection is not None and item.connection.tls is not None
        for certificate in item.connection.tls.certificates
    )
    return {sha256_hex(certificate): ssl.DER_cert_to_PEM_cert(certificate) for certificate in sent}


def certificates_problem(sheet: Mapping[str, Any]) -> str:
    """Why the certificates of a sheet are not those that its connections name, in Chinese; empty when they are.

    Raises for what is no sheet, as `LookupError`, `TypeError` or `ValueError`.
    """
    sent = sheet.get("certificates", {})
    named = {
        digest
        for connection in sheet.get("connections", ())
        if connection["tls"] is not None
        for digest in connection["tls"]["chain_sha256"]
    }
    if named != set(sent):
        return "证书与各连接所列的校验值不一致"
    for digest, pem in sent.items():
        der = ssl.PEM_cert_to_DER_cert(pem)
        if sha256_hex(der) != digest or ssl.DER_cert_to_PEM_cert(der) != pem:
            return f"证书内容与其 SHA-256 不符，或不是规范写法：{digest}"
    return ""


def limits_of(exchanges: Iterable[Exchange]) -> list[str]:
    """What a reader has to know before trusting where the page came from."""
    faults = dict.fromkeys(
        (item.connection.host, item.connection.tls.fault)
        for item in exchanges
        if item.connection is not None and item.connection.tls is not None and item.connection.tls.fault
    )
    return [
        f"{host} 的 TLS 身份校验未通过（{fault}），仍予采集：不能由证书确认应答来自该域名的主人"
        for host, fault in faults
    ]


def not_recorded(exchanges: Iterable[Exchange], system: Mapping[str, str]) -> dict[str, str]:
    """What a reader would look for on the sheet and does not find, with the reason."""
    asked = list(exchanges)
    encrypted = [item for item in asked if item.url.lower().startswith("https:")]
    looked_up = any(item.connection is None or item.connection.answered_by is AnsweredBy.SYSTEM for item in asked)
    said = {"dns_ttl": _NO_TTL if looked_up else _NO_ANSWERS}
    if not encrypted:
        said["tls_certificates"] = _NO_TLS
    elif any(not _has_chain(item.connection) for item in encrypted):
        said["tls_certificates"] = _NO_CHAIN
    if not system.get("egress"):
        said["egress_address"] = _NO_EGRESS
    if not system.get("clock_offset"):
        said["clock_offset"] = _NO_OFFSET
    return said


def _has_chain(connection: Connection | None) -> bool:
    return connection is not None and connection.tls is not None and bool(connection.tls.certificates)


def _row(connection: Connection) -> dict[str, Any]:
    return {
        "host": connection.host,
        "port": connection.port,
        "address": connection.address,
        "local_address": connection.local_address,
        "dns_answers": list(connection.answers),
        "answered_by": connection.answered_by.value,
        "tls": None if connection.tls is None else _tls(connection.tls),
    }


def _tls(tls: Tls) -> dict[str, Any]:
    return {
        "version": tls.version,
        "cipher": tls.cipher,
        "verified": not tls.fault,
        "fault": tls.fault,
        "chain_sha256": [sha256_hex(certificate) for certificate in tls.certificates],
    }
