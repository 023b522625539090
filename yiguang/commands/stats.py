"""`yiguang stats`."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yiguang.errors import CommandFailed, UsageError
from yiguang.settings import Settings, read_settings
from yiguang.told_time import told_day

if TYPE_CHECKING:
    from referral.statistics_book import Report

HELP = """\
工作量化统计表：按月、季度、年统计监测、命中、确认、移送、反馈、处理与复测，写成 XLSX（或 PDF）。

每个数字都可在“明细”表中查到由哪些线索、材料构成；另有图表、机构台账与统计口径。已撤回的线索不计；
程序无从得知的项目留空，由填报单位填写。日期按北京时间，首尾两日都计入。

\b
例：
  yiguang stats --from 2026-01-01 --to 2026-12-31 --out 统计.xlsx
  yiguang stats --from 2026-11-01 --to 2026-11-30 --out 统计.pdf
  yiguang stats --from 2026-01-01 --to 2026-12-31 --out 统计.xlsx --drafts 典型案例.docx
"""


def add_to(app: typer.Typer) -> None:
    app.command(help=HELP)(stats)


def stats(
    since: Annotated[str, typer.Option("--from", metavar="DATE", help="第一天，如 2026-01-01")],
    until: Annotated[str, typer.Option("--to", metavar="DATE", help="最后一天")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="写到哪个文件，.xlsx 或 .pdf")],
    drafts: Annotated[
        Path | None, typer.Option("--drafts", metavar="FILE", help="另写典型案例草稿（隐去名称），.docx")
    ] = None,
) -> None:
    first, last = told_day(since, "--from"), told_day(until, "--to")
    if last < first:
        raise UsageError("--to 不能早于 --from")
    if (last - first).days > 366 * 10:
        raise UsageError("一次至多统计十年")
    if out.suffix.lower() not in (".xlsx", ".pdf"):
        raise UsageError("--out 应为 .xlsx 或 .pdf 文件")
    if drafts is not None and drafts.suffix.lower() != ".docx":
        raise UsageError("--drafts 应为 .docx 文件")
    settings = read_settings()
    report = _report(settings, first, last)
    data = _printed(settings, report) if out.suffix.lower() == ".pdf" else _workbook(report)
    _write(out, data)
    if drafts is not None:
        _write(drafts, _typical_cases(settings, first, last))


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as fault:
        raise CommandFailed(f"无法写入 {path}：{fault.strerror}") from fault
    typer.echo(str(path))


def _typical_cases(settings: Settings, first: date, last: date) -> bytes:
    """Drafts of the cases that were closed in these days. One whose lead has begun anew at the desk is left out."""
    from classifier.errors import LexiconError
    from classifier.reference import load_reference
    from referral.lead import NotReferable, gather
    from referral.typical_cases import TypicalCaseBroken, closed_between, draft_of, drafts_docx, load_case_words
    from storage.leads.outbox import list_packages
    from yiguang.home import open_home
    from yiguang.keeping import load_masker
    from yiguang.lexicon_words import said_of
    from yiguang.packages.referring import recipient_cards

    engine = open_home(settings)
    try:
        words, reference = load_case_words(settings.lexicons), load_reference(settings.lexicons)
    except (TypicalCaseBroken, LexiconError) as fault:
        raise CommandFailed(said_of(fault)) from fault
    cards = recipient_cards(settings)
    masker, found = load_masker(settings.lexicons), []
    for package in closed_between(list_packages(engine), first, last):
        for case in package.cases:
            try:
                lead = gather(engine, case, reference, masker)
            except NotReferable:
                continue
            found.append(draft_of(lead, package, cards[package.recipient].name, words))
    return drafts_docx(found, first, last, words)


def _report(settings: Settings, first: date, last: date) -> "Report":
    """Raises CommandFailed when the data of the table or the calendars are broken."""
    from domain.clocks import ClocksBroken
    from domain.working_days import CalendarBroken
    from referral.deadlines import load_clocks, load_work_calendar
    from referral.institution_ledger import institution_ledger
    from referral.statistics import StatisticsBroken, counted, gather_facts, load_columns, load_fields, periods_of
    from referral.statistics_book import Report
    from yiguang.home import open_home, utc_now

    engine = open_home(settings)
    try:
        columns, fields = load_columns(settings.lexicons), load_fields(settings.lexicons)
        clocks, calendar = load_clocks(settings.lexicons), load_work_calendar(settings.lexicons)
    except (StatisticsBroken, ClocksBroken, CalendarBroken) as fault:
        raise CommandFailed(str(fault)) from fault
    facts = gather_facts(engine, first, last, fields, clocks, calendar, utc_now())
    periods = periods_of(first, last)
    return Report(
        title=f"医疗广告监测工作量化统计表（{first.isoformat()} 至 {last.isoformat()}）",
        columns=columns,
        periods=periods,
        months=len({(fact.year, fact.month) for fact in _days(first, last)}),
        values=counted(facts, periods),
        facts=facts,
        ledger=institution_ledger(engine, first, last),
        remarks=_remarks(settings, first, last),
    )


def _days(first: date, last: date) -> list[date]:
    return [date.fromordinal(number) for number in range(first.toordinal(), last.toordinal() + 1)]


def _remarks(settings: Settings, first: date, last: date) -> tuple[str, ...]:
    """What the audit sample says of these nights, with its interval."""
    from review.figures import audit_estimate
    from storage.crawl.nights import list_nights
    from yiguang.home import open_home

    engine = open_home(settings)
    ids = [night_id for night_id, _, _ in list_nights(engine) if first.isoformat() <= night_id[:10] <= last.isoformat()]
    estimate = audit_estimate(engine, ids)
    if not estimate.read:
        return ("抽检：期间没有审核人员读过的随机抽检页面，不估计漏报与占比。",)
    prevalence = estimate.prevalence
    middle = "" if prevalence.value is None else f"约 {prevalence.value:.2%}，"
    return (
        f"抽检：{estimate.nights} 夜随机抽取未命中页面，已读 {estimate.read} 页，其中确认 {estimate.found} 页；"
        f"据此按 Jeffreys 估计，涉嫌违法页面占全部页面的{middle}95% 置信区间 {prevalence.low:.2%} 至 {prevalence.high:.2%}。",
    )


def _workbook(report: "Report") -> bytes:
    from referral.statistics_book import workbook

    return workbook(report)


def _printed(settings: Settings, report: "Report") -> bytes:
    from crawler.rendering.browser import BrowserUnavailable
    from crawler.rendering.print_page import print_pdf
    from referral.letter_files import LetterTemplateBroken, letter_html
    from referral.statistics_book import page_values

    try:
        html = letter_html(settings.lexicons / "letters" / "statistics.html", page_values(report))
        return print_pdf(html, settings.chromium, sandbox=settings.chromium_sandbox)
    except (BrowserUnavailable, LetterTemplateBroken) as fault:
        raise CommandFailed(str(fault)) from fault
