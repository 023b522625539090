"""`yiguang tips add|list|show|answer|late`."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import BEIJING, beijing_time
from domain.roles import Act
from domain.tips import SOURCE_ZH, Answer, Reporter, TipRecord, TipSource
from yiguang.errors import CommandFailed, UsageError
from yiguang.help_pages import choices
from yiguang.settings import Settings, read_settings
from yiguang.terminal import printable, say_none
from yiguang.told_numbers import GREATEST_NUMBER
from yiguang.told_time import told_time

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from domain.targets import Target
    from referral.deadlines import TipTerms
    from storage.leads.tip_records import Log

GROUP_HELP = """\
举报与转来的线索：登记来源、受理时间与网址，首接负责，48 小时内答复。网址同时列入监测；只列入监测而不登记的，用 yiguang intake。

举报人的姓名与联系方式另行加密存放，不进入任何导出；查看须写明理由并记入审计日志。

\b
例：
  yiguang tips add https://example.com/a --source public --text 称包治糖尿病 --by wang
  yiguang tips list
  yiguang tips answer 3 --text 已受理，纳入监测 --by wang
  yiguang tips late
"""
BY = Annotated[
    str, typer.Option("--by", metavar="NAME", help="经办人在审核台的账号，须是移送员；只有一个可以办理时可不写")
]
AT = Annotated[str, typer.Option("--at", metavar="TIME", help="时间（北京），如 2026-11-26T15:30；默认现在")]
NUMBER = Annotated[int, typer.Argument(min=1, max=GREATEST_NUMBER, metavar="TIP", help="编号，见 tips list")]
TEXT = Annotated[str, typer.Option("--text", help="内容")]

tips_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(tips_app, name="tips")


@tips_app.command(
    help="登记一条。\n\n例：yiguang tips add 网址 --source hotline --reference 12345-2026-88 --text 摘要 --by wang"
)
def add(
    urls: Annotated[list[str] | None, typer.Argument(metavar="URL", help="所举报的网址")] = None,
    source: Annotated[TipSource, typer.Option("--source", help=f"来源：{choices(SOURCE_ZH)}")] = TipSource.PUBLIC,
    text: TEXT = "",
    reference: Annotated[str, typer.Option("--reference", help="转来单位的编号")] = "",
    reporter: Annotated[str, typer.Option("--reporter", help="举报人姓名，加密存放")] = "",
    contact: Annotated[str, typer.Option("--contact", help="举报人联系方式，加密存放")] = "",
    new_key: Annotated[
        bool, typer.Option("--new-key", help="keys/reporters.key 确已遗失，另立一把：此前登记的举报人不能再查看")
    ] = False,
    by: BY = "",
    at: AT = "",
) -> None:
    from storage.leads.reporters import ReporterSealed
    from storage.leads.tip_records import add_tip
    from storage.leads.tips import take_in
    from yiguang.home import open_home, utc_now
    from yiguang.packages.referring import person

    if not urls and not text.strip():
        raise UsageError("须有网址，或用 --text 写明内容")
    received_at = told_time(at)
    if received_at > utc_now():
        raise UsageError("受理时间不能晚于现在")
    if new_key and not (reporter.strip() or contact.strip()):
        raise UsageError("--new-key 须与 --reporter 或 --contact 同用")
    targets = _targets(urls or ())
    settings = read_settings()
    terms = _terms(settings)
    engine = open_home(settings)
    name = person(settings, by, Act.REFER)
    known = take_in(engine, targets)
    taken = tuple(target.url for target in targets)
    tip = TipRecord(0, source, reference.strip(), received_at, name, text.strip(), taken)
    who = Reporter(reporter.strip(), contact.strip()) if reporter.strip() or contact.strip() else None
    detail = {"source": str(source)} | ({"reporters_key": "new"} if new_key else {})
    log = _log(engine, name, "tip-taken", detail)
    try:
        number = add_tip(engine, settings.home, tip, who, utc_now(), log, new_key=new_key)
    except ReporterSealed as fault:
        raise CommandFailed(str(fault)) from fault
    due = terms.of(tip.received_at)
    typer.echo(f"已登记：{number}；" + "，".join(f"{each.clock.title} {beijing_time(each.due_at)} 前" for each in due))
    for page in known:
        if page.is_back:
            typer.echo(f"曾停止巡查，现恢复：{printable(page.target.url)}")


@tips_app.command("list", help="列出全部，最新的在前。\n\n例：yiguang tips list --json")
def list_(as_json: Annotated[bool, typer.Option("--json", help="每条一行 JSON")] = False) -> None:
    from storage.leads.tip_records import list_tips
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    tips = list_tips(open_home(settings))
    if not tips:
        say_none("还没有登记举报；用 yiguang tips add 登记")
    terms = _terms(settings)
    for tip in tips:
        typer.echo(json.dumps(_row(terms, tip), ensure_ascii=False) if as_json else _line(terms, tip, utc_now()))


@tips_app.command(help="逾期未答复的。有逾期的，退出码为 1。\n\n例：yiguang tips late")
def late() -> None:
    from storage.leads.tip_records import list_tips
    from yiguang.home import open_home, utc_now

    settings, now = read_settings(), utc_now()
    tips, terms = list_tips(open_home(settings)), _terms(settings)
    overdue = [tip for tip in tips if _is_over(terms, tip, now)]
    for tip in overdue:
        typer.echo(_line(terms, tip, now))
    if overdue:
        raise CommandFailed(f"{len(overdue)} 条逾期未答复")
    say_none("没有逾期未答复的")


@tips_app.command(help="记录答复。\n\n例：yiguang tips answer 3 --text 已受理，纳入监测 --by wang")
def answer(number: NUMBER, text: TEXT, by: BY = "", at: AT = "") -> None:
    from storage.leads.tip_records import answer_tip
    from yiguang.home import open_home, utc_now
    from yiguang.packages.referring import person

    if not text.strip():
        raise UsageError("须写明答复内容")
    settings = read_settings()
    engine = open_home(settings)
    name = person(settings, by, Act.REFER)
    said = Answer(name, told_time(at), utc_now(), text.strip())
    if said.at > said.noted_at:
        raise UsageError("答复时间不能晚于现在")
    if _day(said.at) < _day(_found(engine, number).received_at):
        raise UsageError("答复日期不能早于受理的日期")
    answer_tip(engine, number, said, _log(engine, name, "tip-answered", {}))
    typer.echo(f"已记录：{number} 的答复")


@tips_app.command(help="一条的全部记录；--reporter 另显示举报人，须写明理由，记入审计日志。\n\n"
    "例：yiguang tips show 3 --reporter --reason 电话核实 --by wang")  # fmt: skip
def show(
    number: NUMBER,
    reporter: Annotated[bool, typer.Option("--reporter", help="显示举报人")] = False,
    reason: Annotated[str, typer.Option("--reason", help="查看举报人的理由")] = "",
    by: BY = "",
) -> None:
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    engine = open_home(settings)
    tip = _found(engine, number)
    typer.echo(_line(_terms(settings), tip, utc_now()))
    typer.echo(f"  内容：{printable(tip.text) or '（无）'}")
    for url in tip.urls:
        typer.echo(f"  网址：{printable(url)}")
    for said in tip.answers:
        typer.echo(f"  {beijing_time(said.at)} 答复（{printable(said.by)}）：{printable(said.text)}")
    if reporter:
        typer.echo(f"  举报人：{_reporter(settings, engine, number, by, reason)}")


def _found(engine: "Engine", number: int) -> TipRecord:
    """Raises CommandFailed when there is none of that number."""
    from storage.leads.tip_records import find_tip

    try:
        return find_tip(engine, number)
    except KeyError:
        raise CommandFailed(f"没有编号为 {number} 的举报（见 yiguang tips list）") from None


def _reporter(settings: Settings, engine: "Engine", number: int, by: str, reason: str) -> str:
    from storage.database import writing
    from storage.leads.reporters import ReporterSealed, open_reporter
    from yiguang.packages.referring import person

    if not reason.strip():
        raise UsageError("查看举报人须用 --reason 写明理由")
    name = person(settings, by, Act.REFER)
    with writing(engine) as connection:  # on record before anything is shown
        _log(engine, name, "reporter-opened", {"reason": reason.strip()})(connection, number)
    try:
        who = open_reporter(engine, settings.home, number)
    except ReporterSealed as fault:
        raise CommandFailed(str(fault)) from fault
    return "匿名" if who is None else "，".join(printable(part) for part in (who.name, who.contact) if part)


def _targets(urls: Sequence[str]) -> "list[Target]":
    """What is to be visited at the addresses. Raises UsageError naming those that cannot be."""
    from crawler.addresses.tips import read_tips

    tips = read_tips(urls)
    if unusable := [tip.given for tip in tips if tip.target is None]:
        raise UsageError(f"网址不能用：{'、'.join(map(printable, unusable))}")
    return [tip.target for tip in tips if tip.target is not None]


def _terms(settings: Settings) -> "TipTerms":
    """Raises CommandFailed when a file of theirs is broken."""
    from domain.clocks import ClocksBroken
    from domain.working_days import CalendarBroken
    from referral.deadlines import TipTerms

    try:
        return TipTerms.load(settings.lexicons)
    except (ClocksBroken, CalendarBroken) as fault:
        raise CommandFailed(str(fault)) from fault


def _is_over(terms: "TipTerms", tip: TipRecord, now: datetime) -> bool:
    return tip.answered_at is None and any(each.due_at < now for each in terms.of(tip.received_at))


def _day(at: datetime) -> date:
    return at.astimezone(BEIJING).date()


def _line(terms: "TipTerms", tip: TipRecord, now: datetime) -> str:
    if tip.answered_at is not None:
        state = f"{beijing_time(tip.answered_at)} 已答复"
    else:
        due = terms.of(tip.received_at)
        state = f"{beijing_time(due[0].due_at)} 前答复" if due else "期限待定"
        state += "，已逾期" if any(each.due_at < now for each in due) else ""
    source = f"{SOURCE_ZH[tip.source]}{f'（{printable(tip.reference)}）' if tip.reference else ''}"
    return f"{tip.id}\t{beijing_time(tip.received_at)}\t{source}\t{state}\t{printable(tip.text)[:60]}"


def _row(terms: "TipTerms", tip: TipRecord) -> dict[str, object]:
    return {
        "id": tip.id,
        "source": tip.source.value,
        "reference": tip.reference,
        "received_at": tip.received_at.isoformat(),
        "taken_by": tip.taken_by,
        "text": tip.text,
        "urls": list(tip.urls),
        "answered_at": tip.answered_at and tip.answered_at.isoformat(),
        "due": {each.clock.name: each.due_at.isoformat() for each in terms.of(tip.received_at)},
    }


def _log(engine: "Engine", name: str, act: str, detail: dict[str, str]) -> "Log":
    from review.audit_log import AuditLog
    from yiguang.home import utc_now

    def record(connection: "Connection", tip_id: int) -> None:
        AuditLog(engine, utc_now).record(connection, name, act, f"tip:{tip_id}", dict(detail))

    return record
