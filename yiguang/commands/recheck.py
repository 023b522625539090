"""`yiguang recheck`."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import BEIJING
from domain.outcome import OUTCOME_ZH
from domain.takedown import GRADE_ZH, Claim, Grade
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import Settings, read_settings
from yiguang.terminal import printable, say_none

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Engine

    from storage.takedowns.takedown import ReferredCase
    from yiguang.nights.rechecking import Recheck

_QUOTES_SHOWN = 8

HELP = """\
复测：再次访问已移送的页面，看它是否已下线、改动、搬到别处或仍在。

移送后第 1、3、7、14、30、90 日各到期一次；见到下线的，过 6 小时再核实一次才认定。只访问这些页面本身，
同样遵守 robots.txt 与间隔，所取内容全部归档、封存。打不开、被拦截不等于已下线。
不给编号时访问到期的全部；--list 只列出到期与将到期的，不访问。

\b
例：
  yiguang recheck --list
  yiguang recheck --due
  yiguang recheck 3 7 --json
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(recheck)


def recheck(
    case_ids: Annotated[list[int] | None, typer.Argument(metavar="CASE", help="已移送的线索编号")] = None,
    due: Annotated[bool, typer.Option("--due", help="到期的全部（默认）")] = False,
    list_only: Annotated[bool, typer.Option("--list", help="只列出，不访问")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="每条线索一行 JSON")] = False,
) -> None:
    from storage.takedowns.takedown import referred_cases
    from yiguang.home import open_home, utc_now
    from yiguang.nights.rechecking import due_cases

    if case_ids and due:
        raise UsageError("编号与 --due 只能给一种")
    settings = read_settings()
    engine = open_home(settings)
    known = referred_cases(engine)
    if list_only:
        if not known:
            say_none("还没有移送的线索；用 yiguang refer 制作移送材料后列入")
        _print_all(_chosen(known, case_ids) if case_ids else known, utc_now(), as_json)
        return
    cases = _chosen(known, case_ids) if case_ids else due_cases(engine, utc_now())
    if not cases:
        coming = min((case.due_at for case in known if case.due_at is not None), default=None)
        later = "没有等待复测的线索" if coming is None else f"下一次到期：{_day(coming)}"
        typer.echo(f"现在没有到期的页面；{later}", err=True)
        return
    done = _visit(settings, engine, cases, " ".join(("yiguang recheck", *map(str, case_ids or ()))))
    _print_all(done.cases, None, as_json)
    if done.faults:
        raise CommandFailed("；".join(done.faults))


def _chosen(known: "Sequence[ReferredCase]", case_ids: Sequence[int]) -> "list[ReferredCase]":
    by_id = {case.case_id: case for case in known}
    if strangers := [str(case_id) for case_id in case_ids if case_id not in by_id]:
        raise CommandFailed(f"线索 {'、'.join(strangers)} 尚未移送，没有可复测的（先用 yiguang refer 制作移送材料）")
    return [by_id[case_id] for case_id in dict.fromkeys(case_ids)]


def _visit(settings: Settings, engine: "Engine", cases: "Sequence[ReferredCase]", command: str) -> "Recheck":
    from rich.console import Console

    from yiguang.authorities import load_authorities
    from yiguang.commands.nightly import check_fonts
    from yiguang.home import load_seal_key
    from yiguang.logging import set_up_logging
    from yiguang.nights.night_lock import night_lock
    from yiguang.nights.progress import night_display
    from yiguang.nights.rechecking import recheck as visit_again
    from yiguang.wiring import load_classifier

    set_up_logging()
    with night_lock(settings.home / "nightly.lock") as lock_descriptor:
        load_classifier(settings)  # as before a night: learn here, and at once, that the crawl processes can
        check_fonts(settings)
        load_seal_key(settings)
        load_authorities(settings.authorities)
        with night_display(Console(stderr=True)) as show:
            return visit_again(
                settings, engine, cases, lock_descriptor, show, lambda said: typer.echo(said, err=True), command
            )


def _print_all(cases: "Sequence[ReferredCase]", now: "datetime | None", as_json: bool) -> None:
    for case in cases:
        typer.echo(json.dumps(case_row(case), ensure_ascii=False) if as_json else "\n".join(case_lines(case, now)))


def case_row(case: "ReferredCase") -> dict[str, object]:
    """A referred case with its ladder, as JSON shows it; times are ISO 8601 in UTC."""
    graded = case.graded
    return {
        "case": case.case_id,
        "url": case.url,
        "referred_at": case.referred_at.isoformat(),
        "due_at": None if case.due_at is None else case.due_at.isoformat(),
        "grade": None if graded is None else graded.grade.value,
        "left": [] if graded is None else _pairs(graded.left),
        "dropped": [] if graded is None else _pairs(graded.dropped),
        "added": [] if graded is None else _pairs(graded.added),
        "copies": [] if graded is None else list(graded.copies),
        "reappeared": graded is not None and graded.reappeared,
        "looks": [
            {
                "at": each.look.at.isoformat(),
                "outcome": each.look.outcome.value,
                "detail": each.detail,
                "grade": each.grade.value,
                "reappeared": each.reappeared,
                "page": each.page_id,
                "night": each.night_id,
                "bundle": each.bundle or None,
                "bundle_sha256": each.bundle_sha256 or None,
            }
            for each in case.looks
        ],
    }


def case_lines(case: "ReferredCase", now: "datetime | None" = None) -> list[str]:
    """The same for a person. With `now` it is said whether a visit is due."""
    graded = case.graded
    state = "尚未复测" if graded is None else GRADE_ZH[graded.grade]
    if graded is not None and graded.reappeared:
        state += "；曾下线或改正，现又出现，已退回重新审核"
    lines = [f"{case.case_id}\t{state}\t{printable(case.url)}"]
    for each in case.looks:
        detail = f"（{printable(each.detail)}）" if each.detail else ""
        lines.append(
            f"    {_day(each.look.at)} {OUTCOME_ZH[each.look.outcome]}{detail}：{GRADE_ZH[each.grade]}，记录 {each.page_id}"
        )
        if each.bundle:
            lines.append(f"        证据 {each.bundle}")
    if graded is not None and graded.grade is not Grade.UNCHANGED:
        for title, quotes in (
            ("仍在", [claim.quote for claim in graded.left]),
            ("不再出现", [claim.quote for claim in graded.dropped]),
            ("新出现", [claim.quote for claim in graded.added]),
            ("别处仍有", graded.copies),
        ):
            lines += _listed(title, quotes)
    if case.due_at is not None:
        due = "，已到期" if now is not None and case.due_at <= now else ""
        lines.append(f"    下次复测：{_day(case.due_at)}{due}")
    return lines


def _listed(title: str, quotes: Sequence[str]) -> list[str]:
    """Each once, the first few in words."""
    distinct = list(dict.fromkeys(quotes))
    lines = [f"    {title}：{printable(quote)}" for quote in distinct[:_QUOTES_SHOWN]]
    return lines + ([f"    {title}：另有 {rest} 处"] if (rest := len(distinct) - _QUOTES_SHOWN) > 0 else [])


def _pairs(claims: Sequence[Claim]) -> list[list[str]]:
    return [[claim.rule, claim.quote] for claim in claims]


def _day(at: "datetime") -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
