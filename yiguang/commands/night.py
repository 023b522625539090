"""`yiguang night show|list`."""

import json
from typing import Annotated

import typer

from domain.nights import NightState, NightSummary
from yiguang.commands import lost
from yiguang.errors import CommandFailed
from yiguang.settings import read_settings
from yiguang.terminal import say_none

SHOW_HELP = """\
一夜的晨报：是否正常、要处理的问题、线索、与上一夜及平时的比较、未运行的日期。不指定时为最近一夜。
同一天的第二夜编号为 2026-11-27-2（各夜编号见 night list）；只写日期是当天第一夜。

\b
例：
  yiguang night show
  yiguang night show 2026-11-25 --json
  yiguang night show --all
"""
LIST_HELP = """\
列出各夜，最新的在前；没有运行的日期也占一行。

\b
例：
  yiguang night list
  yiguang night list --json
"""
GROUP_HELP = """\
各夜的结果。

\b
例：
  yiguang night show
  yiguang night list
  yiguang night lost > 未取得.csv
"""

night_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)
lost.add_to(night_app)


def add_to(app: typer.Typer) -> None:
    app.add_typer(night_app, name="night")


@night_app.command("show", help=SHOW_HELP)
def show(
    night: Annotated[str | None, typer.Argument(metavar="NIGHT", help="哪一夜，如 2026-11-25；默认最近一夜")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    whole: Annotated[bool, typer.Option("--all", help="列出全部不正常的目标，不论多少")] = False,
) -> None:
    from storage.crawl.night_summary import night_summary
    from storage.crawl.nights import list_nights
    from storage.crawl.skips import skip_counts
    from storage.pages.pictures import picture_fates
    from yiguang.home import open_home, utc_now
    from yiguang.nights.morning import Morning, report
    from yiguang.nights.nightly import NightResult
    from yiguang.nights.summary import summary_row

    settings = read_settings()
    engine = open_home(settings)
    known = [night_id for night_id, _start, _end in list_nights(engine)]
    if not known:
        raise CommandFailed("还没有巡查过；先运行 yiguang nightly")
    wanted = known[0] if night is None else night
    if wanted not in known:
        raise CommandFailed(f"没有 {wanted} 这一夜的记录（见 yiguang night list）")
    summary = night_summary(engine, wanted)
    with engine.connect() as connection:
        skips = skip_counts(connection, wanted)
        pictures = picture_fates(connection, wanted)
    if as_json:
        row = {**summary_row(NightResult(summary, ())), "skipped_links": dict(skips), "pictures": dict(pictures)}
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2))
    else:
        newest = wanted == known[0]
        typer.echo(report(Morning(summary, skips, utc_now(), newest, settings.contact, pictures, whole)))


@night_app.command("list", help=LIST_HELP)
def list_(as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False) -> None:
    from domain.beijing import BEIJING, beijing_time
    from storage.crawl.night_figures import dates_between
    from storage.crawl.night_summary import night_summary
    from storage.crawl.nights import list_nights
    from yiguang.home import open_home, utc_now

    engine = open_home(read_settings())
    later = utc_now().astimezone(BEIJING).date().isoformat()  # tonight may be yet to come
    nights = list_nights(engine)
    if not nights:
        say_none("还没有巡查过；先运行 yiguang nightly")
    for night_id, started_at, ended_at in nights:
        summary = night_summary(engine, night_id)
        missed, later = dates_between(night_id, later), night_id
        for date in reversed(missed):
            if date not in summary.resumed_dates:
                typer.echo(json.dumps({"date": date, "missed": True}) if as_json else f"{date}\t未运行")
        if as_json:
            row = {
                "night_id": night_id,
                "started_at": started_at.isoformat(),
                "ended_at": None if ended_at is None else ended_at.isoformat(),
                "state": summary.state,
                "waiting": summary.waiting,
                "healthy": summary.state is not NightState.OPEN and summary.healthy,
                "content_pages": summary.content_pages,
                "leads": summary.leads,
            }
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            counts = f"正常内容 {summary.content_pages} 页\t线索 {summary.leads} 页"
            typer.echo(f"{night_id}\t{_state(summary)}\t{counts}\t{beijing_time(started_at)} 开始")


def _state(night: NightSummary) -> str:
    match night.state:
        case NightState.OPEN:
            return "未结束"
        case NightState.PAUSED:
            return f"已暂停，余 {night.waiting} 页"
        case NightState.FINISHED:
            return "正常" if night.healthy else "不正常"
