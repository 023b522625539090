"""`yiguang outbox list|show|late|approve|return|revise|send|step|strike`."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from domain.beijing import BEIJING
from domain.outbox import MEASURE_ZH, STAGE_ZH, STEP_ZH, Measure, Stage, Step, StepTaken
from domain.roles import Act, who_may
from yiguang.errors import CommandFailed, UsageError
from yiguang.help_pages import choices
from yiguang.settings import read_settings
from yiguang.terminal import printable, say_none
from yiguang.told_numbers import GREATEST_NUMBER
from yiguang.told_time import told_time

GROUP_HELP = """\
移送台账：每份材料审批、寄送、接收、答复、办结的情况与期限。程序不寄送任何东西，只记录人做了什么。

审批人不能是制作人，也不能是修改过文书的人；审批与寄送时逐个核对材料目录和压缩包里的文件，与登记的不一致即拒绝。
记录只增不改：记错的一步用 strike 撤销，两者都留在台账上。

\b
例：
  yiguang outbox list
  yiguang outbox approve 医广线移〔2026〕3号 --folder 移送/医广线移〔2026〕3号 --by li
  yiguang outbox send 医广线移〔2026〕3号 --folder 移送/医广线移〔2026〕3号 --channel 机要交换 --by wang
  yiguang outbox step 医广线移〔2026〕3号 received --reference 收文2026-118 --by wang
  yiguang outbox step 医广线移〔2026〕3号 closed --measure fined --fine-yuan 20000 --measure ordered --by wang
  yiguang outbox late
"""
STEP_HELP = """\
记录其他进展。审批、退回、修改文书、寄送与撤销记错的一步，各有自己的命令：approve、return、revise、send、strike。

\b
例：
  yiguang outbox step 编号 received --reference 收文2026-118 --file 回执扫描.pdf --by wang
  yiguang outbox step 编号 closed --measure fined --fine-yuan 20000 --by wang
  yiguang outbox step 编号 supervised --text 专班第3次会议确定 --by wang
"""
REVISE_HELP = """\
登记改过的函：在材料目录中用 Word 修改 .docx，另存为同名 .pdf，然后运行本命令；校验值、清单与压缩包随之重做。

只能改函，其他文件改动即拒绝。修改后须重新审批，审批人不能是修改的人。

\b
例：yiguang outbox revise 编号 --folder 目录 --text 补写联系人 --by wang
"""
#: Steps that have commands of their own.
_OWN = {
    Step.APPROVED: "approve", Step.RETURNED: "return", Step.SENT: "send", Step.REVISED: "revise", Step.STRUCK: "strike",
}  # fmt: skip
_NOTED = {step: chinese for step, chinese in STEP_ZH.items() if step not in _OWN}
#: What is typed for an amount that the recipient did not tell.
_UNKNOWN = "不详"
NUMBER = Annotated[str, typer.Argument(metavar="NUMBER", help="材料编号，见 outbox list")]
FOLDER = Annotated[Path, typer.Option("--folder", metavar="DIR", help="材料所在目录（其中有 清单.json）")]


def by_help(who: str) -> str:
    return f"经办人在审核台的账号，须是{who}；只有一个账号可以办理时可不写"


BY = Annotated[str, typer.Option("--by", metavar="NAME", help=by_help(who_may(Act.REFER)))]
APPROVER = Annotated[str, typer.Option("--by", metavar="NAME", help=by_help(who_may(Act.APPROVE_PACKAGE)))]
STRIKER = Annotated[str, typer.Option("--by", metavar="NAME", help=by_help("可以记被撤销的那一步的账号"))]
AT = Annotated[
    str, typer.Option("--at", metavar="TIME", help="办理时间（北京），如 2026-11-26 或 2026-11-26T15:30；默认现在")
]
TEXT = Annotated[str, typer.Option("--text", help="内容或理由")]
FILE = Annotated[
    Path | None,
    typer.Option("--file", metavar="FILE", help="对方文书的扫描件：记录文件名与 SHA-256，文件由各单位自行保管"),
]
AS_JSON = Annotated[bool, typer.Option("--json", help="以 JSON 输出")]
XLSX = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="另写为 Excel 工作簿，.xlsx")]

outbox_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(outbox_app, name="outbox")


@outbox_app.command(
    "list",
    help="列出全部材料：编号、接收部门、进展、期限；挂牌督办的在前。\n\n"
    "例：yiguang outbox list --stage draft --out 台账.xlsx",
)
def list_(
    stage: Annotated[Stage | None, typer.Option("--stage", help=f"只列某一进展的：{choices(STAGE_ZH)}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="每份一行 JSON")] = False,
    out: XLSX = None,
) -> None:
    from yiguang.packages.outbox_text import LIST_HEADINGS, OutboxText

    _refuse_other_than_xlsx(out)
    shown = OutboxText(read_settings())
    packages = [package for package in shown.packages() if stage is None or package.stage is stage]
    if not packages:
        say_none("还没有移送材料；用 yiguang refer 制作" if stage is None else f"没有“{STAGE_ZH[stage]}”的材料")
    for package in packages:
        typer.echo(json.dumps(shown.row(package), ensure_ascii=False) if as_json else shown.line(package))
    if out is not None:
        _write_xlsx(out, "移送台账", LIST_HEADINGS, (shown.cells(package) for package in packages))


@outbox_app.command(help="一份材料的全部经过与下一步。\n\n例：yiguang outbox show 医广线移〔2026〕3号")
def show(number: NUMBER, as_json: AS_JSON = False) -> None:
    from yiguang.packages.outbox_text import OutboxText, next_step, step_lines

    shown = OutboxText(read_settings())
    package = shown.package(number)
    if as_json:
        typer.echo(json.dumps(shown.row(package), ensure_ascii=False, indent=2))
        return
    typer.echo(shown.line(package))
    typer.echo(f"  制作：{package.made_at.astimezone(BEIJING):%Y-%m-%d %H:%M}（{printable(package.made_by)}）")
    for line in step_lines(package):
        typer.echo(line)
    for case, term in shown.limits(package):
        typer.echo(shown.limit_line(case, term))
    if following := next_step(package):
        typer.echo(f"下一步：{following}")


@outbox_app.command(
    help="逾期的与将到期的，以及告知谁、怎么办（lexicons/calendar/escalation.toml）。有逾期的，退出码为 1。\n\n"
    "例：yiguang outbox late --within 5 --out 催办.xlsx"
)
def late(
    within: Annotated[int, typer.Option("--within", min=0, max=90, help="也列出几个工作日内到期的")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="每项一行 JSON")] = False,
    out: XLSX = None,
) -> None:
    from yiguang.packages.outbox_text import LATE_HEADINGS, OutboxText

    _refuse_other_than_xlsx(out)
    shown = OutboxText(read_settings())
    found = shown.reminders(within)
    if not found:
        say_none(f"没有逾期的，{within} 个工作日内也没有到期的")
    for reminder in found:
        mark = "【挂牌督办】" if reminder.package.supervised and not as_json else ""
        row = json.dumps(shown.late_row(reminder), ensure_ascii=False)
        typer.echo(row if as_json else mark + "\t".join(cell for cell in shown.late_cells(reminder)[:8] if cell))
    if out is not None:
        _write_xlsx(out, "催办单", LATE_HEADINGS, map(shown.late_cells, found))
    if overdue := sum(reminder.is_late for reminder in found):
        raise CommandFailed(f"{overdue} 项已逾期")


@outbox_app.command(help="审批同意。审批人不能是制作人。\n\n例：yiguang outbox approve 编号 --folder 目录 --by li")
def approve(number: NUMBER, folder: FOLDER, by: APPROVER = "", at: AT = "", text: TEXT = "") -> None:
    _take(number, _step(Step.APPROVED, at, text), by, folder)


@outbox_app.command("return", help="退回，不予移送。\n\n例：yiguang outbox return 编号 --text 定性依据不足 --by li")
def return_(number: NUMBER, text: TEXT = "", by: APPROVER = "", at: AT = "") -> None:
    _take(number, _step(Step.RETURNED, at, text), by)


@outbox_app.command(help=REVISE_HELP)
def revise(number: NUMBER, folder: FOLDER, text: TEXT = "", by: BY = "") -> None:
    from yiguang.packages.outboxing import revise_letters

    package = revise_letters(read_settings(), number, by, _step(Step.REVISED, "", text), folder)
    typer.echo(f"已记录：{number} {STEP_ZH[Step.REVISED]}；现为“{STAGE_ZH[package.stage]}”")
    typer.echo(f"  清单 SHA-256：{package.manifest_now}")


@outbox_app.command(
    help="记录已寄送：何人、以何方式、寄的是哪一份。\n\n例：yiguang outbox send 编号 --folder 目录 --channel 机要交换 --by wang"
)
def send(
    number: NUMBER,
    folder: FOLDER,
    channel: Annotated[str, typer.Option("--channel", help="寄送方式，如 机要交换、政务邮箱、邮政快递及单号")],
    by: BY = "",
    at: AT = "",
    text: TEXT = "",
) -> None:
    _take(number, _step(Step.SENT, at, text, channel=channel.strip()), by, folder)


@outbox_app.command(help=STEP_HELP)
def step(
    number: NUMBER,
    what: Annotated[str, typer.Argument(metavar="STEP", help=f"进展：{choices(_NOTED)}")],
    by: BY = "",
    at: AT = "",
    text: TEXT = "",
    reference: Annotated[str, typer.Option("--reference", help="对方的文号或收文号")] = "",
    measure: Annotated[
        list[Measure] | None, typer.Option("--measure", help=f"处理结果，可多次：{choices(MEASURE_ZH)}")
    ] = None,
    fine_yuan: Annotated[str, typer.Option("--fine-yuan", help=f"罚没金额（元）；对方没有告知的写 {_UNKNOWN}")] = "",
    file: FILE = None,
) -> None:
    from yiguang.packages.outboxing import digest_of

    noted = _noted(what)
    if Measure.FINED in (measure or ()) and not fine_yuan:
        raise UsageError(
            f"罚没款须用 --fine-yuan 写明金额（元），统计表据此合计；对方没有告知的写 --fine-yuan {_UNKNOWN}"
        )
    name, digest = digest_of(file)
    taken = _step(
        noted,
        at,
        text,
        reference=reference.strip(),
        measures=tuple(dict.fromkeys(measure or ())),
        fine_fen=_fen(fine_yuan),
        file_name=name,
        file_sha256=digest,
    )
    _take(number, taken, by)


@outbox_app.command(
    help="撤销记错的一步（步号见 outbox show）；撤销后再按实际情况记一次。\n\n"
    "例：yiguang outbox strike 编号 12 --text 收文号记在了另一份上 --by wang"
)
def strike(
    number: NUMBER,
    step_id: Annotated[int, typer.Argument(min=1, max=GREATEST_NUMBER, metavar="ID", help="步号")],
    text: TEXT = "",
    by: STRIKER = "",
) -> None:
    _take(number, _step(Step.STRUCK, "", text, corrects=step_id), by)


def _noted(what: str) -> Step:
    """Raises UsageError for what is no step, or one that has a command of its own."""
    own = next((name for name in _OWN if name == what), None)
    if own is not None:
        raise UsageError(f"“{STEP_ZH[own]}”用 yiguang outbox {_OWN[own]}")
    noted = next((name for name in _NOTED if name == what), None)
    if noted is None:
        raise UsageError(f"STEP 不能是“{printable(what)}”，只能是：{'、'.join(_NOTED)}")
    return noted


def _step(
    what: Step,
    at: str,
    text: str,
    *,
    channel: str = "",
    reference: str = "",
    measures: tuple[Measure, ...] = (),
    fine_fen: int = 0,
    corrects: int | None = None,
    file_name: str = "",
    file_sha256: str = "",
) -> StepTaken:
    """As the command line says it; by whom is known later."""
    noted_at = datetime.now(BEIJING)
    return StepTaken(
        step=what,
        by="",
        at=told_time(at) if at else noted_at,
        noted_at=noted_at,
        text=text.strip(),
        reference=reference,
        channel=channel,
        measures=measures,
        fine_fen=fine_fen,
        corrects=corrects,
        file_name=file_name,
        file_sha256=file_sha256,
    )


def _take(number: str, taken: StepTaken, by: str, folder: Path | None = None) -> None:
    from yiguang.packages.outbox_text import next_step
    from yiguang.packages.outboxing import note_step

    package = note_step(read_settings(), number, by, taken, folder)
    typer.echo(f"已记录：{number} {STEP_ZH[taken.step]}；现为“{STAGE_ZH[package.stage]}”")
    if following := next_step(package):
        typer.echo(f"下一步：{following}")


def _refuse_other_than_xlsx(path: Path | None) -> None:
    """Spreadsheets refuse a workbook under the name of another kind of file. Raises UsageError."""
    if path is not None and path.suffix.lower() != ".xlsx":
        raise UsageError("--out 应为 .xlsx 文件")


def _write_xlsx(path: Path, title: str, headings: Sequence[str], rows: Iterable[tuple[str, ...]]) -> None:
    from referral.lists import as_xlsx
    from storage.durable_file import write_whole

    try:
        write_whole(path, as_xlsx(title, headings, rows))
    except OSError as fault:
        raise CommandFailed(f"无法写入 {path}：{fault.strerror}") from fault


def _fen(yuan: str) -> int:
    """Raises UsageError for what is no amount."""
    from decimal import Decimal, InvalidOperation

    if yuan in ("", _UNKNOWN):
        return 0
    try:
        fen = Decimal(yuan) * 100
    except InvalidOperation:
        raise UsageError(f"--fine-yuan 应为金额，如 20000 或 20000.50，不是 {yuan}") from None
    if not fen.is_finite() or fen != fen.to_integral_value() or not 0 < fen < 10**15:
        raise UsageError(f"--fine-yuan 应为金额，大于零，至多两位小数，不是 {yuan}")
    return int(fen)
