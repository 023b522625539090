"""`yiguang night lost`."""

import csv
import json
import shutil
import sys
from collections.abc import Iterable
from dataclasses import asdict
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import IO, TYPE_CHECKING, Annotated

import typer

from domain.outcome import OUTCOME_ZH, Outcome
from referral.paper import in_cell
from yiguang.errors import CommandFailed
from yiguang.settings import read_settings
from yiguang.terminal import say_none

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
_IN_MEMORY = 8_000_000
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
        raise CommandFailed(
            f"没有 {wanted} 这一夜的记录（见 yiguang night list）" if wanted else "还没有巡查过；先运行 yiguang nightly"
        )
    # Read first and print afterwards: a pager would hold the database for as long as somebody reads in it.
    with SpooledTemporaryFile(_IN_MEMORY, "w+", encoding="utf-8", newline="") as spool:
        with engine.connect() as connection:
            count = _write(spool, lost_urls(connection, wanted), as_json)
            rests = unlisted(connection, wanted)
        spool.seek(0)
        if not as_json and isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # as its first mark says, whatever the terminal speaks
        shutil.copyfileobj(spool, sys.stdout)
    if not (count or rests):
        say_none(f"{wanted} 这一夜没有未取得的网址")
    for rest in rests:
        typer.echo(f"另有 {rest.links} 个（{rest.rule}）没有保留网址", err=True)


def _write(out: IO[str], found: "Iterable[LostUrl]", as_json: bool) -> int:
    """How many there were. CSV has a byte order mark, without which spreadsheet programs take Chinese for something else."""
    count = 0
    if as_json:
        for one in found:
            out.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
            count += 1
        return count
    out.write("\ufeff")
    rows = csv.writer(out)
    rows.writerow(_HEADINGS)
    for one in found:
        count += 1
        rule = OUTCOME_ZH[Outcome(one.rule)] if one.loss == "visited" else one.rule
        cells = (one.url, one.target, _LOSS_ZH[one.loss], rule, one.reason, one.status or "", one.tries, one.found_on)
        rows.writerow(in_cell(str(cell)) for cell in cells)
    return count
