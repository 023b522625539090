"""`yiguang init`."""

import typer

from yiguang.settings import read_settings

HELP = """\
建立数据目录与数据库；可以重复运行，升级后也运行一次。

\b
例：
  yiguang init
  YIGUANG_HOME=/srv/yiguang yiguang init
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(init)


def init() -> None:
    from yiguang.home import load_seal_key, make_home

    settings = read_settings()
    is_new = make_home(settings)
    typer.echo(f"{'已初始化' if is_new else '已是最新'}：{settings.home}")
    typer.echo(f"签名公钥指纹（SHA-256），请公布并留档：{load_seal_key(settings).fingerprint}")
    typer.echo("下一步：yiguang targets import 目标.csv，然后 yiguang nightly", err=True)
