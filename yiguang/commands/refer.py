"""`yiguang refer`: a package for one recipient."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from domain.roles import Act, who_may
from domain.routing import Recipient
from yiguang.errors import UsageError
from yiguang.settings import read_settings
from yiguang.told_numbers import GREATEST_NUMBER

HELP = """\
为已由两人确认的线索制作移送材料：函（DOCX 与 PDF）、网址清单、证据目录、脱敏副本与截图、取证说明、封存证明、核验程序、校验值与清单。

只生成文件，不发送。所附均为脱敏副本，原始证据包不随函。文书在 lexicons/letters/referral/ 中，可用 Word 修改 letter.docx；
letter-amr.docx 之类为某一部门专用。系统查不到的事项列在核对单中，可用 --told 填写，如主管部门定性意见。

\b
例：
  yiguang refer 3 --to amr --out 移送/
  yiguang refer 3 8 --to cac --by liyi --told opinion=某卫函〔2026〕1号 --out 移送/
  yiguang refer 3 --to amr --by liyi --told liaison=李某，000-00001234 --out 移送/
  yiguang refer 3 --to police --by liyi --note 机构已注销 --out 移送/
  yiguang refer 3 --to police --transfer --told crime=虚假广告罪 --out 移送/
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(refer)


def refer(
    cases: Annotated[
        list[int], typer.Argument(min=1, max=GREATEST_NUMBER, metavar="CASE", help="线索编号，见 cases list")
    ],
    to: Annotated[
        Recipient,
        typer.Option("--to", help="接收部门：amr 市场监管；nhc 卫生健康；cac 网信；police 公安；nhsa 医保；nmpa 药监"),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="写到哪个目录；每份材料在其中另建一个目录")],
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="NAME", help=f"经办人在审核台的账号，须是{who_may(Act.REFER)}；只有一个账号可以移送时可不写"
        ),
    ] = "",
    note: Annotated[str, typer.Option("--note", help="移送依规则未建议的部门时的理由")] = "",
    told: Annotated[
        list[str] | None, typer.Option("--told", metavar="项目=内容", help="人工填写的事项，可多次")
    ] = None,
    sender: Annotated[str, typer.Option("--sender", help="移送单位，默认为 YIGUANG_OPERATOR")] = "",
    transfer: Annotated[
        bool, typer.Option("--transfer", help="由行政机关自行移送：另拟移送书、情况调查报告、涉案物品清单的草稿")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="以 JSON 输出")] = False,
) -> None:
    from yiguang.packages.referring import Request, make_package, officer

    settings = read_settings()
    filled = _told(told or [])
    name = officer(settings, by)
    request = Request(cases, to, name, sender.strip() or settings.operator, note.strip(), filled, transfer)
    made = make_package(settings, request, out, _progress)
    if as_json:
        row = {
            "number": made.number,
            "folder": str(made.folder),
            "parts": [str(part) for part in made.parts],
            "checklist": str(made.checklist),
            "manifest_sha256": made.manifest_sha256,
            "missing": made.missing,
        }
        typer.echo(json.dumps(row, ensure_ascii=False))
        return
    typer.echo(f"{made.number}：{made.folder}")
    for part in made.parts:
        typer.echo(f"  寄送：{part.name}（{part.stat().st_size / 1e6:.1f} MB）")
    typer.echo(f"  清单 SHA-256：{made.manifest_sha256}")
    lacking = f"缺 {made.missing} 项，见" if made.missing else "各项齐全，见"
    typer.echo(f"  {lacking} {made.checklist.name}")
    typer.echo(f"下一步：由 {name} 以外的人审批：yiguang outbox approve {made.number} --folder {made.folder}")


def _told(pairs: list[str]) -> dict[str, str]:
    """Raises UsageError for a field that no letter has."""
    from referral.checklist import FIELDS
    from referral.letter import LIAISON

    filled = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name.strip() not in {*FIELDS, LIAISON} or not value.strip():
            labels = {LIAISON: "函中的本单位联系人、电话"} | {key: field.label for key, field in FIELDS.items()}
            known = "、".join(f"{key}（{label}）" for key, label in labels.items())
            raise UsageError(f"--told 应为 项目=内容，项目为：{known}")
        filled[name.strip()] = value.strip()
    return filled


def _progress(message: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"{message}\n")
