"""`yiguang evidence looks`: the sealed evidence of later looks at referred pages, listed and verified."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import beijing_time
from domain.takedown import GRADE_ZH
from yiguang.errors import CommandFailed
from yiguang.settings import read_settings
from yiguang.terminal import printable

if TYPE_CHECKING:
    from domain.evidence import VerifyReport
    from storage.sealing.seal_states import SealState
    from storage.takedowns.takedown import RecordedLook

HELP = """\
复测的证据：逐次列出、核验。

每次复测，不论页面已下线、改动、仍在还是打不开，各有一份封存的证据包（evidence/日期/摘要.wacz），
列出其结果、封存与核验情况；全部通过时退出码为 0。不给编号时列出全部已移送的线索。
证据包本身用 yiguang evidence export CASE --original 取出，也可直接用 yiguang evidence verify 核验文件。

\b
例：
  yiguang evidence looks
  yiguang evidence looks 3 7 --json
"""

looks_app = typer.Typer()


@looks_app.command("looks", help=HELP)
def looks(
    case_ids: Annotated[list[int] | None, typer.Argument(metavar="CASE", help="已移送的线索编号")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="每次复测一行 JSON")] = False,
) -> None:
    from storage.checking.verify import KnownEvidence
    from storage.sealing.seal_states import seal_states
    from storage.takedowns.takedown import looks_at, referred_cases
    from yiguang.home import open_home

    settings = read_settings()
    engine = open_home(settings)
    chosen = list(dict.fromkeys(case_ids)) if case_ids else [case.case_id for case in referred_cases(engine)]
    known = KnownEvidence.load(engine, settings.home)
    failed = shown = 0
    for case_id in chosen:
        found = looks_at(engine, case_id)
        if not found and case_ids:
            raise CommandFailed(f"线索 {case_id} 没有复测过")
        states = seal_states(engine, [each.bundle for each in found if each.bundle])
        for number, each in enumerate(found, 1):
            report = known.report(each.bundle) if each.bundle else None
            failed += report is not None and not report.ok
            shown += 1
            seal = states.get(each.bundle)
            row = look_row(case_id, number, each, seal, report)
            typer.echo(
                json.dumps(row, ensure_ascii=False) if as_json else _in_words(case_id, number, each, seal, report)
            )
    if failed:
        raise CommandFailed(f"{shown} 次复测中有 {failed} 次的证据未通过核验")
    if not shown:
        typer.echo("还没有复测", err=True)


def look_row(
    case_id: int, number: int, each: "RecordedLook", seal: "SealState | None", report: "VerifyReport | None"
) -> dict[str, object]:
    """A look and its evidence as JSON has them; `bundle` and `verified` are null for a look recorded before looks had their own."""
    return {
        "case": case_id,
        "number": number,
        "at": each.look.at.isoformat(),
        "outcome": each.look.outcome.value,
        "grade": each.grade.value,
        "detail": each.detail,
        "bundle": each.bundle or None,
        "bundle_sha256": each.bundle_sha256 or None,
        "seal": None if seal is None else seal.number,
        "sealed_at": None if seal is None else seal.sealed_at.isoformat(),
        "stamped_at": None if seal is None or seal.stamped_at is None else seal.stamped_at.isoformat(),
        "verified": None if report is None else report.ok,
    }


def _in_words(
    case_id: int, number: int, each: "RecordedLook", seal: "SealState | None", report: "VerifyReport | None"
) -> str:
    from storage.takedowns.look_sheet import seal_words

    head = f"{case_id}\t第 {number} 次\t{beijing_time(each.look.at)}\t{GRADE_ZH[each.grade]}"
    if report is None:
        return f"{head}\n    没有单独的证据包（旧版本记录的复测；收发记录在当次的归档中）"
    faults = [f"    {printable(f'{check.name}：{check.message}')}" for check in report.checks if not check.ok]
    result = "通过" if report.ok else "未通过"
    return "\n".join([head, f"    {result}\t{each.bundle}", f"    {seal_words(seal)}", *faults])
