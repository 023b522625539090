"""`yiguang respond`: what is said against a lead, and leads that we take back."""

from typing import Annotated

import typer

from domain.outbox import STAGE_ZH, STATEMENT_ZH, Stage, StatementKind
from domain.roles import Act, who_may
from yiguang.commands.outbox import AT, FILE, TEXT, by_help
from yiguang.help_pages import choices
from yiguang.settings import read_settings
from yiguang.told_numbers import GREATEST_NUMBER
from yiguang.told_time import told_time

HELP = """\
记录当事人的意见与本单位的撤回。

当事人异议（dispute）、当事人称已更正（correction）、本单位撤回（withdrawn）、撤销撤回（reinstated）。
撤回的线索不再移送、不再复测、不计入任何统计；记录只增不改，此后的移送材料与线索详情都会写明。

\b
例：
  yiguang respond 3 dispute --text 称该页面系第三方代运营 --file 来函扫描.pdf --by wang
  yiguang respond 3 withdrawn --text 审核发现系转载主管部门通报 --by li
"""

BY = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        help=by_help(f"{who_may(Act.REFER)}（当事人的意见）或{who_may(Act.WITHDRAW_LEAD)}（撤回、撤销撤回）"),
    ),
]
_APART = "材料中没有这项意见，须另行告知接收部门"
_ANEW = "材料中没有这项意见，退回后重新制作"
_TOLD = {Stage.DRAFT: _ANEW, Stage.APPROVED: _ANEW}


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(respond)


def respond(
    case_id: Annotated[int, typer.Argument(min=1, max=GREATEST_NUMBER, metavar="CASE", help="线索编号")],
    kind: Annotated[StatementKind, typer.Argument(metavar="KIND", help=choices(STATEMENT_ZH))],
    text: TEXT = "",
    by: BY = "",
    at: AT = "",
    file: FILE = None,
) -> None:
    from yiguang.packages.outbox_text import next_step
    from yiguang.packages.outboxing import note_statement

    holding = note_statement(read_settings(), case_id, by, kind, text, told_time(at), file)
    typer.echo(f"已记录：线索 {case_id} {STATEMENT_ZH[kind]}")
    for package in holding:
        if package.stage is not Stage.ENDED:
            following = next_step(package) if kind is StatementKind.WITHDRAWN else _TOLD.get(package.stage, _APART)
            typer.echo(f"  已在 {package.number}（{STAGE_ZH[package.stage]}）中：{following}")
