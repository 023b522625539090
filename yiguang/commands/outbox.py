"""`yiguang outbox list|show|late|approve|return|send|note` and `yiguang respond`."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import BEIJING
from domain.outbox import MEASURE_ZH, STAGE_ZH, STATEMENT_ZH, STEP_ZH, Measure, StatementKind, Step, StepTaken
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import Settings, read_settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from domain.clocks import Clock
    from domain.working_days import WorkCalendar
    from referral.deadlines import RunningTerm
    from storage.outbox import Package

GROUP_HELP = """\
移送台账：每份材料审批、寄送、接收、答复、办结的情况与期限。程序不寄送任何东西，只记录人做了什么。

审批人不能是制作人；审批与寄送时核对材料目录的清单，与制作时登记的不一致即拒绝。记录只增不改，写错的用 note 更正。

\b
例：
  yiguang outbox list
  yiguang outbox approve 医广线移〔2026〕3号 --folder 移送/医广线移〔2026〕3号 --by li
  yiguang outbox send 医广线移〔2026〕3号 --folder 移送/医广线移〔2026〕3号 --channel 机要交换 --by wang
  yiguang outbox step 医广线移〔2026〕3号 received --reference 收文2026-118 --by wang
  yiguang outbox step 医广线移〔2026〕3号 closed --measure fined --fine-yuan 20000 --measure ordered --by wang
  yiguang outbox late
"""
RESPOND_HELP = """\
记录针对线索的意见：当事人异议（dispute）、当事人称已更正（correction）、本单位撤回（withdrawn）、撤销撤回（reinstated）。

撤回的线索不再移送、不再复测、不计入任何统计；记录只增不改，此后的移送材料与线索详情都会写明。

\b
例：
  yiguang respond 3 dispute --text 称该页面系第三方代运营 --by wang
  yiguang respond 3 withdrawn --text 复核发现系转载主管部门通报 --by li
"""
NUMBER = Annotated[str, typer.Argument(metavar="NUMBER", help="材料编号，见 outbox list")]
FOLDER = Annotated[Path, typer.Option("--folder", metavar="DIR", help="材料所在目录（其中有 清单.json）")]
BY = Annotated[str, typer.Option("--by", metavar="NAME", help="经办人在复核台的账号；只有一个账号可以办理时可不写")]
AT = Annotated[
    str, typer.Option("--at", metavar="TIME", help="办理时间（北京），如 2026-11-26 或 2026-11-26T15:30；默认现在")
]
TEXT = Annotated[str, typer.Option("--text", help="内容或理由")]

outbox_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(outbox_app, name="outbox")
    app.command("respond", help=RESPOND_HELP)(respond)


@outbox_app.command(
    "list", help="列出全部材料：编号、接收部门、进展、期限；挂牌督办的在前。\n\n例：yiguang outbox list --json"
)
def list_(as_json: Annotated[bool, typer.Option("--json", help="每份一行 JSON")] = False) -> None:
    shown = _Shown(read_settings())
    packages = sorted(shown.packages(), key=lambda package: not package.supervised)
    for package in packages:
        typer.echo(json.dumps(shown.row(package), ensure_ascii=False) if as_json else shown.line(package))


@outbox_app.command(help="一份材料的全部经过。\n\n例：yiguang outbox show 医广线移〔2026〕3号")
def show(number: NUMBER, as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False) -> None:
    shown = _Shown(read_settings())
    package = next((each for each in shown.packages() if each.number == number), None)
    if package is None:
        raise CommandFailed(f"没有编号为 {number} 的移送材料（见 yiguang outbox list）")
    if as_json:
        typer.echo(json.dumps(shown.row(package), ensure_ascii=False, indent=2))
        return
    typer.echo("\n".join([shown.line(package), *(_step_line(taken) for taken in package.steps)]))


@outbox_app.command(help="逾期的与将到期的。有逾期的，退出码为 1。\n\n例：yiguang outbox late --within 5")
def late(within: Annotated[int, typer.Option("--within", min=0, max=90, help="也列出几日内到期的")] = 3) -> None:
    shown = _Shown(read_settings())
    overdue = 0
    for package in shown.packages():
        for term in shown.terms(package):
            if term.is_late(shown.now) or term.is_near(shown.now, within):
                overdue += term.is_late(shown.now)
                typer.echo(f"{package.number}\t{package.recipient.value}\t{shown.term(term)}")
        if package.stage.value == "draft" and (shown.now - package.made_at).days >= within:
            typer.echo(
                f"{package.number}\t{package.recipient.value}\t制作后 {(shown.now - package.made_at).days} 日未审批"
            )
    if overdue:
        raise CommandFailed(f"{overdue} 项已逾期")


@outbox_app.command(help="审批同意。审批人不能是制作人。\n\n例：yiguang outbox approve 编号 --folder 目录 --by li")
def approve(number: NUMBER, folder: FOLDER, by: BY = "", at: AT = "", text: TEXT = "") -> None:
    _take(number, Step.APPROVED, by, at, folder, text=text)


@outbox_app.command("return", help="退回，不予移送。\n\n例：yiguang outbox return 编号 --text 定性依据不足 --by li")
def return_(number: NUMBER, text: TEXT = "", by: BY = "", at: AT = "") -> None:
    _take(number, Step.RETURNED, by, at, text=text)


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
    _take(number, Step.SENT, by, at, folder, text=text, channel=channel)


@outbox_app.command(help="记录其他进展：received、replied、filed、not-filed、closed、supervised、supervision-ended、withdrawn、note。\n\n"
    "例：yiguang outbox step 编号 closed --measure fined --fine-yuan 20000 --by wang")  # fmt: skip
def step(
    number: NUMBER,
    what: Annotated[Step, typer.Argument(metavar="STEP", help="进展")],
    by: BY = "",
    at: AT = "",
    text: TEXT = "",
    reference: Annotated[str, typer.Option("--reference", help="对方的文号或收文号")] = "",
    measure: Annotated[list[Measure] | None, typer.Option("--measure", help="处理结果，可多次")] = None,
    fine_yuan: Annotated[str, typer.Option("--fine-yuan", help="罚没金额（元）")] = "",
) -> None:
    if what in (Step.APPROVED, Step.RETURNED, Step.SENT):
        raise UsageError("审批、退回、寄送用 yiguang outbox approve、return、send")
    _take(number, what, by, at, text=text, reference=reference, measures=tuple(measure or ()), fine_fen=_fen(fine_yuan))


def respond(
    case_id: Annotated[int, typer.Argument(metavar="CASE", help="线索编号")],
    kind: Annotated[StatementKind, typer.Argument(metavar="KIND", help="dispute、correction、withdrawn、reinstated")],
    text: TEXT = "",
    by: BY = "",
    at: AT = "",
) -> None:
    from yiguang.outboxing import note_statement

    note_statement(read_settings(), case_id, by, kind, text, _time(at))
    typer.echo(f"已记录：线索 {case_id} {STATEMENT_ZH[kind]}")


def _take(
    number: str,
    what: Step,
    by: str,
    at: str,
    folder: Path | None = None,
    *,
    text: str = "",
    reference: str = "",
    channel: str = "",
    measures: tuple[Measure, ...] = (),
    fine_fen: int = 0,
) -> None:
    from yiguang.home import utc_now
    from yiguang.outboxing import note_step

    noted_at = utc_now()
    taken = StepTaken(
        what,
        "",
        _time(at) if at else noted_at,
        noted_at,
        text.strip(),
        reference.strip(),
        channel.strip(),
        measures,
        fine_fen,
    )
    package = note_step(read_settings(), number, by, taken, folder)
    typer.echo(f"已记录：{number} {STEP_ZH[what]}；现为“{STAGE_ZH[package.stage]}”")


class _Shown:
    """Packages as they are shown to a person, with their terms as of now. Raises CommandFailed for broken calendars."""

    def __init__(self, settings: Settings) -> None:
        from domain.clocks import ClocksBroken
        from domain.working_days import CalendarBroken
        from referral.deadlines import load_clocks, load_work_calendar
        from yiguang.home import open_home, utc_now

        self._engine = open_home(settings)
        self.now = utc_now()
        try:
            self._clocks: tuple[Clock, ...] = load_clocks(settings.lexicons)
            self._calendar: WorkCalendar = load_work_calendar(settings.lexicons)
        except (ClocksBroken, CalendarBroken) as fault:
            raise CommandFailed(str(fault)) from fault

    def packages(self) -> "list[Package]":
        from storage.outbox import list_packages

        return list_packages(self._engine)

    def terms(self, package: "Package") -> "tuple[RunningTerm, ...]":
        from referral.deadlines import terms_of

        return terms_of(package, self._clocks, self._calendar)

    def term(self, term: "RunningTerm") -> str:
        if term.deadline is None:
            return f"{term.clock.title}：期限待定（{term.why_open}）"
        late = "，已逾期" if term.is_late(self.now) else ""
        return f"{term.clock.title}：{_minute(term.deadline.due_at)} 前{late}（{term.clock.basis}）"

    def line(self, package: "Package") -> str:
        mark = "【挂牌督办】" if package.supervised else ""
        cases = "、".join(map(str, package.cases))
        parts = [f"{mark}{package.number}", package.recipient.value, STAGE_ZH[package.stage], f"线索 {cases}"]
        return "\t".join([*parts, *(self.term(term) for term in self.terms(package))])

    def row(self, package: "Package") -> dict[str, object]:
        return {
            "number": package.number,
            "recipient": package.recipient.value,
            "stage": package.stage.value,
            "supervised": package.supervised,
            "made_at": package.made_at.isoformat(),
            "made_by": package.made_by,
            "manifest_sha256": package.manifest_sha256,
            "cases": list(package.cases),
            "terms": [
                {
                    "clock": term.clock.name,
                    "begun_at": term.begun_at.isoformat(),
                    "due_at": None if term.deadline is None else term.deadline.due_at.isoformat(),
                    "late": term.is_late(self.now),
                    "basis": term.clock.basis,
                }
                for term in self.terms(package)
            ],
            "steps": [
                {
                    "step": taken.step.value,
                    "by": taken.by,
                    "at": taken.at.isoformat(),
                    "noted_at": taken.noted_at.isoformat(),
                    "text": taken.text,
                    "reference": taken.reference,
                    "channel": taken.channel,
                    "measures": [measure.value for measure in taken.measures],
                    "fine_fen": taken.fine_fen,
                    "manifest_sha256": taken.manifest_sha256,
                }
                for taken in package.steps
            ],
        }


def _step_line(taken: StepTaken) -> str:
    said = [taken.channel, taken.reference, "、".join(MEASURE_ZH[measure] for measure in taken.measures)]
    if taken.fine_fen:
        said.append(f"{taken.fine_fen / 100:.2f} 元")
    words = "；".join(printable(part) for part in (*said, taken.text) if part)
    return f"  {_minute(taken.at)} {STEP_ZH[taken.step]}（{printable(taken.by)}）{'：' if words else ''}{words}"


def _fen(yuan: str) -> int:
    """Raises UsageError for what is no amount."""
    from decimal import Decimal, InvalidOperation

    if not yuan:
        return 0
    try:
        fen = Decimal(yuan) * 100
    except InvalidOperation:
        raise UsageError(f"--fine-yuan 应为金额，如 20000 或 20000.50，不是 {yuan}") from None
    if fen != fen.to_integral_value() or not 0 <= fen < 10**15:
        raise UsageError(f"--fine-yuan 应为金额，至多两位小数，不是 {yuan}")
    return int(fen)


def _time(at: str) -> datetime:
    """Aware; a time without zone is Beijing's. Raises UsageError."""
    if not at:
        return datetime.now(BEIJING)
    try:
        told = datetime.fromisoformat(at)
    except ValueError:
        raise UsageError(f"--at 应为 2026-11-26 或 2026-11-26T15:30 的形式，不是 {at}") from None
    return told.replace(tzinfo=BEIJING) if told.tzinfo is None else told


def _minute(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
