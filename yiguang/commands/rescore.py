"""`yiguang rescore`."""

import json
import re
from datetime import UTC, datetime
from typing import Annotated

import typer

from domain.beijing import BEIJING
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings

HELP = """\
按现在的词库、模型与名录，重新判断已存下的页面；不访问网络，也不改动当夜的判断与证据。

结果另存，并报告新增与失去的线索。中断（断电、kill -9、Ctrl-C）后以同样的参数再次运行，会接着做完；
词库、模型或名录改动后再次运行，则重新开始。不给 --night、--since 时为各夜全部页面。
--enqueue 把新增的线索列入审核队列；已在队列中的不重复列入。

\b
例：
  yiguang rescore
  yiguang rescore --night 2026-11-25
  yiguang rescore --since 2026-11-01 --processes 2 --enqueue
"""


def add_to(app: typer.Typer) -> None:
    app.command("rescore", help=HELP)(rescore)


def rescore(
    night: Annotated[str | None, typer.Option("--night", metavar="NIGHT", help="只重评这一夜的页面")] = None,
    since: Annotated[
        str | None, typer.Option("--since", metavar="DATE", help="只重评这一天（北京时间）起取得的页面")
    ] = None,
    processes: Annotated[int, typer.Option("--processes", min=1, max=64, help="同时判断的进程数")] = 2,
    enqueue: Annotated[bool, typer.Option("--enqueue", help="把新增的线索列入审核队列，标明“重评新增”")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    from storage.crawl.nights import list_nights
    from storage.pages.rescores import Scope
    from yiguang.home import open_home
    from yiguang.judgement.lexicon_diff import in_words
    from yiguang.logging import set_up_logging
    from yiguang.nights.progress import pages_display
    from yiguang.nights.rescoring import difference, enqueue_gained, rescore_row, run_rescore

    if night and since:
        raise UsageError("--night 与 --since 只能选一个")
    set_up_logging()
    settings = read_settings()
    scope = Scope(night, None if since is None else _first_moment(since))
    engine = open_home(settings)
    if night is not None and night not in {known for known, _start, _end in list_nights(engine)}:
        raise CommandFailed(f"没有 {night} 这一夜的记录（见 yiguang night list）")
    with pages_display() as show:
        run = run_rescore(settings, engine, scope, processes, show, lambda notice: typer.echo(notice, err=True))
    found, figures = difference(engine, run)
    queued = enqueue_gained(engine, run) if enqueue else 0
    if as_json:
        row = rescore_row(run, found, figures) | ({"enqueued": queued} if enqueue else {})
        typer.echo(json.dumps(row, ensure_ascii=False))
        return
    typer.echo(f"重评 {run.id}：结果摘要 {run.digest}")
    typer.echo(in_words(found))
    if figures.partial:
        typer.echo(f"\n其中 {figures.partial} 页取证时没有存下正文范围与页面控件，按全文判断，得分可能与当夜略有出入")
    if enqueue:
        typer.echo(f"\n列入审核队列 {queued} 条（标明“重评新增”；没有截图与证据包，移送前须重新取证）")


def _first_moment(date: str) -> datetime:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", date):
        raise UsageError(f"--since 应为日期，如 2026-11-01，不能是 {date}")
    try:
        return datetime.fromisoformat(date).replace(tzinfo=BEIJING).astimezone(UTC)
    except (ValueError, OverflowError):  # the first day of the calendar begins in no year elsewhere
        raise UsageError(f"--since 不是有效的日期：{date}") from None
