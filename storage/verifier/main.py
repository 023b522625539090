"""`python3 verify.pyz BUNDLE.wacz`: offline, Chinese output, exit code 0 only when nothing failed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from .between import Given, check_between, given_of
from .bundle import FINDINGS, PROVENANCE, Members, check_bundle, sha256_hex
from .canonical import MAX_ARCHIVE_BYTES
from .certificate import Certificate, read_pem
from .errors import UNREADABLE
from .look import LOOK
from .look import summary as look_summary
from .proof import PROOF, check_proof
from .report import FAILED, GOOD, UNCHECKED, Line, Report
from .sm3 import sm3_hex

PROOF_SUFFIX = ".seal.json"
_MARKS = {GOOD: "[相符]", FAILED: "[不符]", UNCHECKED: "[未查]"}
LIMITS = (
    "对方服务器确实发出过这些内容：HTTPS 不能事后自证，取证由一方完成。行政机关应按记录的网址和步骤自行重新取证。",
    "页面内容违法：所列为线索，须由有权机关认定。",
    "取证的准确时间：来自取证单位的时钟；机构时间戳只证明“不晚于”该时间已经存在。",
    "没有采集到的内容：见来源信息中的 not_captured 与 not_recorded。",
    "签名人的身份：须把公钥指纹与取证单位公布的指纹核对。",
)


def main(arguments: list[str] | None = None) -> int:
    """0 when everything verifies, 1 when something does not, 2 for wrong usage."""
    _speak_utf8()
    options = _parser().parse_args(arguments)
    try:
        roots = [certificate for path in options.roots for certificate in _read_roots(path)]
    except (OSError, *UNREADABLE) as fault:
        print(f"错误：根证书文件无法读取：{fault}", file=sys.stderr)
        return 2
    key = options.key.lower() if options.key else None
    given: dict[str, Given] = {}
    results = [_verify(path, options.proof, key, roots, given) for path in options.bundles]
    if any(each.look for each in given.values()):
        results.append(_verify_between(given))
    failed = results.count(False)
    print(f"结论：{len(options.bundles)} 份证据包，{f'{failed} 处不符' if failed else '凡已查的全部相符'}。")
    print("本核验不能证明：")
    for number, limit in enumerate(LIMITS, 1):
        print(f"  {number}. {limit}")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="verify.pyz",
        description="离线核验医广哨兵的证据包（.wacz）。旁边有同名的 .seal.json 时，一并核验封存与时间戳。",
        epilog="例：python3 verify.pyz 证据.wacz --key 5f3c… --roots 时间戳机构根证书.pem",
    )
    parser.add_argument("bundles", nargs="+", type=Path, metavar="证据.wacz")
    parser.add_argument("--key", metavar="SHA256", help="取证单位公布的签名公钥指纹")
    parser.add_argument("--proof", type=Path, metavar="FILE", help="封存证明，默认取证据包旁边的 .seal.json")
    parser.add_argument(
        "--roots", type=Path, action="append", default=[], metavar="PEM", help="时间戳机构的根证书，可多次给出"
    )
    return parser


def _verify_between(given: dict[str, Given]) -> bool:
    """What the bundles that verified say of each other."""
    report = Report()
    print("证据包之间：")
    for digest, each in given.items():
        if each.look is None:
            continue
        place = len(report.lines)
        try:
            check_between(each.look, given, report)
        except UNREADABLE as fault:
            report.fail(LOOK, f"内容无法解析（{type(fault).__name__}）")
        print(f"  {digest[:16]}…（第 {each.look['number']} 次复测）")
        _print_lines(report.lines[place:])
    return FAILED not in {line.result for line in report.lines}


def _print_lines(lines: list[Line]) -> None:
    for line in lines:
        print(f"  {_MARKS[line.result]} {_plain(line.name)}：{_plain(line.message)}")


def _verify(path: Path, proof: Path | None, key: str | None, roots: list[Certificate], given: dict[str, Given]) -> bool:
    """One bundle by itself; what others may refer to in it is noted in `given` when it is good."""
    report = Report()
    print(f"证据包：{path}")
    data = _read(path, report)
    members: Members = {}
    if data is not None:
        print(f"  长度 {len(data)} 字节\n  SHA-256 {sha256_hex(data)}\n  SM3 {sm3_hex(data)}")
        members = check_bundle(data, key, report)
        beside = proof or path.with_name(path.name + PROOF_SUFFIX)
        if proof is None and not beside.exists():
            report.skip(PROOF, f"没有 {beside.name}：未核验哈希链、封存与时间戳")
        else:
            sealed = _read(beside, report)
            if sealed is not None:
                check_proof(sealed, data, key, roots, report)
    _print_lines(report.lines)
    if report.ok and data is not None:
        try:
            summary = _summary(members)
            given[sha256_hex(data)] = given_of(members)
        except UNREADABLE as fault:  # consistent in itself, but not a bundle of this system
            summary = [f"来源信息不全，无法摘录（{type(fault).__name__}）"]
        for text in summary:
            print(f"  {_plain(text)}")
    return report.ok


def _read(path: Path, report: Report) -> bytes | None:
    try:
        if path.stat().st_size > MAX_ARCHIVE_BYTES:
            report.fail("文件", f"{path.name} 过大，不是医广哨兵的证据")
            return None
        return path.read_bytes()
    except OSError as fault:
        report.fail("文件", f"{path.name} 无法读取：{fault.strerror}")
        return None


def _read_roots(path: Path) -> list[Certificate]:
    found = read_pem(path.read_text(encoding="ascii"))
    if not found:
        raise ValueError(f"{path.name} 中没有证书")
    return found


def _summary(members: Members) -> list[str]:
    """What the verified bundle says of itself, for a reader who has not opened it."""
    if LOOK in members:
        return look_summary(members)
    about: dict[str, Any] = json.loads(members[PROVENANCE])
    found: dict[str, Any] = json.loads(members[FINDINGS])
    quotes = [item["quote"] for item in found["judgement"]["findings"] if not item["silenced"]]
    system = about["system"]
    limits = [f"限制：{limit}" for limit in about.get("limits", [])]
    left_out = len(about["not_captured"])
    if left_out:
        limits.append(f"限制：有 {left_out} 项资源没有采集，逐项及原因见 not_captured")
    return [
        f"网址：{about['final_url']}",
        f"取证时间（取证单位的时钟，北京时间）：{about['started_at']['beijing']} 至 {about['ended_at']['beijing']}",
        f"取证：{system['operator']}，{system['tool']} {system['tool_version']}，{about['browser']['name']}",
        f"命中 {len(quotes)} 处（均为线索，不是定性）：{'；'.join(quotes[:5])}{' ……' if len(quotes) > 5 else ''}",
        *limits,
    ]


def _plain(text: str) -> str:
    """Captured text is hostile: no control characters reach the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _speak_utf8() -> None:
    """Consoles of other systems must not end the program for want of a character."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
