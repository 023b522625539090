"""The morning digest of one person at the desk: what waits for them, for how long, and which terms end."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, func, select

from domain.beijing import beijing_time
from domain.clocks import ClocksBroken
from domain.reviews import ItemState, Stage
from domain.roles import ROLE_ZH, Act, may
from domain.working_days import CalendarBroken
from referral.deadlines import load_clocks, load_work_calendar
from referral.late import reminders
from review.accounts import Account
from storage.leads.outbox import list_packages
from storage.tables import desk_items
from yiguang.errors import CommandFailed
from yiguang.settings import Settings
from yiguang.watching.tip_terms import tip_terms

#: In the data folder: who gets the digest by mail.
ADDRESSES = "digests.toml"
#: In working days.
_NEAR = 3
_STAGES = (
    (Act.DECIDE_FIRST, Stage.FIRST, "待初审"),
    (Act.DECIDE_SECOND, Stage.SECOND, "待复审"),
    (Act.DECIDE_SECOND, Stage.THIRD, "待第三人"),
)


def digest(settings: Settings, engine: Engine, account: Account, now: datetime) -> str:
    """In Chinese, a line each; with the counts of what is left aside for want of anything."""
    with engine.connect() as connection:
        lines = [*_own(connection, account, now), *_queue(connection, account, now)]
    if may(account.role, Act.SEE_REFERRALS):
        lines += _terms(settings, engine, now)
    if may(account.role, Act.REFER):
        lines += _tips(settings, engine, now)
    head = f"{account.display}（{ROLE_ZH[account.role]}），{beijing_time(now)}"
    return "\n".join([head, *(f"· {line}" for line in lines or ["没有待办"])])


def _own(connection: Connection, account: Account, now: datetime) -> list[str]:
    is_open = desk_items.c.stage.is_not(None)
    held = desk_items.c.state == ItemState.HELD.value
    lines = []
    mine = is_open & ~_put_aside(now) & (desk_items.c.assignee == account.id)
    if (found := _waiting(connection, mine, now)) is not None:
        lines.append(f"分派给您的 {found}")
    by_me = held & (desk_items.c.held_by == account.id)
    if (found := _waiting(connection, by_me, now)) is not None:
        over = connection.scalar(
            select(func.count()).select_from(desk_items).where(by_me, desk_items.c.held_until <= now)
        )
        lines.append(f"您搁置的 {found}{f'，其中 {over} 条已到期' if over else ''}")
    return lines


def _queue(connection: Connection, account: Account, now: datetime) -> list[str]:
    free = desk_items.c.assignee.is_(None) & ~_put_aside(now)
    return [
        f"未分派的{said} {found}"
        for act, stage, said in _STAGES
        if may(account.role, act)
        and (found := _waiting(connection, free & (desk_items.c.stage == stage.value), now)) is not None
    ]


def _put_aside(now: datetime) -> ColumnElement[bool]:
    """On hold still; what was until a day that has come is back in the queue."""
    return (desk_items.c.state == ItemState.HELD.value) & (func.coalesce(desk_items.c.held_until, now) > now)


def _waiting(connection: Connection, which: ColumnElement[bool], now: datetime) -> str | None:
    """`3 条，最久的等了 2 天`, 不到 1 天 of those of today; None for no item."""
    query = select(func.count().label("items"), func.min(desk_items.c.stage_since).label("oldest")).where(which)
    row: Any = connection.execute(query).one()
    if not row.items:
        return None
    days = (now - row.oldest).days
    return f"{row.items} 条，最久的等了{f' {days} 天' if days > 0 else '不到 1 天'}"


def _terms(settings: Settings, engine: Engine, now: datetime) -> list[str]:
    try:
        clocks, calendar = load_clocks(settings.lexicons), load_work_calendar(settings.lexicons)
    except (ClocksBroken, CalendarBroken) as fault:
        return [f"期限无法计算：{fault}"]
    return [
        f"移送 {one.package.number}：{one.term.clock.title}，{beijing_time(one.term.deadline.due_at)} "
        f"{'已逾期' if one.is_late else '将到期'}"
        for one in reminders(list_packages(engine), clocks, calendar, (), now, _NEAR)
        if one.term.deadline is not None
    ]


def _tips(settings: Settings, engine: Engine, now: datetime) -> list[str]:
    try:
        return [term.text for term in tip_terms(settings, engine, now)]
    except (ClocksBroken, CalendarBroken):
        return []  # said among the terms of referrals, which read the same data


def addresses(settings: Settings, accounts: Sequence[Account]) -> Mapping[str, str]:
    """Mail addresses by name of account, from `digests.toml`: `[mail]`, then `name = "address"`. Raises CommandFailed."""
    path = settings.home / ADDRESSES
    try:
        mail = tomllib.loads(path.read_text(encoding="utf-8"))["mail"]
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as fault:
        raise CommandFailed(f'{path} 无法读取（应有 [mail] 一节，每行 账号 = "邮箱"）：{fault}') from fault
    known = {account.name for account in accounts}
    bad = [
        name
        for name, address in mail.items()
        if name not in known or not isinstance(address, str) or "@" not in address
    ]
    if bad:
        raise CommandFailed(f"{path} 中没有这个账号，或邮箱有误：{bad[0]}")
    return dict(mail)
