"""`yiguang registry practitioners`: lists of registered doctors."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.told_headings import told_headings
from yiguang.told_time import told_day_or_today

if TYPE_CHECKING:
    from storage.operators.practitioners import RegisteredPractitioner
    from storage.operators.registry_file import RegistryTable

HELP = """\
导入执业医师名单（CSV 或 XLSX）：只保存姓名、执业机构，以及执业证书编码的加密钥摘要（不存编码本身）；其余各列不读。

同一来源再次导入时，不在新名单上的人随即删除。用来核对页面所列医师；未见于名单的一律写“待核”，不单独成为线索。

\b
例：
  yiguang registry practitioners 医师名单.xlsx --source 市卫健委 --as-of 2026-11-01
  yiguang registry practitioners 医师名单.csv --map 医务人员=name --map 所属单位=institution
"""
_BAD_ROWS_SHOWN = 50
_REMEMBERED = "practitioners:"
"""In front of what was mapped for these lists; no heading of a list of institutions can look like it."""


def add_to(app: typer.Typer) -> None:
    app.command("practitioners", help=HELP)(practitioners)


def practitioners(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 XLSX 文件")],
    source: Annotated[str, typer.Option("--source", help="来源，默认为文件名")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="名单的日期，默认为今天")] = "",
    map_: Annotated[list[str] | None, typer.Option("--map", metavar="列名=字段", help="指定一列的含义")] = None,
) -> None:
    from storage.operators.practitioners import (
        FIELDS,
        KEY_FILE,
        PractitionerKeyUnusable,
        import_practitioners,
        practitioner_headings,
        practitioner_key,
        read_practitioners,
    )
    from storage.operators.registry_file import RegistryFileError, open_registry_file
    from storage.operators.registry_import import remember_headings, remembered_headings
    from storage.operators.registry_rows import BadRow
    from yiguang.home import open_home, utc_now
    from yiguang.lexicon_books import load_practitioner_book

    settings = read_settings()
    day = told_day_or_today(as_of, "--as-of", utc_now())
    mapped = told_headings(map_ or [], FIELDS)
    if not file.is_file():
        raise UsageError(f"找不到名单文件：{file}")
    engine = open_home(settings)
    bad: list[BadRow] = []

    def good(table: "RegistryTable") -> Iterator["RegisteredPractitioner"]:
        for row in read_practitioners(table, key):
            if isinstance(row, BadRow):
                bad.append(row)
            else:
                yield row

    try:
        key = practitioner_key(settings.home)
        remember_headings(engine, {_REMEMBERED + heading: field for heading, field in mapped.items()})
        remembered = {
            heading.removeprefix(_REMEMBERED): field
            for heading, field in remembered_headings(engine).items()
            if heading.startswith(_REMEMBERED)
        }
        headings = practitioner_headings(load_practitioner_book(settings.lexicons).headings) | remembered
        with open_registry_file(file, headings, "姓名") as table:
            if "institution" not in table.columns.values():
                raise CommandFailed(f"{file} 没有执业机构一列（可用 --map 列名=institution 指定）")
            counts = import_practitioners(engine, good(table), source or file.stem, day)
    except (RegistryFileError, PractitionerKeyUnusable) as fault:
        raise CommandFailed(f"{file} 未导入：{fault}") from fault
    typer.echo(f"名单 {counts.listed} 人" + (f"，另有 {counts.gone} 人已不在名单上，已删除" if counts.gone else ""))
    if counts.key_may_differ:
        said = f"密钥 {KEY_FILE} 不是上次导入时的那一把，或名单改写了全部编码"
        typer.echo(
            f"{counts.renumbered} 人的执业证书编码已重记，没有一个与上次相同：{said}；人员的核对不受影响", err=True
        )
    elif counts.renumbered:
        typer.echo(f"{counts.renumbered} 人的执业证书编码与上次名单不同，已更新", err=True)
    for row in bad[:_BAD_ROWS_SHOWN]:
        typer.echo(f"第 {row.number} 行{f'（{row.name}）' if row.name else ''}：{row.reason}", err=True)
    if bad:
        raise CommandFailed(f"有 {len(bad)} 行有误，这些行未导入")
