"""`yiguang cases list|show`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from domain.beijing import BEIJING
from domain.findings import FAMILY_ZH, Finding
from domain.nights import Case
from domain.outbox import STATEMENT_ZH
from domain.pictures import places_of
from domain.reviews import DECIDED, STATE_ZH, ItemState
from yiguang.commands.pictures import rectangle
from yiguang.errors import CommandFailed
from yiguang.judgement.scan import finding_line, judgement_row
from yiguang.settings import Settings, read_settings
from yiguang.terminal import printable, say_none
from yiguang.told_numbers import GREATEST_NUMBER

if TYPE_CHECKING:
    from storage.leads.cases import CaseDetail


LIST_HELP = """\
列出线索页面，最近一夜的在前，同一夜中评分高的在前；审核台已有结论的，注明结论。正文相同或几乎相同的只列一行，注明共几条；--all 逐条列出。

\b
例：
  yiguang cases list
  yiguang cases list --night 2026-11-25 --json
  yiguang cases list --all
"""
SHOW_HELP = """\
显示一条线索：页面、审核台的状态、命中的内容与依据、证据包的位置。

\b
例：
  yiguang cases show 3
  yiguang cases show 3 --json
"""
GROUP_HELP = """\
线索页面。

\b
例：
  yiguang cases list
  yiguang cases show 3
"""

cases_app = typer.Typer(no_args_is_help=True, help=GROUP_HELP)


def add_to(app: typer.Typer) -> None:
    app.add_typer(cases_app, name="cases")


def case_row(case: Case) -> dict[str, object]:
    """A case as JSON shows it."""
    return {**asdict(case), "captured_at": case.captured_at.isoformat()}


@cases_app.command("list", help=LIST_HELP)
def list_(
    night: Annotated[str | None, typer.Option("--night", metavar="NIGHT", help="只列某一夜，如 2026-11-25")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="逐条列出，每行一个 JSON 对象")] = False,
    every: Annotated[bool, typer.Option("--all", help="逐条列出，不合并正文相同的")] = False,
) -> None:
    from storage.crawl.nights import list_nights
    from storage.leads.cases import desk_states, list_cases
    from storage.leads.outbox import list_rescinded
    from storage.pages.clusters import cluster_ids
    from yiguang.home import open_home

    engine = open_home(read_settings())
    cases = list_cases(engine, night)
    if not cases:
        nights = [each[0] for each in list_nights(engine)]
        if night is not None and night not in nights:
            raise CommandFailed(f"没有 {night} 这一夜的记录（见 yiguang night list）")
        say_none(f"{night or '各夜'}没有线索" if nights else "还没有巡查过；先运行 yiguang nightly")
    rescinded = list_rescinded(engine)
    clusters = cluster_ids(engine, [case.id for case in cases])
    states = desk_states(engine, night)
    if as_json:
        for case in cases:
            more_facts = {
                "cluster": clusters.get(case.id),
                "rescinded": case.id in rescinded,
                "state": states.get(case.id),
            }
            typer.echo(json.dumps({**case_row(case), **more_facts}, ensure_ascii=False))
        return
    for case, count in first_of_each_cluster(cases, {} if every else clusters):
        families = "、".join(FAMILY_ZH[family] for family in case.families)
        state = states.get(case.id)
        more = f"\t同文 {count} 条" if count > 1 else ""
        more += f"\t{STATE_ZH[state]}" if state in DECIDED else ""
        more += "\t已撤回" if case.id in rescinded else ""
        typer.echo(f"{case.id}\t{case.score:.2f}\t{case.target}\t{families}\t{printable(case.url)}{more}")


def first_of_each_cluster(cases: Sequence[Case], clusters: Mapping[int, int]) -> list[tuple[Case, int]]:
    """The first case of each cluster and how many there are of it, in the order of the cases; a case whose id has no
    cluster stands alone."""
    groups: dict[tuple[str, int], list[Case]] = {}
    for case in cases:
        group = ("cluster", clusters[case.id]) if case.id in clusters else ("case", case.id)
        groups.setdefault(group, []).append(case)
    return [(members[0], len(members)) for members in groups.values()]


@cases_app.command("show", help=SHOW_HELP)
def show(
    case_id: Annotated[int, typer.Argument(min=1, max=GREATEST_NUMBER, metavar="CASE", help="线索编号，见 cases list")],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    from storage.leads.cases import desk_state
    from storage.leads.outbox import statements_of
    from storage.takedowns.takedown import referred_case
    from yiguang.commands.recheck import case_lines
    from yiguang.commands.recheck import case_row as referred_row
    from yiguang.home import open_home

    settings = read_settings()
    detail = find_case(settings, case_id)
    said_of_it = statements_of(open_home(settings), [case_id]).get(case_id, ())
    referred = referred_case(open_home(settings), case_id)
    state = desk_state(open_home(settings), case_id)
    if as_json:
        later = None if referred is None else referred_row(referred)
        statements = [
            {"kind": said.kind.value, "by": said.by, "at": said.at.isoformat(), "text": said.text}
            for said in said_of_it
        ]
        row = {**detail_row(detail), "state": state, "referred": later, "statements": statements}
        typer.echo(json.dumps(row, ensure_ascii=False, indent=2))
        return
    typer.echo(in_words(detail, settings, state))
    for said in said_of_it:
        typer.echo(
            f"{STATEMENT_ZH[said.kind]}（{said.at.astimezone(BEIJING):%Y-%m-%d}，{printable(said.by)}）：{printable(said.text)}"
        )
    if referred is not None:
        typer.echo("移送后复测：")
        typer.echo("\n".join(case_lines(referred)))


def find_case(settings: Settings, case_id: int) -> "CaseDetail":
    """Raises CommandFailed when there is no such case."""
    from storage.leads.cases import show_case
    from yiguang.home import open_home

    try:
        return show_case(open_home(settings), case_id)
    except KeyError:
        raise CommandFailed(f"没有编号为 {case_id} 的线索（见 yiguang cases list）") from None


def detail_row(detail: "CaseDetail") -> dict[str, object]:
    """A case in full as JSON shows it; offsets of the findings are code points into `text`."""
    return {
        **case_row(detail.case),
        **judgement_row(detail.case.id, detail.judgement),
        "account": detail.account,
        "contacts": [list(contact) for contact in detail.contacts],
        "identifiers": [list(identifier) for identifier in detail.identifiers],
        "text_sha256": detail.text_sha256,
        "text": detail.text,
        "pictures": [asdict(picture) for picture in detail.pictures],
    }


def _finding_lines(detail: "CaseDetail", finding: Finding) -> list[str]:
    """A finding, and where in the page's pictures it stands."""
    places = places_of(detail.pictures, finding.start, finding.end)
    boxes = (f"      图片 {printable(place.url)} 的 {rectangle(box)}" for place in places for box in place.boxes)
    return [finding_line(asdict(finding)), *boxes]


def in_words(detail: "CaseDetail", settings: Settings, state: ItemState | None) -> str:
    """A case in full for a person."""
    case = detail.case
    lines = [
        f"线索 {case.id}（{case.night_id}），评分 {case.score:.2f}，{'待人工审核' if state is None else STATE_ZH[state]}",
        f"目标：{case.target}",
        f"标题：{printable(case.title)}",
        f"网址：{printable(case.url)}",
        f"取证时间：{case.captured_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}（北京时间）",
        f"证据包：{settings.home / case.bundle}",
        f"SHA-256：{case.bundle_sha256}",
        *(line for finding in detail.judgement.findings for line in _finding_lines(detail, finding)),
        *(f"  · {printable(reason)}" for reason in detail.judgement.reasons),
    ]
    return "\n".join(lines)
