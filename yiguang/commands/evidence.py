"""`yiguang evidence verify|export`."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiguang.commands.cases import find_case
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings

if TYPE_CHECKING:
    from domain.evidence import VerifyReport

VERIFY_HELP = """\
核验证据包；全部通过时退出码为 0，否则说明哪一项不符。

给出文件时不需要数据库；--all 核验数据目录中的全部证据，并与数据库中的摘要比对。

\b
例：
  yiguang evidence verify 证据.wacz
  yiguang evidence verify --all
"""
EXPORT_HELP = """\
把一条线索的证据包复制到别处：先核验，再复制，并附 SHA-256 摘要文件。

\b
例：
  yiguang evidence export 3 --out 移交/
"""
GROUP_HELP = """\
证据。

\b
例：
  yiguang evidence verify --all
  yiguang evidence export 3 --out 移交/
"""

evidence_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(evidence_app, name="evidence")


@evidence_app.command("verify", help=VERIFY_HELP)
def verify(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="PATH...", help="证据包（.wacz）")] = None,
    everything: Annotated[bool, typer.Option("--all", help="核验数据目录中的全部证据")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from storage.verify import verify_all, verify_bundle

    if everything == bool(paths):
        raise UsageError("给出证据包的路径，或用 --all（二者取一）")
    if everything:
        from yiguang.home import open_home

        settings = read_settings()
        reports = verify_all(open_home(settings), settings.home)
    else:
        reports = [verify_bundle(path) for path in paths or []]
    for report in reports:
        typer.echo(json.dumps(_report_row(report), ensure_ascii=False) if as_json else _in_words(report))
    failed = sum(not report.ok for report in reports)
    if failed:
        raise CommandFailed(f"{len(reports)} 份证据中有 {failed} 份未通过核验")
    typer.echo(f"{len(reports)} 份证据全部通过核验", err=True)


def _report_row(report: "VerifyReport") -> dict[str, object]:
    return {"path": report.path, "ok": report.ok, "checks": [asdict(check) for check in report.checks]}


def _in_words(report: "VerifyReport") -> str:
    faults = [f"  {check.name}：{check.message}" for check in report.checks if not check.ok]
    return "\n".join([f"{'通过' if report.ok else '未通过'}\t{report.path}", *faults])


@evidence_app.command("export", help=EXPORT_HELP)
def export(
    case_id: Annotated[int, typer.Argument(metavar="CASE", help="线索编号，见 cases list")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="目标目录，不存在时建立")],
) -> None:
    from storage.verify import verify_bundle

    settings = read_settings()
    case = find_case(settings, case_id).case
    report = verify_bundle(settings.home / case.bundle)
    if not report.ok:
        raise CommandFailed(f"证据包未通过核验，不予导出：{_in_words(report)}")
    copy = out / Path(case.bundle).name
    if copy.exists():
        raise CommandFailed(f"{copy} 已存在，不覆盖")
    try:
        out.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(settings.home / case.bundle, copy)
        copy.with_name(copy.name + ".sha256").write_text(f"{case.bundle_sha256}  {copy.name}\n", encoding="utf-8")
    except OSError as fault:
        raise CommandFailed(f"无法写入 {out}：{fault.strerror}") from fault
    typer.echo(str(copy))
