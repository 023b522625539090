"""`yiguang targets import|list|remove`."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import beijing_time
from domain.urls import canonical_url
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.terminal import printable, say_none

if TYPE_CHECKING:
    from crawler.addresses.target_file import BadRow
    from domain.targets import Target
    from domain.visits import TargetInNight

IMPORT_HELP = """\
导入监测目标（CSV 或 YAML）；好的行存入，坏的行列出行号与原因，有坏行时退出码为 1。

按网址新增或更新，不删除文件中没有的目标；不再巡查某个目标用 targets remove，再次导入它即恢复巡查。

列：name、url、kind（site|wechat|feed|album|list）、institution、region、render（auto|always|never）、
max_pages、min_pages、delay_seconds、depth、include、exclude、owner、note、local、
every_days（每几天巡查一次，默认 1 即每夜）。只有 name 与 url 必填。
local 填“是”即允许访问内网地址。各列的含义、可填的值与默认见 docs/zh/targets.md，样例见 examples/targets.csv。

\b
例：
  yiguang targets import 目标.csv
"""
LIST_HELP = """\
列出监测目标：编号、类型、名称、网址；不再巡查的，末尾注明自何时起。

\b
例：
  yiguang targets list
  yiguang targets list --json
"""
REMOVE_HELP = """\
不再巡查这些目标（网站来信要求停止时即用此）；先列出并请确认，--yes 不问。

自下一夜起不再访问；已开始的一夜照常做完，已移送页面的复测仍按期进行。已有的记录与证据都保留，
所以目标仍在 targets list 中。其他目标的网页若链接到它（清单类，或 include 含其主机），仍可能访问：一并停止，或在那里排除。

再次导入同一网址，或由 intake、tips add 受理，即恢复巡查。有一个编号或网址不认识时，一个也不停，退出码为 1。

\b
例：
  yiguang targets remove 12
  yiguang targets remove https://www.moumou-menzhen.example/ 15 --yes
"""
GROUP_HELP = """\
监测目标。

\b
例：
  yiguang targets import 目标.csv
  yiguang targets list
  yiguang targets remove 12
"""

targets_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(targets_app, name="targets")


@targets_app.command("import", help=IMPORT_HELP)
def import_(file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 YAML 文件")]) -> None:
    from storage.crawl.targets import save_targets
    from yiguang.home import open_home
    from yiguang.target_files import read_targets

    engine = open_home(read_settings())
    good, bad, unknown = read_targets(file)
    resumed = save_targets(engine, good)
    typer.echo(f"导入 {len(good)} 个目标")
    report_resumed(resumed)
    report_rows(bad, unknown)
    if bad:
        raise CommandFailed(f"有 {len(bad)} 行有误，这些行未导入")
    if not good:
        raise CommandFailed(f"{file} 中没有目标")


def report_rows(bad: "list[BadRow]", unknown: tuple[str, ...]) -> None:
    """Say on stderr what of a targets file could not be used."""
    if unknown:
        typer.echo(f"未识别的列，已忽略：{'、'.join(unknown)}", err=True)
    for row in bad:
        typer.echo(f"第 {row.line} 行{f'（{row.name}）' if row.name else ''}：{row.reason}", err=True)


def report_resumed(targets: Sequence["Target"]) -> None:
    """Say on stderr which targets had been removed and are visited again."""
    for target in targets:
        typer.echo(f"曾停止巡查，现恢复：{printable(target.name)}（{printable(target.url)}）", err=True)


@targets_app.command("list", help=LIST_HELP)
def list_(as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False) -> None:
    from storage.crawl.targets import list_targets, removed_targets
    from yiguang.home import open_home

    engine = open_home(read_settings())
    targets, removed = list_targets(engine), removed_targets(engine)
    if not targets:
        say_none("还没有监测目标；用 yiguang targets import 导入")
    for known in targets:
        since = removed.get(known.id)
        if as_json:
            row = {"id": known.id, **asdict(known.target), "removed_at": since and since.isoformat()}
            typer.echo(json.dumps(row, ensure_ascii=False))
        else:
            typer.echo(_line(known) + (f"\t{beijing_time(since)} 起不再巡查" if since else ""))


@targets_app.command(help=REMOVE_HELP)
def remove(
    named: Annotated[list[str], typer.Argument(metavar="TARGET", help="编号（见 targets list）或网址，一个或多个")],
    yes: Annotated[bool, typer.Option("--yes", help="不请确认")] = False,
) -> None:
    from storage.crawl.targets import list_targets, remove_targets, removed_targets
    from yiguang.home import open_home, utc_now

    engine = open_home(read_settings())
    wanted = _named(list_targets(engine), named)
    removed = removed_targets(engine)
    for known in wanted:
        if known.id in removed:
            typer.echo(f"{_line(known)}\t{beijing_time(removed[known.id])} 起已不再巡查", err=True)
    to_remove = [known for known in wanted if known.id not in removed]
    if to_remove and not yes:
        _ask(to_remove)
    remove_targets(engine, [known.id for known in to_remove], utc_now())
    for known in to_remove:
        typer.echo(f"自下一夜起不再巡查：{_line(known)}")


def _named(targets: Sequence["TargetInNight"], named: Sequence[str]) -> "list[TargetInNight]":
    """Targets by number or URL, each once. Raises UsageError for what is neither, CommandFailed for those that are not there."""
    by_id = {known.id: known for known in targets}
    by_url = {canonical_url(known.target.url): known for known in targets}
    found: dict[int, TargetInNight] = {}
    unknown = []
    for name in named:
        if "://" not in name and not (name.isascii() and name.isdigit()):
            raise UsageError(f"应为目标的编号，或以 http:// 或 https:// 开头的网址，而不是“{printable(name)}”")
        known = by_url.get(canonical_url(name)) if "://" in name else by_id.get(int(name))
        if known is None:
            unknown.append(printable(name))
        else:
            found[known.id] = known
    if unknown:
        raise CommandFailed(f"没有这样的目标：{'、'.join(unknown)}（见 yiguang targets list）；一个也没有停止")
    return list(found.values())


def _ask(targets: Sequence["TargetInNight"]) -> None:
    """Raises UsageError where nobody can be asked, CommandFailed when the answer is not yes."""
    if not sys.stdin.isatty():
        raise UsageError("没有终端可以请人确认；确要停止，请加 --yes")
    for known in targets:
        typer.echo(_line(known), err=True)
    typer.echo(f"不再巡查以上 {len(targets)} 个目标？输入 是 或 y 确认：", err=True, nl=False)
    if sys.stdin.readline().strip().lower() not in {"是", "y", "yes"}:
        raise CommandFailed("未确认，一个也没有停止")


def _line(known: "TargetInNight") -> str:
    target = known.target
    return f"{known.id}\t{target.kind}\t{printable(target.name)}\t{printable(target.url)}"
