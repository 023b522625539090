"""`yiguang night lost`."""

import csv
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from domain.outcome import OUTCOME_ZH, Outcome
from referral.paper import in_cell
from yiguang.errors import CommandFailed
from yiguang.settings import read_settings

if TYPE_CHECKING:
    from storage.crawl.lost_urls import LostUrl

HELP = """\
一夜没有取得的网址台账：每个网址为何没有取得（访问结果、等待、超出预算、规则排除），以 CSV 输出。不指定时为最近一夜。

只保留部分被排除网址的名称，其余的条数写在 stderr。

\b
例：
  yiguang night lost > 未取得.csv
  yiguang night lost 2026-11-25 --json
"""
_LOSS_ZH = {"visited": "已访问", "waiting": "未访问完", "surplus": "超出页数预算", "skipped": "不跟踪"}
_HEADINGS = ("网址", "目标", "去向", "结果或规则", "原因", "HTTP 状态", "尝试次数", "首见于")


def add_to(night_app: typer.Typer) -> None:
    night_app.command("lost", help=HELP)(lost)


def lost(
    night: Annotated[str | None, typer.Argument(metavar="NIGHT", help="哪一夜，如 2026-11-25；默认最近一夜")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from storage.crawl.lost_urls import lost_urls, unlisted
    from storage.crawl.nights import list_nights
    from yiguang.home import open_home

    engine = open_home(read_settings())
    known = [night_id for night_id, _start, _end in list_nights(engine)]
    wanted = known[0] if night is None and known else night
    if wanted not in known or wanted is None:
        raise CommandFailed(f"没有 {wanted} 这一夜的记录（见 yiguang night list）" if wanted else "还没有巡查过")
    with engine.connect() as connection:
        found = lost_urls(connection, wanted)
        if as_json:
            for one in found:
                typer.echo(json.dumps(asdict(one), ensure_ascii=False))
        else:
            _write_csv(sys.stdout, found)
        for rest in unlisted(connection, wanted):
            typer.echo(f"另有 {rest.links} 个（{rest.rule}）没有保留网址", err=True)


def _write_csv(out: TextIO, found: "Iterable[LostUrl]") -> None:
    """With a byte order mark, without which spreadsheet programs take Chinese for something else."""
    out.write("\ufeff")
    rows = csv.writer(out)
    rows.writerow(_HEADINGS)
    for one in found:
        rule = OUTCOME_ZH[Outcome(one.rule)] if one.loss == "visited" else one.rule
        cells = (one.url, one.target, _LOSS_ZH[one.loss], rule, one.reason, one.status or "", one.tries, one.found_on)
        rows.writerow(in_cell(str(cell)) for cell in cells)
