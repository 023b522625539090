"""`yiguang evidence push|pull`."""

from typing import TYPE_CHECKING, Annotated

import typer

from yiguang.errors import CommandFailed
from yiguang.settings import read_settings

if TYPE_CHECKING:
    from storage.keeping.remote_copy import Transfer

URL = Annotated[str, typer.Argument(metavar="URL", help="目录，或 s3://桶/目录")]
OPTIONS = Annotated[list[str] | None, typer.Option("--option", metavar="NAME=VALUE", help="存储的选项，可多次给出")]

PUSH_HELP = """\
把全部证据另存一份：目录，或 s3://桶/目录（须安装 yiguang[s3]）等 fsspec 支持的地址。

以内容摘要命名，只增不改；已依保存期限删除的，远端副本一并删除。桶启用了对象锁定时，按保存期限锁定（GOVERNANCE）。
地址之外的选项（如 endpoint_url）用 --option 给出，账号从环境变量读取。

\b
例：
  yiguang evidence push /mnt/备份
  yiguang evidence push s3://evidence/yiguang --option endpoint_url=https://s3.example
"""
PULL_HELP = """\
从另存的副本取回本机缺失的证据；本机已有的不动，取回的逐件核对摘要。

\b
例：
  yiguang evidence pull /mnt/备份
"""
second_copy_app = typer.Typer()


@second_copy_app.command("push", help=PUSH_HELP)
def push(url: URL, options: OPTIONS = None) -> None:
    from storage.keeping import remote_copy
    from storage.keeping.object_store import StoreUnusable
    from yiguang.home import open_home
    from yiguang.keeping import load_policy, open_remote

    settings = read_settings()
    engine = open_home(settings)
    policy = load_policy(settings.lexicons)
    try:
        store = open_remote(url, options or [])
        done = remote_copy.push(engine, settings.home, store, policy)
    except (StoreUnusable, OSError) as fault:
        raise CommandFailed(str(fault)) from fault
    if store.note:
        typer.echo(store.note, err=True)
    _show(done)


@second_copy_app.command("pull", help=PULL_HELP)
def pull(url: URL, options: OPTIONS = None) -> None:
    from storage.keeping import remote_copy
    from storage.keeping.object_store import StoreUnusable
    from yiguang.home import open_home
    from yiguang.keeping import open_remote

    settings = read_settings()
    engine = open_home(settings)
    try:
        done = remote_copy.pull(engine, settings.home, open_remote(url, options or []))
    except (StoreUnusable, OSError) as fault:
        raise CommandFailed(str(fault)) from fault
    _show(done)


def _show(done: "Transfer") -> None:
    for path in done.moved:
        typer.echo(f"{path}\t已传")
    for path in done.removed:
        typer.echo(f"{path}\t已删除")
    for fault in done.faults:
        typer.echo(f"未成：{fault}")
    if done.faults:
        raise CommandFailed(f"{len(done.faults)} 件未成")
    typer.echo(f"传了 {len(done.moved)} 件，已有 {done.present} 件", err=True)
