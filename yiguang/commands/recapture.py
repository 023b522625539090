"""`yiguang evidence recapture`: the sheet by which two officers repeat a capture."""

from pathlib import Path
from typing import Annotated

import typer

from yiguang.commands.cases import find_case
from yiguang.errors import CommandFailed, UsageError
from yiguang.packages.export import require_kept
from yiguang.settings import Settings, read_settings
from yiguang.told_numbers import GREATEST_NUMBER

RECAPTURE_HELP = """\
生成一页纸的重新取证单：网址、要查找的文字、步骤、时间与校验值，供两名执法人员约五分钟内重做一次取证。

先核验证据包。输出为 HTML（自成一体，不请求网络）或由浏览器打印的 PDF，依文件名后缀而定。患者信息已遮盖。

\b
例：
  yiguang evidence recapture 3 --out 重新取证单.pdf
"""
recapture_app = typer.Typer()


@recapture_app.command("recapture", help=RECAPTURE_HELP)
def recapture(
    case_id: Annotated[int, typer.Argument(min=1, max=GREATEST_NUMBER, metavar="CASE", help="线索编号，见 cases list")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="写到哪里，后缀为 .html 或 .pdf")],
) -> None:
    if out.suffix.lower() not in (".html", ".pdf"):
        raise UsageError("--out 的后缀应为 .html 或 .pdf")
    if out.exists():
        raise CommandFailed(f"{out} 已存在，不覆盖")
    settings = read_settings()
    sheet = _sheet(settings, case_id)
    data = sheet.encode() if out.suffix.lower() == ".html" else _printed(sheet, settings)
    try:
        out.write_bytes(data)
    except OSError as fault:
        raise CommandFailed(f"无法写入 {out}：{fault.strerror}") from fault
    typer.echo(str(out))


def _sheet(settings: Settings, case_id: int) -> str:
    """Raises CommandFailed when the bundle does not verify, is deleted, or the template is broken."""
    from storage.checking.verify import verify_bundle
    from storage.evidence.recapture import RecaptureTemplateBroken, recapture_sheet
    from yiguang.keeping import load_masker

    case = find_case(settings, case_id).case
    require_kept(settings, case)
    path = settings.home / case.bundle
    report = verify_bundle(path)
    if not report.ok:
        faults = "；".join(f"{check.name}：{check.message}" for check in report.checks if not check.ok)
        raise CommandFailed(f"证据包未通过核验，不出重新取证单：{faults}")
    try:
        template = (settings.lexicons / "letters" / "recapture.html").read_text(encoding="utf-8")
        return recapture_sheet(path.read_bytes(), case_id, template, load_masker(settings.lexicons))
    except (RecaptureTemplateBroken, OSError, UnicodeDecodeError) as fault:
        raise CommandFailed(f"重新取证单无法生成：{fault}") from fault


def _printed(sheet: str, settings: Settings) -> bytes:
    from crawler.rendering.browser import BrowserUnavailable
    from crawler.rendering.print_page import print_pdf

    try:
        return print_pdf(sheet, settings.chromium, sandbox=settings.chromium_sandbox)
    except BrowserUnavailable as fault:
        raise CommandFailed(str(fault)) from fault
