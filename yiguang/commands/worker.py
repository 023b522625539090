"""`yiguang worker`."""

import os
import platform
import re
from typing import Annotated

import typer

from yiguang.errors import UsageError
from yiguang.settings import read_settings
from yiguang.terminal import say_none

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

HELP = """\
加入工作队列，与其他机器一起采集同一夜。

与 yiguang nightly 配合，可在任意多台机器上运行，直到 Ctrl-C 或 SIGTERM。

须共用同一个 PostgreSQL（YIGUANG_DATABASE_URL）与同一个数据目录（YIGUANG_HOME，如网络文件系统）；YIGUANG_SHARDS 在各台上应相同。
先启动工作进程，再开始一夜，分片才会按总的能力划分。一个网站在一夜中只在一个分片里，间隔由该分片掌握。
--can crawl 只采集（须由浏览器显示的页面与图片中的文字留给别的进程）；--can show 专门显示网页、固定证据；--can read 专门识别图片。
Ctrl-C 或 SIGTERM 之后做完手头的页面再离开（--grace 秒之内；再来一次则立即离开），其分片由其他进程接手，已取得的页面不会重取。
被杀死或失去联系的也是如此，只是手头的页面会重取。

\b
例：
  yiguang worker
  yiguang worker --name node2
  yiguang worker --name small1 --can crawl
  yiguang worker --list
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(worker)


def worker(
    name: Annotated[str, typer.Option("--name", help="这个进程的名称，各进程不得相同；默认为主机名与进程号")] = "",
    grace: Annotated[
        float, typer.Option("--grace", metavar="SECONDS", help="离开前至多用多少秒做完手头的页面")
    ] = 120.0,
    can: Annotated[
        str,
        typer.Option(
            "--can", metavar="WHAT", help="只做这些：crawl、show、read，以逗号分隔；默认依 YIGUANG_CAN，即全部"
        ),
    ] = "",
    list_them: Annotated[bool, typer.Option("--list", help="列出在场的进程与各自能做的，不加入")] = False,
) -> None:
    if list_them:
        _list()
        return
    if not 0.0 <= grace <= 3600.0:
        raise UsageError("--grace 应在 0 与 3600 之间")
    from domain.abilities import Ability
    from yiguang.commands.nightly import check_fonts, set_up_for
    from yiguang.home import load_seal_key, open_home
    from yiguang.logging import set_up_logging
    from yiguang.nights.night_lock import night_lock
    from yiguang.nights.working import work
    from yiguang.wiring import load_classifier

    set_up_logging()
    settings = set_up_for(read_settings(), can)
    if not settings.can:
        raise UsageError("工作进程至少要能做一样：crawl、show、read")
    known_as = name or f"{platform.node() or 'worker'}-{os.getpid()}"
    if not _NAME.fullmatch(known_as):
        raise UsageError("--name 只能用字母、数字与 . _ -，至多 64 个")
    engine = open_home(settings)
    if settings.can != {Ability.READ}:
        load_classifier(settings)  # as before a night: learn here, and at once, that the crawl processes can
        load_seal_key(settings)
    check_fonts(settings)
    with night_lock(settings.home / f"worker-{known_as}.lock") as lock_descriptor:
        work(settings, engine, known_as, lock_descriptor, grace, lambda said: typer.echo(said, err=True))


def _list() -> None:
    from domain.abilities import in_chinese
    from storage.crawl.picture_questions import open_questions
    from storage.crawl.workers import live_workers
    from storage.database import shared_clock
    from yiguang.home import open_home, utc_now

    engine = open_home(read_settings())
    workers = live_workers(engine, shared_clock(engine, utc_now)())
    if not workers:
        say_none("没有在场的进程")
    for known in workers:
        at_once = f"\t同时 {known.capacity} 个分片" if known.capacity else ""
        typer.echo(f"{known.name}\t{in_chinese(known.can)}{at_once}")
    if waiting := open_questions(engine):
        typer.echo(f"等待识别的图片：{waiting} 张", err=True)
