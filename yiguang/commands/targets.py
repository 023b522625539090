"""`yiguang targets import|list`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiguang.errors import CommandFailed
from yiguang.settings import read_settings
from yiguang.terminal import say_none

if TYPE_CHECKING:
    from crawler.addresses.target_file import BadRow

IMPORT_HELP = """\
导入监测目标（CSV 或 YAML）；好的行存入，坏的行列出行号与原因，有坏行时退出码为 1。

列：name、url、kind（site|wechat|feed|album|list）、institution、region、render（auto|always|never）、
max_pages、min_pages、delay_seconds、depth、include、exclude、owner、note、local、
every_days（每几天巡查一次，默认 1 即每夜）。只有 name 与 url 必填。

\b
例：
  yiguang targets import 目标.csv
"""
LIST_HELP = """\
列出已导入的监测目标。

\b
例：
  yiguang targets list
  yiguang targets list --json
"""
GROUP_HELP = """\
监测目标。

\b
例：
  yiguang targets import 目标.csv
  yiguang targets list
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
    save_targets(engine, good)
    typer.echo(f"导入 {len(good)} 个目标")
    report_rows(bad, unknown)
    if bad:
        raise CommandFailed(f"{len(bad)} 行有误，未导入")
    if not good:
        raise CommandFailed(f"{file} 中没有目标")


def report_rows(bad: "list[BadRow]", unknown: tuple[str, ...]) -> None:
    """Say on stderr what of a targets file could not be used."""
    if unknown:
        typer.echo(f"未识别的列，已忽略：{'、'.join(unknown)}", err=True)
    for row in bad:
        typer.echo(f"第 {row.line} 行{f'（{row.name}）' if row.name else ''}：{row.reason}", err=True)


@targets_app.command("list", help=LIST_HELP)
def list_(as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False) -> None:
    from storage.crawl.targets import list_targets
    from yiguang.home import open_home

    targets = list_targets(open_home(read_settings()))
    if not targets:
        say_none("还没有监测目标；用 yiguang targets import 导入")
    for known in targets:
        if as_json:
            typer.echo(json.dumps({"id": known.id, **asdict(known.target)}, ensure_ascii=False))
        else:
            typer.echo(f"{known.id}\t{known.target.kind}\t{known.target.name}\t{known.target.url}")
