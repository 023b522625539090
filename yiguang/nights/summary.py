"""The summary of a night, as JSON for programs and as tables for people."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from domain.findings import FAMILY_ZH
from domain.nights import Case, EvidenceCare, NightState, NightSummary, TargetResult
from domain.outcome import OUTCOME_ZH, Outcome
from yiguang.nights.nightly import NightResult
from yiguang.terminal import printable

#: More failures than this of one target are counted, not listed.
SHOWN_FAILURES = 5
SHOWN_LEADS = 20
SHOWN_FAMILIES = 3
#: Targets in the table at the end of a night; of more, those with something wrong and those with leads come first.
SHOWN_TARGETS = 200
#: Targets whose faults, or whose pages without content, are listed; the rest are counted.
SHOWN_TROUBLES = 50


def summary_row(result: NightResult) -> dict[str, object]:
    """The night as `nightly --json` prints it. Times are ISO 8601 in UTC."""
    night = result.summary
    return {
        "night_id": night.night_id,
        "started_at": night.started_at.isoformat(),
        "ended_at": night.ended_at.isoformat() if night.ended_at else None,
        "state": night.state,
        "paused_at": night.paused_at.isoformat() if night.paused_at else None,
        "resumed_dates": list(night.resumed_dates),
        "waiting": night.waiting,
        "waiting_for_browser": night.to_show,
        "unshown": night.unshown,
        "unread_without_reader": night.unread_pictures,
        "healthy": result.healthy,
        "leads": night.leads,
        "outcomes": _counts(night.outcomes),
        "families": dict(night.families),
        "bundles_verified": night.bundles_verified,
        "bundles_failed": list(night.bundles_failed),
        "evidence_care": None if night.care is None else _care_row(night.care),
        "previous_night": night.previous_night,
        "missed_dates": list(night.missed_dates),
        "complaints": complaints(result),
        "targets": [_target_row(target) for target in night.targets],
    }


def _care_row(care: EvidenceCare) -> dict[str, object]:
    oldest = care.oldest_check_at
    return {**asdict(care), "oldest_check_at": None if oldest is None else oldest.isoformat()}


def _target_row(target: TargetResult) -> dict[str, object]:
    return {
        "id": target.target_id,
        "name": target.name,
        "url": target.url,
        "healthy": target.healthy,
        "min_pages": target.min_pages,
        "content_pages": target.content_pages,
        "leads": target.leads,
        "waiting": target.waiting,
        "surplus": target.surplus,
        "usual_pages": target.usual_pages,
        "previous_pages": target.previous_pages,
        "previous_leads": target.previous_leads,
        "empty_titles": target.empty_titles,
        "empty_texts": target.empty_texts,
        "outcomes": _counts(target.outcomes),
        "failures": [{"url": url, "outcome": outcome, "detail": detail} for url, outcome, detail in target.failures],
        "set_aside": [{"url": url, "detail": detail} for url, detail in target.set_aside],
        "set_aside_pages": target.set_aside_pages,
    }


def _counts(outcomes: object) -> dict[str, int]:
    assert isinstance(outcomes, dict)
    return {str(outcome): count for outcome, count in outcomes.items()}


def print_summary(console: Console, result: NightResult, cases: Sequence[Case], home: Path) -> None:
    """Targets, leads and their families, what failed and why, and where the evidence lies."""
    night = result.summary
    console.print(_targets_table(night))
    if cases:
        console.print(_families_table(night))
        console.print(_leads_table(cases))
    if night.state is NightState.PAUSED:
        _say(console, paused_zh(night), style="yellow")
    for line in [*night_faults(night), *result.faults, *first_troubles(target_complaints(night))]:
        _say(console, line, style="red")
    _print_failures(console, night)
    if cases:
        verified = f"{night.bundles_verified - len(night.bundles_failed)} 个证据文件已核验"
        _say(
            console, f"证据：{(home / cases[0].bundle).parent}（{verified}）；评分最高的一条：{home / cases[0].bundle}"
        )


def _say(console: Console, line: str, style: str | None = None) -> None:
    console.print(printable(line), style=style, markup=False, highlight=False, soft_wrap=True)


def complaints(result: NightResult) -> list[str]:
    """Why the night is not healthy, one sentence each; empty when it is."""
    return night_complaints(result.summary) + list(result.faults)


def night_complaints(night: NightSummary) -> list[str]:
    """What the figures of a night say against it; those of a paused night are not all there yet."""
    return night_faults(night) + target_complaints(night)


def night_faults(night: NightSummary) -> list[str]:
    """What is wrong with a night as a whole and with its evidence."""
    lines = []
    if night.state is not NightState.PAUSED:
        if not night.targets:
            lines.append("没有目标：先运行 yiguang targets import")
        elif night.content_pages == 0:
            lines.append("整夜没有取得一页正常内容")
        lines += unable_zh(night)
    return lines + evidence_faults(night)


def evidence_faults(night: NightSummary) -> list[str]:
    """What is wrong with the evidence as it was checked and copied last, at the end of the night or at a pause."""
    lines = [f"证据包未通过核验：{path}" for path in night.bundles_failed]
    if night.care is not None:
        lines += [f"证据未能另存到 {night.care.store}：{fault}" for fault in night.care.copy_faults]
    return lines


def target_complaints(night: NightSummary) -> list[str]:
    """What is wrong with single targets, those with most pages missing first."""
    if night.state is NightState.PAUSED:
        return []
    lines = []
    for target in sorted(night.targets, key=_missing_pages, reverse=True):
        if said := _against(target):
            lines.append(f"{target.name}：{'；'.join(said)}")
    return lines


def _missing_pages(target: TargetResult) -> float:
    return (
        max(target.usual_pages or 0.0, target.min_pages, target.content_pages) - target.content_pages + target.waiting
    )


def first_troubles(lines: list[str]) -> list[str]:
    """What is said of targets, shortened to what a person reads."""
    more = len(lines) - SHOWN_TROUBLES
    return [
        *lines[:SHOWN_TROUBLES],
        *([f"另有 {more} 个目标不正常（全部：yiguang night show --all）"] if more > 0 else []),
    ]


def unable_zh(night: NightSummary) -> list[str]:
    """What was left out because no process was set up for it."""
    lines = []
    if night.unshown:
        lines.append(
            f"{night.unshown} 页须由浏览器显示，而没有能显示网页的进程：未取证的线索与读不到的页面见 yiguang night lost，其余只按收到的样子判断"
        )
    if night.unread_pictures:
        lines.append(f"{night.unread_pictures} 张图片未识别：没有能识别图片的进程")
    return lines


def paused_zh(night: NightSummary) -> str:
    """One sentence on a night that is paused."""
    browser = f"（其中 {night.to_show} 页等待能显示网页的进程）" if night.to_show else ""
    return f"夜间时段已结束，余 {night.waiting} 页下次续做{browser}"


def _against(target: TargetResult) -> list[str]:
    said = []
    if target.content_pages < target.min_pages:
        said.append(f"只取得 {target.content_pages} 页，少于应有的 {target.min_pages} 页")
    elif target.unseen:
        said.append("一页都没有取得，也不知道页面现在怎样")
    if target.few:
        said.append(f"只取得 {target.content_pages} 页，远少于平时的 {target.usual_pages:g} 页")
    if target.blank:
        said.append(
            f"{target.content_pages} 页中有 {target.empty_titles} 页没有标题、{target.empty_texts} 页几乎没有正文"
        )
    if target.waiting:
        said.append(f"还有 {target.waiting} 页未做完")
    return said


def _targets_table(night: NightSummary) -> Table:
    table = Table(title=f"{night.night_id} 夜间巡查", title_justify="left")
    for heading, justify in (("目标", "left"), ("正常页", "right"), ("线索", "right"), ("其他结果", "left")):
        table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for target in _first_targets(night):
        table.add_row(
            escape(printable(target.name)),
            str(target.content_pages),
            str(target.leads),
            "、".join(
                f"{OUTCOME_ZH[outcome]} {count}"
                for outcome, count in target.outcomes.items()
                if outcome is not Outcome.CONTENT and count
            ),
            style=None if target.healthy or night.state is NightState.PAUSED else "red",
        )
    content = night.outcomes.get(Outcome.CONTENT, 0)
    others = sum(night.outcomes.values()) - content
    if (hidden := len(night.targets) - SHOWN_TARGETS) > 0:
        table.add_row(f"另有 {hidden} 个目标（见 yiguang night show --json）", "", "", "")
    table.add_section()
    table.add_row(f"合计 {len(night.targets)} 个目标", str(content), str(night.leads), f"{others} 页" if others else "")
    return table


def _first_targets(night: NightSummary) -> Sequence[TargetResult]:
    """All targets in their order, or the most telling of very many."""
    if len(night.targets) <= SHOWN_TARGETS:
        return night.targets
    return sorted(night.targets, key=lambda target: (target.healthy, -target.leads, target.target_id))[:SHOWN_TARGETS]


def _families_table(night: NightSummary) -> Table:
    table = Table(title="线索类别（一页可有多类）", title_justify="left")
    table.add_column("类别")
    table.add_column("页数", justify="right")
    for family, count in sorted(night.families.items(), key=lambda item: (-item[1], item[0])):
        table.add_row(FAMILY_ZH[family], str(count))
    return table


def _leads_table(cases: Sequence[Case]) -> Table:
    hidden = f"，另有 {len(cases) - SHOWN_LEADS} 条见 yiguang cases list" if len(cases) > SHOWN_LEADS else ""
    table = Table(title=f"线索（待人工审核{hidden}）", title_justify="left")
    table.add_column("编号", justify="right")
    table.add_column("评分", justify="right")
    table.add_column("标题", overflow="fold")
    table.add_column("类别", overflow="fold")
    table.add_column("网址", overflow="fold")
    for case in cases[:SHOWN_LEADS]:
        families = "、".join(FAMILY_ZH[family] for family in case.families[:SHOWN_FAMILIES])
        if len(case.families) > SHOWN_FAMILIES:
            families += f" 等 {len(case.families)} 类"
        title, url = escape(printable(case.title)), escape(printable(case.url))
        table.add_row(str(case.id), f"{case.score:.2f}", title, families, url)
    return table


def _print_failures(console: Console, night: NightSummary) -> None:
    failed = [target for target in night.targets if target.failures]
    if failed:
        _say(console, "未取得正常内容的页面：")
    for target in failed[:SHOWN_TROUBLES]:
        for url, outcome, detail in target.failures[:SHOWN_FAILURES]:
            name = OUTCOME_ZH[outcome]
            _say(console, f"· {target.name}  {name if detail in ('', name) else f'{name}（{detail}）'}  {url}")
        others = sum(target.outcomes.values()) - target.content_pages - min(len(target.failures), SHOWN_FAILURES)
        if others > 0:
            _say(console, f"· {target.name}  另有 {others} 页")
    if (hidden := len(failed) - SHOWN_TROUBLES) > 0:
        _say(console, f"· 另有 {hidden} 个目标（全部：yiguang night lost）")
