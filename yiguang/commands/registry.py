"""`yiguang registry import|show|operators|incomplete`; `practitioners` and `logos` are in modules of their own."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yiguang.commands import registry_logos, registry_practitioners
from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import read_settings
from yiguang.told_headings import told_headings
from yiguang.told_time import told_day_or_today

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from domain.institutions import RegisteredInstitution
    from storage.operators.identity_graph import IdentityGraph
    from storage.operators.registry_import import ImportCounts
    from yiguang.settings import Settings

IMPORT_HELP = """\
导入机构名录（CSV 或 XLSX，卫生健康部门公布的样式即可）；同一份导入两次不会有变化，再次导入列出差异。

表头自动识别，不认识的列会列出；可用 --map 指定一次，以后各次都记得。有坏行时，好的行照样存入，退出码为 1。

\b
例：
  yiguang registry import 机构名录.xlsx --source 市卫健委 --as-of 2026-11-01
  yiguang registry import 机构名录.csv --map 单位全名=name --map 主体资格证=credit_code
  yiguang registry import 审查证明公示.xlsx --source 市卫健委 --as-of 2026-11-01 --complete-for 沪
"""
SHOW_HELP = """\
显示关于一家机构或一个号码所知的全部：名录记载（逐条注明来源与日期）、相连的网站与账号及其证据、历次线索、经确认的
案件、审查证明、风险分项。可用名称、信用代码、登记号、备案号、电话、公众号或微信号、域名、网址、审查证明文号或经营者编号查询。

\b
例：
  yiguang registry show 青屿安和门诊部
  yiguang registry show 000-00001234 --picture 关系图.svg
  yiguang registry show anhe.example --json
"""
OPERATORS_HELP = """\
列出疑为同一经营者的网站与账号（同一电话、备案号、信用代码、账号、二维码或域名），大的在前。属线索，不是认定。

\b
例：
  yiguang registry operators
  yiguang registry operators --smallest 5 --json
"""
INCOMPLETE_HELP = """\
撤回导入时用 --complete-for 作的声明；此后该地区查无记载的文号只写待核。

\b
例：
  yiguang registry incomplete 沪
"""
GROUP_HELP = """\
机构名录与经营者：机构、许可、诊疗科目、审查证明，以及页面背后是谁。

\b
例：
  yiguang registry import 机构名录.csv --source 市卫健委
  yiguang registry show 青屿安和门诊部
  yiguang registry operators
"""
_BAD_ROWS_SHOWN = 50
_SITES_SHOWN = 12

registry_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    registry_practitioners.add_to(registry_app)
    registry_logos.add_to(registry_app)
    app.add_typer(registry_app, name="registry")


@registry_app.command("import", help=IMPORT_HELP)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 XLSX 文件")],
    source: Annotated[str, typer.Option("--source", help="来源，默认为文件名")] = "",
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="名录的日期，默认为今天")] = "",
    map_: Annotated[list[str] | None, typer.Option("--map", metavar="列名=字段", help="指定一列的含义")] = None,
    complete_for: Annotated[
        list[str] | None,
        typer.Option(
            "--complete-for", metavar="REGION", help="声明本名录含有该地区的全部审查证明文号，如 沪、沪中医广"
        ),
    ] = None,
) -> None:
    from domain.certificate_coverage import CertificateCoverage, issuer_of
    from domain.certificates import parse_certificate
    from storage.operators.certificate_lists import state_complete
    from storage.operators.registry_file import RegistryFileError, open_registry_file
    from storage.operators.registry_import import import_institutions, remember_headings, remembered_headings
    from storage.operators.registry_rows import FIELDS, BadRow, RowReader, load_headings
    from yiguang.home import open_home, utc_now
    from yiguang.lexicon_books import load_subjects

    settings = read_settings()
    day = told_day_or_today(as_of, "--as-of", utc_now())
    mapped = told_headings(map_ or [], FIELDS)
    issuers = _issuers(complete_for or [])
    if not file.is_file():
        raise UsageError(f"找不到名录文件：{file}")
    engine = open_home(settings)
    remember_headings(engine, mapped)
    headings, public, private = load_headings(settings.lexicons)
    name = source or file.stem
    reader = RowReader(load_subjects(settings.lexicons), public, private, name, day)
    bad: list[BadRow] = []
    refused = 0
    listed: set[str] = set()

    def institutions(table: Any) -> Iterator["RegisteredInstitution"]:
        nonlocal refused
        for row in reader.read_all(table):
            if not isinstance(row, BadRow):
                known = (parse_certificate(record.number) for record in row.certificates)
                listed.update(issuer_of(certificate) for certificate in known if certificate is not None)
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
        unsaid = "；有坏行的名录不能算完整，未记 --complete-for" if issuers else ""
        raise CommandFailed(f"有 {refused} 行有误，这些行未导入{unsaid}")
    if missing := [issuer for issuer in issuers if issuer not in listed]:
        raise CommandFailed(f"名录中没有以“{'、'.join(missing)}”开头的文号，未记 --complete-for；机构已导入")
    state_complete(engine, [CertificateCoverage(issuer, name, day) for issuer in issuers])


@registry_app.command("show", help=SHOW_HELP)
def show(
    what: Annotated[str, typer.Argument(metavar="NAME|CODE|DOMAIN|PHONE", help="名称、代码、域名、电话、账号或文号")],
    as_json: Annotated[bool, typer.Option("--json", help="输出一个 JSON 对象")] = False,
    picture: Annotated[Path | None, typer.Option("--picture", metavar="FILE.svg", help="另存关系图（SVG）")] = None,
) -> None:
    from domain.identity_picture import identity_picture
    from domain.operator_profile import official_owners
    from yiguang.home import open_home, utc_now
    from yiguang.lexicon_books import load_brand_book, load_subjects
    from yiguang.operator_text import profile_lines
    from yiguang.operators import operator_profiles

    settings = read_settings()
    profile = operator_profiles(settings, open_home(settings)).of(what, utc_now())
    if profile.is_empty:
        raise CommandFailed(f"名录与历次采集中都没有“{what}”的记载（未见记载不等于未登记）")
    if picture is not None:
        if not profile.clusters:
            raise CommandFailed(f"没有网站或账号与“{what}”相连，无图可画")
        try:
            picture.write_text(identity_picture(profile.clusters[0]), "utf-8")
        except OSError as fault:
            raise CommandFailed(f"无法写入 {picture}：{fault.strerror}") from fault
    owners = official_owners(profile, load_brand_book(settings.lexicons))
    if as_json:
        known = asdict(profile) | {"official_owners": owners}
        typer.echo(json.dumps(known, ensure_ascii=False, default=str))
    else:
        typer.echo("\n".join(profile_lines(profile, load_subjects(settings.lexicons).names, owners)))


@registry_app.command("operators", help=OPERATORS_HELP)
def operators(
    smallest: Annotated[int, typer.Option("--smallest", min=1, help="至少几个网站与账号")] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON 对象")] = False,
) -> None:
    from domain.identity import NODE_ZH, NodeKind
    from yiguang.home import open_home
    from yiguang.terminal import printable, say_none

    settings = read_settings()
    graph = _graph(settings, open_home(settings))
    clusters = graph.clusters(smallest)
    if not clusters:
        say_none(f"没有 {smallest} 个以上疑为同一经营者的网站与账号；先用 yiguang nightly 巡查")
    for cluster in clusters:
        sites = [subject.key for subject in cluster.subjects if subject.kind is not NodeKind.REGISTERED]
        shared = [f"{NODE_ZH[node.kind]} {node.key}" for node in cluster.shared if node.kind is not NodeKind.DOMAIN]
        if as_json:
            line = {"id": cluster.id, "sites": sites, "shared": shared}
            typer.echo(json.dumps(line, ensure_ascii=False))
        else:
            typer.echo(f"{cluster.id} {len(sites)} 个：{'、'.join(map(printable, sites[:_SITES_SHOWN]))}")
            typer.echo(f"  由 {'、'.join(map(printable, shared[:_SITES_SHOWN])) or '同一域名'} 相连")


def _graph(settings: "Settings", engine: "Engine") -> "IdentityGraph":
    from storage.operators.identity_graph import IdentityGraph
    from yiguang.operators import identity_policy

    return IdentityGraph(engine, identity_policy(settings))


def _report(counts: "ImportCounts") -> None:
    typer.echo(f"新增 {counts.new}，变更 {counts.changed}，未变 {counts.unchanged}")
    if counts.older:
        typer.echo(f"另有 {counts.older} 家已存有更新日期的记载，未改动")
    if counts.absent:
        typer.echo(f"该来源另有 {counts.absent} 家不在本次名录中（保留，注明最后见于何日）")
    for change in counts.changes:
        typer.echo(f"  {change.name} {change.field}：{change.before or '（无）'} → {change.after or '（无）'}")


def _issuers(regions: list[str]) -> list[str]:
    from domain.certificate_coverage import parse_issuer

    issuers = []
    for region in regions:
        if (issuer := parse_issuer(region)) is None:
            raise UsageError(f"--complete-for 应为文号开头的地区，如 沪、浙杭、沪中医广：{region}")
        issuers.append(issuer)
    return issuers


@registry_app.command("incomplete", help=INCOMPLETE_HELP)
def incomplete(
    region: Annotated[str, typer.Argument(metavar="REGION", help="文号开头的地区，如 沪、沪中医广")],
) -> None:
    from storage.operators.certificate_lists import withdraw_complete
    from yiguang.home import open_home

    (issuer,) = _issuers([region])
    count = withdraw_complete(open_home(read_settings()), issuer)
    if not count:
        raise CommandFailed(f"没有关于“{issuer}”的完整声明")
    typer.echo(f"已撤回 {count} 项关于“{issuer}”的完整声明")


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
