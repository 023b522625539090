"""`yiguang schedule [pause|resume|close|list]`."""

import json
import signal
from datetime import UTC, datetime, time, tzinfo
from typing import Annotated

import typer

from domain.beijing import beijing_time
from domain.timetable import RUN_ZH, Closure
from yiguang.errors import UsageError
from yiguang.settings import read_settings
from yiguang.terminal import say_none

HELP = """\
按时间表每夜巡查，之后复测到期的页面。

即依次运行 yiguang nightly 与 yiguang recheck --due；一直运行到 Ctrl-C 或 SIGTERM。

到时没有运行的，12 小时内补做一次，更早的记为“未运行”；被中断的一夜在下次启动时接着做。时区由 YIGUANG_TIME_ZONE 指定。
随时可以另行手工运行 yiguang nightly：同一时刻只有一夜在进行。

\b
例：
  yiguang schedule --at 01:30
  yiguang schedule pause --why 机房检修
  yiguang schedule resume
  yiguang schedule close --from 2026-12-01T00:00 --to 2026-12-02T06:00 --why 系统升级
  yiguang schedule list
"""
WHY = Annotated[str, typer.Option("--why", help="缘由，记入台账")]

schedule_app = typer.Typer(help=HELP, invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    app.add_typer(schedule_app, name="schedule")


@schedule_app.callback()
def schedule(
    context: typer.Context,
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="每夜开始的时刻")] = "01:30",
) -> None:
    if context.invoked_subcommand is not None:
        return
    from yiguang.home import open_home, utc_now
    from yiguang.logging import set_up_logging
    from yiguang.nights.scheduling import Timetable

    set_up_logging()
    settings = read_settings()
    begins = _time_of_day(at)
    timetable = Timetable(
        open_home(settings), begins, settings.time_zone, utc_now, lambda said: typer.echo(said, err=True)
    )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: timetable.stop())
    timetable.run()


@schedule_app.command(help="暂停，直到 resume。\n\n例：yiguang schedule pause --why 机房检修")
def pause(why: WHY) -> None:
    from storage.crawl.timetable import add_closure
    from yiguang.home import open_home, utc_now

    add_closure(open_home(read_settings()), Closure(utc_now(), None, _said(why)))
    typer.echo("已暂停；恢复用 yiguang schedule resume")


@schedule_app.command(help="恢复：结束暂停与正在进行的停运时段。\n\n例：yiguang schedule resume")
def resume() -> None:
    from storage.crawl.timetable import lift_closures
    from yiguang.home import open_home, utc_now

    count = lift_closures(open_home(read_settings()), utc_now())
    typer.echo("已恢复" if count else "没有暂停或停运")


@schedule_app.command(help="预定停运时段，其间到期的一夜不运行。\n\n"
    "例：yiguang schedule close --from 2026-12-01T00:00 --to 2026-12-02T06:00 --why 升级")  # fmt: skip
def close(
    since: Annotated[str, typer.Option("--from", metavar="TIME", help="开始（YIGUANG_TIME_ZONE 的时间）")],
    until: Annotated[str, typer.Option("--to", metavar="TIME", help="结束")],
    why: WHY,
) -> None:
    from storage.crawl.timetable import add_closure
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    zone = settings.time_zone
    window = [_moment(text, zone) for text in (since, until)]
    if window[1] <= window[0]:
        raise UsageError("--to 必须晚于 --from")
    if window[1] <= utc_now():
        raise UsageError(f"--to 已经过去：{until}")
    add_closure(open_home(settings), Closure(window[0], window[1], _said(why)))
    typer.echo(f"已预定：{since} 至 {until} 停运")


@schedule_app.command("list", help="时间表的各夜与停运时段，最新的在前。\n\n例：yiguang schedule list --json")
def list_(as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False) -> None:
    from storage.crawl.timetable import closures, runs
    from yiguang.home import open_home

    engine = open_home(read_settings())
    shuts, nights = closures(engine), runs(engine)
    if not (shuts or nights):
        say_none("时间表还没有运行过，也没有停运时段；用 yiguang schedule --at 01:30 开始")
    for shut in shuts:
        end = "另行通知" if shut.until is None else beijing_time(shut.until)
        if as_json:
            row = {"closure": shut.why, "since": shut.since.isoformat(), "until": shut.until and shut.until.isoformat()}
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo(f"停运\t{beijing_time(shut.since)} 至 {end}\t{shut.why}")
    for run in nights:
        if as_json:
            row = {
                "due_at": run.due_at.isoformat(),
                "state": run.state.value,
                "begun_at": run.begun_at and run.begun_at.isoformat(),
                "ended_at": run.ended_at and run.ended_at.isoformat(),
                "exit_code": run.exit_code,  # type: ignore[dict-item]  # a number among texts
                "why": run.why,
            }
            typer.echo(json.dumps(row, ensure_ascii=False))
            continue
        code = "" if run.exit_code is None else f"，退出码 {run.exit_code}"
        typer.echo(f"{beijing_time(run.due_at)}\t{RUN_ZH[run.state]}{code}\t{run.why}")


def _time_of_day(text: str) -> time:
    try:
        told = time.fromisoformat(text)
        if told.tzinfo is None:
            return told
    except ValueError:
        pass
    raise UsageError(f"--at 应为 01:30 的形式，不是 {text}")


def _moment(text: str, zone: tzinfo) -> datetime:
    """Raises UsageError, also for a moment that is in no year from 1 to 9999 elsewhere."""
    try:
        told = datetime.fromisoformat(text)
        if told.tzinfo is None:
            told = told.replace(tzinfo=zone)
            told.astimezone(UTC)
            return told
    except (ValueError, OverflowError):
        pass
    raise UsageError(f"时间应为 2026-12-01T00:00 的形式，不是 {text}")


def _said(why: str) -> str:
    if not why.strip():
        raise UsageError("须写明缘由：--why")
    return why.strip()
