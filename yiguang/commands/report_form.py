"""`yiguang report-form`: what to type into a public report form."""

from pathlib import Path
from typing import Annotated

import typer

from domain.roles import Act, who_may
from yiguang.settings import read_settings
from yiguang.told_numbers import GREATEST_NUMBER

HELP = """\
为已由两人确认的线索填好公众举报表单（12315、12377）的各项文字，附脱敏副本与截图，由人到网页上提交。

只生成文件，不提交；举报人的姓名与电话由本人在网页上填写，程序不保存。各项与字数上限在 lexicons/letters/report_forms.toml 中，可以修改。

\b
例：
  yiguang report-form 3 --to 12315 --out 举报/
  yiguang report-form 3 8 --to 12377 --out 举报/ --by wang
"""


def add_to(app: typer.Typer) -> None:
    app.command("report-form", help=HELP)(report_form)


def report_form(
    cases: Annotated[
        list[int], typer.Argument(min=1, max=GREATEST_NUMBER, metavar="CASE", help="线索编号，见 cases list")
    ],
    to: Annotated[str, typer.Option("--to", metavar="12315|12377", help="哪个平台")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到哪个目录；每条线索在其中另建一个目录")],
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="NAME", help=f"经办人在审核台的账号，须是{who_may(Act.REFER)}；只有一个账号可以移送时可不写"
        ),
    ] = "",
) -> None:
    from yiguang.packages.export import warn_without_shot
    from yiguang.packages.report_forms import make_report_forms

    for folder in make_report_forms(read_settings(), cases, to, by, out):
        typer.echo(folder)
        warn_without_shot((file.name for file in folder.iterdir()), folder.name)
