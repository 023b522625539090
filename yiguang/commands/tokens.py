"""`yiguang tokens add|list|revoke`."""

from typing import Annotated

import typer

from domain.beijing import beijing_time
from domain.roles import Act
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.terminal import say_none

GROUP_HELP = """\
供其他系统读取的令牌：只读，按范围，到期失效。

令牌只显示一次，库中只存摘要。接口在审核台的 /exchange/v1 之下：packages（移送材料）、leads（两人确认的线索）；不含正文与个人信息。

范围：leads:read、packages:read

\b
例：
  yiguang tokens add 市局平台 --scope packages:read --days 365 --by admin
  curl -H 'Authorization: Bearer yg_…' http://127.0.0.1:8000/exchange/v1/packages
  yiguang tokens revoke 市局平台 --by admin
"""
BY = Annotated[str, typer.Option("--by", metavar="NAME", help="经办人在审核台的账号，须是管理员；只有一个时可不写")]
NAME = Annotated[str, typer.Argument(metavar="NAME", help="令牌的名称，如使用它的系统")]

tokens_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(tokens_app, name="tokens")


@tokens_app.command(help="新建令牌并打印一次。\n\n例：yiguang tokens add 市局平台 --scope packages:read --days 365")
def add(
    name: NAME,
    scope: Annotated[list[str] | None, typer.Option("--scope", help="范围，可多次")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="有效天数")] = 365,
    by: BY = "",
) -> None:
    from review.tokens import Scope, TokenFault, Tokens
    from yiguang.home import open_home, utc_now
    from yiguang.packages.referring import person

    known = {each.value: each for each in Scope}
    if unknown := [each for each in scope or () if each not in known]:
        raise UsageError(f"没有范围 {'、'.join(unknown)}；可用：{'、'.join(known)}")
    if not scope:
        raise UsageError(f"须用 --scope 给出至少一项范围；可用：{'、'.join(known)}")
    settings = read_settings()
    actor = person(settings, by, Act.MANAGE_ACCOUNTS)
    try:
        token = Tokens(open_home(settings), utc_now).make(name, [known[each] for each in scope], days, actor)
    except TokenFault as fault:
        raise CommandFailed(str(fault)) from fault
    typer.echo(token)
    typer.echo("令牌只显示这一次，请交给使用它的系统妥善保存", err=True)


@tokens_app.command("list", help="列出全部令牌：范围、到期、最近使用、是否作废。\n\n例：yiguang tokens list")
def list_() -> None:
    from review.tokens import Tokens
    from yiguang.home import open_home, utc_now

    now = utc_now()
    tokens = Tokens(open_home(read_settings()), utc_now).list()
    if not tokens:
        say_none("还没有令牌；用 yiguang tokens add 新建")
    for token in tokens:
        state = "有效" if token.holds(now) else ("已作废" if token.revoked_at else "已到期")
        used = "未使用" if token.used_at is None else f"最近使用 {beijing_time(token.used_at)}"
        scopes = "、".join(sorted(scope.value for scope in token.scopes))
        typer.echo(f"{token.name}\t{scopes}\t{state}，{beijing_time(token.expires_at)} 到期\t{used}")


@tokens_app.command(help="作废令牌，立即生效。\n\n例：yiguang tokens revoke 市局平台")
def revoke(name: NAME, by: BY = "") -> None:
    from review.tokens import TokenFault, Tokens
    from yiguang.home import open_home, utc_now
    from yiguang.packages.referring import person

    settings = read_settings()
    actor = person(settings, by, Act.MANAGE_ACCOUNTS)
    try:
        Tokens(open_home(settings), utc_now).revoke(name, actor)
    except TokenFault as fault:
        raise CommandFailed(str(fault)) from fault
    typer.echo(f"已作废：{name}")
