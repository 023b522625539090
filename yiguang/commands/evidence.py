"""`yiguang evidence verify|export|stamp|verifier`; what keeps and deletes is in `keeping`, the second copy in `second_copy`, the sheet in `recapture`, later looks in `looks`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.roles import Act, who_may
from yiguang.commands.cases import find_case
from yiguang.commands.keeping import keeping_app
from yiguang.commands.looks import looks_app
from yiguang.commands.recapture import recapture_app
from yiguang.commands.second_copy import second_copy_app
from yiguang.errors import CommandFailed, UsageError
from yiguang.packages.export import (
    masked_files,
    original_files,
    record_opening,
    require_free,
    require_kept,
    role_of_opener,
    warn_without_shot,
    write_files,
)
from yiguang.settings import read_settings
from yiguang.terminal import printable
from yiguang.told_numbers import GREATEST_NUMBER

if TYPE_CHECKING:
    from domain.evidence import VerifyReport

VERIFY_HELP = """\
核验证据包；全部通过时退出码为 0，否则说明哪一项不符。

给出文件时不需要数据库；封存证明（.seal.json）可以单独核验；复测的证据包与首次取证及此前各次的一并给出时，互相核对。--key 指定签名公钥的指纹，不指定时只能说明签名与内容相符，不能说明是谁签的。
--all 核验数据目录中的全部证据，与数据库中的摘要和哈希链比对，并核验封存摘要与时间戳；私钥已遗失的数据目录，
用 --key 给出当时公布的指纹。

\b
例：
  yiguang evidence verify 证据.wacz
  yiguang evidence verify 证据.wacz --key 5f3c…
  yiguang evidence verify 证据.wacz.seal.json
  yiguang evidence verify --all
  yiguang evidence verify --all --key 5f3c…
"""
VERIFIER_HELP = """\
生成独立核验程序：收件人用 Python 3.9 以上即可离线核验证据包，不需要本系统。

相同版本生成逐字节相同的文件；请公布其 SHA-256。

\b
例：
  yiguang evidence verifier --out verify.pyz
"""
STAMP_HELP = """\
向已配置的机构补取时间戳；夜间巡查结束时也会自动取，机构当时不可达的留待下次。

机构在数据目录的 authorities.toml 中配置，见 docs/time-stamps.md。

\b
例：
  yiguang evidence stamp
"""
EXPORT_HELP = """\
导出一条线索的材料：先核验证据包，再写到目标目录。

默认导出脱敏副本（正文、截图、命中项与遮盖清单），供流转；患者的姓名称谓、身份证号、个人电话、人像等已遮盖，原件不动。
截图中的文字须逐处识别，约需数秒至数十秒；识别不了的不附截图。
--original 导出封存的原件，附 SHA-256 摘要文件、封存证明、取证说明（空白处由取证人填写签名）、
截图分屏（.view-N.png 为原样，.view-N.boxes.png 为标出命中文字的副本）与独立核验程序 verify.pyz；须写明经办人与理由，调阅记入哈希链，不能删除。
复测过的线索，两种都附复测记录与各次的封存证明，--original 另附各次复测的证据包。
审核台已有可调阅原件的账号时，--by 须为其中之一。中途断开的导出，原样再运行一次即补齐。

尚未封存（夜间巡查未结束）的证据没有封存证明；时间戳后来才取得的，取得后再导出一次。

\b
例：
  yiguang evidence export 3 --out 流转/
  yiguang evidence export 3 --out 移交/ --original --by 张示例 --reason 移送区市场监管局
"""
GROUP_HELP = """\
证据。

\b
例：
  yiguang evidence verify --all
  yiguang evidence export 3 --out 流转/
  yiguang evidence recapture 3 --out 重新取证单.pdf
  yiguang evidence looks 3
  yiguang evidence expire --dry-run
"""

evidence_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)
evidence_app.add_typer(keeping_app)
evidence_app.add_typer(second_copy_app)
evidence_app.add_typer(recapture_app)
evidence_app.add_typer(looks_app)


def add_to(app: typer.Typer) -> None:
    app.add_typer(evidence_app, name="evidence")


@evidence_app.command("verify", help=VERIFY_HELP)
def verify(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH", help="证据包（.wacz）或封存证明（.seal.json）")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="核验数据目录中的全部证据")] = False,
    key: Annotated[str | None, typer.Option("--key", metavar="SHA256", help="签名公钥应有的指纹")] = None,
    store: Annotated[str | None, typer.Option("--store", metavar="URL", help="与 --all 同用：也核验另存的副本")] = None,
    options: Annotated[list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="存储的选项")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from storage.checking.verify import verify_bundle
    from storage.checking.verify_between import verify_between
    from storage.checking.verify_proof import verify_proof
    from storage.sealing.proof import SUFFIX

    if everything == bool(paths) or (store and not everything):
        raise UsageError("给出证据包的路径（可带 --key），或用 --all（可带 --key、--store；二者取一）")
    between: list[VerifyReport] = []
    if everything:
        reports = _verify_everything(key) + (_verify_remote(store, options or []) if store else [])
    else:
        alone = [(verify_proof if path.name.endswith(SUFFIX) else verify_bundle, path) for path in paths or []]
        reports = [check(path, key) for check, path in alone]
        good = [
            path for (check, path), report in zip(alone, reports, strict=True) if check is verify_bundle and report.ok
        ]
        between = verify_between(good)
    for report in (*reports, *between):
        typer.echo(json.dumps(_report_row(report), ensure_ascii=False) if as_json else _in_words(report))
    failed = sum(not report.ok for report in reports)
    if failed:
        raise CommandFailed(f"{len(reports)} 份证据中有 {failed} 份未通过核验")
    if not all(report.ok for report in between):
        raise CommandFailed("各份证据单独看均通过核验，互相之间不符")
    if reports:
        typer.echo(f"{len(reports)} 份证据全部通过核验", err=True)


def _verify_everything(key: str | None) -> "list[VerifyReport]":
    """By the key with the fingerprint `key`, else by the one in use. Raises CommandFailed when pages were visited and not one bundle is there: zero is a failure."""
    from storage.checking.rechecks import check_everything
    from storage.checking.verify import count_evidence
    from storage.checking.verify_chain import verify_chain
    from yiguang.authorities import load_authorities
    from yiguang.home import load_seal_key, open_home, utc_now

    settings = read_settings()
    engine = open_home(settings)
    counts = count_evidence(engine)
    if counts.visits == 0:
        typer.echo("数据目录中尚无任何采集，没有证据可以核验", err=True)
    elif counts.bundles == 0:
        raise CommandFailed(f"已有 {counts.visits} 次采集，却没有一份证据包")
    trusted = key or load_seal_key(settings).fingerprint
    reports = check_everything(engine, settings.home, utc_now)
    authorities = load_authorities(settings.authorities)
    return reports + verify_chain(engine, settings.home, trusted, authorities)


def _verify_remote(url: str, options: list[str]) -> "list[VerifyReport]":
    from storage.keeping.object_store import StoreUnusable
    from storage.keeping.remote_copy import verify_remote
    from yiguang.home import open_home
    from yiguang.keeping import open_remote

    settings = read_settings()
    try:
        return list(verify_remote(open_home(settings), settings.home, open_remote(url, options)))
    except StoreUnusable as fault:
        raise CommandFailed(str(fault)) from fault


def _report_row(report: "VerifyReport") -> dict[str, object]:
    return {
        "path": report.path,
        "ok": report.ok,
        "checks": [asdict(check) for check in report.checks],
        "notes": report.notes,
    }


def _in_words(report: "VerifyReport") -> str:
    faults = [printable(f"{check.name}：{check.message}") for check in report.checks if not check.ok]
    notes = [printable(f"注：{note}") for note in report.notes]
    lines = [f"  {line}" for line in (*faults, *notes)]
    return "\n".join([f"{'通过' if report.ok else '未通过'}\t{report.path}", *lines])


@evidence_app.command("export", help=EXPORT_HELP)
def export(
    case_id: Annotated[int, typer.Argument(min=1, max=GREATEST_NUMBER, metavar="CASE", help="线索编号，见 cases list")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="目标目录，不存在时建立")],
    masked: Annotated[
        bool, typer.Option("--masked/--original", help="脱敏副本（默认），或封存的原件", show_default=False)
    ] = True,
    by: Annotated[
        str,
        typer.Option("--by", metavar="NAME", help=f"调阅原件的经办人，审核台的账号，须是{who_may(Act.OPEN_EVIDENCE)}"),
    ] = "",
    reason: Annotated[str, typer.Option("--reason", help="调阅原件的理由")] = "",
) -> None:
    from storage.checking.verify import verify_bundle

    if not masked and not (by.strip() and reason.strip()):
        raise UsageError(
            "导出原件须用 --by 写明经办人，用 --reason 写明理由；供流转的请导出脱敏副本（不加 --original）"
        )
    settings = read_settings()
    case = find_case(settings, case_id).case
    require_kept(settings, case)
    report = verify_bundle(settings.home / case.bundle)
    if not report.ok:
        raise CommandFailed(f"证据包未通过核验，不予导出：{_in_words(report)}")
    role = "" if masked else role_of_opener(settings, by)
    files = masked_files(settings, case) if masked else original_files(settings, case)
    require_free(out, files)
    if not masked:
        record_opening(settings, case, by, role, reason)
    write_files(out, files)
    typer.echo(str(out / next(iter(files))))
    if masked:
        warn_without_shot(files, f"线索 {case_id}")


@evidence_app.command("stamp", help=STAMP_HELP)
def stamp() -> None:
    from storage.sealing.stamps import request_stamps
    from yiguang.authorities import load_authorities
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    engine = open_home(settings)
    authorities = load_authorities(settings.authorities)
    if not authorities:
        raise CommandFailed(f"没有配置时间戳机构（{settings.authorities}）")
    tries = request_stamps(engine, settings.home, authorities, utc_now)
    for attempt in tries:
        typer.echo(f"第 {attempt.seal_number} 号封存\t{attempt.authority}\t{attempt.fault or '已取得'}")
    failed = sum(bool(attempt.fault) for attempt in tries)
    if failed:
        raise CommandFailed(f"{failed} 家机构未能取得时间戳，已排队")


@evidence_app.command("verifier", help=VERIFIER_HELP)
def verifier(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="写到哪里，如 verify.pyz")],
) -> None:
    from hashlib import sha256

    from yiguang.packages.verifier_file import build_verifier

    program = build_verifier()
    try:
        out.write_bytes(program)
    except OSError as fault:
        raise CommandFailed(f"无法写入 {out}：{fault.strerror}") from fault
    typer.echo(f"{sha256(program).hexdigest()}  {out}")
