"""`yiguang alerts test|send|digest`."""

from typing import Annotated

import typer

from yiguang.errors import CommandFailed
from yiguang.settings import read_settings

GROUP_HELP = """\
告警：邮件与钉钉、企业微信、飞书群机器人。

去处由环境变量 YIGUANG_ALERT_* 指定，见 docs/zh/operation.md。

\b
例：
  yiguang alerts test
  yiguang alerts send
  yiguang alerts digest
"""
TEST_HELP = """\
向每个去处发一条测试消息；有一处没有收下，退出码为 1。

\b
例：
  yiguang alerts test
"""
SEND_HELP = """\
检查并告警：最近一夜不正常、夜间巡查中断或未运行、磁盘余量不足、证据未通过核验、移送期限已过、举报将逾期或逾期未答复。

夜间巡查结束时自动执行；另请由定时器每小时执行一次，未运行的夜晚才有人知道。
同一件事在 YIGUANG_ALERT_QUIET_HOURS（默认 12）小时内只说一次。--dry-run 只列出，不发送，也不记下。
有要告知的而没有设置去处，或有一处没有收下，退出码为 1。

\b
例：
  yiguang alerts send
  yiguang alerts send --dry-run
"""
DIGEST_HELP = """\
每名审核人员的晨间提要：分派给本人的、本人搁置的、队列中的待办与等待时间，移送期限；移送员另有将逾期与逾期未答复的举报。

默认只显示；--send 用邮件发给数据目录中 digests.toml 列出的人（[mail] 一节，每行 账号 = "邮箱"）。
要发的人都没有列出，或有一封没有发出，退出码为 1。

\b
例：
  yiguang alerts digest
  yiguang alerts digest --account zhang
  yiguang alerts digest --send
"""

_NOWHERE = "没有设置告警的去处（YIGUANG_ALERT_SMTP、_DINGTALK、_WECOM、_FEISHU，见 docs/zh/operation.md）"

alerts_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(alerts_app, name="alerts")


@alerts_app.command("test", help=TEST_HELP)
def test() -> None:
    from domain.alerts import Alert, AlertKind
    from yiguang.home import utc_now
    from yiguang.watching.alert_settings import read_alert_settings
    from yiguang.watching.alerts import send

    settings, channels = read_settings(), read_alert_settings()
    if not channels.ways:
        raise CommandFailed(_NOWHERE)
    trial = Alert(AlertKind.TEST, "test", "这是一条测试消息，收到即表示告警可以送达")
    faults = send(settings, channels, "医广哨兵：测试", [trial], utc_now())
    for fault in faults:
        typer.echo(fault)
    if faults:
        raise CommandFailed(f"{channels.ways} 个去处中有 {len(faults)} 个没有收下")
    typer.echo(f"{channels.ways} 个去处均已收下")


@alerts_app.command("send", help=SEND_HELP)
def send_all(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只列出，不发送")] = False,
) -> None:
    from yiguang.home import utc_now
    from yiguang.watching.alert_settings import read_alert_settings
    from yiguang.watching.alerts import tell, troubles_of_home

    settings, channels = read_settings(), read_alert_settings()
    now = utc_now()
    found = troubles_of_home(settings, now)
    if dry_run or not channels.ways:
        for alert in found:
            typer.echo(f"· {alert.text}")
        if found and not dry_run:
            raise CommandFailed(f"{len(found)} 项需要处理，未发送：{_NOWHERE}")
        typer.echo(f"{len(found)} 项需要处理" + ("" if channels.ways else f"；{_NOWHERE}"), err=True)
        return
    sent, faults = tell(settings, channels, found, now)
    for alert in sent:
        typer.echo(f"· {alert.text}")
    typer.echo(f"{len(found)} 项需要处理，本次告知 {len(sent)} 项", err=True)
    if faults:
        raise CommandFailed("；".join(faults))


@alerts_app.command("digest", help=DIGEST_HELP)
def digest(
    account: Annotated[str | None, typer.Option("--account", metavar="NAME", help="只看这个账号的")] = None,
    send: Annotated[bool, typer.Option("--send", help="用邮件发出")] = False,
) -> None:
    from review.accounts import Accounts
    from yiguang.home import open_home, utc_now
    from yiguang.watching.alert_channels import NotSent, send_mail
    from yiguang.watching.alert_settings import read_alert_settings
    from yiguang.watching.digests import ADDRESSES, addresses
    from yiguang.watching.digests import digest as digest_of

    settings = read_settings()
    engine, now = open_home(settings), utc_now()
    everybody = Accounts(engine, utc_now).list()
    people = [known for known in everybody if known.disabled_at is None]
    wanted = [known for known in people if account in (None, known.name)]
    if not wanted:
        raise CommandFailed(f"没有账号 {account}" if account else "还没有审核账号")
    if not send:
        typer.echo("\n\n".join(digest_of(settings, engine, known, now) for known in wanted))
        return
    mail = read_alert_settings().mail
    if mail is None:
        raise CommandFailed("没有设置邮件服务器（YIGUANG_ALERT_SMTP）")
    places = addresses(settings, everybody)  # who has left may still be named there
    listed = [known.name for known in wanted if known.name in places]
    left_out = "、".join(known.name for known in wanted if known.name not in places)
    if not listed:
        raise CommandFailed(f"未发出：{settings.home / ADDRESSES} 的 [mail] 一节没有写 {left_out} 的邮箱")
    faults = []
    for known in wanted:
        if known.name in places:
            try:
                text = digest_of(settings, engine, known, now)
                send_mail(mail, "医广哨兵：今日待办", text, now, [places[known.name]])
            except NotSent as fault:
                faults.append(f"{known.name}：{fault}")
    if left_out:
        typer.echo(f"{ADDRESSES} 中没有邮箱，没有发给：{left_out}", err=True)
    if faults:
        raise CommandFailed("；".join(faults))
    typer.echo(f"已发出 {len(listed)} 份")
