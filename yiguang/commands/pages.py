"""`yiguang pages why`, and the other commands about pages."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import BEIJING
from domain.nights import NightKind
from domain.outcome import OUTCOME_ZH
from domain.site_trials import ACTION_ZH, RUNG_ZH, ActionKind
from yiguang.commands import page_texts, pictures
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from domain.site_trials import PageAction, SiteTrial
    from storage.crawl.whereabouts import Whereabouts

WHY_HELP = """\
说明一个网址在某一夜的去向：已访问（结果、时间）、待访问、超出页数预算、不跟踪（原因、发现于哪一页）、或从未见过。

没有指定 --night 时，从最近一夜起往前找，直到有记录为止。

\b
例：
  yiguang pages why http://www.some-clinic.example/news/1.html
  yiguang pages why --night 2026-11-25 --json http://www.some-clinic.example/a.zip
"""
GROUP_HELP = """\
页面与网址的去向。

\b
例：
  yiguang pages why http://www.some-clinic.example/
  yiguang pages pictures http://www.some-clinic.example/promo.html
  yiguang pages versions --diff http://www.some-clinic.example/promo.html
"""
#: Nights looked through for a URL.
NIGHTS_SEARCHED = 30

pages_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(pages_app, name="pages")


@pages_app.callback()
def pages() -> None:
    """What became of pages and what is in them."""


pictures.add_to(pages_app)
page_texts.add_to(pages_app)


@pages_app.command("why", help=WHY_HELP)
def why(
    url: Annotated[str, typer.Argument(metavar="URL", help="要查的网址")],
    night: Annotated[str | None, typer.Option("--night", metavar="NIGHT", help="只查某一夜，如 2026-11-25")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    found = find(url, night)
    trials = site_trials(found.url)
    if as_json:
        typer.echo(json.dumps(_row(found) | {"site_trials": list(map(_trial, trials))}, ensure_ascii=False))
    else:
        typer.echo("\n".join([in_words(found), *map(trial_in_words, trials)]))


def find(url: str, night: str | None) -> "Whereabouts":
    """Raises UsageError for what is no URL, CommandFailed when there is no such night or none at all."""
    from crawler.addresses.urls import frontier_url
    from storage.crawl.whereabouts import Fate, nights_newest_first, whereabouts
    from yiguang.home import open_home

    try:
        wanted = frontier_url(url)
    except ValueError:
        raise UsageError(f"不是完整的网址（须以 http:// 或 https:// 开头）：{printable(url)}") from None
    engine = open_home(read_settings())
    night_ids = [night] if night is not None else nights_newest_first(engine, NIGHTS_SEARCHED)
    if not night_ids:
        raise CommandFailed("还没有巡查过；先运行 yiguang nightly")
    try:
        each = [whereabouts(engine, wanted, night_id) for night_id in night_ids[:1]]
        for night_id in night_ids[1:]:
            if each[-1].fate is not Fate.UNKNOWN:
                break
            each.append(whereabouts(engine, wanted, night_id))
    except KeyError:
        raise CommandFailed(f"没有 {night} 这一夜的记录") from None
    if each[-1].fate is not Fate.UNKNOWN:
        return each[-1]
    # A recheck, which mostly is what ran last, visits referred pages alone: that it has no record of the URL says nothing.
    regular = nights_newest_first(engine, 1, NightKind.NIGHT)
    return next((found for found in each if found.night_id in regular), each[0])


def _row(found: "Whereabouts") -> dict[str, object]:
    actions = [asdict(action) | {"at": action.at.isoformat()} for action in found.actions]
    return {**asdict(found), "at": found.at.isoformat() if found.at else None, "actions": actions}


def _trial(trial: "SiteTrial") -> dict[str, object]:
    return {"rung": trial.rung.value, "streak": trial.streak, "tried_at": trial.tried_at.isoformat()}


def site_trials(url: str) -> "list[SiteTrial]":
    """What showing pages in a browser was worth at the URL's site."""
    from crawler.addresses.urls import host_of, site_of
    from storage.crawl.revisits import trials_at
    from yiguang.home import open_home

    return trials_at(open_home(read_settings()), site_of(host_of(url)))


def trial_in_words(trial: "SiteTrial") -> str:
    found = "有所得" if trial.streak > 0 else "无所得"
    when = f"{trial.tried_at.astimezone(BEIJING):%Y-%m-%d %H:%M}"
    return f"本站经验：{RUNG_ZH[trial.rung]}，最近连续 {abs(trial.streak)} 次{found}（{when}）"


def in_words(found: "Whereabouts") -> str:
    """The answer for a person, the first line saying it all."""
    lines = [f"{printable(found.url)}", f"{found.night_id}：{_fate(found)}"]
    if found.target:
        lines.append(f"目标：{printable(found.target)}")
    if found.found_on:
        lines.append(f"发现于：{printable(found.found_on)}")
    if found.why_shown:
        lines.append("；".join([f"浏览器：{found.why_shown}", *map(_action, found.actions)]))
    return "\n".join(lines)


def _action(action: "PageAction") -> str:
    words = f"“{printable(action.words)}”" if action.words else ""
    if action.kind is ActionKind.LEAVE:
        return f"点击{words}{ACTION_ZH[action.kind].removeprefix('点击')}"
    return f"{ACTION_ZH[action.kind]}{words}（多出 {action.added_characters} 字）"


def _fate(found: "Whereabouts") -> str:
    from storage.crawl.whereabouts import Fate

    outcome = (
        "" if found.outcome is None else OUTCOME_ZH[found.outcome] + (f"（{found.reason}）" if found.reason else "")
    )
    time = f"{found.at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}（北京时间）" if found.at else ""
    match found.fate:
        case Fate.VISITED:
            tries = f"，第 {found.tries} 次尝试" if found.tries > 1 else ""
            return f"已访问，结果为{outcome}，{time}{tries}"
        case Fate.REDIRECTED_TO:
            return f"由另一网址重定向到达，结果为{outcome}，{time}"
        case Fate.WAITING:
            return f"待访问，不早于 {time}" + (f"；已试 {found.tries} 次，上次为{outcome}" if outcome else "")
        case Fate.LEASED:
            return "正在访问"
        case Fate.SURPLUS:
            return "在范围内，但本夜的页数预算（max_pages）已用完，未访问"
        case Fate.SKIPPED:
            return f"不跟踪：{found.reason}"
        case Fate.UNKNOWN:
            more = f"；另有 {found.unlisted} 个超出预算的网址没有留下明细，可能在其中" if found.unlisted else ""
            return f"没有记录：没有页面链接到它，或同类链接太多未逐一留存{more}"
