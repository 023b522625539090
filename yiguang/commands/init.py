"""`yiguang init`."""

import typer

from yiguang.settings import Settings, read_settings

HELP = """\
建立数据目录、数据库与审核台的首个账号；可以重复运行，升级后也运行一次。

首个账号的一次性口令只显示这一次，首次登录时必须修改；遗失时用 yiguang accounts password 重设。

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
    _make_first_account(settings)
    typer.echo("下一步：yiguang targets import 目标.csv，然后 yiguang nightly；早晨用 yiguang serve 审核", err=True)


def _make_first_account(settings: Settings) -> None:
    from review.accounts import Accounts
    from yiguang.home import open_home, utc_now

    engine = open_home(settings)
    try:
        made = Accounts(engine, utc_now).create_first()
    finally:
        engine.dispose()
    if made is not None:
        account, password = made
        typer.echo(f"审核台首个账号：{account.name}，一次性口令（只显示这一次）：{password}")
