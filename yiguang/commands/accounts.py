"""`yiguang accounts add|list|disable|enable|role|password|link|unlink`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from domain.roles import ROLE_ZH, Role
from yiguang.errors import CommandFailed, UsageError
from yiguang.help_pages import choices
from yiguang.settings import read_settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from review.accounts import Accounts
    from review.identities import Identities

_ROLES = choices(ROLE_ZH)


def role_named(word: str) -> Role:
    """The role by its code or by its name at the desk. Raises BadParameter for any other word."""
    for role, name in ROLE_ZH.items():
        if word in (role.value, name):
            return role
    raise typer.BadParameter(f"{word!r} 不是以下之一（英文、中文均可）：{_ROLES}")


NAME = Annotated[str, typer.Argument(metavar="NAME", help="账号名")]
ROLE = Annotated[
    Role, typer.Option("--role", metavar="ROLE", parser=role_named, help=f"角色，英文、中文均可：{_ROLES}")
]

GROUP_HELP = """\
审核台的账号。

角色（英文、中文均可）：analyst 初审员，reviewer 复审员，officer 移送员，editor 规则编辑，admin 管理员，auditor 审计员

\b
例：
  yiguang accounts add 张示例 --role 初审员
  yiguang accounts list
"""
ADD_HELP = """\
新建账号，打印一次性口令；首次登录时须更改。

\b
例：
  yiguang accounts add 张示例 --role analyst
  yiguang accounts add lishili --role 复审员 --display 李示例
"""
LIST_HELP = """\
列出全部账号：账号名、角色、姓名、状态。

\b
例：
  yiguang accounts list
"""
DISABLE_HELP = """\
停用账号：立即退出登录，分派给他的条目放回队列；所作的决定保留。

\b
例：
  yiguang accounts disable 张示例
"""
ENABLE_HELP = """\
恢复停用的账号。

\b
例：
  yiguang accounts enable 张示例
"""
ROLE_HELP = """\
更改账号的角色；分派给他而新角色不能处理的条目放回队列。

\b
例：
  yiguang accounts role 张示例 --role 复审员
"""
PASSWORD_HELP = """\
重设口令，打印一次性口令；原口令作废，已登录的一律退出。

\b
例：
  yiguang accounts password 张示例
"""

LINK_HELP = """\
把账号与单位统一身份中的一个人关联，此后此人可以用统一身份登录。

给出 --subject 时，即与该标识关联（本人登录被拒时页面与审计日志都会显示标识）；
不给出时，七天内以此账号名从统一身份登录的第一个人即为本人。

\b
例：
  yiguang accounts link 张示例 --subject 3f9a-0001
  yiguang accounts link zhangsl
"""
UNLINK_HELP = """\
解除账号与统一身份的关联；由统一身份登录的会话立即结束，口令不受影响。

\b
例：
  yiguang accounts unlink 张示例
"""

accounts_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(accounts_app, name="accounts")


@accounts_app.command("add", help=ADD_HELP)
def add(name: NAME, role: ROLE, display: Annotated[str, typer.Option("--display", help="姓名")] = "") -> None:
    from review.accounts import AccountFault

    try:
        account, password = _accounts().create(name, role, _operator(), display=display)
    except AccountFault as fault:
        raise UsageError(str(fault)) from fault
    typer.echo(f"账号：{account.name}（{ROLE_ZH[account.role]}）")
    typer.echo(f"一次性口令：{password}")


@accounts_app.command("list", help=LIST_HELP)
def list_accounts() -> None:
    for account in _accounts().list():
        state = "正常" if account.disabled_at is None else "已停用"
        if account.disabled_at is None and account.must_change:
            state = "待改口令"
        typer.echo("\t".join((account.name, ROLE_ZH[account.role], printable(account.display), state)))


@accounts_app.command("disable", help=DISABLE_HELP)
def disable(name: NAME) -> None:
    _do(lambda accounts: accounts.disable(name, _operator()), f"已停用：{name}")


@accounts_app.command("enable", help=ENABLE_HELP)
def enable(name: NAME) -> None:
    _do(lambda accounts: accounts.enable(name, _operator()), f"已恢复：{name}")


@accounts_app.command("role", help=ROLE_HELP)
def role(name: NAME, role: ROLE) -> None:
    _do(lambda accounts: accounts.set_role(name, role, _operator()), f"{name} 现为{ROLE_ZH[role]}")


@accounts_app.command("password", help=PASSWORD_HELP)
def password(name: NAME) -> None:
    from review.accounts import AccountFault

    try:
        secret = _accounts().reset_password(name, _operator())
    except AccountFault as fault:
        raise CommandFailed(str(fault)) from fault
    typer.echo(f"一次性口令：{secret}")


@accounts_app.command("link", help=LINK_HELP)
def link(
    name: NAME, subject: Annotated[str, typer.Option("--subject", metavar="ID", help="此人在统一身份中的标识")] = ""
) -> None:
    identities = _identities()
    if subject:
        _do(lambda _: identities.link(name, subject, _operator()), f"已关联：{name}")
    else:
        said = f"七天内以 {name} 这一账号名从统一身份登录的第一个人即与它关联"
        _do(lambda _: identities.allow(name, _operator()), said)


@accounts_app.command("unlink", help=UNLINK_HELP)
def unlink(name: NAME) -> None:
    identities = _identities()
    _do(lambda _: identities.unlink(name, _operator()), f"已解除关联：{name}")


def _identities() -> "Identities":
    from review.identities import Identities
    from yiguang.home import open_home, utc_now
    from yiguang.sign_on_settings import read_sign_on_settings

    sign_on = read_sign_on_settings()
    if sign_on is None:
        raise UsageError("没有设置统一身份登录（YIGUANG_OIDC_ISSUER，见 docs/zh/single-sign-on.md）")
    return Identities(open_home(read_settings()), utc_now, sign_on)


def _do(change: "Callable[[Accounts], None]", said: str) -> None:
    from review.accounts import AccountFault

    try:
        change(_accounts())
    except AccountFault as fault:
        raise CommandFailed(str(fault)) from fault
    typer.echo(said)


def _accounts() -> "Accounts":
    from review.accounts import Accounts
    from yiguang.home import open_home, utc_now

    return Accounts(open_home(read_settings()), utc_now)


def _operator() -> str:
    """Who changes accounts from the command line, for the audit log."""
    return f"命令行 {read_settings().operator}"
