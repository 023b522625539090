"""`yiguang registry import|show`."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings

if TYPE_CHECKING:
    from domain.institutions import RegisteredInstitution
    from storage.registry import ImportCounts

IMPORT_HELP = """\
导入机构名录（CSV 或 XLSX，卫生健康部门公布的样式即可）；同一份导入两次不会有变化，再次导入列出差异。

表头自动识别，不认识的列会列出；可用 --map 指定一次，以后各次都记得。有坏行时，好的行照样存入，退出码为 1。

\b
例：
  yiguang registry import 机构名录.xlsx --source 市卫健委 --as-of 2026-11-01
  yiguang registry import 机构名录.csv --map 单位全名=name --map 主体资格证=credit_code
"""
SHOW_HELP = """\
显示名录中关于一个名称、信用代码、登记号、公众号、域名或审查证明文号的全部记载，逐条注明来源与日期。

\b
例：
  yiguang registry show 青屿安和门诊部
  yiguang registry show anhe.example --json
"""
GROUP_HELP = """\
机构名录：机构、许可、诊疗科目、官方域名与审查证明。

\b
例：
  yiguang registry import 机构名录.csv --source 市卫健委
  yiguang registry show 青屿安和门诊部
"""
_BAD_ROWS_SHOWN = 50

registry_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(registry_app, name="registry")


@registry_app.command("import", help=IMPORT_HELP)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 XLSX 文件")],
    source: Annotated[str, typer.Option("--source", help="来源，默认为文件名")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="名录的日期，默认为今天")] = "",
    map_: Annotated[list[str] | None, typer.Option("--map", metavar="列名=字段", help="指定一列的含义")] = None,
) -> None:
    from domain.subjects import load_subjects
    from storage.registry import import_institutions, remember_headings, remembered_headings
    from storage.registry_file import RegistryFileError, open_registry_file
    from storage.registry_rows import BadRow, RowReader, load_headings
    from yiguang.home import open_home, utc_now

    settings = read_settings()
    day = _day(as_of) if as_of else utc_now().date()
    mapped = _mapped(map_ or [])
    if not file.is_file():
        raise UsageError(f"找不到名录文件：{file}")
    engine = open_home(settings)
    remember_headings(engine, mapped)
    headings, public, private = load_headings(settings.lexicons)
    name = source or file.stem
    reader = RowReader(load_subjects(settings.lexicons), public, private, name, day)
    bad: list[BadRow] = []
    refused = 0

    def institutions(table: Any) -> Iterator["RegisteredInstitution"]:
        nonlocal refused
        for row in reader.read_all(table):
            if not isinstance(row, BadRow):
                yield row
                continue
            refused += 1
            if len(bad) < _BAD_ROWS_SHOWN:
                bad.append(row)

    try:
        with open_registry_file(file, headings | remembered_headings(engine)) as table, _progress() as show:
            if table.unknown:
                typer.echo(f"未识别的列，已忽略：{'、'.join(table.unknown)}（可用 --map 列名=字段 指定）", err=True)
            counts = import_institutions(engine, institutions(table), name, day, show)
    except RegistryFileError as fault:
        raise CommandFailed(f"{file} 无法读取：{fault}") from fault
    _report(counts)
    for row in bad:
        typer.echo(f"第 {row.number} 行{f'（{row.name}）' if row.name else ''}：{row.reason}", err=True)
    if refused:
        raise CommandFailed(f"{refused} 行有误，未导入")


@registry_app.command("show", help=SHOW_HELP)
def show(
    what: Annotated[str, typer.Argument(metavar="NAME|CODE|DOMAIN", help="名称、代码、公众号、域名或文号")],
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from domain.subjects import load_subjects
    from storage.registry import SqlRegistry
    from yiguang.home import open_home

    settings = read_settings()
    registry = SqlRegistry(open_home(settings))
    found = list(registry.find((what,), (what,), (what,), (what,), (what,)))
    if (record := registry.certificate(what)) is not None:
        found.extend(item for item in registry.find((record.holder,)) if item not in found)
    if not found:
        raise CommandFailed(f"名录中没有“{what}”的记载（未见记载不等于未登记）")
    subjects = load_subjects(settings.lexicons).names
    for institution in found:
        if as_json:
            typer.echo(json.dumps(asdict(institution), ensure_ascii=False, default=str))
        else:
            typer.echo("\n".join(_lines(institution, subjects)))


def _lines(institution: "RegisteredInstitution", subjects: Any) -> Iterator[str]:
    yield f"{institution.name}（来源：{institution.source}，{institution.as_of}）"
    ownership = {True: "公立", False: "民营", None: "未载明"}[institution.public]
    for label, value in (
        ("其他名称", "、".join(institution.aliases)),
        ("信用代码", institution.credit_code),
        ("登记号", institution.licence),
        ("类别", " ".join(filter(None, (institution.institution_class, institution.grade)))),
        ("性质", f"{ownership} {institution.ownership}".strip()),
        ("地区", " ".join(filter(None, (institution.region, institution.region_code)))),
        ("地址", institution.address),
        ("诊疗科目", "、".join(subjects[code] for code in institution.subjects)),
        ("域名", "、".join(institution.domains)),
        ("公众号", "、".join(institution.accounts)),
        ("医联体等", "、".join(institution.affiliated_with)),
    ):
        if value:
            yield f"  {label}：{value}"
    for record in institution.certificates:
        media = f"，{'、'.join(record.media)}" if record.media else ""
        until = f"，至 {record.valid_until}" if record.valid_until else ""
        yield f"  审查证明：{record.number}{media}{until}"


def _report(counts: "ImportCounts") -> None:
    typer.echo(f"新增 {counts.new}，变更 {counts.changed}，未变 {counts.unchanged}")
    if counts.older:
        typer.echo(f"另有 {counts.older} 家已存有更新日期的记载，未改动")
    if counts.absent:
        typer.echo(f"该来源另有 {counts.absent} 家不在本次名录中（保留，注明最后见于何日）")
    for change in counts.changes:
        typer.echo(f"  {change.name} {change.field}：{change.before or '（无）'} → {change.after or '（无）'}")


def _mapped(pairs: list[str]) -> dict[str, str]:
    from storage.registry_file import heading_key
    from storage.registry_rows import FIELDS

    mapped = {}
    for pair in pairs:
        heading, equals, field = pair.partition("=")
        if not equals or not heading_key(heading) or field not in FIELDS:
            raise UsageError(f"--map 应为 列名=字段，字段为 {'、'.join(FIELDS)} 之一：{pair}")
        mapped[heading_key(heading)] = field
    return mapped


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--as-of 应为日期，如 2026-11-01：{text}") from None


@contextmanager
def _progress() -> Iterator[Callable[["ImportCounts"], None]]:
    """Rows taken in so far, on a terminal; nothing in a pipe. A list does not say how long it is."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _counts: None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("已处理 {task.completed} 行"),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=None)

        def show(counts: "ImportCounts") -> None:
            done = counts.new + counts.changed + counts.unchanged + counts.older
            bars.update(task, completed=done, description=f"新增 {counts.new} · 变更 {counts.changed}")

        yield show
