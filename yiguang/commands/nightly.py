"""`yiguang nightly`."""

import json
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.abilities import Ability
from domain.beijing import BEIJING
from yiguang.commands.targets import report_resumed, report_rows
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import Settings, read_abilities, read_settings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from domain.visits import TargetInNight

#: How long ago the day may be of a night that is made up for.
_LATE_AT_MOST = timedelta(days=1)

HELP = """\
夜间巡查：采集、判断、固定证据、核验、汇总；全部正常时退出码为 0。

被中断（断电、kill -9、Ctrl-C）后再次运行，会接着做完同一夜，已取得的页面不会重取。
一天中的一夜做完后再次运行，另是一夜，编号在日期后加 -2、-3，如 2026-11-27-2。
设置了 YIGUANG_NIGHT_WINDOW（如 22:00-06:00，时区 YIGUANG_TIME_ZONE）时，只在该时段内巡查；
到点收工，还有网址未访问的一夜记为“已暂停”（退出码仍为 0），下次在时段内运行时续做。
某个目标取得的页数少于 min_pages、有证据未通过核验、或没有目标时，退出码为 1；发现线索不算失败。

\b
例：
  yiguang nightly
  yiguang nightly --targets 目标.csv
  yiguang nightly --json > 结果.json
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(nightly)


def nightly(
    targets_file: Annotated[
        Path | None, typer.Option("--targets", metavar="FILE", help="先导入此文件，且只巡查其中的目标")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="汇总以 JSON 输出")] = False,
    of: Annotated[
        str,
        typer.Option(
            "--date",
            metavar="DATE",
            help="是哪一天的一夜，今天（默认）或昨天，如 2026-11-25；过了零点补跑昨晚的一夜时用（北京时间）",
        ),
    ] = "",
    can: Annotated[
        str,
        typer.Option(
            "--can",
            metavar="WHAT",
            help="本进程只做这些：crawl、show、read，以逗号分隔，或 none；默认依 YIGUANG_CAN，即全部",
        ),
    ] = "",
) -> None:
    from rich.console import Console

    from storage.crawl.nights import has_unfinished_night
    from storage.crawl.targets import list_targets, removed_targets
    from storage.leads.cases import list_cases
    from yiguang.authorities import load_authorities
    from yiguang.home import load_seal_key, open_home
    from yiguang.logging import set_up_logging
    from yiguang.nights.night_lock import night_lock
    from yiguang.nights.nightly import run_night
    from yiguang.nights.progress import night_display
    from yiguang.nights.summary import complaints, print_summary, summary_row
    from yiguang.watching.alerts import tell_troubles
    from yiguang.wiring import load_classifier

    set_up_logging()
    day = _day(of)
    settings = set_up_for(read_settings(), can)
    check_window(settings)
    engine = open_home(settings)
    with night_lock(settings.home / "nightly.lock") as lock_descriptor:
        targets, bad_rows = _targets(engine, targets_file)
        if not targets and not has_unfinished_night(engine):
            if len(list_targets(engine)) == len(removed_targets(engine)):
                raise CommandFailed("没有监测目标；请先运行 yiguang targets import 目标.csv")
            if targets_file is not None:
                faults = f"（{bad_rows} 行有误）" if bad_rows else ""
                raise CommandFailed(f"{targets_file} 中没有可以巡查的目标{faults}")
            typer.echo("今夜没有到期的目标（各目标的 every_days 未到）", err=True)
            return
        load_classifier(settings)  # the crawl processes load it each for itself: learn here, and at once, that they can
        check_fonts(settings)
        load_seal_key(settings)
        load_authorities(settings.authorities)
        with night_display(Console(stderr=True)) as show:
            result = run_night(settings, engine, targets, lock_descriptor, show, _tell, day)
    if as_json:
        typer.echo(json.dumps(summary_row(result), ensure_ascii=False, indent=2))
    else:
        cases = list_cases(engine, result.summary.night_id)
        width = None if sys.stdout.isatty() else 160
        print_summary(Console(width=width), result, cases, settings.home)
    tell_troubles(settings, engine, _tell)
    if not result.healthy:
        raise CommandFailed(f"这一夜不正常，共 {len(complaints(result))} 项，见上面的汇总")
    if bad_rows:
        raise CommandFailed(f"目标文件中有 {bad_rows} 行有误，未巡查")


def _tell(notice: str) -> None:
    typer.echo(notice, err=True)


def _targets(engine: "Engine", file: Path | None) -> "tuple[list[TargetInNight], int]":
    """The targets of this night, and how many rows of the file were bad."""
    from storage.crawl.targets import list_targets, save_targets, targets_due
    from yiguang.home import utc_now
    from yiguang.target_files import read_targets

    if file is None:
        return targets_due(engine, utc_now()), 0
    good, bad, unknown = read_targets(file)
    report_rows(bad, unknown)
    report_resumed(save_targets(engine, good))
    wanted = {target.url for target in good}
    return [known for known in list_targets(engine) if known.target.url in wanted], len(bad)


def check_window(settings: Settings) -> None:
    """Raises CommandFailed outside of the hours in which a night may run."""
    from yiguang.home import utc_now

    window = settings.night_window
    if window is not None and window.closes_at(utc_now()) is None:
        raise CommandFailed(f"现在不在夜间时段 {window} 内；要立即巡查，请把 YIGUANG_NIGHT_WINDOW 置空再运行")


def set_up_for(settings: Settings, can: str) -> Settings:
    """The settings of a process that does only what `can` names, if it names anything. Raises UsageError."""
    settings = replace(settings, can=read_abilities(can, "--can")) if can.strip() else settings
    if Ability.CRAWL not in settings.can and not settings.database_url.startswith("postgresql"):
        raise UsageError("SQLite 只有一个进程，须能采集（crawl）")
    return settings


def check_fonts(settings: Settings) -> None:
    """Evidence with empty boxes for characters is none: refuse to begin. Raises CommandFailed."""
    if Ability.SHOW not in settings.can:
        return
    from crawler.rendering.browser import BrowserUnavailable
    from crawler.rendering.fonts import FontMissing, check_cjk_font

    try:
        check_cjk_font(settings.chromium, sandbox=settings.chromium_sandbox)
    except (FontMissing, BrowserUnavailable) as fault:
        raise CommandFailed(str(fault)) from fault


def _day(text: str) -> date | None:
    """Of an option; None when it was not given. Raises UsageError."""
    from yiguang.home import utc_now

    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--date 应为年-月-日，如 2026-11-25，而不是 {text}") from None
    today = utc_now().astimezone(BEIJING).date()
    if not today - _LATE_AT_MOST <= day <= today:
        raise UsageError(f"--date 应为今天或昨天（北京时间），而不是 {text}")
    return day
